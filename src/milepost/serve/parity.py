"""Whether the service says over HTTP what the bundle says in memory, bit for bit. A real worker is asked.

typed frame ─► answer_table ─► expected            raw row ─► answer ─► expected
     └► JSON ─► POST /predict, alone and in batches ─► equal?     └► JSON ─► …
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from milepost.ground.errors import EnvironmentFault
from milepost.predictor.selftest import answers_in
from milepost.serve.batches import answer_batch
from milepost.serve.settings import Limits, Settings, write_settings
from milepost.serve.state import Named, State, write_state
from milepost.serve.supervisor import one_worker
from milepost.serve.voices import Voice

Answer = dict[str, Any]

ROWS_IN_A_BATCH = 100
COMPARED = ("prediction", "probabilities", "interval", "decision", "flags", "bundle_id")
MOST_DIFFERENCES = 5  # are told; all are counted

_ANSWER_S = 60.0
_LONGEST = 300  # characters of a row or an answer in a difference
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Question:
    """A row, and what it has to be answered.

    Attributes:
        kind: "stored", "typed" or "raw".
        row: values as JSON holds them.
        answer: in memory; None where the row cannot be read.
        errors: what cannot be read in it.
    """

    kind: str
    row: dict[str, Any]
    answer: Answer | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the service answers otherwise.

    Attributes:
        kind: of the row: stored, typed or raw.
        way: alone, or in a batch.
        field: of the answer.
        service: what the service says.
        offline: what the bundle says in memory.
        row: as it was sent.
    """

    kind: str
    way: str
    field: str
    service: str
    offline: str
    row: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What was asked twice.

    Attributes:
        rows: asked.
        unreadable: of these, rows that have to be refused.
        different: rows with at least one difference.
        differences: the first of them.
    """

    rows: int
    unreadable: int
    different: int
    differences: tuple[Difference, ...]


def typed_questions(voice: Voice, table: pl.DataFrame, *, kind: str) -> list[Question]:
    """Return the rows of a typed table with the answers of the table.

    Args:
        voice: the bundle, with its guards.
        table: its inputs.
        kind: of the rows.
    """
    said = answers_in(answer_batch(voice, table).answers, voice.predictor.schema.labels)
    rows = table.select(voice.predictor.schema.names).iter_rows(named=True)
    return [
        Question(kind, {name: _as_json(value) for name, value in row.items()}, {**answer, "bundle_id": voice.bundle_id})
        for row, answer in zip(rows, said, strict=True)
    ]


def raw_questions(voice: Voice, rows: Sequence[dict[str, Any]]) -> list[Question]:
    """Return raw rows, each with its own answer or with what cannot be read in it."""
    questions = []
    for row in rows:
        errors = tuple(why.what for why in voice.predictor.unreadable(row))
        if errors:
            questions.append(Question("raw", row, None, errors))
            continue
        answer, inputs = voice.predictor.answer_and_inputs(row)
        if voice.guards:
            answer, _ = voice.guards.row(inputs, answer)
        questions.append(Question("raw", row, {**answer, "bundle_id": voice.bundle_id}))
    return questions


def settings_aside(settings: Settings, bundle: Named, folder: Path) -> Settings:
    """Return the settings of a service that answers as another one and touches nothing of its log, state and keys.

    Args:
        settings: of the other one.
        bundle: that answers.
        folder: takes all that the service writes.
    """
    state = folder / "state.json"
    write_state(State(bundle), state)
    return replace(
        settings, state=str(state), folder=str(folder), journals=str(folder / "journals"), tables=str(folder),
        durability="process", entity=None, canary_share=0.0, shadow=False, limits=Limits(),
    )  # fmt: skip


@contextlib.contextmanager
def asked_worker(settings: Settings) -> Iterator[http.client.HTTPConnection]:
    """Give a connection to a serving process of its own at a free port of this machine; it ends with the block.

    Args:
        settings: from settings_aside.

    Raises:
        EnvironmentFault: the process does not come up.
    """
    path = Path(settings.folder) / "service.json"
    write_settings(settings, path)
    with one_worker(path) as url:
        address = url.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(address, timeout=_ANSWER_S)) as connection:
            yield connection


def compare(connection: http.client.HTTPConnection, questions: Sequence[Question]) -> Compared:
    """Return how the service answers questions, each alone, and those that can be read in batches too.

    Raises:
        EnvironmentFault: the connection broke.
    """
    different: set[int] = set()
    told: list[Difference] = []

    def hold(place: int, way: str, service: Answer) -> None:
        found = _difference(questions[place], way, service)
        if found is not None:
            different.add(place)
            told.append(found)

    for place, question in enumerate(questions):
        status, document = _asked(connection, question.row, as_ascii=place % 2 == 1)
        hold(place, "alone", {"status": status, **document} if status != 200 else document)
    readable = [place for place, question in enumerate(questions) if question.answer is not None]
    for start in range(0, len(readable), ROWS_IN_A_BATCH):
        places = readable[start : start + ROWS_IN_A_BATCH]
        status, document = _asked(connection, {"rows": [questions[place].row for place in places]})
        answers = document.get("answers") or [{"status": status, **document}] * len(places)
        for place, answer in zip(places, answers, strict=True):
            hold(place, "in a batch", answer)
    unreadable = len(questions) - len(readable)
    return Compared(len(questions), unreadable, len(different), tuple(told[:MOST_DIFFERENCES]))


def _asked(connection: http.client.HTTPConnection, document: Any, *, as_ascii: bool = False) -> tuple[int, Answer]:
    """Return status and document that a body is answered with."""
    body = json.dumps(document, ensure_ascii=as_ascii, allow_nan=False).encode()
    try:
        connection.request("POST", "/predict", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        said = _decode(answer.read())
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as why:
        raise EnvironmentFault(
            f"The service broke off: {why}.", where="the comparison over HTTP", fix="Run the same command again."
        ) from why
    return answer.status, said if isinstance(said, dict) else {"answer": said}


def _difference(question: Question, way: str, service: Answer) -> Difference | None:
    """Return the first field in which an answer of the service is another one."""
    if question.answer is None:
        refused = tuple(field.get("what") for field in service.get("fields", ()))
        if service.get("status") == 422 and refused == question.errors:
            return None
        return _told(question, way, "error", service, list(question.errors))
    for name in COMPARED:
        if _bits(service.get(name)) != _bits(question.answer.get(name)):
            said = service if "status" in service else service.get(name)
            return _told(question, way, name, said, question.answer.get(name))
    return None


def _told(question: Question, way: str, field: str, service: Any, offline: Any) -> Difference:
    return Difference(
        question.kind, way, field, _shown(service), _shown(offline), _shown(question.row)
    )  # fmt: skip


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _bits(value: Any) -> Any:
    """Return a value in which two numbers are equal only if every bit of them is."""
    if isinstance(value, float):
        return struct.pack(">d", value)
    if isinstance(value, list | tuple):
        return [_bits(one) for one in value]
    if isinstance(value, dict):
        return [(name, _bits(one)) for name, one in value.items()]
    return (type(value), value)


def _as_json(value: Any) -> Any:
    """Return a value of a frame as JSON can hold it."""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
