from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from milepost.learners.linear import fit_linear, mean_of
from milepost.predictor.linear import linear_table


def _data(rows=500, seed=0):
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(rows, 3))
    return x, x @ np.array([2.0, -1.0, 0.0]) + 3 + chance.standard_t(3, size=rows)


def test_the_mean_of_models_has_the_mean_of_their_margins():
    x, y = _data()
    views = (np.array([0, 2]), np.array([1, 2]))
    kinds = {"task": "regression", "outputs": 1, "loss": "squared", "penalties": [1.0]}
    models = [fit_linear(x[:, view], y, **kinds)[0] for view in views]
    one_by_one = [linear_table(model)(x[:, view], 1) for model, view in zip(models, views, strict=True)]
    assert linear_table(mean_of(models, views, 3))(x, 1) == pytest.approx(np.mean(one_by_one, axis=0))


def test_ridge_without_penalty_is_least_squares():
    x, y = _data()
    model = fit_linear(x, y, task="regression", outputs=1, loss="squared", penalties=[1e-9])[0]
    exact, *_ = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)
    assert [*model["intercept"], *model["coefficients"][0]] == pytest.approx(exact.tolist(), abs=1e-6)


@pytest.mark.parametrize(("loss", "quantile"), [("absolute", 0.5), ("quantile:0.9", 0.9)])
def test_quantile_regression_agrees_with_linear_programming(loss, quantile):
    x, y = _data(300)
    model = fit_linear(x, y, task="regression", outputs=1, loss=loss, penalties=[1e-9])[0]
    design = np.column_stack([np.ones(len(x)), x])
    n, p = design.shape
    # minimise q u + (1 - q) v with design b + u - v = y
    cost = np.concatenate([np.zeros(p), np.full(n, quantile), np.full(n, 1 - quantile)])
    exact = linprog(
        cost, A_eq=np.hstack([design, np.eye(n), -np.eye(n)]), b_eq=y, bounds=[(None, None)] * p + [(0, None)] * (2 * n)
    ).x[:p]
    assert [*model["intercept"], *model["coefficients"][0]] == pytest.approx(exact.tolist(), abs=0.15)


def test_a_class_that_a_fold_does_not_show_gets_almost_no_probability():
    x, y = _data()
    truth = np.where(y > 3, 2, 0)  # class 1 never occurs
    model = fit_linear(x, truth, task="multiclass", outputs=3, loss="log", penalties=[1.0])[0]
    margins = np.array(model["intercept"]) + x @ np.array(model["coefficients"]).T
    assert (margins[:, 1] < margins.max(axis=1) - 10).all()
    assert ((margins[:, 2] > margins[:, 0]) == (truth == 2)).mean() > 0.75  # the noise leaves no more


@pytest.mark.parametrize(
    ("task", "outputs", "loss"), [("binary", 1, "log"), ("multiclass", 3, "log"), ("regression", 1, "squared")]
)
def test_a_path_of_penalties_ends_where_single_fits_end(task, outputs, loss):
    x, y = _data()
    truth = y if task == "regression" else np.digitize(y, [3.0] if outputs == 1 else [1.0, 4.0])
    settings = {"task": task, "outputs": outputs, "loss": loss}
    path = fit_linear(x, truth, **settings, penalties=[100.0, 1.0, 0.01])
    alone = [fit_linear(x, truth, **settings, penalties=[penalty])[0] for penalty in (100.0, 1.0, 0.01)]
    for one, other in zip(path, alone, strict=True):
        margins = (x @ np.array(each["coefficients"]).T + np.array(each["intercept"]) for each in (one, other))
        assert next(margins) == pytest.approx(next(margins), abs=1e-2)
