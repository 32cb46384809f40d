"""Make probabilities mean what they say, if that helps on rows that did not choose it; intervals for numbers.

Sources: Platt 1999 (sigmoid); Kull, Silva Filho, Flach 2017 (beta); Zadrozny and Elkan 2002 (isotonic);
Guo et al. 2017 (temperature); Barber et al. 2021 (cross-conformal residuals, CV+).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from milepost.data.folds import Folds
from milepost.ground.text import share
from milepost.metrics.losses import row_losses
from milepost.models.material import Material
from milepost.models.out_of_fold import each_fold, mean_row_losses, validated
from milepost.predictor.calibrate import SMALLEST_SHARE, calibrated
from milepost.stats.paired import paired_gain

Document = dict[str, Any]
NONE: Document = {"kind": "none"}
INTERVAL_LEVEL = 0.9
FEWEST_FOR_ISOTONIC = 1000
# Rows, of all that were learned from, that the rarest answer still counts for: they cannot show that anything is rarer,
# and one that was thought impossible would cost more than all the others.
LEAST_ROWS = 0.1


@dataclass(frozen=True, slots=True)
class Calibration:
    """What to do with raw answers.

    Attributes:
        document: for the predictor.
        answers: out-of-fold answers after cross-fitted calibration, shape (repeats, rows, outputs).
        says: what was decided and why.
    """

    document: Document
    answers: np.ndarray
    says: str


def calibrate(answers: np.ndarray, material: Material, folds: Folds) -> Calibration:
    """Return the calibration that lowers the loss most, or none where no lower bound of a gain is above 0.

    Args:
        answers: out-of-fold answers of the chosen rung, shape (repeats, rows, outputs); NaN where not validated.
        material: holds the truth and the loss.
        folds: that the answers come from; what corrects one was known when it begins.
    """
    if material.task == "regression":
        return _conformal(answers, material)
    before = mean_row_losses(answers, material)
    seen = ~np.isnan(before)
    clusters = folds.units[seen] if folds.units is not None else None
    held = {**NONE, "least": LEAST_ROWS / len(material.truth)}
    best: tuple[float, str, Document, np.ndarray] | None = None
    for name, fit in _candidates(material, int(seen.sum())).items():
        after = _cross_fitted(answers, material, folds, fit)
        gain = paired_gain(before[seen], mean_row_losses(after, material)[seen], clusters=clusters)
        if gain.lo > 0 and (best is None or gain.mean > best[0]):
            given, rows = validated(answers)
            best = gain.mean, name, fit(given, material.truth[rows]), after
    if best is None:
        says = "The probabilities are used as they are: no correction lowers the loss beyond chance."
        return Calibration(held, calibrated(answers, held), says)
    gained, name, document, after = best
    relative = gained / float(before[seen].mean())
    says = (
        f"The probabilities are corrected by {name} calibration: that takes {share(relative)} off the out-of-fold loss."
    )
    return Calibration({**held, **document}, calibrated(after, held), says)


Fit = Callable[[np.ndarray, np.ndarray], Document]


def _candidates(material: Material, rows: int) -> dict[str, Fit]:
    if material.task == "multiclass":
        return {"temperature": _temperature}
    fits: dict[str, Fit] = {"Platt": _platt, "beta": _beta}
    return {**fits, "isotonic": _isotonic} if rows >= FEWEST_FOR_ISOTONIC else fits


def _cross_fitted(answers: np.ndarray, material: Material, folds: Folds, fit: Fit) -> np.ndarray:
    after = np.full(answers.shape, np.nan)
    for repeat, here, others in each_fold(folds):
        given, rows = validated(answers, others)
        known = material.truth[rows]
        can_learn = len(known) > 1 and known.min() != known.max()  # rows of one class teach no correction
        after[repeat, here] = calibrated(answers[repeat, here], fit(given, known) if can_learn else NONE)
    return after


def _clipped(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(probabilities, SMALLEST_SHARE, 1 - SMALLEST_SHARE))


def _logistic(columns: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6, max_iter=5000).fit(columns, truth)
    return model.coef_[0], float(model.intercept_[0])


def _platt(answers: np.ndarray, truth: np.ndarray) -> Document:
    p = _clipped(answers[:, 0])
    (slope,), offset = _logistic(np.log(p / (1 - p))[:, None], truth)
    return {"kind": "platt", "slope": float(slope), "offset": offset}


def _beta(answers: np.ndarray, truth: np.ndarray) -> Document:
    p = _clipped(answers[:, 0])
    columns = np.stack([np.log(p), -np.log1p(-p)], axis=1)
    (a, b), c = _logistic(columns, truth)
    if a < 0:
        (b,), c = _logistic(columns[:, 1:], truth)
        a = 0.0
    elif b < 0:
        (a,), c = _logistic(columns[:, :1], truth)
        b = 0.0
    return {"kind": "beta", "a": float(a), "b": float(b), "c": c}


def _isotonic(answers: np.ndarray, truth: np.ndarray) -> Document:
    from sklearn.isotonic import IsotonicRegression

    edge = 1.0 / (len(truth) + 2)
    model = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(answers[:, 0], truth)
    return {"kind": "isotonic", "x": model.X_thresholds_.tolist(), "y": model.y_thresholds_.tolist()}


def _temperature(answers: np.ndarray, truth: np.ndarray) -> Document:
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        document = {"kind": "temperature", "temperature": float(np.exp(log_temperature))}
        return float(row_losses("log", "multiclass", truth, calibrated(answers, document)).mean())

    best = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x
    return {"kind": "temperature", "temperature": float(np.exp(best))}


def _conformal(answers: np.ndarray, material: Material) -> Calibration:
    """Return residual quantiles that make an interval around each answer."""
    given, rows = validated(answers)
    residuals = np.sort(material.truth[rows] - given[:, 0])
    n = len(residuals)
    rank = int(np.ceil((n + 1) * (1 + INTERVAL_LEVEL) / 2)) - 1  # finite-sample correction of split conformal
    lo, hi = float(residuals[max(0, n - 1 - rank)]), float(residuals[min(n - 1, rank)])
    document = {"kind": "conformal", "level": INTERVAL_LEVEL, "lo": lo, "hi": hi}
    held = share(INTERVAL_LEVEL, digits=0)
    says = f"Each number comes with an interval that held the truth for {held} of rows out of fold."
    return Calibration(document, answers, says)
