from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from milepost.draft.free import best_free, branch_rates, free_answers, meets, spoken
from milepost.evaluate.value import money
from milepost.problem.criteria import Criterion

DATA = '[data]\nsource = "x.csv"\n'


def answers_of(case, **known):
    found = free_answers(case.frame, case.truth, case.schema, rule=case.rule, **known)
    return {one.name: one for one in found}


def test_always_no_and_always_yes_score_what_the_counts_say(case):
    # 300 of 1,000 are Yes
    found = answers_of(case(DATA))
    assert found["nobody"].scores["accuracy"] == 0.7
    assert found["nobody"].scores["recall"] == 0.0
    assert found["nobody"].scores["precision"] is None
    assert found["everybody"].scores["precision"] == 0.3
    assert found["everybody"].scores["f1"] == pytest.approx(0.6 / 1.3)
    assert found["nobody"].scores["log_loss"] == pytest.approx(-0.3 * math.log(0.3) - 0.7 * math.log(0.7))
    assert found["nobody"].scores["mcc"] == 0.0
    assert found["nobody"].says == "always answering 'No'"


def test_the_rule_acts_where_it_says_yes(case):
    # monthly: 240 Yes of 400; so 240 found of 300, and 240 + 540 right
    rule = answers_of(case(DATA + "[baseline]\nrule = \"plan = 'monthly'\""))["rule"].scores
    assert rule["recall"] == 0.8
    assert rule["precision"] == 0.6
    assert rule["accuracy"] == 0.78


def test_the_best_without_a_model_leaves_the_rule_out(case):
    found = tuple(answers_of(case(DATA + "[baseline]\nrule = \"plan = 'monthly'\"")).values())
    assert best_free(found, "accuracy", higher=True).score == 0.7
    assert best_free(found, "recall", higher=True).by == "always answering 'Yes'"
    assert best_free(found, "log_loss", higher=False).score == pytest.approx(0.6109, abs=1e-4)


def test_money_of_acting_on_everybody_and_nobody_is_counted(case):
    # everybody: 300 x 50 - 700 x 10, over 1,000 rows
    text = DATA + "[value]\ntrue_positive = 50\nfalse_positive = -10"
    given = case(text)
    paid = answers_of(given, money=lambda d: money(given.problem, given.frame, given.schema, given.truth, d))
    assert paid["everybody"].scores["value"] == pytest.approx(8_000)
    assert paid["nobody"].scores["value"] == 0.0


def test_numbers_are_answered_by_their_middle(case):
    frame = pl.DataFrame({"price": [1.0, 2.0, 3.0, 10.0], "size": [1, 1, 2, 2]})
    given = case(DATA + '[baseline]\nrule = "CASE WHEN size = 1 THEN 1.5 ELSE 6.5 END"', frame=frame, task="regression")
    found = answers_of(given)
    assert found["mean"].scores["mae"] == pytest.approx((3 + 2 + 1 + 6) / 4)
    assert found["median"].scores["mae"] == pytest.approx((1.5 + 0.5 + 0.5 + 7.5) / 4)
    assert found["rule"].scores["mae"] == pytest.approx((0.5 + 0.5 + 3.5 + 3.5) / 4)
    assert found["mean"].scores["r2"] == 0.0


def test_several_classes_are_answered_by_the_most_common(case):
    frame = pl.DataFrame({"churn": ["a"] * 50 + ["b"] * 30 + ["c"] * 20, "x": [1] * 50 + [2] * 50})
    given = case(DATA + "[baseline]\nrule = \"CASE WHEN x = 1 THEN 'a' ELSE 'b' END\"", frame=frame, task="multiclass")
    found = answers_of(given)
    assert found["most common"].scores["accuracy"] == 0.5
    assert found["most common"].scores["balanced_accuracy"] == pytest.approx(1 / 3)
    assert found["rule"].scores["accuracy"] == 0.8


def test_branches_are_drawn_to_the_overall_rate_by_ten_rows():
    # 2 rows in the branch, both 1; overall 0.5: (2 + 10 x 0.5) / 12
    rates = branch_rates(pl.Series(["a", "a", "b", "b"]), np.array([[1.0], [1.0], [0.0], [0.0]]))
    assert rates[0, 0] == pytest.approx(7 / 12)
    assert rates[2, 0] == pytest.approx(5 / 12)


@pytest.mark.parametrize("keys", [["a", "a", None, None], [None] * 4])
def test_a_row_without_a_branch_gets_the_overall_rate_as_in_production(keys):
    rates = branch_rates(pl.Series(keys, dtype=pl.String), np.array([[1.0], [1.0], [1.0], [0.0]]))
    assert rates[2:, 0].tolist() == [0.75, 0.75]


def test_a_score_that_does_not_exist_meets_nothing(case):
    nobody = answers_of(case(DATA))["nobody"]
    assert not meets(nobody, Criterion("precision", ">=", 0.0))
    assert meets(nobody, Criterion("accuracy", ">=", 0.7))


def test_shares_are_spoken_as_percentages():
    assert spoken("accuracy", 0.826) == "82.6 %"
    assert spoken("mae", 1234.5) == "1,234"
