"""Measure a way of choosing a threshold on rows that did not choose: choose on some folds, act on another.

answers     a b c d e f     fold 0 0 1 1 2 2
for fold 1  choose by a b e f, act on c d       (folds in time: choose by a b alone, as far as known when c begins)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from milepost.data.folds import Folds
from milepost.evaluate.sweep import MONEY, Sweep, sweep
from milepost.evaluate.value import Stakes
from milepost.ground.text import counted
from milepost.metrics.answers import Answers
from milepost.metrics.decisions import label_of
from milepost.metrics.measure import Measured, measure
from milepost.metrics.names import METRIC_NAMES
from milepost.metrics.reading import FEWEST, Settings
from milepost.metrics.table import METRICS
from milepost.models.out_of_fold import each_fold, validated
from milepost.stats.intervals import Interval, normal_quantile

Select = Callable[[Sweep], int]  # which candidate of a sweep is chosen


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Out-of-fold answers of a binary task, and which of them may choose for which.

    Attributes:
        probability: P(positive), shape (answers,).
        truth: 0 or 1, shape (answers,).
        parts: for each fold that others may choose for: positions of the answers that choose, and of the fold's own.
        stakes: money of each cell for each answer; None where no value is declared.
        clusters: the unit of each answer, int, shape (answers,); None where answers are independent.
        repeats: how many answers there are to each row, 1 or more.
        labels: (negative, positive).
    """

    probability: np.ndarray
    truth: np.ndarray
    parts: tuple[tuple[np.ndarray, np.ndarray], ...]
    stakes: Stakes | None = None
    clusters: np.ndarray | None = None
    repeats: int = 1
    labels: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return how many rows the answers are of, each counted once."""
        return round(len(self.truth) / self.repeats)

    def sweep(self, positions: np.ndarray | None = None) -> Sweep:
        """Return every candidate threshold of the answers at positions; of all where None."""
        if positions is None:
            return sweep(self.probability, self.truth, self.stakes)
        stakes = None if self.stakes is None else self.stakes.rows(positions)
        return sweep(self.probability[positions], self.truth[positions], stakes)


def out_of_fold(
    answers: np.ndarray,
    truth: np.ndarray,
    folds: Folds,
    *,
    stakes: Stakes | None = None,
    labels: tuple[str, ...] = (),
) -> OutOfFold:
    """Return the validated answers, and for each fold which of them may choose for it.

    Args:
        answers: P(positive), shape (repeats, rows, 1); NaN where a row was not validated.
        truth: 0 or 1, shape (rows,).
        folds: that the answers come from.
        stakes: money of each cell for each row; None where no value is declared.
        labels: (negative, positive).
    """
    given, rows = validated(answers)
    there = ~np.isnan(answers[:, :, 0])
    position = np.full(there.shape, -1)
    position[there] = np.arange(len(rows))
    parts = []
    for repeat, here, others in each_fold(folds):
        choose, act = position[others & there], position[repeat, here & there[repeat]]
        if len(choose) and len(act):  # nobody may choose for the first fold in time
            parts.append((choose, act))
    repeats = len(answers)
    clusters = folds.units[rows] if folds.units is not None else rows if repeats > 1 else None
    return OutOfFold(
        given[:, 0],
        truth[rows],
        tuple(parts),
        None if stakes is None else stakes.rows(rows),
        clusters,
        repeats,
        labels,
    )


def act_across(given: OutOfFold, selects: Sequence[Select]) -> Iterator[Answers]:
    """Give for each way of choosing the decisions that it makes on answers that did not choose.

    Args:
        given: the answers.
        selects: ways of choosing; each sees the same sweeps.
    """
    decisions = np.zeros((len(selects), len(given.truth)), dtype=np.int64)
    for choose, act in given.parts:
        candidates = given.sweep(choose)
        for number, select in enumerate(selects):
            decisions[number, act] = given.probability[act] >= candidates.at[select(candidates)]
    return (decided(given, decision) for decision in decisions)


def act_from(given: OutOfFold, at: float) -> Answers:
    """Return what one fixed threshold decides, on the same answers as act_across."""
    return decided(given, (given.probability >= at).astype(np.int64))


def decided(given: OutOfFold, decision: np.ndarray) -> Answers:
    """Return the answers that some others chose for, with their decisions and the money these brought.

    Args:
        given: the answers.
        decision: 0 or 1, shape (answers,).
    """
    judged = np.sort(np.concatenate([act for _, act in given.parts])) if given.parts else np.array([], dtype=np.int64)
    truth, decision = given.truth[judged], decision[judged]
    return Answers(
        task="binary",
        truth=truth,
        prediction=given.probability[judged],
        decision=decision,
        labels=given.labels,
        value=None if given.stakes is None else given.stakes.rows(judged).brought(truth, decision),
        clusters=None if given.clusters is None else given.clusters[judged],
    )


def measured_once(name: str, answers: Answers, repeats: int) -> Measured:
    """Return a metric of answers that hold each row several times, its counts in rows.

    Args:
        name: of the metric.
        answers: with the row, or something larger, as the cluster where repeats are more than one.
        repeats: how often each row was answered, 1 or more.
    """
    seen = measure(name, answers)
    if repeats == 1 or seen.events is None:
        return seen
    rows, events, denominator = (round(n / repeats) for n in (seen.rows, seen.events, seen.denominator))
    once = replace(seen, rows=rows, events=events, denominator=denominator)
    why = None if seen.value is None else _too_few(once, answers, repeats)
    return once if why is None else replace(once, interval=None, why=why, method="")


def _too_few(once: Measured, answers: Answers, repeats: int) -> str | None:
    """Return why rows, each counted once, cannot carry an interval; None if they can, or if another reason stands."""
    needs = f"an interval needs at least {FEWEST}."
    events = once.events or 0
    rarer = min(events, once.rows - events)
    if rarer < FEWEST:
        rare = label_of(answers, 1 if rarer == events else 0)
        return f"Only {rarer} of {counted(once.rows, 'row')} are {rare}; {needs}"
    if once.denominator < FEWEST:
        return f"There are only {once.denominator} {METRICS[once.metric].read(answers, Settings()).of}; {needs}"
    if once.metric in MONEY and answers.value is not None:
        amounts = answers.value[~np.isnan(answers.value)]
        sides = np.count_nonzero(amounts > amounts.mean()), np.count_nonzero(amounts < amounts.mean())
        if max(sides) and (fewer := round(min(sides) / repeats)) < FEWEST:
            return f"Only {counted(fewer, 'row')} lie on one side of the mean; {needs}"
    return None


def allowing_for_choice(seen: Measured, own: Answers) -> Measured:
    """Return a cross-fitted measure with an interval that holds for the threshold in use.

    Each fold was acted on from a threshold of its own, so the rows alone do not say how far the one in use lies from
    the figure. What it brings on the same rows differs from the figure by one draw of that distance, whose square
    stands for its variance beside that of the rows.

    Args:
        seen: what the cross-fitted decisions brought.
        own: the decisions of the threshold in use on the same rows.
    """
    if seen.interval is None or seen.value is None:
        return seen
    at_once = METRICS[seen.metric].read(own, Settings()).value
    if at_once is None:
        return replace(seen, interval=None, why="On all rows the threshold in use brings no such figure.")
    if at_once == seen.value:
        return seen
    known, level = METRIC_NAMES[seen.metric], seen.interval.level
    reach = normal_quantile(level) * abs(at_once - seen.value)
    lo = seen.value - math.hypot(seen.value - seen.interval.lo, reach)
    hi = seen.value + math.hypot(seen.interval.hi - seen.value, reach)
    return replace(
        seen,
        interval=Interval(max(lo, known.lowest), min(hi, known.highest), level),
        method=f"{seen.method}, and how far the choice of the threshold moves it",
    )
