from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.stats.intervals import wilson
from milepost.stats.sample_size import chance_to_tell, expected_half_width, proportion_rows_needed


@pytest.mark.parametrize(
    ("rate", "threshold", "rows"), [(0.84, 0.8, 600), (0.7, 0.6, 60), (0.5, 0.6, 90), (0.99, 0.9, 25)]
)
def test_the_chance_to_tell_is_that_of_wilsons_interval(rate, threshold, rows):
    successes = np.random.default_rng(1).binomial(rows, rate, 20_000)
    cleared = np.array([wilson(s, rows).lo >= threshold for s in range(rows + 1)])
    if rate < threshold:
        cleared = np.array([wilson(s, rows).hi <= threshold for s in range(rows + 1)])
    assert chance_to_tell(rate, threshold, rows) == pytest.approx(cleared[successes].mean(), abs=0.012)


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95))
@settings(max_examples=40)
def test_the_rows_needed_suffice_and_one_row_less_does_not(rate, threshold):
    if abs(rate - threshold) < 0.03:
        return
    rows = proportion_rows_needed(rate, threshold)
    assert rows is not None
    assert chance_to_tell(rate, threshold, rows) >= 0.8
    assert rows == 10 or chance_to_tell(rate, threshold, rows - 1) < 0.8


def test_a_rate_at_the_threshold_can_never_be_told():
    assert proportion_rows_needed(0.8, 0.8) is None
    assert chance_to_tell(0.8, 0.8, 10_000) == 0


def test_a_tiny_margin_needs_very_many_rows():
    assert proportion_rows_needed(0.801, 0.8) > 1_000_000


def test_no_rows_tell_nothing():
    assert chance_to_tell(0.9, 0.5, 0) == 0


def test_a_threshold_of_nothing_needs_no_more_than_the_fewest_rows():
    assert proportion_rows_needed(0.7, 0.0) == 10


def test_four_times_the_rows_halve_the_width():
    assert expected_half_width(0.5, 400) == pytest.approx(expected_half_width(0.5, 1600) * 2, rel=0.01)
