from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.data.schema import Column, Schema
from milepost.evaluate.value import check_value, money, stakes, unknown_stakes
from milepost.ground.errors import MilepostError, UnknownNameError
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
    rows = ROWS.fill_null(0.0)
    brought = money(problem, rows, SCHEMA, TRUTH, np.array([1, 1, 0, 0]))
    assert brought.tolist() == [15.0, -7.0, -3.0, 0.0]


@pytest.mark.parametrize("decision", [0, 1])
@pytest.mark.parametrize("truth", [0, 1])
def test_a_row_with_a_missing_amount_is_unknown_whatever_it_is_and_whatever_is_decided(truth, decision):
    problem = _problem('true_positive = "charges"\nfalse_positive = -7')
    brought = money(problem, ROWS, SCHEMA, np.full(4, truth), np.full(4, decision))
    assert np.isnan(brought).tolist() == [False, False, True, False]


def test_stakes_say_for_which_rows_they_are_known():
    cells = stakes(_problem('true_positive = "charges"'), ROWS, SCHEMA.dtypes)
    assert cells.known.tolist() == [True, True, False, True]
    assert cells.rows(np.array([0, 3])).true_positive.tolist() == [10.0, 40.0]


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
    assert np.isnan(brought).tolist() == [False, False, True, False]
    assert brought[[0, 1, 3]].tolist() == [9.0, 20.0, 38.0]


def test_an_unknown_column_is_named_with_its_place():
    with pytest.raises(MilepostError, match="charge") as caught:
        stakes(_problem('true_positive = "2 * charge"'), ROWS, SCHEMA.dtypes)
    assert "value.true_positive" in caught.value.where


def test_an_amount_that_reads_no_column_is_one_for_each_row():
    cells = stakes(_problem('true_positive = "100 - 20"\nfalse_positive = "1/0"'), ROWS, SCHEMA.dtypes)
    assert cells.true_positive.tolist() == [80.0] * 4
    assert not cells.known.any()


def test_rows_whose_amount_is_not_known_are_counted():
    problem = _problem('true_positive = "charges"\nfalse_positive = "1/0"\nfalse_negative = -3')
    assert unknown_stakes(problem, ROWS, SCHEMA.dtypes) == {"true_positive": 0.25, "false_positive": 1.0}


def test_a_class_of_the_matrix_that_does_not_occur_is_refused():
    schema = Schema(SCHEMA.columns, "multiclass", ("a", "b", "c"))
    with pytest.raises(UnknownNameError, match="bb"):
        check_value(_problem("matrix = { a = { bb = -10 } }", task="multiclass"), schema)


@pytest.mark.parametrize("name", ["truth", "prediction"])
def test_a_column_with_the_name_of_what_is_judged_is_refused_where_the_money_reads_it(name):
    schema = Schema((*SCHEMA.columns, Column(name, "float", "number", "feature")), "regression")
    with pytest.raises(MilepostError, match=f"a column '{name}' too") as caught:
        check_value(_problem('row = "-abs(truth - prediction)"', task="regression"), schema)
    assert "value.row" in caught.value.where
    check_value(_problem('row = "charges"', task="regression"), schema)


def test_a_target_called_truth_is_the_truth():
    schema = Schema((Column("truth", "float", "number", "target"),), "regression")
    check_value(_problem('row = "-abs(truth - prediction)"', task="regression"), schema)
