"""What the decisions earned: the declared value of each row, as a mean and per 1,000 rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from milepost.ground.text import counted
from milepost.metrics.answers import Answers
from milepost.metrics.reading import FEWEST, Reading, Settings, mean_reading, nothing
from milepost.stats.intervals import Interval

PER_ROWS = 1000


def value_per_row(answers: Answers, settings: Settings) -> Reading:
    """Return the mean value of a row, in the problem's currency."""
    if answers.value is None:
        return nothing("The problem declares no [value], so money cannot be counted.")
    known = np.isfinite(answers.value)  # an amount that depends on a missing cell is missing
    if not known.any():
        return nothing("The value of every row depends on a missing cell.", counted=known)
    amounts = answers.value[known]
    clusters = None if answers.clusters is None else answers.clusters[known]
    reading = mean_reading(amounts, clusters, settings, positive=False)
    return replace(reading, counted=known, of="rows whose value is known", why=reading.why or _too_few_carry(amounts))


def _too_few_carry(amounts: np.ndarray) -> str | None:
    """Return why the mean of amounts rests on too few of them: how great the next ones are is then unknown."""
    mean = amounts.mean()
    fewer = min(int((amounts > mean).sum()), int((amounts < mean).sum()))
    if fewer >= FEWEST:
        return None
    return f"Only {counted(fewer, 'row')} lie on one side of the mean; an interval needs at least {FEWEST}."


def value(answers: Answers, settings: Settings) -> Reading:
    """Return what 1,000 such rows earn, in the problem's currency."""
    one = value_per_row(answers, settings)
    if one.value is None:
        return one

    def interval() -> Interval:
        inner = one.interval()
        return Interval(PER_ROWS * inner.lo, PER_ROWS * inner.hi, inner.level)

    return replace(one, value=PER_ROWS * one.value, interval=interval)
