"""The door to MLflow: imported on first use, silent, without telemetry, with faults that say what to do.

MLflow is set up through environment variables, logs to the console and warns on import. All of that is held to the
span of one call, under one lock, so that the user's own logging, warnings and MLflow settings stay as they are.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import sqlite3
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from milepost.ground.doors import door
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.turns import one_at_a_time

# What MLflow reads at import and in each call. Timeout and retries are for one request; an unreachable server is
# given up after about ten seconds instead of MLflow's twenty minutes. What the user has set themselves is left alone.
_SETTINGS: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
_FIRST_CALL: Mapping[str, str] = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "4", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
_PATIENCE_SECONDS = 4.0

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_STORES = ("sqlalchemy", "alembic", "sqlite3", "requests", "urllib3")  # whose errors are the store's
_REFUSED = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")
_CREDENTIALS = re.compile(r"(?<=://)(?!/)\S+@")  # greedy: a password may hold any sign
_LOGGERS = ("mlflow", "alembic", "sqlalchemy", "urllib3")

_ODD = re.compile(r"\?|%[0-9A-Fa-f]{2}")  # what SQLAlchemy's URLs do not carry over

_files: dict[Path, tuple[int | None, int]] = {}  # path -> the file's number on disk, how often it was made anew
_lock = threading.RLock()


def connect(uri: str) -> Any:
    """Return an MLflow client for the store at uri after one call that shows that it answers.

    Raises:
        EnvironmentFault: MLflow is missing; the server, the database or its file does not answer or is damaged.
    """
    with calls(uri, settings=_FIRST_CALL):
        return _answering_client(_knock(uri))


def _answering_client(address: str) -> Any:
    with door("mlflow"):
        from mlflow.tracking import MlflowClient
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.search_experiments(max_results=1)
    return client


@contextmanager
def calls(uri: str, *, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Hold MLflow silent in the block, and turn its errors into ours.

    Args:
        uri: of the store that is called, for the message.
        settings: environment variables that go before the usual ones.

    Raises:
        MilepostError: MLflow refused a value.
        EnvironmentFault: the store failed.
    """
    with _lock, _environment({**_SETTINGS, **(settings or {})}), _silence():
        try:
            yield
        except MilepostError:
            raise
        except Exception as why:
            if fault := _fault(why, uri):
                raise fault from why
            raise


def shown(uri: str) -> str:
    """Return uri as it may be printed: without user and password.

    >>> shown("https://ada:secret@mlflow.example.org/x")
    'https://mlflow.example.org/x'
    """
    return _CREDENTIALS.sub("", uri)


def lock_of(uri: str) -> Path | None:
    """Return the file that is locked while a SQLite store is made or recorded in; None for a server.

    >>> str(lock_of("sqlite:////data/.milepost/mlflow.db")), lock_of("https://mlflow.example.org")
    ('/data/.milepost/mlflow.db.lock', None)
    """
    return _lock_beside(_file_of(uri)) if _is_file(uri) else None


def _lock_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _is_file(uri: str) -> bool:
    return urlsplit(uri).scheme.split("+")[0] == "sqlite"


def _file_of(uri: str) -> Path:
    return Path(uri.split("://", 1)[1].removeprefix("/"))


def _knock(uri: str) -> str:
    """Return the address for MLflow; find a database that does not answer before MLflow waits minutes for it."""
    parts = urlsplit(uri)
    if _is_file(uri):
        return _knock_at_file(_file_of(uri), uri)
    scheme = parts.scheme.split("+")[0]
    if scheme in _PORTS and parts.hostname:
        socket.create_connection((parts.hostname, parts.port or _PORTS[scheme]), _PATIENCE_SECONDS).close()
    return uri


