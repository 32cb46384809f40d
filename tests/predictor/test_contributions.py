from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from milepost.data.expressions.parse import parse
from milepost.predictor.contributions import RULE, Contributions, with_rule
from milepost.predictor.members import Member

NUMBER = {"op": "number", "column": "x", "fill": 0.0, "lo": None, "hi": None, "shift": 1.0, "scale": 2.0}
MISSING = {"op": "missing", "column": "x"}
LEVELS = {"op": "one_hot", "column": "c", "levels": ["a", "b"], "other": False, "missing": False}
FRAME = pl.DataFrame({"x": [5.0, None], "c": ["a", "z"]})


def contributions(blocks: list[dict[str, Any]], model: dict[str, Any]) -> Contributions:
    return Member({"encoding": blocks, "model": model}, {}).contributions(FRAME, 1)


def test_a_linear_model_tells_each_input_against_the_average_row():
    model = {"kind": "linear", "link": "sigmoid", "intercept": [1.0], "coefficients": [[3.0, 0.5, 2.0, -4.0]]}
    told = contributions([NUMBER, MISSING, LEVELS], {**model, "means": [0.0, 0.2, 0.5, 0.25]})
    # base: 1 + 3 * 0 + 0.5 * 0.2 + 2 * 0.5 - 4 * 0.25
    assert told.base == pytest.approx([1.1])
    # x = 5: 3 * (2 - 0) + 0.5 * (0 - 0.2); missing: 3 * (-0.5 - 0) + 0.5 * (1 - 0.2)
    # c = a: 2 * (1 - 0.5) - 4 * (0 - 0.25); unseen: 2 * (0 - 0.5) - 4 * (0 - 0.25)
    assert told.inputs == ("x", "c")
    assert told.parts[:, :, 0] == pytest.approx(np.array([[5.9, 2.0], [-1.1, 0.0]]))
    # 1 + 3 * 2 + 2; 1 - 3 / 2 + 0.5
    assert told.margins[:, 0] == pytest.approx([9.0, 0.0])


def test_a_linear_model_without_means_is_told_against_the_middle_of_its_columns():
    model = {"kind": "linear", "link": "identity", "intercept": [1.0], "coefficients": [[3.0]]}
    told = contributions([NUMBER], model)
    assert (told.base.tolist(), told.parts[:, 0, 0].tolist()) == ([1.0], [6.0, -1.5])


def test_a_constant_has_no_reasons():
    told = contributions([], {"kind": "constant", "values": [0.2, 0.8]})
    assert told.inputs == ()
    assert told.margins.tolist() == [[0.2, 0.8]] * 2


def test_todays_rule_is_one_reason_against_the_overall_answer():
    tree = parse("c = 'a'", types={"c": "text"}, where="test").tree
    branches = [[False, [0.25]], [True, [0.75]]]
    model = {"kind": "branches", "tree": tree, "type": "boolean", "otherwise": [0.5], "branches": branches}
    told = contributions([], model)
    assert (told.inputs, told.base.tolist()) == ((RULE,), [0.5])
    assert told.parts[:, 0, 0].tolist() == [0.25, -0.25]
    assert with_rule([{"model": model}], FRAME)[RULE].to_list() == [True, False]


def test_a_rule_that_is_a_number_is_one_reason_too():
    tree = parse("x * 2", types={"x": "float"}, where="test").tree
    told = contributions([], {"kind": "expression", "tree": tree, "otherwise": [4.0]})
    assert told.parts[:, 0, 0].tolist() == [6.0, 0.0]  # a missing number gets what the rule says otherwise
