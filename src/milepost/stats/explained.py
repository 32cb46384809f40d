"""The share of variation that predictions explain (R²), and its interval."""

from __future__ import annotations

import numpy as np

from milepost.stats.intervals import Interval, bent_interval


def explained(truth: np.ndarray, prediction: np.ndarray) -> float | None:
    """Return 1 - squared errors / squared distances from the mean; None where the truth does not vary.

    >>> explained(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
    0.5
    """
    around = float(np.square(truth - truth.mean()).sum())
    return 1 - float(np.square(truth - prediction).sum()) / around if around > 0 else None


def explained_interval(
    truth: np.ndarray, prediction: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of R², never above 1: that of the share left unexplained, turned round.

    Args:
        truth: shape (rows,); must vary.
        prediction: same shape.
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.
    """
    error, away = np.square(truth - prediction), np.square(truth - truth.mean())
    left = float(error.sum()) / float(away.sum())
    if left == 0:
        return Interval(1.0, 1.0, level)
    pulls = left * (error / error.sum() - away / away.sum())
    inner = bent_interval(left, pulls, clusters=clusters, level=level, positive=True)
    return Interval(1 - inner.hi, 1 - inner.lo, level)
