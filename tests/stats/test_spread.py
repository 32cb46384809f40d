from __future__ import annotations

import math

import numpy as np
import pytest

from milepost.stats.spread import skewness, spread, totals, units_in


def test_totals_follow_the_units_in_increasing_order():
    # unit 3 has 1 + 4, unit 7 has 2, unit 9 has 8
    assert totals(np.array([1.0, 2.0, 8.0, 4.0]), np.array([3, 7, 9, 3])).tolist() == [5, 2, 8]


def test_spread_of_a_mean_is_the_standard_error_of_the_mean():
    values = np.array([2.0, 4.0, 4.0, 10.0])
    seen = spread((values - values.mean()) / 4)
    assert seen.error == pytest.approx(values.std(ddof=1) / math.sqrt(4))
    assert seen.units == 4


def test_units_of_unequal_size_weigh_by_their_totals():
    # totals of the pulls are 0.5 and -0.5: sqrt(2/1 * (0.25 + 0.25)) = 1
    assert spread(np.array([0.25, 0.25, -0.5]), np.array([0, 0, 1])).error == pytest.approx(1.0)


def test_one_unit_leaves_the_error_unknown():
    assert spread(np.array([0.1, -0.1]), np.array([5, 5])).error == math.inf


def test_units_are_counted_among_the_marked_rows():
    clusters, rows = np.array([1, 1, 2, 3]), np.array([True, True, True, False])
    assert units_in(clusters, rows) == 2
    assert units_in(None, rows) == 3


def test_skewness_points_to_the_long_tail():
    assert skewness(np.array([-1.0, -1.0, 2.0])) > 0
    assert skewness(np.zeros(3)) == 0
