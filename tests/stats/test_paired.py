from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from milepost.stats.paired import paired_gain

losses = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=3, max_size=40)


@given(losses)
def test_turning_the_models_round_turns_the_gain_round(pairs):
    simpler, complex_ = (np.array(side) for side in zip(*pairs, strict=True))
    gain, back = paired_gain(simpler, complex_), paired_gain(complex_, simpler)
    assert back.mean == pytest.approx(-gain.mean)
    assert (back.lo, back.hi) == pytest.approx((-gain.hi, -gain.lo))


def test_independent_rows_give_the_paired_t_interval():
    random = np.random.default_rng(1)
    simpler, complex_ = random.gamma(2, 1, 50), random.gamma(2, 0.9, 50)
    gain = paired_gain(simpler, complex_, level=0.9)
    other = stats.ttest_rel(simpler, complex_).confidence_interval(0.9)
    assert (gain.lo, gain.hi) == pytest.approx((other.low, other.high))
    assert gain.relative == pytest.approx(1 - complex_.mean() / simpler.mean())
    assert (gain.rows, gain.units, gain.level) == (50, 50, 0.9)


def test_blocks_of_equal_size_give_the_t_interval_of_their_means():
    simpler, complex_ = np.random.default_rng(2).gamma(2, 1, (2, 60))
    gain = paired_gain(simpler, complex_, clusters=np.repeat(np.arange(6), 10))
    means = (simpler - complex_).reshape(6, 10).mean(axis=1)
    other = stats.ttest_1samp(means, 0).confidence_interval()
    assert (gain.lo, gain.hi) == pytest.approx((other.low, other.high))
    assert gain.units == 6


@pytest.mark.parametrize("clusters", [np.zeros(8, dtype=int), np.repeat([0, 1], 4)])
def test_fewer_than_three_units_prove_nothing(clusters):
    gain = paired_gain(np.full(8, 2.0), np.arange(8) / 8, clusters=clusters)
    assert (gain.lo, gain.hi) == (-math.inf, math.inf)
    assert gain.mean > 0


def test_two_rows_prove_nothing():
    assert paired_gain(np.array([1.0, 2.0]), np.array([0.0, 0.0])).lo == -math.inf


def test_models_that_lose_nothing_gain_nothing():
    gain = paired_gain(np.zeros(5), np.zeros(5))
    assert (gain.mean, gain.lo, gain.hi, gain.relative) == (0, 0, 0, 0)


def test_losses_of_other_rows_are_refused():
    with pytest.raises(ValueError, match="found 3 and 4"):
        paired_gain(np.zeros(3), np.zeros(4))


def out_of_fold(x, y, folds):
    """Squared losses of least squares with an intercept, each row judged by a fit without its fold."""
    design, result = np.c_[np.ones(len(y)), x], np.empty(len(y))
    for fold in range(5):
        train = folds != fold
        weights = np.linalg.lstsq(design[train], y[train], rcond=None)[0]
        result[~train] = (y[~train] - design[~train] @ weights) ** 2
    return result


@pytest.mark.parametrize(("strength", "groups"), [(0.0, None), (96**-0.5, None), (0.0, 24)])
def test_useless_columns_are_kept_no_more_often_than_stated(strength, groups):
    """Columns worth nothing, or just the noise that fitting them costs; the stated error is 0.025."""
    kept, repetitions = 0, 250
    for repetition in range(repetitions):
        random = np.random.default_rng([repetition, 7])
        unit = np.arange(120) if groups is None else np.repeat(np.arange(groups), 120 // groups)
        shared = np.zeros(120) if groups is None else random.normal(0, 1, groups)[unit]
        x = random.normal(0, 1, (120, 4))
        y = x[:, 0] + strength * x[:, 1:].sum(axis=1) + shared + random.normal(0, 1, 120)
        folds = random.permutation(unit.max() + 1)[unit] % 5
        clusters = None if groups is None else unit
        gain = paired_gain(out_of_fold(x[:, :1], y, folds), out_of_fold(x, y, folds), clusters=clusters)
        kept += gain.lo > 0
    # 12 of 250 is the 98th percentile of a binomial at 0.025
    assert kept <= 12
