"""The text log: one line on stderr for each thing to tell, as text or as JSON, never with what a caller sent.

2026-05-31T10:00:00.123Z  warning  Values are absent …  path=/predict  status=422  …
{"time": "2026-05-31T10:00:00.123Z", "level": "warning", "process": 4711, "what": "…", "path": "/predict", …}

A caller's values, column names, headers, unknown paths and request ids stay out of it, and so do the words of
exceptions, which may quote them. What a line says goes through one place that hides secrets, `Lines`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, Literal, get_args

import msgspec

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.secrets import hide_secrets
from milepost.serve.replies import Reply

LogFormat = Literal["text", "json"]

REFUSED = {  # for those who run the service: a caller is told more, and in other words
    400: "The body of a request had none of the forms that are read here.",
    401: "A request had no valid key.",
    403: "The key of a request is not for what was asked.",
    404: "A path was asked where there is nothing.",
    405: "A path was asked by a method that is not answered there.",
    408: "A request did not arrive in time.",
    409: "A request id came again, with another body or before its answer.",
    413: "The body of a request was too long, or had too many rows.",
    415: "The body of a request was compressed.",
    422: "Values of a request were absent or could not be read.",
    429: "A caller asked too often.",
    431: "The header of a request was too long.",
    500: "A request failed; the line before says where.",
    503: "A request was not answered: too many at once, or the disk or store failed of which another line tells.",
}
MOST_ALIKE = 20  # lines about refusals of a kind within a second: a flood must not fill the disk
ANSWERING = ("/predict", "/invocations")  # paths whose answers have ids

_KNOWN = "known"  # attribute of a record with the fields that we give it
_MOST_FRAMES = 20
_KEPT = 1_000  # texts without their secrets: most lines say what others said
_log = logging.getLogger("milepost.serve")
_WITHOUT_VALUES = re.compile(r"[^(\n]*")  # of what asyncio says: it goes on with the values of a call
_Failure = tuple[type[BaseException], BaseException | None, TracebackType | None]


@dataclass(frozen=True, slots=True)
class _Failed:
    """A failure of ours: a sentence, and where it came from; as text too, for logs that are not written by `begin`."""

    what: str
    fields: dict[str, Any]

    def __str__(self) -> str:
        return _as_text(self.what, **self.fields)


@dataclass(frozen=True, slots=True)
class TextLog:
    """How a process writes its text log.

    Attributes:
        format: of a line.
        access: whether requests that were answered have a line each, too.
        secrets: names of the environment variables whose values are hidden.
    """

    format: LogFormat = "text"
    access: bool = False
    secrets: tuple[str, ...] = ()


PLAIN = TextLog()


class Lines(logging.Formatter):
    """Makes a line of a record."""

    def __init__(self, text_log: TextLog) -> None:
        """Take how lines look."""
        super().__init__()
        self._is_json = text_log.format == "json"
        hidden = "".join(f"${{{name}}}" for name in text_log.secrets)
        self._hide = lru_cache(_KEPT)(partial(hide_secrets, text=hidden))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {name: self._safe(value) for name, value in _fields(record).items() if value is not None}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        time, level = moment.replace("+00:00", "Z"), record.levelname.lower()
        if not self._is_json:
            return f"{time}  {level}  {_as_text(**fields)}"
        return json.dumps({"time": time, "level": level, "process": record.process} | fields)

    def _safe(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._safe(one) for one in value]
        return self._hide(value) if isinstance(value, str) else value


def begin(text_log: TextLog) -> None:
    """Write whatever this process tells from now on to stderr, line by line; its own failure, too.

    Args:
        text_log: says how.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(text_log))
    levels = logging.WARNING, logging.INFO, logging.INFO if text_log.format == "json" else logging.WARNING
    for logger, level in zip(_loggers(), levels, strict=True):
        logger.setLevel(level)
    logging.getLogger().handlers = [handler]
    logging.captureWarnings(True)
    sys.excepthook = lambda *failure: _died(failure)
    threading.excepthook = lambda failure: _died((failure.exc_type, failure.exc_value, failure.exc_traceback))


@contextmanager
def written(text_log: TextLog) -> Iterator[None]:
    """Write whatever this process tells to stderr until the block ends; then all is as it was.

    Args:
        text_log: says how.
    """
    handlers, levels = logging.getLogger().handlers, [logger.level for logger in _loggers()]
    hooks = sys.excepthook, threading.excepthook
    begin(text_log)
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = hooks
        logging.captureWarnings(False)
        logging.getLogger().handlers = handlers
        for logger, level in zip(_loggers(), levels, strict=True):
            logger.setLevel(level)


def _loggers() -> list[logging.Logger]:
    """Return those of everybody, of ourselves, and of the server."""
    return [logging.getLogger(name) for name in (None, "milepost", "uvicorn")]


