"""What one model gains over another on the same rows, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from milepost.stats.intervals import t_quantile
from milepost.stats.spread import spread


@dataclass(frozen=True, slots=True)
class Gain:
    """How much less the more complex model loses per row.

    Attributes:
        mean: mean of (loss of the simpler - loss of the more complex), in the loss's unit; positive is better.
        lo, hi: its two-sided interval; infinite where too few units leave the error unknown.
        level: of the interval, a share. The chance that lo is above the truth is (1 - level) / 2.
        relative, relative_lo, relative_hi: mean and its interval as shares of the simpler model's mean loss. Where that
            model loses nothing, all three are 0 if the other one does not either, else infinite.
        rows: how many rows were compared.
        units: how many independent units (rows, groups or blocks of time) the error comes from.
    """

    mean: float
    lo: float
    hi: float
    level: float
    relative: float
    relative_lo: float
    relative_hi: float
    rows: int
    units: int


def paired_gain(
    simpler: np.ndarray, complex_: np.ndarray, *, clusters: np.ndarray | None = None, level: float = 0.95
) -> Gain:
    """Return the gain of a more complex model over a simpler one, from the losses of rows that neither was fitted on.

    The central limit theorem for cross-validation lets the rows' differences stand for the error, although folds share
    training rows: what is judged is the mean gain of the models fitted on these folds.

    Args:
        simpler: loss of each row under the simpler model, shape (rows,); out of fold, repeats averaged per row.
        complex_: the same rows' losses under the more complex model.
        clusters: int unit of each row (group or block of time); None = independent rows.
            With fewer than three units the interval is infinite.
        level: share of data sets in which the interval holds the true gain.

    Raises:
        ValueError: the losses differ in length, or there are none.

    Source: Bayle, Bayle, Janson and Mackey 2020, "Cross-validation confidence intervals for test error".

    >>> gain = paired_gain(np.array([0.5, 0.7, 0.6, 0.8]), np.array([0.4, 0.5, 0.6, 0.7]))
    >>> round(gain.mean, 3), round(gain.lo, 3), round(gain.relative, 3)
    (0.1, -0.03, 0.154)
    """
    if len(simpler) != len(complex_) or len(simpler) == 0:
        raise ValueError(f"Losses of the same rows are needed, found {len(simpler)} and {len(complex_)}.")
    difference = simpler - complex_
    mean, before = float(difference.mean()), float(simpler.mean())
    seen = spread((difference - mean) / len(difference), clusters)
    reach = math.inf if seen.units < 3 else t_quantile(level, seen.units) * seen.error
    lo, hi = mean - reach, mean + reach
    relative, relative_lo, relative_hi = (_share_of(edge, before, mean) for edge in (mean, lo, hi))
    return Gain(mean, lo, hi, level, relative, relative_lo, relative_hi, len(difference), seen.units)


def _share_of(edge: float, before: float, mean: float) -> float:
    if before != 0:
        return edge / before
    return math.copysign(math.inf, mean) if mean != 0 else 0.0
