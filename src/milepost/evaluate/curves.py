"""What the charts draw, from the answers to the test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milepost.metrics.answers import Answers
from milepost.metrics.confusion import confusion
from milepost.metrics.probabilities import said
from milepost.stats.calibration import reliability
from milepost.stats.precision_recall import precision_recall_curve
from milepost.stats.roc import roc_curve

MOST_POINTS = 200
MOST_RESIDUALS = 2000


@dataclass(frozen=True, slots=True)
class Curves:
    """What the charts draw, on the test rows; empty tuples where a chart does not apply.

    Attributes:
        roc: (false positive share, true positive share) points.
        precision_recall: (recall, precision) points.
        calibration: (mean predicted, observed share, lo, hi, rows) for each bin.
        residuals: (prediction, truth) of at most 2,000 rows; regression only.
        confusion: counts, [truth][decision] in the order of labels.
        labels: class names.
    """

    roc: tuple[tuple[float, float], ...]
    precision_recall: tuple[tuple[float, float], ...]
    calibration: tuple[tuple[float, float, float, float, int], ...]
    residuals: tuple[tuple[float, float], ...]
    confusion: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]


def draw(answers: Answers) -> Curves:
    """Return the points of every chart that fits the task, few enough for a page."""
    if answers.task == "regression":
        return Curves((), (), (), _residuals(answers), (), ())
    counts = tuple(tuple(int(cell) for cell in row) for row in confusion(answers).counts)
    roc: tuple[tuple[float, float], ...] = ()
    precision_recall: tuple[tuple[float, float], ...] = ()
    if answers.task == "binary" and 0 < answers.truth.sum() < len(answers.truth):
        curve = roc_curve(answers.truth, answers.prediction)
        roc = _thinned(curve.false_positive_rate, curve.true_positive_rate)
        trade = precision_recall_curve(answers.truth, answers.prediction)
        precision_recall = _thinned(trade.recall, trade.precision)
    return Curves(roc, precision_recall, _calibration(answers), (), counts, answers.labels)


def _calibration(answers: Answers) -> tuple[tuple[float, float, float, float, int], ...]:
    """Return the reliability bins: of P(positive), or of the most probable class of a multiclass task."""
    return tuple(
        (one.predicted, one.came_true, one.interval.lo, one.interval.hi, one.rows)
        for one in reliability(*said(answers), clusters=answers.clusters)
    )


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[tuple[float, float], ...]:
    kept = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int))
    return tuple((float(x[at]), float(y[at])) for at in kept)


def _residuals(answers: Answers) -> tuple[tuple[float, float], ...]:
    kept = np.unique(np.linspace(0, len(answers.truth) - 1, MOST_RESIDUALS).round().astype(int))
    return tuple((float(answers.prediction[at]), float(answers.truth[at])) for at in kept)
