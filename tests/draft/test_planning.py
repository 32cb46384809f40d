from __future__ import annotations

import numpy as np
import pytest

from milepost.draft.planning import (
    Population,
    alike_rows,
    at_least,
    fewest_rows,
    rows_needed,
    scatter_of_classes,
    scatter_of_numbers,
    spread,
    tellable,
)
from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure
from milepost.stats.sample_size import proportion_rows_needed

CHURN = Population("binary", (0.735, 0.265), called=0.3, scatter=scatter_of_classes((0.735, 0.265)))
ROWS = 4_000


def yes_or_no(positives=0.265, seed=0):
    """Answers of a calibrated model, with an AUC of about 0.85."""
    chance = np.random.default_rng(seed)
    score = chance.normal(np.log(positives / (1 - positives)) - 0.3, 1.8, ROWS)
    probability = 1 / (1 + np.exp(-score))
    truth = (chance.random(ROWS) < probability).astype(int)
    return Answers("binary", truth, probability, (probability >= 0.5).astype(int), ("No", "Yes"))


@pytest.mark.parametrize(
    "metric", ["balanced_accuracy", "roc_auc", "average_precision", "f1", "mcc", "log_loss", "brier"]
)
@pytest.mark.parametrize("positives", [0.1, 0.265, 0.5])
def test_the_planned_interval_is_about_as_wide_as_the_measured_one(metric, positives):
    answers = yes_or_no(positives)
    rate = float(answers.truth.mean())
    population = Population("binary", (1 - rate, rate), scatter=scatter_of_classes((1 - rate, rate)))
    seen = measure(metric, answers)
    planned = 1.96 * spread(metric, seen.value, population) / np.sqrt(ROWS)
    assert 0.6 < planned / ((seen.interval.hi - seen.interval.lo) / 2) < 1.7


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss", "brier"])
def test_the_same_holds_for_several_classes(metric):
    chance = np.random.default_rng(1)
    probability = chance.dirichlet([0.9, 0.6, 0.4], ROWS)
    truth = (chance.random((ROWS, 1)) > probability.cumsum(axis=1)).sum(axis=1)
    answers = Answers("multiclass", truth, probability, probability.argmax(axis=1), ("a", "b", "c"))
    shares = tuple(np.bincount(truth) / ROWS)
    population = Population("multiclass", shares, scatter=scatter_of_classes(shares))
    seen = measure(metric, answers)
    value = seen.value
    planned = 1.96 * (np.sqrt(value * (1 - value)) if metric == "accuracy" else spread(metric, value, population))
    assert 0.5 < planned / np.sqrt(ROWS) / ((seen.interval.hi - seen.interval.lo) / 2) < 2.0


@pytest.mark.parametrize("metric", ["mae", "rmse", "median_ae", "r2", "mape"])
def test_the_same_holds_for_numbers(metric):
    chance = np.random.default_rng(2)
    truth = 100 + chance.normal(0, 20, ROWS)
    answers = Answers("regression", truth, prediction := truth + chance.normal(0, 8, ROWS), prediction)
    population = Population("regression", scatter=scatter_of_numbers(truth), sizes=float(truth.std()))
    seen = measure(metric, answers)
    planned = 1.96 * spread(metric, seen.value, population) / np.sqrt(ROWS)
    assert 0.6 < planned / ((seen.interval.hi - seen.interval.lo) / 2) < 1.7


def test_shares_are_planned_exactly_and_in_rows_of_the_table():
    assert rows_needed("accuracy", 0.85, 0.80, CHURN) == proportion_rows_needed(0.85, 0.80) == 481
    positives = proportion_rows_needed(0.65, 0.60)
    assert rows_needed("recall", 0.65, 0.60, CHURN) == pytest.approx(positives / 0.265, abs=1)


def test_rows_that_are_alike_count_for_less():
    many = Population("binary", (0.735, 0.265), alike=10.0)
    assert rows_needed("accuracy", 0.85, 0.80, many) == 4810


@pytest.mark.parametrize("metric", ["accuracy", "recall", "roc_auc", "f1"])
def test_the_tellable_value_needs_just_the_rows_there(metric):
    first = tellable(metric, 0.6, 1.0, ROWS, CHURN)
    assert rows_needed(metric, first, 0.6, CHURN) <= 1.02 * ROWS
    assert rows_needed(metric, 0.6 + 0.9 * (first - 0.6), 0.6, CHURN) > ROWS


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "log_loss"])
def test_what_is_there_at_least_is_the_cautious_end_of_the_measured_interval(metric):
    seen, is_higher = measure(metric, yes_or_no()), metric != "log_loss"
    least = at_least(metric, seen.value, ROWS, CHURN, higher=is_higher)
    end = seen.interval.lo if is_higher else seen.interval.hi
    assert 0.6 < (seen.value - least) / (seen.value - end) < 1.7
    assert at_least(metric, seen.value, 9, CHURN, higher=is_higher) is None


def test_nothing_can_be_told_from_too_few_of_the_rarer_answer():
    rare = Population("binary", (0.999, 0.001))
    assert fewest_rows(rare) == 10_000
    assert tellable("accuracy", 0.6, 1.0, 9_000, rare) is None


def test_clusters_of_equal_rows_tell_as_much_as_one_row_each():
    losses = np.repeat(np.random.default_rng(0).random(500), 8)
    assert alike_rows(losses, np.repeat(np.arange(500), 8)) == pytest.approx(8, rel=0.01)
    assert alike_rows(losses, None) == 1.0


def test_clusters_without_likeness_change_nothing():
    losses = np.random.default_rng(0).random(4_000)
    assert alike_rows(losses, np.arange(4_000) % 400) == 1.0
