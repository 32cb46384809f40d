"""Scores of a table of counts (truth by decision) that are no plain proportions: Matthews correlation, average F1.

              called 0   called 1
truth 0          50          5
truth 1           8         37
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from milepost.stats.intervals import Interval, Scale, scaled_interval, t_quantile
from milepost.stats.spread import spread

SMOOTHING = 2.0  # rows spread evenly over the table before errors are taken, so that an empty cell is not certain

Score = Callable[[np.ndarray], tuple[float, np.ndarray]]


def counts(truth: np.ndarray, decision: np.ndarray, classes: int) -> np.ndarray:
    """Return how many rows of each true class (rows) were called each class (columns), shape (classes, classes)."""
    flat = np.bincount(truth.astype(np.int64) * classes + decision.astype(np.int64), minlength=classes * classes)
    return flat.reshape(classes, classes)


def matthews(table: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the Matthews correlation of a table of counts, and the pull of one row in each cell.

    NaN where all rows are in one row or one column of the table.

    Source: Gorodkin 2004 for more than two classes.

    >>> round(matthews(np.array([[50.0, 5.0], [8.0, 37.0]]))[0], 4)
    0.7371
    """
    table = table.astype(float)
    rows, true, called = table.sum(), table.sum(axis=1), table.sum(axis=0)
    right = np.trace(table)
    across = float(right * rows - (true * called).sum())
    of_true, of_called = float(rows**2 - np.square(true).sum()), float(rows**2 - np.square(called).sum())
    if of_true <= 0 or of_called <= 0:
        return math.nan, np.zeros_like(table)
    below = math.sqrt(of_true) * math.sqrt(of_called)
    value = across / below
    by_across = np.eye(len(table)) * rows + right - called[:, None] - true[None, :]
    by_true, by_called = (rows - true)[:, None] / of_true, (rows - called)[None, :] / of_called
    return value, by_across / below - value * (by_true + by_called)


def average_f1(table: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the unweighted average of the classes' F1 scores, and the pull of one row in each cell.

    Classes that are neither true nor called anywhere do not count.

    >>> round(average_f1(np.array([[50.0, 5.0], [8.0, 37.0]]))[0], 4)
    0.8678
    """
    table = table.astype(float)
    size = table.sum(axis=0) + table.sum(axis=1)
    seen = size > 0
    size = np.where(seen, size, 1.0)
    score = 2 * np.diag(table) / size
    pulls = np.diag(2 / size) - (score / size)[:, None] - (score / size)[None, :]
    return float(score[seen].mean()), pulls / max(int(seen.sum()), 1)


def score_interval(
    score: Score,
    truth: np.ndarray,
    decision: np.ndarray,
    classes: int,
    *,
    scale: Scale,
    clusters: np.ndarray | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the interval of a score of the table, on a scale that keeps it within its bounds.

    Args:
        score: matthews or average_f1.
        truth: class index, shape (rows,).
        decision: class index, same shape.
        classes: how many classes there are.
        scale: "atanh" for a score in -1..1, "logit" for one in 0..1.
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.
    """
    table = counts(truth, decision, classes)
    centre, pull = score(table + SMOOTHING / classes**2)
    pulls = pull[truth.astype(np.int64), decision.astype(np.int64)]
    seen = spread(pulls - pulls.mean(), clusters)
    interval = scaled_interval(centre, seen.error, scale=scale, quantile=t_quantile(level, seen.units), level=level)
    value = score(table)[0]  # smoothing may have pushed a perfect score out of its own interval
    return Interval(min(interval.lo, value), max(interval.hi, value), level)
