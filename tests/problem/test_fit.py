from __future__ import annotations

import pytest

from milepost.ground.errors import MilepostError
from milepost.problem.fit import check_task
from milepost.problem.read import parse_problem


def bare(*lines: str) -> str:
    return "\n".join(['[problem]\nname = "x"\ntarget = "y"\n[data]\nsource = "x.csv"', *lines])


@pytest.mark.parametrize(
    ("old", "new", "what", "key"),
    [
        ('recall = ">= 0.60"', 'rmse = "<= 5"', "The metric 'rmse' does not fit a binary task", "success.rmse"),
        ('recall = ">= 0.60"', 'recall = [">= 0.9", "<= 0.5"]', "can never both hold", "success.recall"),
        ('loss = "log"', 'loss = "absolute"', "The loss 'absolute' does not fit a binary task", "climb.loss"),
        ("false_positive = -20", "matrix = { a = { b = 1 } }", "does not fit a binary task", "value.matrix"),
        ("false_positive = -20", 'row = "truth"', "does not fit a binary task", "value.row"),
        ('task = "binary"', 'task = "multiclass"', "A positive class is named ('Yes')", "problem.positive"),
        ('id = "customer"', 'id = "churn"', "both problem.target and data.id", "data.id"),
        ('id = "customer"', 'exclude = ["churn"]', "both problem.target and data.exclude", "data.exclude"),
        ('id = "customer"', 'context = ["female"]', "both data.sensitive and data.context", "data.context"),
        ('id = "customer"', 'exclude = ["a", "a"]', "named twice in data.exclude", "data.exclude"),
        ('id = "customer"', 'allowed = ["tenure"]', "allowed, but it is not sensitive", "data.allowed"),
        ("charge_per_month =", "churn =", "has the name of a column that is problem.target", "features.churn"),
        ("test = 0.25", 'strategy = "time"', "data.time names no column", "split.strategy"),
        ("test = 0.25", 'test = 0.25\ncolumn = "fold"', "both say which rows are test rows", "split.test"),
        ("test = 0.25", 'column = "churn"', "both problem.target and split.column", "split.column"),
    ],
)
def test_parts_that_contradict_each_other_are_refused_at_the_key(error_of, old, new, what, key):
    error = error_of(old, new)
    assert what in error.what
    assert error.where.endswith(key)
    assert error.fix


def test_a_label_delay_needs_a_horizon():
    with pytest.raises(MilepostError, match="no horizon") as caught:
        parse_problem(bare('label_delay = "2d"'))
    assert caught.value.where == "the problem, line 6, data.label_delay"
    assert '"0d"' in caught.value.fix


def test_a_split_by_group_goes_by_the_group_or_else_by_the_id():
    assert parse_problem(bare('id = "customer"', "[split]", 'strategy = "group"')).split.strategy == "group"
    with pytest.raises(MilepostError, match=r"goes by group, but data\.group names no column") as caught:
        parse_problem(bare("[split]", 'strategy = "group"'))
    assert caught.value.where.endswith("split.strategy")


def test_an_entity_may_be_the_group():
    assert parse_problem(bare('id = "customer"', 'group = "customer"')).data.group == "customer"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (['[success]\nvalue = ">= 100"'], "needs money for each decision"),
        (['[value]\ncurrency = "EUR"'], "says no money"),
        (["[value]\ntrue_positive = 1\ncapacity = { positives = 9, population_per = 5 }"], "more than the population"),
        (['[value]\nrow = "1 - truth"\ncapacity = { positives = 9 }'], "not offered yet for a regression task"),
        (['[success]\naccuracy = ">= 0.8"\nrmse = "<= 5"'], "No task fits all that is written"),
    ],
)
def test_money_and_metrics_must_make_sense_together(lines, what):
    with pytest.raises(MilepostError, match=what):
        parse_problem(bare(*lines))


def test_a_task_found_from_the_target_is_held_against_what_is_written():
    problem = parse_problem(bare('[success]\naccuracy = ">= 0.8"'))
    check_task(problem, "multiclass")
    with pytest.raises(MilepostError, match="'accuracy' does not fit a regression task") as caught:
        check_task(problem, "regression")
    assert caught.value.where == "the problem, line 7, success.accuracy"
    assert "rmse, mae, median_ae" in caught.value.fix


@pytest.mark.parametrize(
    ("task", "money"), [("multiclass", "matrix = { a = { b = -1 } }"), ("regression", 'row = "1 - truth"')]
)
def test_a_capacity_is_offered_for_two_classes_only(task, money):
    with pytest.raises(MilepostError, match=f"A capacity is not offered yet for a {task} task") as caught:
        parse_problem(bare(f"[value]\n{money}\ncapacity = {{ positives = 9 }}"))
    assert caught.value.where.endswith("value.capacity")
