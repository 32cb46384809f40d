"""The precision-recall curve, the average precision, and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milepost.stats.intervals import Interval, scaled_interval, t_quantile, wilson
from milepost.stats.spread import spread, units_in


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Precision and recall at each distinct score, from the highest threshold down, as arrays of one length.

    Attributes:
        precision: share of the rows called positive that are positive.
        recall: share of the positives that are called positive.
        threshold: rows that score at least this are called positive.
    """

    precision: np.ndarray
    recall: np.ndarray
    threshold: np.ndarray


def precision_recall_curve(truth: np.ndarray, score: np.ndarray) -> PrecisionRecallCurve:
    """Return the precision-recall curve.

    Args:
        truth: 0 or 1, shape (rows,); a 1 must occur.
        score: same shape; higher speaks for 1.
    """
    order = np.argsort(-score, kind="stable")
    scores = score[order]
    last = np.flatnonzero(np.r_[scores[1:] != scores[:-1], True])
    hits = np.cumsum(truth[order] == 1)[last]
    return PrecisionRecallCurve(hits / (last + 1), hits / hits[-1], scores[last].astype(float))


def average_precision(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the mean, over the positives, of the precision at the score of each.

    >>> round(average_precision(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
    0.8333
    """
    curve = precision_recall_curve(truth, score)
    return float((np.diff(curve.recall, prepend=0.0) * curve.precision).sum())


def average_precision_pulls(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return the pull of each row on the average precision, shape (rows,), summing to 0.

    A row pulls by its own precision and by being counted in the precision of every positive below it.
    """
    order = np.argsort(-score, kind="stable")
    scores, positive = score[order], (truth[order] == 1).astype(float)
    ends = np.r_[scores[1:] != scores[:-1], True]
    run = np.r_[0, np.cumsum(ends)[:-1]]  # which run of equal scores each row is in
    last = np.flatnonzero(ends)
    hits, called = np.cumsum(positive)[last], last + 1.0
    inside = np.bincount(run, weights=positive)  # positives in each run
    as_hit = np.cumsum((inside / called)[::-1])[::-1]
    as_call = np.cumsum((inside * hits / called**2)[::-1])[::-1]
    precision = hits / called
    average = float((inside * precision).sum() / hits[-1])
    pulls = np.empty(len(scores))
    pulls[order] = (positive * (precision + as_hit)[run] - as_call[run] - positive * average) / hits[-1]
    return pulls


def average_precision_interval(
    truth: np.ndarray, score: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of the average precision, always inside 0..1.

    On the logit scale, with the error from the rows' pulls and the t quantile of the positives' number: the positives
    carry the spread. It holds its level for few positives, where bootstrap intervals are too short. A perfect order is
    held to be as sure as that many positives all found.

    Args:
        truth: 0 or 1, shape (rows,); a 1 must occur.
        score: same shape.
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.

    Source: Boyd, Eng and Page 2013 for the logit scale; the error is the infinitesimal jackknife's.
    """
    average, units = average_precision(truth, score), units_in(clusters, truth == 1)
    if average > 1 - 0.25 / units:  # hardly a positive is out of place, so the pulls are no measure of chance
        return Interval(wilson(units, units, level=level).lo, 1.0, level)
    seen = spread(average_precision_pulls(truth, score), clusters)
    quantile = t_quantile(level, min(units, seen.units))
    return scaled_interval(average, seen.error, scale="logit", quantile=quantile, level=level)
