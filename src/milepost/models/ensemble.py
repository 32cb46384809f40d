"""A weighted sum of rungs that are fitted already; the weights are chosen on rows that are not judged by them.

Source: Breiman 1996, "Stacked regressions" (weights of at least 0, here summing to 1).
"""

from __future__ import annotations

import numpy as np

from milepost.data.folds import Folds
from milepost.metrics.losses import row_losses
from milepost.models.material import Material
from milepost.models.out_of_fold import each_fold, plain, validated

LEAST_WEIGHT = 0.02  # a rung that counts less is left out: it would cost more than it brings


def mixing_weights(answers: np.ndarray, material: Material, use: np.ndarray | None = None) -> np.ndarray:
    """Return the weights that minimise the mean loss, shape (members,), each >= 0 and summing to 1.

    Args:
        answers: out-of-fold answers, shape (members, repeats, rows, outputs); NaN where a row was not validated.
        material: holds the truth and the loss.
        use: which (repeat, row) to learn from, bool, shape (repeats, rows); None takes all validated ones.
    """
    from scipy.optimize import minimize

    flat = np.stack([validated(one, use)[0] for one in answers])
    truth = material.truth[validated(answers[0], use)[1]]
    members = len(answers)
    if not len(truth):  # nothing was known yet to choose by
        return np.full(members, 1 / members)
    scale = _mean_loss(np.full(members, 1 / members), flat, truth, material) or 1.0

    def loss(weights: np.ndarray) -> float:
        return _mean_loss(weights, flat, truth, material) / scale

    best = minimize(
        loss,
        np.full(members, 1 / members),
        method="SLSQP",
        bounds=[(0, 1)] * members,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"maxiter": 200, "ftol": 1e-10},
    ).x
    weights = np.where(best >= LEAST_WEIGHT, best, 0.0)
    weights = np.round(weights / weights.sum(), 4)
    weights[int(np.argmax(weights))] += 1.0 - weights.sum()  # rounding must not take from the sum of shares
    return np.asarray(weights)


def _mean_loss(weights: np.ndarray, flat: np.ndarray, truth: np.ndarray, material: Material) -> float:
    mixed = np.tensordot(weights, flat, axes=1)
    return float(row_losses(material.loss, material.task, truth, plain(mixed, material)).mean())


def cross_fitted_mix(answers: np.ndarray, material: Material, folds: Folds) -> np.ndarray:
    """Return the ensemble's out-of-fold answers, shape (repeats, rows, outputs).

    The weights for a fold come from other folds of the same repeat, and from answers that were known when it begins, so
    no row's loss chose its own weights. Where nothing was known yet, all rungs weigh the same.

    Args:
        answers: as for mixing_weights.
        material: holds the truth and the loss.
        folds: that the answers come from.
    """
    mixed = np.full(answers.shape[1:], np.nan)
    for repeat, here, others in each_fold(folds):
        weights = mixing_weights(answers, material, others)
        mixed[repeat, here] = np.tensordot(weights, answers[:, repeat, here], axes=1)
    return mixed
