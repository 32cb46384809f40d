"""Intervals of proportions and of what is made from them, when rows may come in clusters.

hits     1 0 1 1 0 0     did the row succeed
counted  1 1 1 1 0 0     is the row in the denominator      -> 3 of 4
"""

from __future__ import annotations

import math

import numpy as np

from milepost.stats.intervals import Interval, t_quantile, wilson
from milepost.stats.spread import Spread, spread


def proportion_interval(
    hits: np.ndarray, counted: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return Wilson's interval of the share of hits among the rows counted.

    Clustered rows are fewer than they look: the trials are divided by the design effect that the data show.

    Args:
        hits: bool, shape (rows,).
        counted: bool, same shape: which rows are in the denominator.
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.

    Source: Korn and Graubard 1998 for the effective sample size, put into Wilson's interval.
    """
    trials, successes = int(counted.sum()), int((hits & counted).sum())
    if clusters is None or trials == 0:
        return wilson(successes, trials, level=level)
    rate = successes / trials
    pulls = (hits[counted] - rate) / trials
    return effective_wilson(rate, spread(pulls, clusters[counted]), most=trials, level=level)


def effective_wilson(rate: float, seen: Spread, *, most: float, level: float = 0.95) -> Interval:
    """Return Wilson's interval of a share in 0..1 at the number of trials that its standard error stands for.

    Args:
        rate: the share observed.
        seen: its standard error and the units behind it.
        most: the effective trials are at most this many, because a small sample can look too good by chance.
        level: share of data sets in which the interval holds the truth.
    """
    # at 0 or 1 the units do not differ, which says nothing about how much they could: each counts once
    variance = seen.error**2
    trials = rate * (1 - rate) / variance if variance > 0 and 0 < rate < 1 else float(seen.units)
    trials = min(trials, most)
    return wilson(rate * trials, trials, level=level, quantile=t_quantile(level, seen.units))


def f1_interval(
    both: np.ndarray, either: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of an F1 score.

    Among rows that are positive or called positive, the share that is both is a plain proportion J, and
    F1 = 2J / (1 + J) grows with it, so J's interval carries over.

    Args:
        both: bool, shape (rows,): positive and called positive.
        either: bool, same shape: positive or called positive.
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.
    """
    inner = proportion_interval(both, either, clusters=clusters, level=level)
    return Interval(2 * inner.lo / (1 + inner.lo), 2 * inner.hi / (1 + inner.hi), level)


def average_interval(
    hits: np.ndarray, group: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of the unweighted average, over groups, of the share of hits in each group.

    Independent rows: each group's Wilson interval, put together so that none of them is taken at its end at once.

    Args:
        hits: bool, shape (rows,).
        group: int group of each row, same shape (the true class for an average recall).
        clusters: int unit of each row, which may reach across groups; None = independent rows.
        level: share of data sets in which the interval holds the truth.

    Source: Zou and Donner 2008, "Construction of confidence limits about effect measures" (MOVER).
    """
    index = np.unique(group, return_inverse=True)[1]
    sizes = np.bincount(index)
    rates = np.bincount(index, weights=hits) / sizes
    average = float(rates.mean())
    if clusters is not None:
        pulls = (hits - rates[index]) / sizes[index] / len(sizes)
        return effective_wilson(average, spread(pulls, clusters), most=len(hits), level=level)
    parts = [wilson(rate * size, size, level=level) for rate, size in zip(rates, sizes, strict=True)]
    below = math.sqrt(sum((rate - part.lo) ** 2 for rate, part in zip(rates, parts, strict=True)))
    above = math.sqrt(sum((part.hi - rate) ** 2 for rate, part in zip(rates, parts, strict=True)))
    return Interval(max(0.0, average - below / len(sizes)), min(1.0, average + above / len(sizes)), level)
