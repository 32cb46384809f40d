from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.predictor import members
from milepost.predictor.members import answers_of, row_function

NUMBER = {"op": "number", "column": "x", "fill": 0.0, "lo": None, "hi": None, "shift": 1.0, "scale": 2.0}
LINEAR = {
    "encoding": [NUMBER],
    "model": {"kind": "linear", "link": "identity", "intercept": [1.0], "coefficients": [[3.0]]},
}


def test_a_member_encodes_then_computes():
    # (5 - 1) / 2 = 2, and 1 + 3 * 2 = 7
    assert row_function(LINEAR, {})({"x": 5.0}) == [7.0]
    assert answers_of(LINEAR, {}, pl.DataFrame({"x": [5, 1]})).tolist() == [[7.0], [1.0]]


def test_a_table_without_rows_has_answers_of_the_right_width():
    assert answers_of(LINEAR, {}, pl.DataFrame({"x": []}, schema={"x": pl.Int64})).shape == (0, 1)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7])
def test_rows_come_out_whole_and_in_order_however_they_are_cut(monkeypatch, rows):
    frame = pl.DataFrame({"x": np.arange(7.0)})
    whole = answers_of(LINEAR, {}, frame)
    monkeypatch.setattr(members, "ROWS_AT_ONCE", rows)
    assert np.array_equal(answers_of(LINEAR, {}, frame), whole)
