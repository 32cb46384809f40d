"""All that a serving process has to know, as plain data: a worker reads no problem file and asks no registry.

milepost.toml ─► Problem ─► Settings ─► service.json ─► worker
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.files import whole_file
from milepost.metrics.answers import Task
from milepost.predlog.places import LogPlace

T = TypeVar("T")

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # addresses of this machine alone


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these a request is refused.

    Attributes:
        body: bytes of one request.
        rows: rows of one request.
        depth: nested lists and objects in one request.
        seconds: for a request to arrive.
        concurrent: requests at once in one process.
        requests_per_second: of one key in one process, or of one address where no keys are needed; None is any number.
    """

    body: int = 8_000_000
    rows: int = 10_000
    depth: int = 20
    seconds: float = 30.0
    concurrent: int = 256
    requests_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service does around a bundle.

    Attributes:
        problem: its name.
        task: what is predicted.
        state: path of the file that says which bundle answers.
        folder: of the service's own files: keys, secrets, claims of request ids.
        journals: folder of the journals.
        tables: folder or URI of the log's tables.
        log: whether an answer may leave without its record.
        durability: what a record survives: the end of the process, or of the machine's power.
        inputs_share: share of rows whose inputs are logged, 0..1.
        entity: column that names the entity of a row.
        time: column that says when the prediction is made.
        target: column that says what turned out to be true.
        context: columns that are logged, where a row has them, though the model never sees them.
        redaction: column -> "drop", "hash", "bucket 10" or "bucket 1d".
        canary_share: share of entities that the challenger answers, 0..1.
        control_share: share of entities that are marked "do not act", 0..1.
        shadow: whether the challenger is asked the same rows for the log.
        horizon_s: seconds over which an outcome belongs to a prediction; None where the problem has no horizon.
        zone: time zone of naive times.
        guards: as the problem file has them.
        limits: of requests.
        needs_keys: whether a caller needs a key even where there is none, as when the file of keys is lost.
    """

    problem: str
    task: Task
    state: str
    folder: str
    journals: str
    tables: str
    log: Literal["required", "best_effort"] = "required"
    durability: Literal["process", "disk"] = "process"
    inputs_share: float = 1.0
    entity: str | None = None
    time: str | None = None
    target: str | None = None
    context: tuple[str, ...] = ()
    redaction: dict[str, str] = field(default_factory=dict)
    canary_share: float = 0.0
    control_share: float = 0.0
    shadow: bool = False
    horizon_s: float | None = None
    zone: str = "UTC"
    guards: tuple[dict[str, object], ...] = ()
    limits: Limits = Limits()
    needs_keys: bool = False

    @property
    def place(self) -> LogPlace:
        return LogPlace(Path(self.journals), self.tables)


def write_settings(settings: Settings, path: Path) -> None:
    """Write settings, whole or not at all, for their owner only: the address of a store may hold secrets.

    Raises:
        EnvironmentFault: the disk refused.
    """
    with whole_file(path, mode=0o600) as partial:
        partial.write_bytes(msgspec.json.encode(settings))


def read_settings(path: Path) -> Settings:
    """Return the settings in a file.

    Raises:
        MilepostError: it holds none.
    """
    return read_document(path, Settings, called="The settings of the service")


def read_document(path: Path, family: type[T], *, called: str) -> T:
    """Return the dataclass in a file of the service.

    Args:
        path: of the file.
        family: what it holds.
        called: how an error calls it.

    Raises:
        MilepostError: it is not there, or holds something else.
        EnvironmentFault: it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=family)
    except (OSError, msgspec.DecodeError) as why:
        is_fault = isinstance(why, OSError) and not isinstance(why, FileNotFoundError)
        said = why.strerror if isinstance(why, OSError) else why
        raise (EnvironmentFault if is_fault else MilepostError)(
            f"{called} cannot be read: {said}.", where=str(path), fix="Start the service again: milepost serve"
        ) from why