def _knock_at_file(path: Path, uri: str) -> str:
    """Take and give back the write lock of a SQLite file; return the address of this very file.

    MLflow keeps connections open by address. Where the file at a path has been removed and made again, the same
    place is written in another way, so that no connection to the removed one is used.
    """
    if odd := _ODD.search(str(path)):
        raise EnvironmentFault(
            f"The registry cannot live in a folder whose path holds {odd.group()!r}.",
            where=shown(uri),
            fix="Use a workspace folder without '?' and percent codes in its path.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = _is_empty(path)
    if is_new:
        with one_at_a_time(_lock_beside(path)):
            if _is_empty(path):  # else another process was faster, and its file is as good
                _make_file(path)
    with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    file, generation = _files.get(path, (None, -1))
    if is_new or file != path.stat().st_ino:
        generation += 1
    _files[path] = path.stat().st_ino, generation
    return f"sqlite:///{path.parent}{'/.' * generation}/{path.name}"


def _make_file(path: Path) -> None:
    """Let MLflow make its tables elsewhere and put them at path whole: it could never mend a half-made file."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        made, whole = Path(folder, "made.db").resolve(), Path(folder, "whole.db")
        with _without_waiting(made):
            _answering_client(f"sqlite:///{made}")
        shutil.copyfile(made, whole)  # MLflow keeps its connection to the one that it made
        whole.replace(path)


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


@contextmanager
def _without_waiting(file: Path) -> Iterator[None]:
    """Let SQLite not wait for the disk in the block, for a file that is thrown away if the power fails."""
    with door("sqlalchemy"):
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

    def hurry(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            with closing(connection.cursor()) as cursor:
                if str(file) in [place for _, _, place in cursor.execute("PRAGMA database_list").fetchall()]:
                    cursor.execute("PRAGMA synchronous = OFF")
                    cursor.execute("PRAGMA journal_mode = MEMORY")

    event.listen(Engine, "connect", hurry)
    try:
        yield
    finally:
        event.remove(Engine, "connect", hurry)


def _fault(why: Exception, uri: str) -> MilepostError | None:
    """Return our error for one of MLflow's; None for what is not the store's doing."""
    code = getattr(why, "error_code", None)  # an MlflowException, told by its code so that nothing need be imported
    if code in _REFUSED:
        return MilepostError(
            f"MLflow refused a value: {_one_line(str(why))}",
            where=shown(uri),
            fix="Write another value: problem.name names the model in MLflow, stores.registry the server.",
        )
    if isinstance(why, ModuleNotFoundError) and why.name and not why.name.startswith("milepost"):
        return EnvironmentFault(
            f"The package {why.name!r} is not installed.", where=shown(uri), fix=f"Run: pip install {why.name}"
        )
    family = type(why).__module__.partition(".")[0]
    if code is None and family not in _STORES and not isinstance(why, OSError):
        return None
    if uri.startswith("sqlite"):
        fix = (
            "Free some space, make the file writable, stop what holds it, or move a damaged one away; "
            "then run the command again."
        )
    else:
        fix = "Check that the server runs and that stores.registry names it, then run the same command again."
    return EnvironmentFault(f"The registry failed: {_one_line(_root_cause(why))}", where=shown(uri), fix=fix)


def _root_cause(why: BaseException) -> str:
    """Return what the system said at the bottom of a chain of errors; else the message of the error itself."""
    below: BaseException | None = why
    while below is not None:
        last, below = below, below.__cause__ or below.__context__
    if isinstance(last, OSError):
        return last.strerror or str(last)
    return str(last if isinstance(last, sqlite3.Error) else why)


def _one_line(text: str) -> str:
    """Return the first line of a message, short and without credentials."""
    lines = [line.strip() for line in shown(text).splitlines() if line.strip()]
    line = lines[0] if lines else "no reason given"
    return line if len(line) <= 300 else line[:299] + "…"


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Let Python read more from its environment than there is.

    The environment of the process stays as it is: to change it while another thread reads it ends the process, and
    deltalake reads it whenever it opens a table.
    """
    read: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]
    encoded = {os.environ.encodekey(name): os.environ.encodevalue(value) for name, value in settings.items()}
    added = {name: value for name, value in encoded.items() if name not in read}
    read.update(added)
    try:
        yield
    finally:
        for name in added:
            read.pop(name, None)


@contextmanager
def _silence() -> Iterator[None]:
    """Hold the loggers of MLflow and of what it drives, and all warnings."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
