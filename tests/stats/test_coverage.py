"""Do intervals hold the truth as often as they say? A small version of benchmarks/coverage.py, with fixed seeds.

If 95 % of such intervals are right, fewer than 366 of 400 hold the truth with a chance below 1 in 1,000.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from milepost.stats.agreement import matthews, score_interval
from milepost.stats.intervals import mean_interval, wilson
from milepost.stats.precision_recall import average_precision, average_precision_interval
from milepost.stats.proportions import average_interval, f1_interval, proportion_interval
from milepost.stats.roc import auc_interval

DRAWS, FEWEST_HELD = 400, 366


def held(draw, truth):
    """How many of the drawn intervals hold the truth."""
    intervals = [draw(np.random.default_rng([number, 11])) for number in range(DRAWS)]
    return sum(interval.lo <= truth <= interval.hi for interval in intervals)


@pytest.mark.parametrize(("trials", "rate"), [(30, 0.7), (25, 0.55), (30, 0.95)])
def test_wilson_holds_for_few_rows(trials, rate):
    assert held(lambda random: wilson(random.binomial(trials, rate), trials), rate) >= FEWEST_HELD


@pytest.mark.parametrize("area", [0.7, 0.9, 0.97])
def test_the_area_holds_for_20_positives_of_220(area):
    truth, apart = np.repeat([1, 0], [20, 200]), 2**0.5 * special.ndtri(area)
    assert held(lambda random: auc_interval(truth, random.normal(0, 1, 220) + apart * truth), area) >= FEWEST_HELD


def test_average_precision_holds_for_about_20_positives():
    big = np.random.default_rng(3)
    many = (big.random(1_000_000) < 0.1).astype(int)
    expected = average_precision(many, big.normal(0, 1, len(many)) + 1.5 * many)

    def draw(random):
        truth = (random.random(220) < 0.1).astype(int)
        return average_precision_interval(truth, random.normal(0, 1, 220) + 1.5 * truth)

    assert held(draw, expected) >= FEWEST_HELD


def decisions(random):
    """300 rows, a tenth positive, recall 0.6, specificity 0.95."""
    truth = (random.random(300) < 0.1).astype(int)
    return truth, (random.random(300) < np.where(truth == 1, 0.6, 0.05)).astype(int)


def test_f1_holds_for_about_30_positives():
    def draw(random):
        truth, decision = decisions(random)
        return f1_interval((truth == 1) & (decision == 1), (truth == 1) | (decision == 1))

    # tp 0.06, fp 0.045, fn 0.04: F1 = 0.12 / 0.205
    assert held(draw, 0.12 / 0.205) >= FEWEST_HELD


def test_matthews_correlation_holds_for_about_30_positives():
    expected = matthews(np.array([[0.855, 0.045], [0.04, 0.06]]) * 1e6)[0]
    assert held(lambda random: score_interval(matthews, *decisions(random), 2, scale="atanh"), expected) >= FEWEST_HELD


def test_average_recall_holds_for_about_30_positives():
    def draw(random):
        truth, decision = decisions(random)
        return average_interval(truth == decision, truth)

    assert held(draw, (0.6 + 0.95) / 2) >= FEWEST_HELD


@pytest.mark.parametrize("likeness", [0.05, 0.3])
def test_accuracy_holds_for_20_clusters(likeness):
    scale = (1 - likeness) / likeness

    def draw(random):
        clusters = np.repeat(np.arange(20), 1 + random.poisson(14, 20))
        rate = random.beta(0.8 * scale, 0.2 * scale, 20)[clusters]
        return proportion_interval(random.random(len(rate)) < rate, np.ones(len(rate), dtype=bool), clusters=clusters)

    assert held(draw, 0.8) >= FEWEST_HELD


@pytest.mark.parametrize(
    ("rows", "name"), [(60, "normal"), (60, "laplace"), (250, "t5"), (60, "exponential"), (100, "lognormal")]
)
def test_means_of_skewed_losses_hold(rows, name):
    losses, mean = {
        "normal": (lambda random: np.square(random.normal(0, 1, rows)), 1.0),
        "laplace": (lambda random: np.square(random.laplace(0, 1, rows)), 2.0),
        "t5": (lambda random: np.square(random.standard_t(5, rows)), 5 / 3),
        "exponential": (lambda random: random.exponential(1, rows), 1.0),
        "lognormal": (lambda random: random.lognormal(0, 1, rows), np.exp(0.5)),
    }[name]
    assert held(lambda random: mean_interval(losses(random), positive=True), mean) >= FEWEST_HELD


def test_clustered_means_hold_for_20_clusters():
    def draw(random):
        clusters = np.repeat(np.arange(20), 1 + random.poisson(14, 20))
        return mean_interval(random.normal(0, 1, 20)[clusters] + random.normal(0, 1, len(clusters)), clusters=clusters)

    assert held(draw, 0.0) >= FEWEST_HELD
