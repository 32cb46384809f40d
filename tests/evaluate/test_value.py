from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.data.schema import Column, Schema
from milepost.evaluate.value import money, stakes
from milepost.ground.errors import MilepostError
from milepost.problem.read import parse_problem

SCHEMA = Schema(
    (Column("charges", "float", "number", "feature"), Column("churn", "text", "category", "target")), "binary"
)
ROWS = pl.DataFrame({"charges": [10.0, 20.0, None, 40.0]})
TRUTH = np.array([1, 0, 1, 0])


def _problem(value, task="binary"):
    text = f'[problem]\nname = "p"\ntask = "{task}"\ntarget = "churn"\n[data]\nsource = "t.csv"\n[value]\n{value}'
    return parse_problem(text)


def test_each_decision_brings_the_money_of_its_cell():
    problem = _problem('true_positive = "2 * charges - 5"\nfalse_positive = -7\nfalse_negative = -3')
    brought = money(problem, ROWS, SCHEMA, TRUTH, np.array([1, 1, 0, 0]))
    assert brought.tolist() == [15.0, -7.0, -3.0, 0.0]


def test_a_missing_amount_counts_as_nothing():
    cells = stakes(_problem('true_positive = "charges"'), ROWS, SCHEMA.dtypes)
    assert cells.true_positive.tolist() == [10.0, 20.0, 0.0, 40.0]


def test_no_declared_value_is_none():
    problem = parse_problem('[problem]\nname = "p"\ntarget = "churn"\n[data]\nsource = "t.csv"')
    assert money(problem, ROWS, SCHEMA, TRUTH, TRUTH) is None


def test_classes_are_paid_by_a_matrix():
    schema = Schema(SCHEMA.columns, "multiclass", ("a", "b", "c"))
    problem = _problem("matrix = { a = { b = -10 }, b = { b = 5 } }", task="multiclass")
    brought = money(problem, ROWS, schema, np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]))
    assert brought.tolist() == [0.0, -10.0, 5.0, 0.0]


def test_numbers_are_paid_by_an_expression_over_truth_and_prediction():
    schema = Schema(SCHEMA.columns, "regression")
    problem = _problem('row = "-abs(truth - prediction) + charges"', task="regression")
    brought = money(problem, ROWS, schema, np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 2.0, 2.0]))
    assert brought.tolist() == [9.0, 20.0, 0.0, 38.0]


def test_an_unknown_column_is_named_with_its_place():
    with pytest.raises(MilepostError, match="charge") as caught:
        stakes(_problem('true_positive = "2 * charge"'), ROWS, SCHEMA.dtypes)
    assert "value.true_positive" in caught.value.where
