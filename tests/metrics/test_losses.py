from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.ground.errors import MilepostError
from milepost.metrics.losses import default_loss, row_losses

cells = st.lists(st.tuples(st.integers(0, 1), st.floats(0.001, 0.999)), min_size=1, max_size=30)
values = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=30)


@given(cells)
def test_binary_losses_agree_with_scikit_learn(rows):
    truth, prediction = (np.array(side) for side in zip(*rows, strict=True))
    log, squared = (row_losses(loss, "binary", truth, prediction) for loss in ("log", "squared"))
    assert log.mean() == pytest.approx(second.log_loss(truth, prediction, labels=[0, 1]))
    assert squared.mean() == pytest.approx(second.brier_score_loss(truth, prediction, labels=[0, 1]))


def test_multiclass_losses_agree_with_scikit_learn():
    random = np.random.default_rng(1)
    truth, prediction = random.integers(0, 4, 100), random.dirichlet(np.ones(4), 100)
    log, squared = (row_losses(loss, "multiclass", truth, prediction) for loss in ("log", "squared"))
    assert log.mean() == pytest.approx(second.log_loss(truth, prediction))
    assert squared.mean() == pytest.approx(second.brier_score_loss(truth, prediction))


@given(values)
def test_losses_of_numbers_agree_with_scikit_learn(rows):
    truth, prediction = (np.array(side) for side in zip(*rows, strict=True))
    means = {
        loss: row_losses(loss, "regression", truth, prediction).mean()
        for loss in ("squared", "absolute", "quantile:0.9")
    }
    assert means["squared"] == pytest.approx(second.mean_squared_error(truth, prediction))
    assert means["absolute"] == pytest.approx(second.mean_absolute_error(truth, prediction))
    assert means["quantile:0.9"] == pytest.approx(second.mean_pinball_loss(truth, prediction, alpha=0.9))


def test_a_multiclass_task_of_two_classes_loses_what_a_binary_one_does():
    truth, prediction = np.array([0, 1, 1]), np.array([0.2, 0.7, 0.4])
    both = np.c_[1 - prediction, prediction]
    assert np.allclose(row_losses("log", "multiclass", truth, both), row_losses("log", "binary", truth, prediction))
    # the square counts both classes
    assert np.allclose(
        row_losses("squared", "multiclass", truth, both), 2 * row_losses("squared", "binary", truth, prediction)
    )


def test_certainty_that_was_wrong_costs_a_finite_loss():
    assert 30 < row_losses("log", "binary", np.array([1]), np.array([0.0]))[0] < 40


@pytest.mark.parametrize(
    ("loss", "task"),
    [
        ("log", "regression"),
        ("absolute", "binary"),
        ("quantile:1.5", "regression"),
        ("quantile:x", "regression"),
        ("quantile:nan", "regression"),
        ("quantile:0.5", "multiclass"),
        ("hinge", "binary"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused_by_name(loss, task):
    with pytest.raises(MilepostError, match=f"The loss '{loss}' cannot judge a {task} task") as caught:
        row_losses(loss, task, np.array([1.0]), np.array([0.5]))
    assert caught.value.where == "climb.loss"


def test_the_default_loss_is_proper_for_its_task():
    assert [default_loss(task) for task in ("binary", "multiclass", "regression")] == ["log", "log", "squared"]
