from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.predictor.encode import block_width, compile_row, encode_table

NAN = math.nan


def both(block: dict[str, Any], values: list[Any], dtype: Any = None) -> list[list[float]]:
    """Encode values as a column and one by one, assert that they agree, and return the rows."""
    column = pl.Series("c", values, dtype=dtype)
    table = encode_table(pl.DataFrame([column]), [{"column": "c", **block}])
    encode = compile_row([{"column": "c", **block}])
    one_by_one = np.array([encode({"c": value}) for value in column.to_list()]).reshape(table.shape)
    assert table.tobytes() == one_by_one.tobytes() or np.array_equal(table, one_by_one, equal_nan=True)
    assert table.shape == (len(values), block_width(block))
    return table.tolist()


def same(given: list[list[float]], expected: list[list[float]]) -> bool:
    return np.array_equal(given, expected, equal_nan=True)


def number(**changes: Any) -> dict[str, Any]:
    return {"op": "number", "fill": None, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0, **changes}


def test_a_number_is_filled_then_clipped_then_scaled():
    block = number(fill=50.0, lo=0.0, hi=10.0, shift=2.0, scale=4.0)
    assert both(block, [6.0, None, -5.0, 99.0]) == [[1.0], [2.0], [-0.5], [2.0]]


def test_a_number_without_a_fill_stays_missing():
    assert same(both(number(), [1.5, None]), [[1.5], [NAN]])
    assert same(both(number(shift=1.0, scale=2.0), [5, None]), [[2.0], [NAN]])


def test_a_tail_is_drawn_in_to_half_at_its_half_and_never_to_one():
    block = {
        "op": "saturating",
        "fill": 4.0,
        "lo": 1.0,
        "hi": 10.0,
        "origin": 1.0,
        "half": 3.0,
        "shift": 0.5,
        "scale": 2,
    }
    assert both(block, [1.0, 4.0, None, 10.0, 1e9, -5.0]) == [[-0.25], [0.0], [0.0], [0.125], [0.125], [-0.25]]
    mirrored = {**block, "origin": 10.0}
    assert both(mirrored, [10.0, 7.0, 1.0]) == [[-0.25], [0.0], [0.125]]


def test_flags_are_one_and_zero():
    assert same(both(number(), [True, False, None]), [[1.0], [0.0], [NAN]])
    assert both(number(fill=0.5, shift=0.5, scale=0.5), [True, False, None]) == [[1.0], [-1.0], [0.0]]


def test_missing_is_told_by_one():
    assert both({"op": "missing"}, ["a", None]) == [[0.0], [1.0]]


@pytest.mark.parametrize(
    ("other", "missing", "unknown_row", "missing_row"),
    [
        (True, True, [0, 0, 1, 0], [0, 0, 0, 1]),
        (True, False, [0, 0, 1], [0, 0, 1]),
        (False, True, [0, 0, 0], [0, 0, 1]),
        (False, False, [0, 0], [0, 0]),
    ],
)
def test_unknown_and_missing_levels_have_their_columns_or_none(other, missing, unknown_row, missing_row):
    block = {"op": "one_hot", "levels": ["a", "b"], "other": other, "missing": missing}
    known = [0] * (len(unknown_row) - 2)
    assert both(block, ["a", "b", "c", None]) == [[1, 0, *known], [0, 1, *known], unknown_row, missing_row]


def test_codes_are_places_among_the_levels():
    assert same(both({"op": "codes", "levels": ["a", "b"], "other": True}, ["b", "c", None]), [[1.0], [2.0], [NAN]])
    assert same(both({"op": "codes", "levels": ["a", "b"], "other": False}, ["b", "c", None]), [[1.0], [NAN], [NAN]])


def test_levels_of_numbers_are_compared_by_value():
    block = {"op": "codes", "levels": ["0", "12", "2.5"], "other": False}
    for values in ([0, 12, 7], [0.0, 12.0, 7.0], [-0.0, 12.0, None]):
        assert same(both(block, values), [[0.0], [1.0], [NAN]])
    assert same(both(block, [2.5]), [[2.0]])


def test_levels_of_flags_are_true_and_false():
    block = {"op": "one_hot", "levels": ["false", "true"], "other": False, "missing": False}
    assert both(block, [True, False, None]) == [[0, 1], [1, 0], [0, 0]]


def test_means_have_an_answer_for_what_is_unknown_and_what_is_missing():
    block = {"op": "means", "levels": ["a"], "values": [[0.1, 0.2]], "otherwise": [0.5, 0.6], "missing": [0.7, 0.8]}
    assert both(block, ["a", "z", None]) == [[0.1, 0.2], [0.5, 0.6], [0.7, 0.8]]


