from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.fingerprint import fingerprint

TABLE = pl.DataFrame(
    {
        "n": [1, None, -3],
        "x": [0.5, None, -0.0],
        "t": ["a", None, "ü"],
        "b": [True, None, False],
        "d": [date(2024, 1, 1)] * 3,
    }
)


def test_the_digits_of_a_small_table_never_change():
    expected = "9f7ec9bad93a7b9b00cf52e1a7106ce7a28f1d9edefc52504e410a1f2085fb10"
    assert fingerprint(TABLE.lazy()) == expected


def test_storage_and_pieces_leave_no_trace(tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet", row_group_size=1)
    again = pl.concat([TABLE[:1], TABLE[1:]], rechunk=False)
    assert (
        fingerprint(TABLE.lazy()) == fingerprint(pl.scan_parquet(tmp_path / "t.parquet")) == fingerprint(again.lazy())
    )


def test_minus_zero_is_zero():
    assert fingerprint(pl.DataFrame({"x": [0.0]}).lazy()) == fingerprint(pl.DataFrame({"x": [-0.0]}).lazy())


@pytest.mark.parametrize(
    "other",
    [
        TABLE[::-1],
        TABLE[:2],
        TABLE.rename({"n": "m"}),
        TABLE.select("x", "n", "t", "b", "d"),
        TABLE.with_columns(n=pl.lit(0, pl.Int64)),
        TABLE.with_columns(pl.col("n").fill_null(0)),
        TABLE.with_columns(pl.col("t").fill_null("")),
        TABLE.with_columns(pl.col("n").cast(pl.Float64)),
    ],
)
def test_every_change_shows(other):
    assert fingerprint(other.lazy()) != fingerprint(TABLE.lazy())


def test_moving_a_letter_from_one_cell_to_the_next_shows():
    assert fingerprint(pl.DataFrame({"t": ["ab", "c"]}).lazy()) != fingerprint(pl.DataFrame({"t": ["a", "bc"]}).lazy())


@settings(max_examples=25)
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False), st.just(float("nan")))), st.integers(1, 5))
def test_the_size_of_pieces_does_not_matter(values, rows):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    parts = pl.concat([frame[place : place + rows] for place in range(0, len(values), rows)] or [frame], rechunk=False)
    assert fingerprint(parts.lazy()) == fingerprint(frame.lazy())


def test_a_large_table_is_hashed_across_pieces():
    rows = 300_000
    frame = pl.DataFrame({"x": np.arange(rows), "t": np.arange(rows).astype(str)}).lazy()
    assert fingerprint(frame) == fingerprint(frame.collect().lazy())
