from __future__ import annotations

import re

import numpy as np
import pytest

from milepost.evaluate.verdict import judge
from milepost.metrics.answers import Answers
from milepost.problem.criteria import Criterion
from milepost.stats.paired import paired_gain


def _numbers(error, rows=400):
    chance = np.random.default_rng(0)
    truth = chance.normal(100, 20, rows)
    return Answers("regression", truth, truth + error * chance.normal(size=rows), truth)


def _said(bundle, baseline, *bounds, rung="linear"):
    criteria = [Criterion.parse(metric, bound, where="here") for metric, bound in bounds]
    verdict = judge(bundle, criteria, bundle_id="b", split="s", baselines={rung: baseline})
    return [sentence for sentence in verdict.says if sentence.startswith("On these rows")]


def test_a_simpler_model_that_does_better_is_told_with_the_paired_difference():
    bundle, linear = _numbers(5.0), _numbers(4.0)
    (said,) = _said(bundle, linear, ("mae", "<= 10"))
    errors = [np.abs(one.prediction - one.truth) for one in (bundle, linear)]
    gain = paired_gain(*errors)
    assert f"mean absolute error {errors[1].mean():.4} against {errors[0].mean():.4}." in said
    assert f"between {gain.lo:.3} and {gain.hi:.3}: that is hardly chance." in said


def test_a_small_lead_may_be_chance():
    bundle = _numbers(5.0)
    other = np.random.default_rng(1).normal(0, 4.99, 400)
    errors = np.abs(bundle.prediction - bundle.truth)
    other *= (errors.mean() - 0.01) / np.abs(other).mean()
    linear = Answers("regression", bundle.truth, bundle.truth + other, bundle.truth)
    (said,) = _said(bundle, linear, ("mae", "<= 10"))
    assert said.endswith("that may be chance.")


@pytest.mark.parametrize(
    ("error", "end"),
    [(4.9, "; the intervals overlap: that may be chance."), (1.0, ". The two intervals do not overlap.")],
)
def test_of_a_metric_that_is_no_mean_over_rows_the_two_intervals_are_compared(error, end):
    (said,) = _said(_numbers(5.0), _numbers(error), ("rmse", "<= 10"))
    assert "root mean squared error" in said
    assert "The difference" not in said
    assert said.endswith(end)


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_with_too_few_rows_a_lead_is_told_with_their_count(metric):
    (said,) = _said(_numbers(5.0, rows=8), _numbers(4.0, rows=8), (metric, "<= 10"))
    assert said.endswith(" (8 rows; too few to say whether that is chance).")


def test_the_best_of_several_simpler_models_is_told_at_a_higher_level():
    bundle, others = _numbers(5.0), {rung: _numbers(4.0) for rung in ("dummy", "rule", "linear")}
    criteria = [Criterion.parse("mae", "<= 10", where="here")]
    says = judge(bundle, criteria, bundle_id="b", split="s", baselines=others).says
    errors = [np.abs(one.prediction - one.truth) for one in (bundle, others["linear"])]
    gain = paired_gain(*errors, level=1 - 0.05 / 3)
    assert f"with 98.33 % confidence between {gain.lo:.3} and {gain.hi:.3}" in says[-1]


@pytest.mark.parametrize("baseline", [5.0, 6.0])
def test_nothing_is_said_where_the_bundle_is_as_good_or_better(baseline):
    assert _said(_numbers(5.0), _numbers(baseline), ("mae", "<= 10")) == []


def test_without_a_criterion_about_it_nothing_is_said():
    assert _said(_numbers(5.0), _numbers(4.0)) == []


def _classes(decision, truth, value=None):
    return Answers("binary", truth, np.where(decision == 1, 0.9, 0.1), decision, ("No", "Yes"), value)


def test_recall_that_is_bought_with_accuracy_is_not_better():
    truth = np.repeat([0, 1], [140, 60])
    bundle = _classes(np.where(np.arange(200) % 10 == 0, 1 - truth, truth), truth)
    always = _classes(np.ones(200, dtype=np.int64), truth)
    assert _said(bundle, always, ("recall", ">= 0.5"), ("accuracy", ">= 0.5"), rung="dummy") == []
    (said,) = _said(bundle, always, ("recall", ">= 0.5"), rung="dummy")
    assert "the same answer for every row does better: recall 100.0 % against 90.0 %" in said
    assert "The difference is 10 points" in said


def test_money_counts_without_a_criterion_and_only_on_rows_where_it_is_known():
    truth = np.repeat([0, 1], [140, 60])
    value = np.tile([1.0, 2.0], 100)
    value[0] = np.nan
    bundle, linear = _classes(truth, truth, value), _classes(truth, truth, value + 0.5)
    verdict = judge(bundle, [], bundle_id="b", split="s", baselines={"linear": linear}, currency="EUR")
    said = verdict.says[-1]
    assert re.search("money per 1,000 rows [0-9,]+ against [0-9,]+ EUR", said)
    assert "The difference is 500 EUR" in said
