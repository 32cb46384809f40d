"""A metric measured on answers: the value, its interval, or in plain words why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milepost.ground.errors import MilepostError
from milepost.ground.text import count, counted, listed
from milepost.metrics.answers import Answers
from milepost.metrics.decisions import label_of
from milepost.metrics.names import metrics_for
from milepost.metrics.reading import FEWEST, Reading, Settings
from milepost.metrics.table import Metric, metric
from milepost.stats.intervals import Interval
from milepost.stats.spread import FEWEST_UNITS, units_in


@dataclass(frozen=True, slots=True)
class Measured:
    """What one metric says of some answers.

    Attributes:
        metric: its name in the table of metrics.
        value: the number, in the metric's unit; None where it does not exist (0/0).
        interval: None where the rows cannot carry one; then why says so.
        rows: how many rows were judged.
        events: binary: rows that are positive. Several classes: rows outside the most frequent class.
            None for numbers.
        why: why there is no value or no interval, a sentence; None where there are both.
        denominator: how many rows the value is a share or mean of (recall: the positives); for an average over
            classes, rows of the rarest one.
        method: how the interval was made, a clause; empty where there is none.
    """

    metric: str
    value: float | None
    interval: Interval | None
    rows: int
    events: int | None
    why: str | None
    denominator: int
    method: str


def measure(name: str, answers: Answers, *, level: float = 0.95, seed: int = 0, quantile: float = 0.5) -> Measured:
    """Return a metric of some answers with its interval.

    An interval needs at least ten events and ten non-events among the rows, ten rows in the denominator, and ten
    independent units where rows are clustered.

    Args:
        name: a metric of the table, or another spelling of it.
        answers: what was answered about rows whose truth is known; none at all is allowed.
        level: of the interval, a share.
        seed: of the intervals that need chance; the same seed gives the same interval.
        quantile: which quantile "quantile_loss" judges, in 0..1.

    Raises:
        UnknownNameError: no metric is called so.
        MilepostError: the metric cannot judge this task.
    """
    chosen = _fitting(metric(name, where="measure"), answers)
    rows, events = len(answers.truth), _events(answers)
    if rows == 0:
        return Measured(chosen.name, None, None, 0, events, "There are no rows to judge.", 0, "")
    reading = chosen.read(answers, Settings(level, seed, quantile))
    denominator = rows if reading.counted is None else int(reading.counted.sum())
    why = reading.why or _too_little(answers, reading, denominator, events)
    if why is not None:
        return Measured(chosen.name, reading.value, None, rows, events, why, denominator, "")
    interval = _inside(reading.interval(), chosen)
    return Measured(chosen.name, reading.value, interval, rows, events, None, denominator, reading.method)


def _fitting(chosen: Metric, answers: Answers) -> Metric:
    if answers.task in chosen.tasks:
        return chosen
    choices = listed([row.name for row in metrics_for(answers.task)], most=30)
    raise MilepostError(
        f"{chosen.name!r} cannot judge a {answers.task} task.", where="measure", fix=f"Choose one of: {choices}."
    )


def _events(answers: Answers) -> int | None:
    """Return how many rows are the rarer thing to happen."""
    if answers.task == "regression":
        return None
    if answers.task == "binary":
        return int((answers.truth == 1).sum())
    return len(answers.truth) - int(np.bincount(answers.truth.astype(np.int64), minlength=1).max())


def _too_little(answers: Answers, reading: Reading, denominator: int, events: int | None) -> str | None:
    """Return why the rows cannot carry an interval, or None if they can."""
    rows = len(answers.truth)
    needs = f"an interval needs at least {FEWEST}."
    if events is not None and min(events, rows - events) < FEWEST:
        if answers.task == "binary":
            rare = label_of(answers, 1 if events <= rows - events else 0)
            return f"Only {min(events, rows - events)} of {counted(rows, 'row')} are {rare}; {needs}"
        return f"Only {count(events)} of {counted(rows, 'row')} are outside the most frequent class; {needs}"
    if denominator < FEWEST:
        return f"There are only {denominator} {reading.of}; {needs}"
    counts = np.ones(rows, dtype=bool) if reading.counted is None else reading.counted
    units = units_in(answers.clusters, counts)
    if units < FEWEST_UNITS:
        return f"The {reading.of} come from only {counted(units, 'independent unit')}; {needs}"
    return None


def _inside(interval: Interval, chosen: Metric) -> Interval:
    """Return the interval cut to the values that the metric can take."""
    return Interval(max(interval.lo, chosen.lowest), min(interval.hi, chosen.highest), interval.level)
