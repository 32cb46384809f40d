"""Regularised linear, logistic, multinomial and quantile regression on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from milepost.metrics.answers import Task

Document = dict[str, Any]
SMOOTHING_SHARE = 0.05  # width of the rounded corner of the quantile loss, in standard deviations of the target


def fit_linear(x: np.ndarray, truth: np.ndarray, *, task: Task, outputs: int, loss: str, penalty: float) -> Document:
    """Return a linear model as the predictor's document.

    Args:
        x: encoded rows, shape (rows, columns), scaled, without missing values.
        truth: shape (rows,); class index, or value.
        task: binary, multiclass or regression.
        outputs: numbers in one answer: 1, or the number of classes.
        loss: "log" or "squared" for classes; "squared", "absolute" or "quantile:q" for values.
        penalty: L2 penalty on the coefficients, for the sum of the losses.
    """
    if task != "regression":
        return _logistic(x, truth, outputs, penalty)
    if loss == "squared":
        return _ridge(x, truth, penalty)
    return _quantile(x, truth, 0.5 if loss == "absolute" else float(loss.removeprefix("quantile:")), penalty)


def _document(link: str, intercept: np.ndarray, coefficients: np.ndarray) -> Document:
    return {
        "kind": "linear",
        "link": link,
        "intercept": np.atleast_1d(intercept).tolist(),
        "coefficients": np.atleast_2d(coefficients).tolist(),
    }


def _logistic(x: np.ndarray, truth: np.ndarray, outputs: int, penalty: float) -> Document:
    from sklearn.linear_model import LogisticRegression

    present = np.unique(truth)
    model = LogisticRegression(C=1.0 / penalty, max_iter=5000).fit(x, truth)
    if outputs == 1:
        return _document("sigmoid", model.intercept_, model.coef_)
    intercept, coefficients = np.full(outputs, -30.0), np.zeros((outputs, x.shape[1]))
    if len(present) == 2:  # two of the classes in these rows: one margin, shared between them
        intercept[present] = np.array([-0.5, 0.5]) * model.intercept_[0]
        coefficients[present] = np.array([[-0.5], [0.5]]) * model.coef_
    else:
        intercept[present], coefficients[present] = model.intercept_, model.coef_
    return _document("softmax", intercept, coefficients)


def _ridge(x: np.ndarray, truth: np.ndarray, penalty: float) -> Document:
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=penalty, solver="cholesky").fit(x, truth)
    return _document("identity", np.asarray(model.intercept_), model.coef_)


def _quantile(x: np.ndarray, truth: np.ndarray, quantile: float, penalty: float) -> Document:
    """Return quantile regression by the convolution-smoothed loss, whose gradient is smooth.

    Source: He, Pan, Tan, Zhou 2023, "Smoothed quantile regression with large-scale inference" (uniform kernel).
    """
    from scipy.optimize import minimize

    centre, scale = float(np.quantile(truth, quantile)), float(truth.std()) or 1.0
    target, width = (truth - centre) / scale, SMOOTHING_SHARE

    def loss_and_gradient(weights: np.ndarray) -> tuple[float, np.ndarray]:
        residual = target - weights[0] - x @ weights[1:]
        inside = np.abs(residual) <= width
        corner = np.where(inside, residual**2 / (4 * width) + width / 4, np.abs(residual) / 2)
        loss = corner + (quantile - 0.5) * residual
        slope = np.where(inside, residual / (2 * width), np.sign(residual) / 2) + quantile - 0.5
        gradient = np.concatenate([[-slope.sum()], penalty * weights[1:] - x.T @ slope])
        return float(loss.sum() + penalty / 2 * weights[1:] @ weights[1:]), gradient

    weights = minimize(loss_and_gradient, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return _document("identity", np.asarray(weights[0] * scale + centre), weights[1:] * scale)
