from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from milepost.stats.quantiles import quantile_interval


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_the_interval_holds_the_median(values):
    interval = quantile_interval(np.array(values))
    assert interval.lo <= np.median(values) <= interval.hi


def test_it_is_close_to_the_exact_one_from_order_statistics():
    values = np.random.default_rng(1).exponential(1, 301)
    interval = quantile_interval(values)
    exact = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    assert (interval.lo, interval.hi) == pytest.approx((exact.low, exact.high), abs=0.05)


def test_alike_rows_of_a_cluster_do_not_narrow_the_interval():
    values = np.random.default_rng(2).exponential(1, 80)
    once = quantile_interval(values)
    often = quantile_interval(np.repeat(values, 10), clusters=np.repeat(np.arange(80), 10))
    assert often.hi - often.lo >= 0.8 * (once.hi - once.lo)


def test_ties_at_the_median_give_that_value():
    interval = quantile_interval(np.r_[np.zeros(100), np.ones(5)])
    assert (interval.lo, interval.hi) == (0, 0)
