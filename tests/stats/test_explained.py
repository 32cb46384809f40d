from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from milepost.stats.explained import explained, explained_interval

number = st.floats(-100, 100).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(number, number), min_size=2, max_size=40))
def test_it_agrees_with_scikit_learn(pairs):
    truth, prediction = (np.array(side) for side in zip(*pairs, strict=True))
    if np.ptp(truth) > 0:
        assert explained(truth, prediction) == pytest.approx(r2_score(truth, prediction))


def test_a_truth_that_never_varies_has_nothing_to_explain():
    assert explained(np.ones(4), np.arange(4.0)) is None


def test_the_interval_is_never_above_1():
    truth = np.arange(30.0)
    interval = explained_interval(truth, truth + np.tile([0.1, -0.1], 15))
    assert 0.99 < interval.lo < interval.hi < 1


def test_perfect_predictions_leave_nothing():
    assert explained_interval(np.arange(5.0), np.arange(5.0)).lo == 1
