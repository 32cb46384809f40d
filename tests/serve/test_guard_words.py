"""What guards call missing, unseen and out of range is what the gate flags, for any row and any table."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.schema import Column, Schema
from milepost.predictor.frames import canonical_frame
from milepost.predictor.inputs import compile_gate
from milepost.predictor.tables import canonical_rows
from milepost.predictor.wording import wordings_of
from milepost.problem.conditions import WORDS
from milepost.serve.guard_words import odd_in_row, odd_in_table

SCHEMA = Schema(
    (
        Column("n", "integer", "number", "feature", missing_share=0.0, lo=0.0, hi=72.0),
        Column("x", "float", "number", "feature", missing_share=0.1, lo=-5.0, hi=None),
        Column("sure", "boolean", "flag", "feature", missing_share=0.0),
        Column("c", "text", "category", "feature", missing_share=0.0, levels=("a", "b", "One year")),
        Column("free", "text", "text", "feature", missing_share=0.2),
        Column("t", "datetime", "time", "time", missing_share=0.0, lo=0.0, hi=1.0),
    ),
    "regression",
)
WORDINGS = wordings_of(SCHEMA)
# which word a sentence of the gate is about; the sentences come from its functions, see predictor/inputs.py
SAID = {"missing": (" is missing",), "unseen": ("unseen level",), "out of range": ("above anything", "below anything")}

rows = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-1, 73) | st.sampled_from(["", "12", "99", float("nan"), 1e300]),
        "x": st.none() | st.floats(-6, 6) | st.sampled_from([float("inf"), -5.0, -0.0]),
        "sure": st.none() | st.booleans(),
        "c": st.none() | st.sampled_from(["a", "b", "c", "one year ", "NA", "One year", ""]),
        "free": st.none() | st.text(max_size=3),
        "t": st.none() | st.sampled_from(["2024-05-01T10:00:00Z", "1960-01-01"]),
    }
)


def said_by_gate(word: str, flags: list[str]) -> bool:
    return any(part in flag for flag in flags for part in SAID[word])


@pytest.mark.parametrize("word", WORDS)
@given(row=rows)
def test_a_word_holds_of_a_row_where_the_gate_flags_it(word, row):
    values, flags = compile_gate(SCHEMA, WORDINGS)(row)
    assert odd_in_row(word, SCHEMA)(values) is said_by_gate(word, flags)


@pytest.mark.parametrize("word", WORDS)
@given(table=st.lists(rows, max_size=6))
def test_a_word_holds_of_a_table_where_it_holds_of_its_rows(word, table):
    frame, flags = canonical_rows(table, SCHEMA, WORDINGS)
    found = frame.with_columns(odd_in_table(word, SCHEMA).alias("odd")).get_column("odd").to_list()
    assert found == [said_by_gate(word, each) for each in flags.to_list()]


def test_a_row_in_order_is_not_odd_and_one_that_is_odd_in_every_way_is():
    fine = {"n": 12.0, "x": 1.0, "sure": True, "c": "a", "free": "x", "t": None}
    strange = {"n": 73.0, "x": -6.0, "sure": None, "c": "d", "free": None, "t": None}
    schema = SCHEMA.only(["n", "x", "sure", "c", "free"])
    for word in WORDS:
        assert not odd_in_row(word, schema)(fine)
        assert odd_in_row(word, schema)(strange)


def test_without_columns_that_can_be_odd_nothing_is():
    schema = SCHEMA.only(["free"])
    frame, _ = canonical_frame(pl.DataFrame({"free": ["x", None]}), schema, wordings_of(schema))
    for word in WORDS:
        assert frame.with_columns(odd_in_table(word, schema).alias("odd"))["odd"].to_list() == [False, False]
        assert not odd_in_row(word, schema)({"free": None})
