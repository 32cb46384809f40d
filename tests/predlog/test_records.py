from __future__ import annotations

import copy
from datetime import UTC, date, datetime

import msgspec
import polars as pl
import pytest

from milepost.predlog.ids import PredictionIds, is_id, moment_of
from milepost.predlog.records import (
    INPUTS,
    OUTCOMES,
    PREDICTIONS,
    OutcomeRow,
    PredictionRow,
    Predictions,
    decode,
    encode,
    encode_table,
    input_schema,
    outcome_table,
    predictions_of,
)

SCHEMA = input_schema(
    [("age", "integer"), ("plan", "text"), ("seen", "datetime"), ("born", "date"), ("active", "boolean")]
)
AT = 1_767_225_600_000_001  # 2026-01-01 00:00:00.000001


def _row(number: int, inputs) -> PredictionRow:
    return PredictionRow(
        prediction_id=f"id-{number}", request_id=None, entity="c-1", at=AT, time=None, bundle_id="b", role="champion",
        origin="http", request=None, label="Yes", number=None, probabilities=[0.25, 0.75], lo=None, hi=None,
        decision_label="No", decision_number=None, flags=["age is missing"], guards=[], arm=None, arm_share=None,
        answer_us=12, context=None, inputs=inputs,
    )  # fmt: skip


def test_a_frame_of_rows_and_one_of_a_table_hold_the_same():
    frame = Predictions(SCHEMA.id, [_row(1, [36.0, "basic", AT, 19_000, True]), _row(2, None)])
    again = decode(encode(frame))
    assert again == frame
    table = predictions_of(again, SCHEMA)
    assert predictions_of(decode(encode_table(SCHEMA, table)), SCHEMA).equals(table)


def test_a_row_becomes_typed_columns_and_a_struct_of_its_inputs():
    table = predictions_of(Predictions(SCHEMA.id, [_row(1, [36.0, None, AT, 19_000, None])]), SCHEMA)
    assert table.schema == pl.Schema({**PREDICTIONS, INPUTS + SCHEMA.id: SCHEMA.struct})
    (row,) = table.to_dicts()
    assert row["at"] == datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)
    assert (row["day"], row["schema_id"]) == (date(2026, 1, 1), SCHEMA.id)
    assert row[INPUTS + SCHEMA.id] == {
        "age": 36.0,
        "plan": None,
        "seen": datetime(2026, 1, 1, microsecond=1, tzinfo=UTC),
        "born": date(2022, 1, 8),
        "active": None,
    }


def test_an_outcome_belongs_to_the_day_on_which_it_was_recorded():
    row = OutcomeRow("o", "id-1", None, None, "Yes", None, None, AT + 86_400_000_000, None, AT, "http")
    table = outcome_table([row])
    assert table.schema == OUTCOMES
    assert table["day"].to_list() == [date(2026, 1, 2)]


def test_the_id_of_a_schema_follows_from_names_types_and_order():
    same = input_schema([("a", "text"), ("b", "float")])
    assert same.id == input_schema([("a", "text"), ("b", "float")]).id
    others = [[("b", "float"), ("a", "text")], [("a", "text"), ("b", "integer")], [("a", "text")]]
    assert len({same.id, *(input_schema(columns).id for columns in others)}) == 4


def test_what_is_no_frame_is_refused():
    with pytest.raises(msgspec.DecodeError):
        decode(b"\x93\xa5hello\x01\x02")


def test_ids_grow_even_where_the_clock_jumps_back_and_tell_their_time():
    moments = iter([5_000_000_000, 5_000_000_000, 1_000_000_000, 9_000_000_000] * 2)
    ids = PredictionIds(lambda: next(moments) * 10**9)
    made = [ids() for _ in range(4)]
    assert made == sorted(made)
    assert len(set(made)) == 4
    assert all(is_id(one) for one in made)
    assert moment_of(made[0]) == moment_of(made[2]) == datetime.fromtimestamp(5_000_000_000, UTC)


def test_ids_of_many_processes_differ():
    makers = [PredictionIds(lambda: 10**18) for _ in range(200)]
    assert len({make() for make in makers for _ in range(50)}) == 10_000


def test_many_ids_are_the_next_ones():
    ids = PredictionIds(lambda: 10**18)
    first = ids()  # the counter begins at chance
    twin = copy.copy(ids)
    made = [first, *ids.many(1000), *ids.many(0), ids(), *ids.many(1), ids()]
    assert made == [first, *(twin() for _ in range(1003))]
    assert made == sorted(set(made))
    assert all(is_id(one) for one in made)
