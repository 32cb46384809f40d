from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from milepost.stats.intervals import Interval, mean_interval, scaled_interval, wilson


@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(successes, trials, level):
    successes = min(successes, trials)
    interval = wilson(successes, trials, level=level)
    other = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert (interval.lo, interval.hi) == pytest.approx((other.low, other.high), abs=1e-12)


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_holds_its_proportion_and_stays_within_0_and_1(successes, trials):
    successes = min(successes, trials)
    interval = wilson(successes, trials)
    assert 0 <= interval.lo <= successes / trials <= interval.hi <= 1


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == Interval(0.0, 1.0)


def test_wilson_takes_fractions_of_a_trial():
    assert wilson(4.2, 10.5).lo == pytest.approx((wilson(4, 10).lo + wilson(4.4, 11).lo) / 2, abs=0.001)


def test_mean_interval_without_skewness_is_students():
    values = np.array([-3.0, -1.0, 0.0, 1.0, 3.0]) + 10
    interval = mean_interval(values)
    other = stats.ttest_1samp(values, 0).confidence_interval()
    assert (interval.lo, interval.hi) == pytest.approx((other.low, other.high))


def test_mean_interval_reaches_further_to_the_side_of_the_long_tail():
    values = np.random.default_rng(1).lognormal(0, 1, 60)
    interval, mean = mean_interval(values), values.mean()
    assert interval.hi - mean > 1.3 * (mean - interval.lo)


def test_mean_interval_mirrors_when_the_values_do():
    values = np.random.default_rng(2).lognormal(0, 1, 40)
    interval, mirrored = mean_interval(values), mean_interval(-values)
    assert (mirrored.lo, mirrored.hi) == pytest.approx((-interval.hi, -interval.lo))


def test_mean_interval_of_a_positive_quantity_is_never_below_0():
    values = np.r_[np.zeros(40), [5.0, 80.0]]
    assert mean_interval(values).lo < mean_interval(values, positive=True).hi
    assert mean_interval(values, positive=True).lo >= 0


def test_rows_of_one_cluster_that_are_alike_count_once():
    values = np.random.default_rng(3).normal(0, 1, 20)
    clusters = np.repeat(np.arange(20), 7)
    once = mean_interval(values, clusters=np.arange(20))
    often = mean_interval(np.repeat(values, 7), clusters=clusters)
    assert (often.lo, often.hi) == pytest.approx((once.lo, once.hi))


def test_clusters_of_one_row_change_next_to_nothing():
    values = np.random.default_rng(4).normal(0, 1, 300)
    plain, clustered = mean_interval(values), mean_interval(values, clusters=np.arange(300)[::-1])
    assert (clustered.lo, clustered.hi) == pytest.approx((plain.lo, plain.hi), rel=0.01)


@pytest.mark.parametrize("values", [np.array([]), np.array([3.0])])
def test_one_value_or_none_says_nothing_of_the_mean(values):
    assert mean_interval(values) == Interval(-math.inf, math.inf)


def test_a_heavy_row_does_not_break_the_interval():
    interval = mean_interval(np.r_[np.zeros(99), 1e9], positive=True)
    assert 0 <= interval.lo <= 1e7 <= interval.hi < math.inf


@pytest.mark.parametrize(("scale", "value"), [("log", 0.01), ("logit", 0.99), ("atanh", -0.98)])
def test_scaled_interval_keeps_within_its_bounds(scale, value):
    interval = scaled_interval(value, 0.05, scale=scale, quantile=1.96)
    lowest, highest = {"log": (0, math.inf), "logit": (0, 1), "atanh": (-1, 1)}[scale]
    assert lowest < interval.lo < value < interval.hi < highest


def test_a_higher_level_gives_a_wider_interval():
    values = np.arange(20.0)
    narrow, wide = mean_interval(values, level=0.9), mean_interval(values, level=0.99)
    assert wide.lo < narrow.lo < narrow.hi < wide.hi
