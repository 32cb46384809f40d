from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import stats

from milepost.stats.bootstrap import bootstrap


def weighted_mean(values):
    return lambda weights: float((weights * values).sum() / weights.sum())


def test_it_agrees_with_scipys_corrected_interval():
    values = np.random.default_rng(1).lognormal(0, 1, 45)
    mine = bootstrap(weighted_mean(values), 45, draws=4000, seed=2)
    other = stats.bootstrap((values,), np.mean, n_resamples=4000, method="BCa", rng=3).confidence_interval
    assert (mine.lo, mine.hi) == pytest.approx((other.low, other.high), rel=0.03)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(1).normal(0, 1, 100)
    first, second, third = (bootstrap(weighted_mean(values), 100, draws=200, seed=seed) for seed in (5, 5, 6))
    assert first == second != third


def test_strata_keep_their_size_in_every_draw():
    strata = np.repeat([0, 1, 2], [5, 20, 75])
    sizes = set()
    bootstrap(lambda weights: float(sizes.add(tuple(np.bincount(strata, weights=weights))) or 0), 100, strata=strata)
    # the jackknife leaves rows out, so only full samples are looked at
    assert {size for size in sizes if sum(size) == 100} == {(5, 20, 75)}


def test_clusters_are_drawn_whole():
    clusters = np.repeat(np.arange(12), 4)
    torn = []
    bootstrap(
        lambda weights: float(torn.append(np.ptp(weights.reshape(12, 4), axis=1).max()) or 0), 48, clusters=clusters
    )
    assert max(torn) == 0


def test_alike_rows_of_a_cluster_do_not_narrow_the_interval():
    values = np.random.default_rng(4).normal(0, 1, 30)
    plain = bootstrap(weighted_mean(values), 30, draws=2000)
    often = bootstrap(weighted_mean(np.repeat(values, 10)), 300, clusters=np.repeat(np.arange(30), 10), draws=2000)
    assert often.hi - often.lo == pytest.approx(plain.hi - plain.lo, rel=0.05)


def test_a_statistic_without_a_value_gets_an_interval_that_claims_nothing():
    rare = np.arange(20) == 0  # in a third of the draws it does not occur
    interval = bootstrap(lambda weights: 1.0 if (weights * rare).sum() else math.nan, 20)
    assert (interval.lo, interval.hi) == (-math.inf, math.inf)
    assert bootstrap(lambda _: math.nan, 0).lo == -math.inf


def test_a_constant_statistic_has_no_width():
    interval = bootstrap(lambda _: 3.0, 10, draws=50)
    assert (interval.lo, interval.hi) == (3.0, 3.0)


def test_strata_of_clusters_are_refused():
    with pytest.raises(ValueError, match="not both"):
        bootstrap(lambda _: 0.0, 4, strata=np.zeros(4), clusters=np.zeros(4))


def test_a_thousand_draws_of_two_thousand_rows_take_a_moment():
    values = np.random.default_rng(1).normal(0, 1, 2000)
    start = time.perf_counter()
    bootstrap(weighted_mean(values), 2000, draws=1000)
    assert time.perf_counter() - start < 1.5  # about 0.05 s on a free core
