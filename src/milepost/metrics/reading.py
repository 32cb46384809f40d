"""What a metric's function gives back: a value, the rows behind it, and its interval if it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from milepost.metrics.answers import Answers
from milepost.stats.intervals import Interval, mean_interval

FEWEST = 10  # events, non-events, and rows in a denominator: with fewer no interval is shown


@dataclass(frozen=True, slots=True)
class Settings:
    """What a measurement may be told beside the answers.

    Attributes:
        level: of the interval, a share.
        seed: of an interval that needs chance.
        quantile: which quantile the quantile loss judges, in 0..1.
    """

    level: float = 0.95
    seed: int = 0
    quantile: float = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric read off some answers.

    Attributes:
        value: the number; None where it does not exist.
        interval: computes the interval; asked only where the rows can carry one.
        method: what the interval is, a clause for people.
        counted: bool, shape (rows,): the denominator; None = all rows.
        of: what the counted rows are, a plural for a sentence.
        why: why there is no value or no interval, a sentence; None where nothing stands against them.
    """

    value: float | None
    interval: Callable[[], Interval]
    method: str
    counted: np.ndarray | None = None
    of: str = "rows"
    why: str | None = None


Read = Callable[[Answers, Settings], Reading]


def nothing(why: str, *, counted: np.ndarray | None = None) -> Reading:
    """Return a reading without a value."""
    return Reading(None, _no_interval, "", counted, why=why)


def _no_interval() -> Interval:
    raise AssertionError("a reading without a value has no interval")


def mean_reading(
    values: np.ndarray, clusters: np.ndarray | None, settings: Settings, *, positive: bool = True
) -> Reading:
    """Return the reading of a mean over rows.

    Args:
        values: the quantity of each row, shape (rows,).
        clusters: unit of each row; None = independent rows.
        settings: level of the interval.
        positive: the values cannot be negative.
    """
    same = len(values) > 1 and float(np.ptp(values)) == 0
    by = "rows" if clusters is None else "clusters"
    return Reading(
        float(values.mean()),
        lambda: mean_interval(values, clusters=clusters, level=settings.level, positive=positive),
        f"t interval bent by the skewness (Hall), error from the {by}",
        why="Every row gives the same number, so the data do not show how far it may vary." if same else None,
    )
