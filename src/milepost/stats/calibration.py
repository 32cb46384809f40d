"""Do probabilities come true: bins of equal count, their bands, and one number for the gap.

bin  1     2     3
mean predicted  0.05  0.20  0.61
share that came 0.04  0.26  0.55     gap 0.01  0.06  0.06
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from milepost.stats.intervals import Interval
from milepost.stats.proportions import proportion_interval
from milepost.stats.spread import totals, units_in

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose predicted probabilities lie next to each other.

    Attributes:
        lo, hi: least and greatest probability in the bin.
        predicted: mean predicted probability.
        came_true: share of the rows for which the event happened.
        rows: how many rows.
        interval: Wilson's, of came_true.
    """

    lo: float
    hi: float
    predicted: float
    came_true: float
    rows: int
    interval: Interval


def reliability(
    happened: np.ndarray,
    probability: np.ndarray,
    *,
    bins: int = BINS,
    clusters: np.ndarray | None = None,
    level: float = 0.95,
) -> tuple[Bin, ...]:
    """Return the bins of a reliability diagram, in the order of the probabilities.

    Args:
        happened: 0 or 1, shape (rows,).
        probability: predicted chance of a 1, same shape.
        bins: how many bins of about equal count; equal probabilities are never parted, so there may be fewer.
        clusters: int unit of each row; None = independent rows.
        level: of the bins' intervals.
    """
    place = bin_places(probability, bins)
    return tuple(
        Bin(
            float(probability[inside].min()),
            float(probability[inside].max()),
            float(probability[inside].mean()),
            float(happened[inside].mean()),
            int(inside.sum()),
            proportion_interval(happened == 1, inside, clusters=clusters, level=level),
        )
        for inside in (place == number for number in range(int(place.max(initial=-1)) + 1))
    )


def bin_places(probability: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Return the bin of each row, 0 upwards without gaps: equal counts, equal probabilities together."""
    if len(probability) == 0:
        return np.zeros(0, dtype=np.int64)
    ordered = np.sort(probability)
    edges = np.unique(ordered[(np.arange(1, bins) * len(ordered)) // bins])
    return np.unique(np.searchsorted(edges, probability, side="right"), return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Gaps:
    """The signed gaps of all bins and how far chance alone may move them.

    Attributes:
        weight: share of the rows in each bin, shape (bins,).
        gap: share that came true minus mean predicted, same shape.
        covariance: of the gaps, shape (bins, bins).
    """

    weight: np.ndarray
    gap: np.ndarray
    covariance: np.ndarray


def gaps(
    happened: np.ndarray, probability: np.ndarray, *, bins: int = BINS, clusters: np.ndarray | None = None
) -> Gaps:
    """Return the gaps of the bins; arguments as for reliability."""
    place = bin_places(probability, bins)
    size = np.bincount(place)
    gap = np.bincount(place, weights=happened - probability) / size
    # a bin in which nothing happened is not certain: the prediction counts like four rows more
    rate = (np.bincount(place, weights=happened) + 4 * np.bincount(place, weights=probability) / size) / (size + 4)
    alone = rate * (1 - rate) / size
    covariance = (
        np.diag(alone) if clusters is None else _clustered(happened - probability - gap[place], place, clusters)
    )
    short = np.maximum(alone - np.diag(covariance), 0.0)  # clusters never make a bin surer than its rows would
    return Gaps(size / size.sum(), gap, covariance + np.diag(short))


def _clustered(residual: np.ndarray, place: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Return the covariance of the bins' mean residuals from how the units' totals vary together."""
    size = np.bincount(place)
    share = residual / size[place]
    inside = [place == number for number in range(len(size))]
    parts = np.stack([totals(np.where(rows, share, 0.0), clusters) for rows in inside])
    units = np.array([units_in(clusters, rows) for rows in inside])
    parts *= np.sqrt(units / np.maximum(units - 1, 1))[:, None]
    return np.asarray((parts[:, None, :] * parts[None, :, :]).sum(axis=2))


def calibration_error(seen: Gaps) -> float:
    """Return the mean absolute gap between predicted and observed shares, less what chance alone adds to it.

    Absolute gaps of small bins are never 0, even when the probabilities are right. So the gap that chance adds is
    estimated as that between the observed gaps and the same gaps seen through chance once more, and taken off.

    Source: Roelofs et al. 2022, "Mitigating bias in calibration error estimation" (debiased, equal counts).
    """
    error = np.sqrt(np.diag(seen.covariance))
    plain = float((seen.weight * np.abs(seen.gap)).sum())
    again = float((seen.weight * _folded_mean(seen.gap, error)).sum())
    return max(0.0, 2 * plain - again)


def _folded_mean(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the expected absolute value of normals with these means and standard errors."""
    ratio = np.abs(mean) / np.maximum(error, 1e-300)
    return np.asarray(
        error * math.sqrt(2 / math.pi) * np.exp(-np.square(np.minimum(ratio, 40.0)) / 2)
        + np.abs(mean) * (1 - 2 * special.ndtr(-ratio))
    )


def calibration_error_interval(seen: Gaps, *, level: float = 0.95, seed: int = 0, draws: int = 2000) -> Interval:
    """Return the interval of the calibration error: the errors under which the observed gaps are not surprising.

    Gaps of the observed shape are made larger and smaller, chance is added, and the mean absolute gap is compared with
    the observed one. It ends at 0 where right probabilities would show such gaps too.

    Args:
        seen: from gaps().
        level: share of data sets in which the interval holds the truth.
        seed: of the chance that is added.
        draws: how many times it is added.
    """
    noise = _noise(seen.covariance, np.random.default_rng(seed), draws)
    observed = float((seen.weight * np.abs(seen.gap)).sum())
    tail = (1 - level) / 2

    def excess(size: float, shape: np.ndarray, share: float) -> float:
        shown = (np.abs(size * shape + noise) * seen.weight).sum(axis=1)
        return float(np.quantile(shown, share)) - observed

    # the observed shape hides least in chance, the even one most: each end takes the one that reaches further
    even = np.ones(len(seen.gap))
    own = seen.gap / observed if observed > 0 else even
    largest = 2 * float((np.abs(noise) * seen.weight).sum(axis=1).max()) + 2 * observed
    lo = _turn(lambda size: excess(size, own, 1 - tail), largest)
    hi = _turn(lambda size: excess(size, even, tail), largest)
    point = calibration_error(seen)
    return Interval(min(lo, point), min(1.0, max(hi, point)), level)


def _noise(covariance: np.ndarray, random: np.random.Generator, draws: int) -> np.ndarray:
    """Return draws of chance with this covariance, shape (draws, bins)."""
    values, vectors = np.linalg.eigh(covariance)
    normal = random.standard_normal((draws, len(values))) * np.sqrt(np.maximum(values, 0.0))
    return np.asarray((normal[:, None, :] * vectors[None, :, :]).sum(axis=2))


def _turn(rising: Callable[[float], float], largest: float) -> float:
    """Return where a rising function turns positive in 0..largest, by halving; 0 where it is positive throughout."""
    if rising(0.0) > 0:
        return 0.0
    lo, hi = 0.0, largest
    for _ in range(30):
        middle = (lo + hi) / 2
        lo, hi = (lo, middle) if rising(middle) > 0 else (middle, hi)
    return hi