def test_a_time_part_is_filled_and_scaled():
    block = {
        "op": "time_part",
        "part": "hour",
        "zone": "Europe/Berlin",
        "fill": 4.0,
        "lo": None,
        "hi": None,
        "shift": 1.0,
        "scale": 2.0,
    }
    assert both(block, [datetime(2024, 5, 1, 8, tzinfo=UTC), None]) == [[4.5], [1.5]]  # ten o'clock in Berlin


def test_a_wave_returns_after_its_period_and_is_level_where_missing():
    block = {"op": "time_wave", "part": "hour", "zone": None, "period": 24.0, "wave": "sin"}
    ((six,), (missing,)) = both(block, [datetime(2024, 5, 1, 6, tzinfo=UTC), None])
    assert (six, missing) == (1.0, 0.0)


def test_a_number_too_large_for_its_scale_is_infinite_without_a_warning():
    assert both(number(scale=0.01), [1e308]) == [[math.inf]]


def test_blocks_stand_side_by_side_in_their_order():
    frame = pl.DataFrame({"x": [3.0], "c": ["b"]})
    one_hot = {"op": "one_hot", "column": "c", "levels": ["a", "b"], "other": False, "missing": False}
    blocks = [one_hot, {**number(), "column": "x"}, one_hot]
    assert encode_table(frame, blocks).tolist() == [[0, 1, 3, 0, 1]]
    assert compile_row(blocks)({"x": 3.0, "c": "b"}) == [0, 1, 3, 0, 1]


def test_no_blocks_make_rows_without_columns():
    assert encode_table(pl.DataFrame({"x": [1, 2]}), []).shape == (2, 0)
    assert compile_row([])({"x": 1}) == []


def test_encoded_rows_lie_one_after_another():
    assert encode_table(pl.DataFrame({"c": [1.0, 2.0]}), [{**number(), "column": "c"}] * 3).flags["C_CONTIGUOUS"]


levels = st.lists(st.sampled_from(["a", "b", "1", "0", "2.5", "true", "", "Ω", "nan", "1.0"]), unique=True, max_size=6)
texts = st.none() | st.text(max_size=2) | st.sampled_from(["a", "b", "1", "true"])
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0, 2.5])
moments = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(
    lambda time: time.replace(tzinfo=UTC)
)
scales = st.sampled_from([1.0, 0.1, 3.7])
edges = st.none() | st.sampled_from([-1.5, 0.0, 2.5])


@st.composite
def level_blocks(draw: st.DrawFn) -> dict[str, Any]:
    known, op = draw(levels), draw(st.sampled_from(["one_hot", "codes", "means", "missing"]))
    means = [[float(place), 0.1] for place, _ in enumerate(known)]
    return {
        "op": op, "levels": known, "other": draw(st.booleans()), "missing": draw(st.booleans()),
    } | ({"values": means, "otherwise": [9.0, 8.0], "missing": [7.0, 6.0]} if op == "means" else {})  # fmt: skip


@given(level_blocks(), st.lists(texts, max_size=8))
def test_text_is_encoded_alike_alone_and_in_a_column(block, values):
    both(block, values, pl.String)


@given(level_blocks(), st.lists(numbers, max_size=8))
def test_levels_of_numbers_are_encoded_alike_alone_and_in_a_column(block, values):
    both(block, values, pl.Float64)


@given(st.lists(numbers, max_size=8), edges, edges, edges, edges, scales)
def test_numbers_are_encoded_alike_alone_and_in_a_column(values, fill, lo, hi, shift, scale):
    if lo is not None and hi is not None:
        lo, hi = sorted([lo, hi])
    both(number(fill=fill, lo=lo, hi=hi, shift=shift or 0.0, scale=scale), values, pl.Float64)


@given(
    st.lists(moments, max_size=8),
    st.sampled_from(["days", "hour", "day_of_year"]),
    scales,
    st.sampled_from(["sin", "cos"]),
)
def test_times_are_encoded_alike_alone_and_in_a_column(values, part, scale, wave):
    zoned = {"part": part, "zone": "America/New_York"}
    both(
        {"op": "time_part", **zoned, "fill": None, "lo": 5.0, "hi": 9.0, "shift": 7.0, "scale": scale},
        values,
        pl.Datetime("us", "UTC"),
    )
    both({"op": "time_wave", **zoned, "period": 365.25 * scale, "wave": wave}, values, pl.Datetime("us", "UTC"))
