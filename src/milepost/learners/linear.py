"""Regularised linear, logistic, multinomial and quantile regression on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from milepost.metrics.answers import Task
from milepost.metrics.losses import centre_of

Document = dict[str, Any]
MOST_COLUMNS_FOR_NEWTON = 300
ENOUGH = {"ftol": 1e-7}  # relative gain of the quantile loss below which another step is not worth its time
TOLERANCE = 1e-6  # of the gradient; a hundredth of the solver's own, so that a fit hardly depends on where it starts
SMOOTHING_SHARE = 0.05  # width of the rounded corner of the quantile loss, in standard deviations of the target


def fit_linear(
    x: np.ndarray, truth: np.ndarray, *, task: Task, outputs: int, loss: str, penalties: Sequence[float]
) -> list[Document]:
    """Return one linear model for each penalty, as the predictor's documents.

    Args:
        x: encoded rows, shape (rows, columns), scaled, without missing values.
        truth: shape (rows,); class index, or value.
        task: binary, multiclass or regression.
        outputs: numbers in one answer: 1, or the number of classes.
        loss: "log" or "squared" for classes; "squared", "absolute" or "quantile:q" for values.
        penalties: L2 penalties on the coefficients, for the sum of the losses; from strong to weak is fastest, because
            each fit starts from the one before. Where it starts moves an answer by less than the solver's tolerance.
    """
    if task != "regression":
        return _logistic(x, truth, outputs, penalties)
    if loss == "squared":
        return _ridge(x, truth, penalties)
    quantile = centre_of(loss)
    return _quantile(x, truth, quantile, penalties)


def mean_of(models: Sequence[Document], views: Sequence[np.ndarray], columns: int) -> Document:
    """Return the linear model whose margin is the mean of the margins of models.

    Args:
        models: of one link.
        views: positions of the encoded columns that each model sees.
        columns: encoded columns in all.
    """
    if len(models) == 1:
        return models[0]
    coefficients = np.zeros((len(models[0]["intercept"]), columns))
    for model, view in zip(models, views, strict=True):
        coefficients[:, view] += np.asarray(model["coefficients"]) / len(models)
    intercept = np.mean([model["intercept"] for model in models], axis=0)
    return _document(models[0]["link"], intercept, coefficients)


def _document(link: str, intercept: np.ndarray, coefficients: np.ndarray) -> Document:
    return {
        "kind": "linear",
        "link": link,
        "intercept": np.atleast_1d(intercept).tolist(),
        "coefficients": np.atleast_2d(coefficients).tolist(),
    }


def _logistic(x: np.ndarray, truth: np.ndarray, outputs: int, penalties: Sequence[float]) -> list[Document]:
    from sklearn.linear_model import LogisticRegression

    solver = "newton-cholesky" if outputs == 1 and x.shape[1] <= MOST_COLUMNS_FOR_NEWTON else "lbfgs"
    model = LogisticRegression(solver=solver, tol=TOLERANCE, max_iter=5000, warm_start=True)
    documents = []
    for penalty in penalties:
        model.set_params(C=1.0 / penalty).fit(x, truth)
        if outputs == 1:
            documents.append(_document("sigmoid", model.intercept_, model.coef_))
        else:
            documents.append(_multinomial(model.intercept_, model.coef_, np.unique(truth), outputs))
    return documents


def _multinomial(intercept: np.ndarray, coefficients: np.ndarray, present: np.ndarray, outputs: int) -> Document:
    """Return the document for all classes; those that the rows did not show get almost no probability."""
    all_intercepts, all_coefficients = np.full(outputs, -30.0), np.zeros((outputs, coefficients.shape[1]))
    if len(present) == 2:  # two of the classes in these rows: one margin, shared between them
        all_intercepts[present] = np.array([-0.5, 0.5]) * intercept[0]
        all_coefficients[present] = np.array([[-0.5], [0.5]]) * coefficients
    else:
        all_intercepts[present], all_coefficients[present] = intercept, coefficients
    return _document("softmax", all_intercepts, all_coefficients)


def _ridge(x: np.ndarray, truth: np.ndarray, penalties: Sequence[float]) -> list[Document]:
    """Return ridge regressions; the products of columns are summed once for all penalties."""
    from scipy.linalg import solve

    centre, mean = x.mean(axis=0), float(truth.mean())
    centred = x - centre
    products, with_truth = centred.T @ centred, centred.T @ (truth - mean)
    documents = []
    for penalty in penalties:
        weights = solve(products + penalty * np.eye(x.shape[1]), with_truth, assume_a="pos")
        documents.append(_document("identity", np.asarray(mean - centre @ weights), weights))
    return documents


def _quantile(x: np.ndarray, truth: np.ndarray, quantile: float, penalties: Sequence[float]) -> list[Document]:
    """Return quantile regressions by the convolution-smoothed loss, whose gradient is smooth.

    Source: He, Pan, Tan, Zhou 2023, "Smoothed quantile regression with large-scale inference" (uniform kernel).
    """
    from scipy.optimize import minimize

    centre, scale = float(np.quantile(truth, quantile)), float(truth.std()) or 1.0
    target, width = (truth - centre) / scale, SMOOTHING_SHARE

    def loss_and_gradient(weights: np.ndarray, penalty: float) -> tuple[float, np.ndarray]:
        residual = target - weights[0] - x @ weights[1:]
        inside = np.abs(residual) <= width
        corner = np.where(inside, residual**2 / (4 * width) + width / 4, np.abs(residual) / 2)
        loss = corner + (quantile - 0.5) * residual
        slope = np.where(inside, residual / (2 * width), np.sign(residual) / 2) + quantile - 0.5
        gradient = np.concatenate([[-slope.sum()], penalty * weights[1:] - x.T @ slope])
        return float(loss.sum() + penalty / 2 * weights[1:] @ weights[1:]), gradient

    documents, weights = [], np.zeros(x.shape[1] + 1)
    for penalty in penalties:
        weights = minimize(loss_and_gradient, weights, (penalty,), jac=True, method="L-BFGS-B", options=ENOUGH).x
        documents.append(_document("identity", np.asarray(weights[0] * scale + centre), weights[1:] * scale))
    return documents
