import math

import polars as pl

from milepost.data.schema import Column, Schema
from milepost.serve.parity_rows import BEYOND_FLOATS, raw_rows, typed_rows

SCHEMA = Schema(
    (
        Column("visits", "integer", "number", "feature", lo=0.0, hi=9.0),
        Column("amount", "float", "number", "feature", lo=-1.0, hi=1.0),
        Column("is_new", "boolean", "flag", "feature"),
        Column("plan", "text", "category", "feature", levels=("basic", "pro")),
        Column("since", "date", "time", "feature", lo=1.6e9, hi=1.7e9),
        Column("seen", "datetime", "time", "feature", lo=1.6e9, hi=1.7e9),
    ),
    "regression",
)
ROWS = 2_000


def test_the_same_seed_gives_the_same_rows_and_another_one_others():
    assert typed_rows(SCHEMA, 50, seed=1).equals(typed_rows(SCHEMA, 50, seed=1))
    assert not typed_rows(SCHEMA, 50, seed=1).equals(typed_rows(SCHEMA, 50, seed=2))
    assert repr(raw_rows(SCHEMA, 50, seed=1)) == repr(raw_rows(SCHEMA, 50, seed=1))


def test_typed_columns_have_the_types_of_the_inputs_and_hold_what_is_hard():
    table = typed_rows(SCHEMA, ROWS, seed=0)
    assert table.schema["visits"] == pl.Int64
    assert table.schema["since"] == pl.Date
    assert isinstance(table.schema["seen"], pl.Datetime)
    assert all(0 < count < ROWS / 5 for count in table.null_count().row(0))
    assert BEYOND_FLOATS in table["visits"]
    amounts = table["amount"].drop_nulls()
    assert any(number == 0 and math.copysign(1, number) < 0 for number in amounts)
    assert amounts.is_nan().any()


def test_texts_hold_levels_other_spellings_and_letters_of_every_plane():
    texts = typed_rows(SCHEMA, ROWS, seed=0)["plan"].drop_nulls().to_list()
    letters = set("".join(texts))
    assert {"basic", "pro", ""} <= set(texts)
    assert any("BASIC" in text for text in texts)
    assert any(ord(letter) > 0xFFFF for letter in letters)
    assert any(0x300 <= ord(letter) <= 0x36F for letter in letters)
    assert not any(0xD800 <= ord(letter) <= 0xDFFF for letter in letters)


def test_raw_rows_hold_what_json_holds_and_no_more():
    for row in raw_rows(SCHEMA, ROWS, seed=0):
        assert row.keys() == set(SCHEMA.names)
        for value in row.values():
            assert value is None or type(value) in (int, float, bool, str)
            assert not isinstance(value, float) or math.isfinite(value)


def test_numbers_come_as_text_and_times_with_offsets():
    rows = raw_rows(SCHEMA, ROWS, seed=0)
    assert any(isinstance(row["amount"], str) for row in rows)
    assert any(isinstance(row["seen"], str) and row["seen"].endswith("+05:45") for row in rows)
    assert any(isinstance(row["seen"], str) and row["seen"].endswith("-03:30") for row in rows)
