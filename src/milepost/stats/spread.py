"""How far a statistic may lie from the truth: its standard error, from the pull of each row on it.

The pull of a row is how much the statistic would change if the row counted a little more, per unit of weight (the
derivative by the row's weight). Pulls of all rows sum to 0. For a mean of n values, pull = (value - mean) / n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FEWEST_UNITS = 10  # with fewer independent units their spread is itself a guess; no interval is shown


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard error of a statistic, and how many independent units it was learned from."""

    error: float
    units: int


def totals(values: np.ndarray, clusters: np.ndarray | None) -> np.ndarray:
    """Return the sum of values in each unit, units in increasing order; the values themselves without clusters."""
    if clusters is None:
        return values
    unit = np.unique(clusters, return_inverse=True)[1]
    return np.bincount(unit, weights=values)


def units_in(clusters: np.ndarray | None, rows: np.ndarray) -> int:
    """Return how many independent units the rows marked True come from."""
    return int(np.count_nonzero(rows)) if clusters is None else len(np.unique(clusters[rows]))


def spread(pulls: np.ndarray, clusters: np.ndarray | None = None) -> Spread:
    """Return the standard error of a statistic whose pulls are given; by units when rows are not independent.

    Args:
        pulls: shape (rows,), summing to 0 up to rounding.
        clusters: int unit of each row; rows of one unit may depend on each other in any way.

    Source: Jaeckel 1972, the infinitesimal jackknife; Liang and Zeger 1986 for clusters.

    >>> values = np.array([1.0, 2.0, 3.0, 6.0])
    >>> round(spread((values - values.mean()) / 4).error, 4)  # the standard deviation over sqrt(4)
    1.0801
    """
    parts = totals(pulls, clusters)
    units = len(parts)
    if units < 2:
        return Spread(math.inf, units)
    return Spread(math.sqrt(float(np.square(parts).sum()) * units / (units - 1)), units)


def skewness(pulls: np.ndarray, clusters: np.ndarray | None = None) -> float:
    """Return the skewness of the units' pulls; 0 where they do not vary."""
    parts = totals(pulls, clusters)
    second = float(np.square(parts).mean())
    if second <= 0:
        return 0.0
    return float((parts * np.square(parts)).mean() / second**1.5)
