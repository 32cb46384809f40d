from __future__ import annotations

import numpy as np
import pytest

from milepost.stats.calibration import (
    bin_places,
    calibration_error,
    calibration_error_interval,
    gaps,
    reliability,
)
from milepost.stats.intervals import wilson


def world(rows, slope, seed):
    random = np.random.default_rng(seed)
    log_odds = random.normal(-1, 1.3, rows)
    happened = (random.random(rows) < 1 / (1 + np.exp(-slope * log_odds))).astype(int)
    return happened, 1 / (1 + np.exp(-log_odds))


def test_bins_have_equal_counts():
    assert np.bincount(bin_places(np.random.default_rng(1).random(205))).tolist() == [20, 21] * 5


def test_equal_probabilities_share_a_bin():
    probability = np.repeat([0.1, 0.4, 0.9], [70, 10, 20])
    assert bin_places(probability).tolist() == [0] * 70 + [1] * 10 + [2] * 20


@pytest.mark.parametrize("rows", [1, 3, 9])
def test_fewer_rows_than_bins_give_fewer_bins(rows):
    assert len(reliability(np.ones(rows, dtype=int), np.linspace(0.2, 0.8, rows))) == rows


def test_no_rows_give_no_bins():
    assert reliability(np.array([]), np.array([])) == ()


def test_a_bin_says_what_came_true_with_wilsons_interval():
    happened, probability = np.array([0, 0, 1, 1, 1, 0]), np.array([0.1, 0.1, 0.1, 0.8, 0.8, 0.8])
    low, high = reliability(happened, probability)
    assert (low.predicted, low.came_true, low.rows) == (pytest.approx(0.1), pytest.approx(1 / 3), 3)
    assert high.interval == wilson(2, 3)


def test_large_gaps_are_their_weighted_mean():
    # 1,000 rows at 0.2 of which 0.5 happen, 3,000 at 0.6 of which 0.5: 0.25 * 0.3 + 0.75 * 0.1 = 0.15
    probability = np.repeat([0.2, 0.6], [1000, 3000])
    seen = gaps(np.tile([0, 1], 2000), probability)
    assert calibration_error(seen) == pytest.approx(0.15, abs=1e-6)


def test_right_probabilities_have_less_error_than_the_plain_mean_gap_says():
    errors, plain = [], []
    for seed in range(60):
        seen = gaps(*world(300, 1.0, seed))
        errors.append(calibration_error(seen))
        plain.append(float((seen.weight * np.abs(seen.gap)).sum()))
    assert np.mean(errors) < 0.65 * np.mean(plain)


def test_the_interval_of_right_probabilities_begins_at_0():
    held = sum(calibration_error_interval(gaps(*world(400, 1.0, s)), draws=400).lo == 0 for s in range(60))
    assert held >= 55


def test_overconfidence_is_seen():
    interval = calibration_error_interval(gaps(*world(3000, 0.6, 1)))
    assert 0.03 < interval.lo < 0.0761 < interval.hi < 0.12  # 0.0761 in two million rows


def test_alike_rows_of_a_cluster_do_not_narrow_the_interval():
    happened, probability = world(100, 0.6, 3)
    once = calibration_error_interval(gaps(happened, probability, clusters=np.arange(100)))
    often = calibration_error_interval(
        gaps(np.repeat(happened, 20), np.repeat(probability, 20), clusters=np.repeat(np.arange(100), 20))
    )
    assert often.hi - often.lo == pytest.approx(once.hi - once.lo, rel=0.1)


def test_the_same_seed_gives_the_same_interval():
    seen = gaps(*world(200, 0.8, 2))
    assert calibration_error_interval(seen, seed=4) == calibration_error_interval(seen, seed=4)
