"""The verb `serve`: a bundle answers over HTTP, and every answer is in the log before it leaves."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.serving import Prepared, keeper_of, prepare
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.text import share
from milepost.predictor.selftest import usual_row
from milepost.problem.read import read_problem
from milepost.problem.secrets import secret_names
from milepost.serve.settings import LOOPBACK, Settings, write_settings
from milepost.serve.supervisor import Supervisor, Tls, bound_socket
from milepost.serve.text_log import TextLog, form_of_lines, written
from milepost.show.notebook import Shows

_LINE = 56  # characters of an example
_EVERYWHERE = ("0.0.0.0", "::")  # all addresses of this machine, and none that a caller could ask


@dataclass(frozen=True, slots=True)
class Listening(Shows):
    """A service that answers.

    Attributes:
        name: of the problem.
        url: where it listens; of a service at all addresses, by the name of this machine.
        docs: the page that says what a row has and how to ask.
        bundle_id: that answers.
        version: the registry's integer of that bundle; None where it has none.
        why: why this bundle answers.
        follows: whether promotions and rollbacks are picked up.
        needs_key: whether callers need a key.
        example: a request that can be pasted.
        log: folder or URI of the prediction log.
        workers: processes that answer.
        says: which guards, shadow, canary and control are on, and how to stop it.
        next_step: what to do next.
    """

    name: str
    url: str
    docs: str
    bundle_id: str
    version: int | None
    why: str
    follows: bool
    needs_key: bool
    example: str
    log: str
    workers: int
    says: tuple[str, ...]
    next_step: str


@dataclass(frozen=True, slots=True)
class Served(Shows):
    """A service that has stopped.

    Attributes:
        name: of the problem.
        says: how it ended.
        next_step: what to do next.
    """

    name: str
    says: str
    next_step: str


@verb
def serve(
    bundle: str | None = None,
    *,
    problem: Path | str = "milepost.toml",
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    without_keys: bool = False,
    certificate: Path | str | None = None,
    private_key: Path | str | None = None,
    log_format: str = "text",
    access_log: bool = False,
    clock: Clock = wall_clock,
    on_ready: Callable[[Listening], None] | None = None,
) -> Served:
    """Return when the service was stopped by SIGTERM or Ctrl-C; until then it answers.

    What is being answered when it is stopped is answered, and everything logged is folded into the log's tables.

    Args:
        bundle: a folder, NAME:VERSION or a bundle_id; the champion when absent, and each later champion in its turn.
        problem: path of the problem file.
        host: address to listen at; 127.0.0.1 is this machine alone.
        port: 0 takes any free one.
        workers: processes that answer, 1 or more.
        without_keys: whether anybody may ask from other machines without a key.
        certificate: file of a TLS certificate; needs private_key.
        private_key: file of its key.
        log_format: "json" writes each line on stderr as one JSON object, "text" as a sentence; never what callers send.
        access_log: whether each request that is answered has a line there too; refused ones always have.
        clock: stamps what is folded.
        on_ready: told once where the service listens.

    Raises:
        MilepostError: there is no such bundle or champion, it fails its self-test, or other machines could ask without
            a key.
        EnvironmentFault: the address is taken, or a store or the disk failed.
    """
    contract = read_problem(Path(problem))
    if workers < 1:
        raise MilepostError(f"{workers} workers answer nobody.", where="--workers", fix="Give 1 or more.")
    text_log = TextLog(
        form_of_lines(log_format, where="--log-format"), access=access_log, secrets=secret_names(contract.text)
    )
    prepared = prepare(contract, bundle)
    tls, has_keys = _tls(certificate, private_key), prepared.settings.needs_keys
    if host not in LOOPBACK and not (has_keys or without_keys):
        raise MilepostError(
            f"At {host} other machines could ask without a key.",
            where="--host",
            fix="Run: milepost keys add NAME   (or say that anybody may ask: --without-keys)",
        )
    write_settings(prepared.settings, prepared.path)
    with bound_socket(host, port) as listener:
        url = _url(listener.getsockname(), host, tls)
        keeper = keeper_of(contract, prepared, clock)
        supervisor = Supervisor(prepared.path, listener, keeper, workers=workers, tls=tls, text_log=text_log)
        log = contract.serve.tables or prepared.settings.place.tables  # as it was written, without its secrets
        told = _listening(prepared, url, has_keys, log, workers, problem)
        with written(text_log):
            supervisor.run(lambda: on_ready(told) if on_ready else None)
    says = "The service has stopped; what it had begun to answer was answered, and its log is folded."
    return Served(contract.aim.name, says, next_step("log show", problem))


def _tls(certificate: Path | str | None, private_key: Path | str | None) -> Tls | None:
    if certificate is None and private_key is None:
        return None
    if certificate is None or private_key is None:
        raise MilepostError(
            "A certificate and its private key come together.",
            where="--certificate and --private-key",
            fix="Give both, or neither.",
        )
    for option, path in (("--certificate", certificate), ("--private-key", private_key)):
        if not Path(path).is_file():
            raise MilepostError(f"There is no file {str(path)!r}.", where=option, fix="Give the path of a PEM file.")
    return Tls(Path(certificate).resolve(), Path(private_key).resolve())


def _url(address: tuple[object, ...], host: str, tls: Tls | None) -> str:
    known = socket.gethostname() if host in _EVERYWHERE else host
    shown = f"[{known}]" if ":" in known else known
    return f"{'https' if tls else 'http'}://{shown}:{address[1]}"


def _listening(prepared: Prepared, url: str, has_keys: bool, log: str, workers: int, problem: Path | str) -> Listening:
    settings, champion = prepared.settings, prepared.state.champion
    row = usual_row(prepared.predictor.schema)
    if settings.entity:
        row = {settings.entity: "c-1", **row}
    key = " \\\n  -H 'authorization: Bearer KEY' \\\n " if has_keys else ""
    example = f"curl {url}/predict{key} -d {shlex.quote(_in_lines(row))}"
    return Listening(
        settings.problem, url, f"{url}/docs", champion.bundle_id, champion.version, champion.why, prepared.follows,
        has_keys, example, log, workers, _says(settings), next_step("log show", problem),
    )  # fmt: skip


def _says(settings: Settings) -> tuple[str, ...]:
    """Return what is on beside the answers, and how the service is stopped."""
    guards = ", ".join(f"{guard['name']} ({guard['then']})" for guard in settings.guards)
    entities = f"of the entities ({settings.entity})" if settings.entity else "of the rows"
    control, canary = settings.control_share, settings.canary_share
    told = [
        (bool(guards), f"Guards: {guards}."),
        (settings.shadow, "Shadow: a challenger answers the same rows, for the log alone."),
        (canary > 0, f"Canary: a challenger answers {share(canary)} {entities}."),
        (
            settings.entity is not None and settings.horizon_s is None,
            f"No problem.horizon: outcomes are found by prediction_id alone, not by {settings.entity} and time.",
        ),
        (control > 0, f"Control: {share(control)} {entities} have the arm control: do not act."),
        (True, "Ctrl-C stops it: what it has begun to answer is answered, and its log is folded."),
    ]
    return tuple(text for is_on, text in told if is_on)


def _in_lines(row: dict[str, object]) -> str:
    """Return a row as JSON in short lines, so that a terminal does not break one where a shell would end."""
    fields = [f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(row[name], ensure_ascii=False)}" for name in row]
    lines = ["", ""]
    for field in fields:
        if lines[-1] and len(lines[-1]) + len(field) > _LINE:
            lines.append("")
        lines[-1] += f"{field}, "
    return "{" + "\n ".join(line.rstrip() for line in lines).rstrip(",") + "}"
