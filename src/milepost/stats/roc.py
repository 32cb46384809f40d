"""The ROC curve, the area under it, and the area's interval.

A positive row's placement is the share of negatives that score below it (ties count half), a negative row's the share
of positives above it. The area is the mean placement; how placements vary gives its error. All in O(n log n).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from milepost.stats.intervals import Interval, normal_quantile, scaled_interval, t_quantile
from milepost.stats.spread import Spread, spread

# From this many positives and negatives on, DeLong's interval holds its level alone (benchmarks/coverage.py).
ENOUGH_OF_EACH = 200


@dataclass(frozen=True, slots=True)
class RocCurve:
    """The curve's corners from (0, 0) to (1, 1), as arrays of one length.

    Attributes:
        false_positive_rate: share of negatives called positive at each threshold.
        true_positive_rate: share of positives called positive at each threshold.
        threshold: rows that score at least this are called positive; the first is inf.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    threshold: np.ndarray


def roc_curve(truth: np.ndarray, score: np.ndarray) -> RocCurve:
    """Return the ROC curve, one point for each distinct score.

    Args:
        truth: 0 or 1, shape (rows,); both must occur.
        score: same shape; higher speaks for 1.
    """
    order = np.argsort(-score, kind="stable")
    scores, positive = score[order], truth[order] == 1
    last = np.flatnonzero(np.r_[scores[1:] != scores[:-1], True])  # the last row of each run of equal scores
    hits, misses = np.cumsum(positive)[last], np.cumsum(~positive)[last]
    return RocCurve(
        np.r_[0.0, misses / misses[-1]], np.r_[0.0, hits / hits[-1]], np.r_[np.inf, scores[last]].astype(float)
    )


def placements(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return how well each row is placed against the other class, a share, shape (rows,).

    Args:
        truth: 0 or 1, shape (rows,); both must occur.
        score: same shape.
    """
    positive = truth == 1
    result = np.empty(len(truth))
    result[positive] = _share_below(np.sort(score[~positive]), score[positive])
    result[~positive] = 1 - _share_below(np.sort(score[positive]), score[~positive])
    return result


def _share_below(ordered: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the share of the ordered values below each point, ties counted half."""
    below = np.searchsorted(ordered, points, side="left")
    return (below + np.searchsorted(ordered, points, side="right")) / (2 * len(ordered))


def auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the area under the ROC curve: the chance that a positive row scores above a negative one.

    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    return float(placements(truth, score)[truth == 1].mean())


def auc_pulls(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return the pull of each row on the area, shape (rows,), summing to 0."""
    placed, positive = placements(truth, score), truth == 1
    area = placed[positive].mean()
    sizes = np.where(positive, positive.sum(), (~positive).sum())
    return np.asarray((placed - area) / sizes)


def auc_interval(
    truth: np.ndarray, score: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of the area under the ROC curve, always inside 0..1.

    DeLong's on the logit scale. With few positives or negatives it is too short when the area is high, because then
    few placements vary; so below 200 of either, each end is the outer one of DeLong's and Newcombe's.

    Args:
        truth: 0 or 1, shape (rows,); both must occur.
        score: same shape.
        clusters: int unit of each row; units may hold positives and negatives. None = independent rows.
        level: share of data sets in which the interval holds the truth.

    Source: DeLong, DeLong and Clarke-Pearson 1988; Obuchowski 1997 for clusters; Newcombe 2006, method 5.
    """
    area, positive = auc(truth, score), truth == 1
    fewer, more = sorted((int(positive.sum()), int((~positive).sum())))
    pulls = auc_pulls(truth, score)
    alone = _delong(pulls, positive)
    seen = alone if clusters is None else spread(pulls, clusters)
    quantile = normal_quantile(level) if clusters is None else t_quantile(level, seen.units)
    effect = max(1.0, (seen.error / alone.error) ** 2) if alone.error > 0 else len(truth) / seen.units
    outer = _newcombe(area, max(1.0, fewer / effect), max(1.0, more / effect), quantile)
    if not 0 < area < 1 or seen.error == 0:
        return Interval(*outer, level)
    inner = scaled_interval(area, max(seen.error, alone.error), scale="logit", quantile=quantile, level=level)
    if fewer / effect >= ENOUGH_OF_EACH:
        return inner
    return Interval(min(inner.lo, outer[0]), max(inner.hi, outer[1]), level)


def average_auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the average, over the classes that occur, of the area of each class against the rest.

    Args:
        truth: class index, shape (rows,); at least two classes must occur.
        scores: shape (rows, classes); higher speaks for the class.
    """
    return float(np.mean([auc(truth == one, scores[:, one]) for one in np.unique(truth)]))


def average_auc_interval(
    truth: np.ndarray, scores: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of the average area, each class against the rest.

    The classes' intervals are averaged and drawn together by as much as their joint error is less than the average of
    their errors, because classes do not err all on the same side.

    Args:
        truth: class index, shape (rows,); at least two classes must occur.
        scores: shape (rows, classes).
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.
    """
    present = np.unique(truth)
    pulls = np.stack([auc_pulls(truth == one, scores[:, one]) for one in present])
    parts = [auc_interval(truth == one, scores[:, one], clusters=clusters, level=level) for one in present]
    apart = float(np.mean([spread(pull, clusters).error for pull in pulls]))
    together = spread(pulls.mean(axis=0), clusters).error / apart if apart > 0 else 1.0
    area = average_auc(truth, scores)
    below = area - float(np.mean([part.lo for part in parts]))
    above = float(np.mean([part.hi for part in parts])) - area
    return Interval(area - together * below, area + together * above, level)


def _delong(pulls: np.ndarray, positive: np.ndarray) -> Spread:
    """Return the error of the area for independent rows: each class's placements vary on their own."""
    variance = 0.0
    for side in (positive, ~positive):
        size = int(side.sum())
        if size < 2:
            return Spread(0.0, len(pulls))
        variance += float(np.square(pulls[side]).sum()) * size / (size - 1)
    return Spread(math.sqrt(variance), len(pulls))


def _newcombe(area: float, fewer: float, more: float, quantile: float) -> tuple[float, float]:
    """Return the areas at which the observed one would lie just quantile standard errors away."""
    middle = (fewer + more) / 2 - 1

    def beyond(theta: float) -> float:
        variance = theta * (1 - theta) * (1 + middle * (1 - theta) / (2 - theta) + middle * theta / (1 + theta))
        return (area - theta) ** 2 - quantile**2 * variance / (fewer * more)

    return _crossing(beyond, 0.0, area), _crossing(beyond, 1.0, area)


def _crossing(beyond: Callable[[float], float], outside: float, inside: float) -> float:
    """Return where beyond turns from positive (outside) to negative (inside), by halving."""
    for _ in range(60):
        middle = (outside + inside) / 2
        if beyond(middle) > 0:
            outside = middle
        else:
            inside = middle
    return inside
