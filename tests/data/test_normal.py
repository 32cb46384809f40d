from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from milepost.data.normal import learn_schema
from milepost.data.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("y", "text", "category", "target"),
        Column("x", "float", "number", "feature"),
        Column("d", "date", "time", "time"),
        Column("t", "datetime", "time", "feature"),
        Column("c", "text", "category", "feature"),
        Column("k", "text", "id", "id"),
    ),
    "binary",
    ("No", "Yes"),
)
FRAME = pl.DataFrame(
    {
        "y": ["Yes", "No", "No", None],
        "x": [1.5, None, -2.0, 0.0],
        "d": [date(1970, 1, 2)] * 4,
        "t": [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)] * 4,
        "c": ["b", "a", "a", "b"],
        "k": ["1", "2", "3", "4"],
    }
)


def test_normal_values_are_those_of_the_rows_given():
    learned = learn_schema(FRAME.lazy(), SCHEMA)
    assert [column.missing_share for column in learned.columns] == [0.25, 0.25, 0, 0, 0, 0]
    assert [(column.lo, column.hi) for column in learned.columns[1:4]] == [(-2.0, 1.5), (86400.0, 86400.0), (1.0, 1.0)]


def test_levels_are_the_most_frequent_first_and_of_equals_the_first_in_the_alphabet():
    learned = learn_schema(FRAME.lazy(), SCHEMA)
    assert [learned.column(name).levels for name in "yck"] == [("No", "Yes"), ("a", "b"), ()]


def test_everything_else_stays():
    learned = learn_schema(FRAME.lazy(), SCHEMA)
    assert (learned.names, learned.labels, learned.task) == (SCHEMA.names, SCHEMA.labels, SCHEMA.task)


def test_rows_that_are_left_out_leave_no_trace():
    learned = learn_schema(FRAME.lazy().filter(pl.lit(pl.Series([True, True, False, False]))), SCHEMA)
    assert (learned.column("x").lo, learned.column("c").levels) == (1.5, ("a", "b"))
