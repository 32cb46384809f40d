"""How many rows it takes to say that a proportion lies beyond a threshold.

The question is Wilson's interval turned round: successes s of n rows clear a threshold t when
s - n t >= z sqrt(n t (1 - t)), so the chance to clear it is a binomial tail.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from milepost.stats.intervals import normal_quantile, wilson

FEWEST_EACH = 10  # no interval is shown with fewer events or fewer non-events in the denominator
_EXACT_UP_TO = 20_000  # beyond this many rows the binomial is normal to three digits


def chance_to_tell(rate: float, threshold: float, rows: int, *, level: float = 0.95) -> float:
    """Return the chance that an interval from so many rows lies wholly on the rate's side of the threshold.

    Args:
        rate: the true proportion, 0..1.
        threshold: what it is held against, 0..1.
        rows: rows in the proportion's denominator (for recall: positives).
        level: of the interval.

    >>> round(chance_to_tell(0.84, 0.80, 600), 2)
    0.7
    """
    return float(_chances(rate, threshold, np.array([rows]), level)[0]) if rows > 0 else 0.0


def _chances(rate: float, threshold: float, rows: np.ndarray, level: float) -> np.ndarray:
    """Return the chance to tell at each number of rows."""
    if rate == threshold:
        return np.zeros(len(rows))
    if rate < threshold:  # the same question about failures
        rate, threshold = 1 - rate, 1 - threshold
    reach = normal_quantile(level) * np.sqrt(rows * threshold * (1 - threshold))
    needed = np.ceil(rows * threshold + reach - 1e-9)
    possible = needed <= rows
    tail = special.bdtrc(np.minimum(needed, rows) - 1, rows.astype(np.int64), rate)
    return np.where(possible, tail, 0.0)


def proportion_rows_needed(rate: float, threshold: float, *, power: float = 0.8, level: float = 0.95) -> int | None:
    """Return how many rows of the denominator are needed to verify that a proportion lies beyond a threshold.

    With so many rows or more, the interval lies wholly on the rate's side of the threshold at least with chance power.
    Never fewer than ten, the least for which an interval is shown.

    Args:
        rate: the proportion that is hoped for, 0..1; below the threshold: rows to show that it is missed.
        threshold: what it is held against, 0..1.
        power: the chance wanted, a share.
        level: of the interval.

    Returns:
        A number of rows, or None where no number suffices (rate equals threshold).

    Source: Fleiss, Levin and Paik 2003, sample size for one proportion; refined by the exact binomial.

    >>> proportion_rows_needed(0.85, 0.80)
    481
    """
    if abs(rate - threshold) < 1e-12:
        return None
    reach, back = normal_quantile(level), float(special.ndtri(power))
    spread = reach * math.sqrt(threshold * (1 - threshold)) + back * math.sqrt(rate * (1 - rate))
    about = math.ceil((spread / (rate - threshold)) ** 2)
    if about > _EXACT_UP_TO:
        return about
    rows = np.arange(1, 2 * about + 60)
    short = np.flatnonzero(_chances(rate, threshold, rows, level) < power)
    return max(FEWEST_EACH, int(rows[short[-1]]) + 1 if len(short) else 1)


def expected_half_width(rate: float, rows: int, *, level: float = 0.95) -> float:
    """Return half the width of Wilson's interval when a proportion of rate is seen in so many rows.

    >>> round(expected_half_width(0.6, 467), 3)
    0.044
    """
    interval = wilson(rate * rows, rows, level=level)
    return (interval.hi - interval.lo) / 2
