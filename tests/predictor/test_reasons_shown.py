from __future__ import annotations

import math

import numpy as np
import polars as pl

from milepost.predictor.reasons import NO_INPUT, Reasons
from milepost.predictor.reasons_shown import reason_rows, reason_table

VALUES = pl.DataFrame({"x": [1.5, None, 2.0], "c": ["a", "b", "c"]})
FOUND = Reasons(
    scale="log-odds",
    inputs=("x", "c"),
    of=np.array([1, 1, 1]),
    places=np.array([[1, 0], [0, NO_INPUT], [NO_INPUT, NO_INPUT]]),
    contributions=np.array([[-2.0, 0.5], [1.0, 0.0], [math.inf, 1.0]]),
    changes=np.array([[-0.3, 0.1], [0.2, 0.0], [math.nan, 0.1]]),
    base=np.array([0.25, 0.25, 0.25]),
    others=np.zeros(3),
    total=np.array([-1.25, 1.25, math.nan]),  # the last row has no answer
)


def test_a_row_is_a_document_with_its_values():
    first, second, third = reason_rows(FOUND, VALUES, ("No", "Yes"))
    assert first == {
        "reasons": [
            {"input": "c", "value": "a", "contribution": -2.0, "change": -0.3},
            {"input": "x", "value": 1.5, "contribution": 0.5, "change": 0.1},
        ],
        "margin": {"scale": "log-odds", "of": "Yes", "base": 0.25, "others": 0.0, "total": -1.25},
    }
    assert [(one["input"], one["value"]) for one in second["reasons"]] == [("x", None)]
    assert third == {"reasons": [], "margin": None}


def test_a_table_leaves_cells_empty_where_there_is_no_reason():
    table = reason_table(FOUND)
    assert table.columns == [
        "reason_1", "reason_1_contribution", "reason_1_change", "reason_2", "reason_2_contribution", "reason_2_change",
        "margin_base", "margin_others", "margin_total",
    ]  # fmt: skip
    assert table.row(0) == ("c", -2.0, -0.3, "x", 0.5, 0.1, 0.25, 0.0, -1.25)
    assert table.row(1) == ("x", 1.0, 0.2, None, None, None, 0.25, 0.0, 1.25)
    assert set(table.row(2)) == {None}
