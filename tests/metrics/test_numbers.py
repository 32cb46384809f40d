from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure

number = st.floats(-100, 100).map(lambda x: round(x, 2))


def regression(truth, prediction):
    return Answers("regression", truth, prediction, prediction)


@given(st.lists(st.tuples(number.filter(bool), number), min_size=1, max_size=40))
def test_metrics_agree_with_scikit_learn(pairs):
    truth, prediction = (np.array(side) for side in zip(*pairs, strict=True))
    expected = {
        "rmse": second.root_mean_squared_error,
        "mae": second.mean_absolute_error,
        "median_ae": second.median_absolute_error,
        "mape": second.mean_absolute_percentage_error,
    }
    for name, other in expected.items():
        assert measure(name, regression(truth, prediction)).value == pytest.approx(other(truth, prediction)), name


def test_bias_is_positive_where_predictions_are_too_high():
    assert measure("bias", regression(np.array([1.0, 2.0]), np.array([2.0, 4.0]))).value == 1.5


def test_a_truth_of_0_has_no_percentage_error():
    seen = measure("mape", regression(np.array([0.0, 2.0, 0.0]), np.ones(3)))
    assert seen.why == "The truth is 0 in 2 rows, and no error is a share of 0."


def test_a_truth_that_never_varies_has_no_share_explained():
    assert measure("r2", regression(np.ones(20), np.arange(20.0))).value is None


def test_errors_that_never_vary_show_no_interval():
    seen = measure("mae", regression(np.arange(20.0), np.arange(20.0) + 1))
    assert seen.value == 1
    assert seen.why == "Every row gives the same number, so the data do not show how far it may vary."
