"""Intervals for shares and means: what the data allow to be said about a number, not only the number.

Every interval is two-sided: with level 0.95 each end errs in at most about 2.5 % of the cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from milepost.stats.spread import skewness, spread

Scale = Literal["log", "logit", "atanh"]


Move = Callable[[float], float]
_SCALES: dict[Scale, tuple[Move, Move, Move]] = {  # there, its slope turned over, and back
    "log": (math.log, lambda x: x, math.exp),
    "logit": (lambda x: math.log(x / (1 - x)), lambda x: x * (1 - x), lambda x: float(special.expit(x))),
    "atanh": (math.atanh, lambda x: 1 - x * x, math.tanh),
}


@dataclass(frozen=True, slots=True)
class Interval:
    """The values that the data do not contradict.

    Attributes:
        lo, hi: the ends, lo <= hi; infinite where the data say nothing.
        level: in how many of many such data sets the interval holds the true value, a share.
    """

    lo: float
    hi: float
    level: float = 0.95


def normal_quantile(level: float) -> float:
    """Return how many standard errors a two-sided normal interval reaches to each side."""
    return float(special.ndtri((1 + level) / 2))


def t_quantile(level: float, units: int) -> float:
    """Return how many standard errors a two-sided t interval reaches when the error comes from units.

    Infinite where fewer than two units leave the error unknown.
    """
    return float(special.stdtrit(units - 1, (1 + level) / 2)) if units > 1 else math.inf


def wilson(successes: float, trials: float, *, level: float = 0.95, quantile: float | None = None) -> Interval:
    """Return Wilson's interval of a proportion, which holds its level for small counts too.

    Args:
        successes: how many of the trials succeeded, 0..trials; fractions stand for effective counts.
        trials: how many were tried; 0 gives 0..1.
        level: share of data sets in which the interval holds the truth.
        quantile: standard errors to each side; None takes the normal quantile of level.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".

    >>> interval = wilson(8, 10)
    >>> round(interval.lo, 4), round(interval.hi, 4)
    (0.4902, 0.9433)
    """
    z = normal_quantile(level) if quantile is None else quantile
    if trials <= 0 or not math.isfinite(z):
        return Interval(0.0, 1.0, level)
    rate, slack = successes / trials, z * z / trials
    centre = (rate + slack / 2) / (1 + slack)
    half = math.sqrt(slack * (max(rate * (1 - rate), 0.0) + slack / 4)) / (1 + slack)
    # the ends touch 0 and 1 exactly where rounding would miss them
    lo = 0.0 if successes <= 0 else max(0.0, centre - half)
    hi = 1.0 if successes >= trials else min(1.0, centre + half)
    return Interval(lo, hi, level)


def mean_interval(
    values: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95, positive: bool = False
) -> Interval:
    """Return the interval of a mean: Student's t, bent by the skewness of the values.

    Args:
        values: shape (rows,).
        clusters: the unit of each row; the error then comes from the units' totals. None = independent rows.
        level: share of data sets in which the interval holds the mean.
        positive: the values cannot be negative.
    """
    if len(values) == 0:
        return Interval(-math.inf, math.inf, level)
    mean = float(values.mean())
    return bent_interval(mean, (values - mean) / len(values), clusters=clusters, level=level, positive=positive)


def bent_interval(
    value: float, pulls: np.ndarray, *, clusters: np.ndarray | None, level: float, positive: bool
) -> Interval:
    """Return the t interval of a statistic, bent by the skewness of the rows' pulls on it.

    Losses and money are skewed, and a plain t interval then misses on one side. Hall's cubic bends it back
    without resampling; with no skewness it is the t interval.

    Args:
        value: the statistic.
        pulls: of each row on it (see spread), shape (rows,).
        clusters: the unit of each row; None = independent rows.
        level: share of data sets in which the interval holds the truth.
        positive: the statistic cannot be negative. Each end is then the outer one of this interval and the t
            interval on the logarithm, which is safer under heavy tails, and none is below 0.

    Source: Hall 1992, "On the removal of skewness by transformation". Clusters: Liang and Zeger 1986.
    """
    seen = spread(pulls, clusters)
    if seen.units < 2:
        return Interval(-math.inf, math.inf, level)
    reach = t_quantile(level, seen.units)
    # few rows show less skewness than there is; with 1.5 heavy-tailed losses hold the level (benchmarks/coverage.py).
    # Totals of clusters have shorter tails and hold it as they are.
    unseen = 1 + 1.5 / math.sqrt(seen.units) if clusters is None else 1.0
    skewed = unseen * skewness(pulls, clusters) / math.sqrt(seen.units)
    lo = value - seen.error * _unbent(reach, skewed)
    hi = value - seen.error * _unbent(-reach, skewed)
    if positive and value > 0:
        turns = min(reach * seen.error / value, 700.0)  # the greatest exponent that a float holds
        lo, hi = max(0.0, min(lo, value * math.exp(-turns))), max(hi, value * math.exp(turns))
    return Interval(lo, hi, level)


def _unbent(reach: float, skewed: float) -> float:
    """Return the t whose bent value g is reach: g = t + a t²/3 + a² t³/27 + a/6 with a = skewness / sqrt(units)."""
    if abs(skewed) < 1e-8:
        return reach
    return 3 / skewed * (math.cbrt(1 + skewed * (reach - skewed / 6)) - 1)


def scaled_interval(value: float, error: float, *, scale: Scale, quantile: float, level: float = 0.95) -> Interval:
    """Return value ± quantile · error, taken on a scale on which value has no bounds, so that it keeps within them.

    Args:
        value: inside the bounds of the scale: log > 0, logit in (0, 1), atanh in (-1, 1).
        error: standard error of value.
        scale: where the interval is symmetric.
        quantile: standard errors to each side.
        level: what quantile stands for.

    >>> interval = scaled_interval(0.9, 0.03, scale="logit", quantile=1.96)
    >>> round(interval.lo, 3), round(interval.hi, 3)
    (0.824, 0.945)
    """
    there, slope, back = _SCALES[scale]
    half = quantile * error / slope(value)
    centre = there(value)
    return Interval(back(centre - half), back(centre + half), level)
