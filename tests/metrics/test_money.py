from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure
from milepost.stats.intervals import mean_interval


def offers(value):
    truth = np.tile([0, 1], len(value) // 2)
    return Answers("binary", truth, truth.astype(float), truth, ("No", "Yes"), value)


def test_value_is_a_thousand_times_that_of_a_row():
    value = np.random.default_rng(1).gamma(1, 40, 200) - 20
    one, thousand = measure("value_per_row", offers(value)), measure("value", offers(value))
    assert one.value == pytest.approx(value.mean())
    assert thousand.value == pytest.approx(1000 * one.value)
    assert (thousand.interval.lo, thousand.interval.hi) == pytest.approx(
        (1000 * one.interval.lo, 1000 * one.interval.hi)
    )
    assert one.interval == mean_interval(value)


def test_without_a_declared_value_there_is_no_money():
    answers = dataclasses.replace(offers(np.zeros(40)), value=None)
    assert measure("value", answers).why == "The problem declares no [value], so money cannot be counted."


def test_a_mean_that_few_rows_carry_has_no_interval():
    seen = measure("value", offers(np.r_[np.zeros(94), np.full(6, 500.0)]))
    assert seen.value == pytest.approx(30_000)
    assert seen.why == "Only 6 rows lie on one side of the mean; an interval needs at least 10."


def test_rows_whose_value_is_missing_do_not_count():
    value = np.tile([10.0, -5.0, np.nan, 2.0], 30)
    seen = measure("value_per_row", offers(value))
    assert seen.value == pytest.approx(7 / 3)
    assert (seen.rows, seen.denominator) == (120, 90)


def test_no_known_value_is_said():
    assert measure("value", offers(np.full(40, np.nan))).why == "The value of every row depends on a missing cell."
