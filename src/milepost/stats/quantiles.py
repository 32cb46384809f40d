"""The interval of a quantile (the median of errors, say), with no assumption about the distribution."""

from __future__ import annotations

import math

import numpy as np

from milepost.stats.intervals import Interval
from milepost.stats.proportions import proportion_interval


def quantile_interval(
    values: np.ndarray, share: float = 0.5, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Interval:
    """Return the interval of a quantile: the values at the ends of the interval of the share that lies below it.

    Args:
        values: shape (rows,), at least one.
        share: which quantile, in 0..1; 0.5 is the median.
        clusters: int unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.

    Source: Woodruff 1952, "Confidence intervals for medians and other position measures".
    """
    ordered = np.sort(values)
    rows = len(ordered)
    below = values <= ordered[min(rows - 1, math.ceil(share * rows) - 1)]
    seen = proportion_interval(below, np.ones(rows, dtype=bool), clusters=clusters, level=level)
    # ties may hold far more than the share; the interval's width is what is carried over
    rate = float(below.mean())
    lo, hi = share - (rate - seen.lo), share + (seen.hi - rate)
    first = max(0, math.floor(lo * rows) - 1)
    last = min(rows - 1, math.ceil(hi * rows))
    return Interval(float(ordered[first]), float(ordered[last]), level)
