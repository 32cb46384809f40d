from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.predictor.direct import direct_row
from milepost.predictor.encode import encode_table, width_of
from milepost.predictor.linear import linear_table

NUMBER = {"op": "number", "column": "x", "fill": 1.5, "lo": None, "hi": None, "shift": 0.1, "scale": 0.3}
SATURATING = {
    "op": "saturating", "column": "x", "fill": 0.25, "lo": -2.0, "hi": 9.0, "origin": -2.0, "half": 0.7, "shift": 0.4,
    "scale": 0.2,
}  # fmt: skip
LEVELS = ["a", "b", "12"]
BLOCKS: list[dict[str, Any]] = [
    NUMBER,
    {**NUMBER, "lo": -1.0, "hi": 0.0},
    {**NUMBER, "lo": 0.0, "hi": 2.0, "shift": 0.7},
    {**NUMBER, "fill": 0.0, "lo": 2.0, "hi": 3.0},
    {**NUMBER, "fill": None, "column": "flag"},
    SATURATING,
    {**SATURATING, "origin": 9.0},
    {"op": "missing", "column": "x"},
    {"op": "one_hot", "column": "c", "levels": LEVELS, "other": True, "missing": True},
    {"op": "one_hot", "column": "c", "levels": LEVELS, "other": False, "missing": True},
    {"op": "one_hot", "column": "c", "levels": LEVELS, "other": False, "missing": False},
    {"op": "one_hot", "column": "flag", "levels": ["false", "true"], "other": False, "missing": False},
    {"op": "means", "column": "c", "levels": LEVELS, "values": [[0.1], [0.2], [0.7]], "otherwise": [0.3],
     "missing": [0.9]},
    {"op": "codes", "column": "c", "levels": LEVELS, "other": True},
    {"op": "time_part", "column": "t", "part": "hour", "zone": None, "fill": 3.0, "lo": 1.0, "hi": 20.0, "shift": 2.0,
     "scale": 7.0},
    {"op": "time_wave", "column": "t", "part": "hour", "zone": None, "period": 24.0, "wave": "sin"},
]  # fmt: skip
TYPES = {"x": pl.Float64, "c": pl.String, "flag": pl.Boolean, "t": pl.Datetime("us", "UTC")}

numbers = st.none() | st.floats(allow_nan=False) | st.sampled_from([-2.0, -1.0, 0.0, -0.0, 2.0, 3.0, 9.0, math.inf])
moments = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
rows = st.fixed_dictionaries(
    {"x": numbers, "c": st.sampled_from([*LEVELS, None, "other"]), "flag": st.sampled_from([True, False]), "t": moments}
)
coefficients = st.sampled_from([0.0, -0.0, 1.0, -1.0]) | st.floats(-1e3, 1e3)


@given(st.data(), st.lists(rows, min_size=1, max_size=5), st.sampled_from(["identity", "sigmoid"]))
def test_a_row_has_the_bits_of_its_encoding(data, asked, link):
    blocks = data.draw(st.lists(st.sampled_from(BLOCKS), max_size=6))
    width = width_of(blocks)
    weights = data.draw(st.lists(coefficients, min_size=width, max_size=width))
    document = {"link": link, "intercept": [data.draw(coefficients)], "coefficients": [weights]}
    expected = linear_table(document)(encode_table(pl.DataFrame(asked, schema=TYPES), blocks), 1)
    given = np.array([direct_row(document, blocks)(row) for row in asked])
    assert np.array_equal(given, expected, equal_nan=True)
    assert np.array_equal(np.signbit(given), np.signbit(expected)) or np.isnan(given).any()


def test_pieces_of_one_number_are_added_one_after_the_other():
    # clipped to 0..2 and to 2..5, the number 4 is 2 and then 4: 10 + 3 * 2 + 5 * (4 - 2) = 26
    pieces = [{**NUMBER, "shift": 0.0, "scale": 1.0, "lo": 0.0, "hi": 2.0}]
    pieces += [{**NUMBER, "shift": 2.0, "scale": 1.0, "lo": 2.0, "hi": 5.0}]
    answer = direct_row({"link": "identity", "intercept": [10.0], "coefficients": [[3.0, 5.0]]}, pieces)
    assert answer({"x": 4.0}) == [26.0]


@pytest.mark.parametrize(("value", "product"), [("a", 2.0), ("12", 5.0), ("other", 7.0), (None, 11.0)])
def test_a_level_brings_its_own_coefficient(value, product):
    block = BLOCKS[8]
    answer = direct_row({"link": "identity", "intercept": [0.0], "coefficients": [[2.0, 3.0, 5.0, 7.0, 11.0]]}, [block])
    assert answer({"c": value}) == [product]