def form_of_lines(name: str, *, where: str) -> LogFormat:
    """Return the form of a line by its name.

    Raises:
        UnknownNameError: there is no such form.
    """
    for one in get_args(LogFormat):
        if one == name:
            return one  # type: ignore[no-any-return]
    raise UnknownNameError("form of the text log", name, known=get_args(LogFormat), where=where)


# requests


class _Often:
    """How often things of a kind came within this second."""

    def __init__(self) -> None:
        self._second, self._numbers = 0, Counter[str]()

    def number(self, kind: str) -> int:
        """Count one more, and return how many of its kind there were within this second."""
        now = int(time.monotonic())
        if now != self._second:
            self._second, self._numbers = now, Counter()
        self._numbers[kind] += 1
        return self._numbers[kind]


_often = _Often()


def tell_answered(path: str | None, reply: Reply, seconds: float) -> None:
    """Write the line of a request that was answered: who answered, the first prediction_id, and how many rows.

    Args:
        path: that was asked.
        reply: to it.
        seconds: that it took.
    """
    about = _answer_fields(reply.body) if path in ANSWERING else {}
    _log.info("answered", extra=_about(path=path, status=reply.status, seconds=seconds, **about))


def tell_refused(
    what: str, status: int, *, path: str | None = None, seconds: float | None = None, bundle_id: str | None = None
) -> None:
    """Write the line of a request that was refused, or that failed.

    Args:
        what: a sentence without anything that its caller sent.
        status: of HTTP.
        path: that was asked; None where it is none of ours.
        seconds: that it took.
        bundle_id: that would have answered.
    """
    number = _often.number(f"{status} {path}")
    if number > MOST_ALIKE:
        return
    if number == MOST_ALIKE:
        what = f"{what} More of these within this second are not told; /metrics counts them."
    level = logging.ERROR if status >= 500 else logging.WARNING
    _log.log(level, "%s", what, extra=_about(path=path, status=status, seconds=seconds, bundle_id=bundle_id))


def tell_failed(what: str, why: Exception) -> None:
    """Write the lines of a failure: its type and frames, never its words, in whatever log this process writes.

    Args:
        what: a sentence; an error that Milepost raised on purpose has its own.
        why: the failure.
    """
    said = why if isinstance(why, MilepostError) else _Failed(what, _frames((type(why), why, why.__traceback__)))
    _log.error("%s", said)


def known(**fields: Any) -> dict[str, Any]:
    """Return what a line tells beside its sentence, as the `extra` of a record: its bundle_id, path and so on."""
    return {_KNOWN: fields}


def _about(*, seconds: float | None, **fields: Any) -> dict[str, Any]:
    return known(**fields, milliseconds=None if seconds is None else round(1000 * seconds, 3))


class _Said(msgspec.Struct):
    """What a line may tell of an answer, in any of the forms that answers have."""

    bundle_id: str | None = None
    prediction_id: str | None = None
    prediction_ids: list[str] = []
    answers: list[_Said] = []


_read_said = msgspec.json.Decoder(_Said).decode


def _answer_fields(body: bytes) -> dict[str, Any]:
    said = _read_said(body)
    each = said.answers or [said]
    ids = said.prediction_ids or [one.prediction_id for one in each if one.prediction_id]
    return {"bundle_id": each[0].bundle_id, "prediction_id": ids[0] if ids else None, "rows": len(ids)}


# lines


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says, field by field."""
    failure = _frames(record.exc_info) if record.exc_info and record.exc_info[0] else {}
    return {**_sentence(record), **getattr(record, _KNOWN, {}), **failure}


def _sentence(record: logging.LogRecord) -> dict[str, Any]:
    match record.args:
        case (MilepostError() as error,):
            return {"what": error.what, "where": error.where, "fix": error.fix}
        case (_Failed() as failed,):
            return {"what": failed.what, **failed.fields}
    said = record.getMessage()
    if record.name == "asyncio":
        found = _WITHOUT_VALUES.match(said)
        said = found[0].strip() if found else ""
    return {"what": said}


def _frames(failure: Any) -> dict[str, Any]:
    """Return where an exception came from; its words may quote what a caller sent."""
    kind, _, trace = failure
    frames = traceback.extract_tb(trace)[-_MOST_FRAMES:]
    return {"error": kind.__name__, "frames": [f"{one.filename}:{one.lineno} {one.name}" for one in frames]}


def _died(failure: _Failure) -> None:
    kind, error, trace = failure
    _log.critical("the process failed", exc_info=(kind, error or kind(), trace))


def _as_text(what: str, frames: Sequence[str] = (), **more: Any) -> str:
    if "fix" in more:
        return f"{what}\n  where: {more['where']}\n  fix:   {more['fix']}"
    return "\n  ".join(["  ".join([what, *(f"{name}={value}" for name, value in more.items())]), *frames])
