from __future__ import annotations

import numpy as np
import pytest

from milepost.stats.intervals import wilson
from milepost.stats.proportions import average_interval, f1_interval, proportion_interval


def test_independent_rows_give_wilsons_interval():
    hits, counted = np.array([1, 0, 1, 1, 1], dtype=bool), np.array([1, 1, 1, 1, 0], dtype=bool)
    assert proportion_interval(hits, counted) == wilson(3, 4)


def test_rows_repeated_within_clusters_count_about_once():
    hits = np.random.default_rng(1).random(40) < 0.7
    once = proportion_interval(hits, np.ones(40, dtype=bool), clusters=np.arange(40))
    often = proportion_interval(np.repeat(hits, 9), np.ones(360, dtype=bool), clusters=np.repeat(np.arange(40), 9))
    assert (often.lo, often.hi) == pytest.approx((once.lo, once.hi), abs=0.01)


def test_clusters_never_make_an_interval_narrower_than_independent_rows():
    hits = np.tile([True, False], 50)  # every cluster has exactly one half: less spread than chance gives
    counted = np.ones(100, dtype=bool)
    clustered, plain = (
        proportion_interval(hits, counted, clusters=np.repeat(np.arange(50), 2)),
        proportion_interval(hits, counted),
    )
    assert clustered.hi - clustered.lo >= plain.hi - plain.lo


def test_all_hits_in_twelve_clusters_prove_no_more_than_twelve_hits():
    hits = np.ones(1200, dtype=bool)
    clustered = proportion_interval(hits, hits, clusters=np.repeat(np.arange(12), 100))
    assert clustered.lo < wilson(12, 12).lo
    assert clustered.hi == 1


def test_f1_interval_is_that_of_the_shared_share():
    # 30 rows are both, 20 more are one of the two: J = 0.6, F1 = 2 * 0.6 / 1.6 = 0.75
    both, either = np.arange(100) < 30, np.arange(100) < 50
    inner, interval = wilson(30, 50), f1_interval(both, either)
    assert interval.lo == pytest.approx(2 * inner.lo / (1 + inner.lo))
    assert interval.lo < 0.75 < interval.hi


def test_average_of_one_group_is_its_own_interval():
    hits = np.arange(20) < 13
    interval, plain = average_interval(hits, np.zeros(20, dtype=int)), wilson(13, 20)
    assert (interval.lo, interval.hi) == pytest.approx((plain.lo, plain.hi))


def test_average_of_two_equal_groups_is_narrower_than_one_of_them():
    hits, group = np.tile(np.arange(30) < 20, 2), np.repeat([0, 1], 30)
    interval, one = average_interval(hits, group), wilson(20, 30)
    assert interval.hi - interval.lo == pytest.approx((one.hi - one.lo) / 2**0.5)
