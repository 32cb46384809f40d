"""A large body read straight into columns says what the same body says row by row."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.schema import Column, Schema
from milepost.predictor.column_rows import ColumnRows
from milepost.predictor.selftest import synthetic_rows, usual_row
from milepost.predlog.records import decode, predictions_of
from milepost.serve.bodies import asked_of
from milepost.serve.column_bodies import FEWEST_BYTES, compile_columns
from milepost.serve.engine import FEWEST_AS_BATCH, Engine
from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits
from milepost.serve.state import read_state
from milepost.serve.voices import Voices, load_voice
from serving import ask

TASKS = ("binary", "multiclass", "regression")
AT = 1_767_225_600_000_000_000  # 2026-01-01
LIMITS = Limits()


def engine_of(settings) -> Engine:
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    return Engine(Voices(voice), settings, clock_ns=lambda: AT)


def said(engine: Engine, rows: Any) -> tuple[list[Any], pl.DataFrame]:
    """Return the answers and the records of rows, without the ids that no two requests share."""
    answered = engine.answer(rows)
    (record,) = answered.records
    table = predictions_of(decode(record.payload), engine.voices.champion.logged)
    answers = [
        {name: value for name, value in answer.items() if name != "prediction_id"} for answer in answered.answers
    ]
    return answers, table.drop("prediction_id", "answer_us")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("as_list", [True, False])
def test_rows_read_as_columns_are_answered_and_recorded_as_they_are_one_by_one(make_settings, task, as_list):
    engine = engine_of(make_settings(task, entity="flight", context=("region", "weight"), time="asked_at"))
    voice = engine.voices.champion
    beside = {"region": "Süd ", "weight": 3, "asked_at": "2026-01-01T00:00:00Z"}
    rows = [{**row, **beside, "flight": place} for place, row in enumerate(synthetic_rows(voice.predictor.schema) * 2)]
    plain = [row for row in rows if voice.columns(json.dumps([row]).encode()) is not None]
    assert len(plain) >= max(FEWEST_AS_BATCH, len(rows) / 2)
    body = json.dumps(plain if as_list else {"rows": plain, "partial": True}).encode().ljust(FEWEST_BYTES)
    read = asked_of(body, LIMITS, voice.inputs, voice.columns)
    assert isinstance(read.rows, ColumnRows)
    assert read.partial is not as_list
    answers, records = said(engine, read.rows)
    one_by_one, its_records = said(engine, plain)
    assert json.dumps(answers) == json.dumps(one_by_one)
    assert records.equals(its_records)


NUMBERS = st.one_of(
    st.integers(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.none(),
    st.sampled_from([0, -0.0, 2**53 + 1, 2**63, 2**64 + 1, 10**400, 5e-324, 1.7976931348623157e308]),
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.none(), st.sampled_from(["", " Ulm", "\ud800", "\x00", "ä€ 𝒳"]))
ODD = st.one_of(st.text(), st.booleans(), st.lists(st.integers(), max_size=1), NUMBERS)


def column(name: str, dtype: Any) -> Column:
    return Column(name=name, dtype=dtype, kind="number" if dtype == "float" else "category", role="feature")


SCHEMA = Schema(task="binary", labels=("no", "yes"), columns=(column("age", "float"), column("city", "text")))


ROWS = st.lists(st.fixed_dictionaries({"age": NUMBERS | ODD, "city": TEXTS | ODD}, optional={"id": ODD}), max_size=5)


@given(ROWS, st.booleans())
def test_values_keep_their_bits(rows, ascii_only):
    body = json.dumps({"rows": rows}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    document = compile_columns(SCHEMA, ["id"])(body)
    if document is None:
        return
    asked = asked_of(body, LIMITS, frozenset(SCHEMA.names)).rows
    for name in ("age", "city", "id"):
        assert [repr(row.get(name)) for row in document["rows"]] == [repr(row.get(name)) for row in asked]


def test_plain_rows_are_read_as_columns():
    rows = [{"city": "Ulm", "age": random.Random(place).random(), "id": place} for place in range(5)]
    document = compile_columns(SCHEMA, ["id"])(json.dumps({"rows": rows, "request_id": 7, "partial": True}).encode())
    assert [dict(row) for row in document["rows"]] == [dict(row) for row in rows]
    assert (document["request_id"], document["partial"]) == (7, True)
    assert "reasons" not in document


ROW = {"age": 30, "city": "Ulm"}
LOOKED_AT = {
    "an input is absent": [ROW, {"age": 3}],
    "another field": [ROW, {**ROW, "weight": 3}],
    "a number as text": [ROW, {**ROW, "age": "3"}],
    "a text as number": [ROW, {**ROW, "city": 3}],
    "true as number": [ROW, {**ROW, "age": True}],
    "a list": [{**ROW, "city": ["Ulm"]}],
    "an object beside": [{**ROW, "id": {}}],
    "an id in some rows": [ROW, {**ROW, "id": 3}],
    "a list for partial": {"rows": [ROW], "partial": []},
    "an object for a request id": {"rows": [ROW], "request_id": {}},
    "no rows": [],
    "no row": [ROW, 3],
    "one row": ROW,
    "one row in its envelope": {"row": ROW},
    "something beside the rows": {"rows": [ROW], "part": True},
    "no JSON": None,
}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_what_needs_a_look_is_read_row_by_row(name):
    body = b"[{" if LOOKED_AT[name] is None else json.dumps(LOOKED_AT[name]).encode()
    assert compile_columns(SCHEMA, ["id"])(body) is None


@pytest.mark.parametrize("columns", [(), (column('a "name"', "text"),), (column("rows", "text"),)])
def test_columns_that_no_type_can_name_have_no_such_reader(columns):
    assert compile_columns(Schema(task="binary", labels=("no", "yes"), columns=columns), []) is None


def test_a_column_that_is_both_input_and_context_keeps_its_type():
    rows = [{"age": 30, "city": "Ulm"}, {"age": 2.5, "city": "Ulm"}]
    first, second = compile_columns(SCHEMA, ["age"])(json.dumps(rows).encode())
    assert repr([first["age"], second["age"]]) == "[30, 2.5]"


def test_a_short_body_and_one_with_a_fault_are_read_row_by_row():
    columns = compile_columns(SCHEMA, [])
    many = [ROW] * (FEWEST_BYTES // 20)
    for document, kind in (([ROW], list), (many, ColumnRows), ([*many, {"age": 3}], list)):
        assert isinstance(asked_of(json.dumps(document).encode(), LIMITS, frozenset(ROW), columns).rows, kind)


def test_a_large_body_has_the_limits_of_every_body():
    columns, many = compile_columns(SCHEMA, []), [ROW] * 2000
    with pytest.raises(Refusal) as refusal:
        asked_of(json.dumps(many).encode(), Limits(rows=1999), frozenset(ROW), columns)
    assert refusal.value.status == 413
    with pytest.raises(Refusal) as refusal:
        asked_of(json.dumps({"rows": many, "partial": 3}).encode(), LIMITS, frozenset(ROW), columns)
    assert refusal.value.status == 400


def test_column_rows_are_a_sequence_of_rows():
    rows = ColumnRows({"age": (1.0, None), "city": ("Ulm", "Bonn")}, 2)
    assert list(rows) == [{"age": 1.0, "city": "Ulm"}, {"age": None, "city": "Bonn"}]
    assert rows[-1]["city"] == "Bonn"
    assert list(rows[1:]) == [rows[1]]
    assert len(rows[:0]) == 0
    with pytest.raises(IndexError):
        rows[2]


def test_a_large_request_has_reasons_and_its_faults_are_named(make_service):
    service = make_service("binary")
    row = usual_row(service.engine.voices.champion.predictor.schema)
    rows = [row] * (FEWEST_BYTES // len(json.dumps(row)) + 1)
    reasons = ask(service, "POST", "/predict", {"rows": rows, "reasons": 2}).json["answers"]
    assert all(len(answer["reasons"]) == 2 for answer in reasons)
    first, *others = row
    bad = [*rows, {name: row[name] for name in others}]
    refused = ask(service, "POST", "/predict", {"rows": bad})
    assert refused.status == 422
    assert f"row {len(rows)}, field '{first}'" in refused.json["error"]["where"]
    partly = ask(service, "POST", "/predict", {"rows": bad, "partial": True}).json
    assert (len(partly["answers"]), partly["unreadable"]) == (len(rows), [len(rows)])
