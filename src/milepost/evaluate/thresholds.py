"""Where to act: the threshold with the most money among those that meet every criterion out of fold.

The threshold in use is chosen on all out-of-fold answers. What is shown of it, and of every other threshold that a
search found, was measured on answers that did not choose it: the best of many candidates flatters itself. Only whether
some threshold meets every criterion is told by all answers, for that says which search is measured: the most money
among those that meet them, or the most money of all. Where no threshold meets them in a fold's search, it takes the
nearest to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from milepost.evaluate.cross_fitting import (
    OutOfFold,
    Select,
    act_across,
    act_from,
    allowing_for_choice,
    measured_once,
)
from milepost.evaluate.sweep import Sweep
from milepost.evaluate.threshold_words import sentences
from milepost.metrics.answers import Answers
from milepost.metrics.measure import Measured
from milepost.problem.criteria import Criterion

DRAWN = 200
SHOWN = ("accuracy", "recall", "precision", "positive_rate")  # of every threshold, beside what the contract names
USUAL = 0.5


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """One threshold, and what it brought on development rows that did not choose it.

    Attributes:
        at: act where P(positive) >= at; chosen on all out-of-fold answers.
        role: why this row is shown ("chosen", "most money", "best with accuracy >= 0.80", "0.5", or
            "0.5, over the capacity").
        figures: metric name -> what was measured: each fold is acted on from the threshold that the same search
            finds on the other folds (where folds follow in time, on those answers of earlier ones that were known when
            it begins). The interval is for the threshold in use, so it also holds how far the choice moves it.
        value: money per 1,000 rows, measured alike; None where no value is declared.
        meets: for each criterion in the contract's order whether the measured value holds it; None where no threshold
            changes it, or where no row could be kept from choosing.
    """

    at: float
    role: str
    figures: dict[str, Measured]
    value: Measured | None
    meets: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """The threshold and why.

    Attributes:
        at: act where P(positive) >= at.
        meets_all: whether some threshold meets every criterion on all out-of-fold answers.
        says: the reason with its numbers.
        rows: the table of notable thresholds, the chosen one first; where criteria collide it shows what each would
            cost.
        curve_at, curve_value, curve_figures: thresholds in 0..1 and what each would bring on all out-of-fold answers,
            for drawing; money per row.
        swept: how many development rows these answers are of, each counted once; the table's rows are fewer where folds
            follow in time, for nobody chose for the first.
    """

    at: float
    meets_all: bool
    says: str
    rows: tuple[ThresholdRow, ...]
    curve_at: tuple[float, ...]
    curve_value: tuple[float, ...]
    curve_figures: dict[str, tuple[float, ...]]
    swept: int

    @property
    def holds_up(self) -> bool:
        """Return whether the chosen threshold keeps every criterion on rows that did not choose it."""
        is_measured = self.rows[0].figures["accuracy"].rows > 0
        return self.meets_all and is_measured and all(held is not False for held in self.rows[0].meets)


@dataclass(frozen=True, slots=True)
class _Search:
    """Ways to choose one candidate of a sweep.

    Attributes:
        criteria: the contract's; those that no threshold changes are passed over.
        most_positives: largest share of rows that can be acted on; None where there is no limit.
    """

    criteria: tuple[Criterion, ...]
    most_positives: float | None

    def within_capacity(self, candidates: Sweep) -> np.ndarray:
        """Return which candidates act on few enough, bool; the one that acts on nobody always does."""
        if self.most_positives is None:
            return np.ones(len(candidates.at), dtype=bool)
        return np.asarray(candidates.figures["positive_rate"] <= self.most_positives)

    def meeting_all(self, candidates: Sweep) -> np.ndarray:
        """Return which candidates meet every criterion within the capacity, bool."""
        held = [met for one in self.criteria if (met := candidates.meets(one)) is not None]
        return np.asarray(np.logical_and.reduce([self.within_capacity(candidates), *held]))

    def with_all(self, candidates: Sweep) -> int:
        """Return the most wanted candidate of those that meet every criterion; where none does, the nearest to it."""
        allowed = self.meeting_all(candidates)
        if allowed.any():
            return _best(self.wanted(candidates), allowed)
        margin = _least_clearance(self.criteria, candidates)
        return _best(candidates.objective if margin is None else margin, self.within_capacity(candidates))

    def with_none(self, candidates: Sweep) -> int:
        """Return the most wanted candidate, whether or not it meets the criteria."""
        return _best(self.wanted(candidates), self.within_capacity(candidates))

    def wanted(self, candidates: Sweep) -> np.ndarray:
        """Return what the contract wants most: money, else to clear the criteria, else accuracy."""
        margin = None if candidates.value is not None else _least_clearance(self.criteria, candidates)
        return candidates.objective if margin is None else margin

    def by_objective(self, candidates: Sweep) -> int:
        """Return the candidate with the most money, or without money the highest accuracy, whatever the criteria."""
        return _best(candidates.objective, self.within_capacity(candidates))

    def with_one(self, criterion: Criterion) -> Select:
        """Return the search for what clears the other criteria best among the candidates that meet this one."""
        others = [other for other in self.criteria if other is not criterion]

        def select(candidates: Sweep) -> int:
            within = self.within_capacity(candidates)
            met, margin = candidates.meets(criterion), candidates.clearance(criterion)
            assert met is not None
            assert margin is not None
            if not (met & within).any():
                return _best(margin, within)
            wanted = _least_clearance(others, candidates)
            return _best(candidates.objective if wanted is None else wanted, met & within)

        return select


def choose_threshold(
    given: OutOfFold, *, criteria: Sequence[Criterion], most_positives: float | None = None, currency: str = ""
) -> ThresholdChoice:
    """Return the threshold with the most money among those that meet every criterion that depends on it.

    Where none meets them all, it is the one with the most money, and the rows show what each criterion would cost.
    Without declared money, the threshold that clears the criteria by the most is chosen; without criteria too,
    the one with the highest accuracy.

    Args:
        given: out-of-fold answers.
        criteria: the contract's; those that no threshold changes (roc_auc) are passed over.
        most_positives: largest share of rows that can be acted on; None where there is no limit.
        currency: for the sentence.
    """
    search, candidates = _Search(tuple(criteria), most_positives), given.sweep()
    meets_all = bool(search.meeting_all(candidates).any())
    rows = tuple(_notable(given, candidates, search, search.with_all if meets_all else search.with_none))
    drawn = np.unique(np.linspace(0, len(candidates.at) - 1, DRAWN).round().astype(int))
    held = zip(criteria, rows[0].meets, strict=True)
    moved = [(one, bool(is_met)) for one, is_met in held if candidates.of(one.metric) is not None]
    figures = {**rows[0].figures, **({"value": rows[0].value} if rows[0].value else {})}
    return ThresholdChoice(
        at=rows[0].at,
        meets_all=meets_all,
        says=sentences(
            rows[0].at,
            moved,
            figures,
            meets_all=meets_all,
            has_money=candidates.value is not None,
            currency=currency,
            most_positives=most_positives,
        ),
        rows=rows,
        curve_at=tuple(candidates.at[drawn].tolist()),
        curve_value=() if candidates.value is None else tuple(candidates.value[drawn].tolist()),
        curve_figures={name: tuple(values[drawn].tolist()) for name, values in candidates.figures.items()},
        swept=given.rows,
    )


def pick_threshold(
    given: OutOfFold, *, criteria: Sequence[Criterion], meeting_all: bool, most_positives: float | None = None
) -> float:
    """Return the threshold of a model that is shown beside the chosen one, found by the same search.

    Args:
        given: its out-of-fold answers.
        criteria: the contract's.
        meeting_all: whether the chosen model's search was for the criteria or, where it cannot meet them, for money.
            Where only this model cannot meet them, it takes the nearest to it.
        most_positives: as for choose_threshold.
    """
    search, candidates = _Search(tuple(criteria), most_positives), given.sweep()
    select = search.with_all if meeting_all else search.with_none
    return float(candidates.at[select(candidates)])


def _notable(given: OutOfFold, candidates: Sweep, search: _Search, chosen: Select) -> Iterator[ThresholdRow]:
    """Give the chosen threshold, the best without criteria, for each criterion the best of the others, and 0.5."""
    searches: list[tuple[str, Select]] = [("chosen", chosen)]
    searches.append(("highest accuracy" if candidates.value is None else "most money", search.by_objective))
    within = search.within_capacity(candidates)
    for criterion in search.criteria:
        met = candidates.meets(criterion)
        if met is not None and (met & within).any():
            searches.append((f"best with {criterion.text}", search.with_one(criterion)))
    places = [select(candidates) for _, select in searches]
    seen: set[float] = set()
    for (role, _), place, acted in zip(
        searches, places, act_across(given, [select for _, select in searches]), strict=True
    ):
        at = float(candidates.at[place])
        if at not in seen:
            seen.add(at)
            yield _row(at, role, acted, given, search.criteria, candidates)
    if USUAL not in seen:
        flagged, most = float((given.probability >= USUAL).mean()), search.most_positives
        role = "0.5" if most is None or flagged <= most else "0.5, over the capacity"
        yield _row(USUAL, role, act_from(given, USUAL), given, search.criteria, candidates)


def _row(
    at: float, role: str, acted: Answers, given: OutOfFold, criteria: Sequence[Criterion], candidates: Sweep
) -> ThresholdRow:
    moved = [one.metric for one in criteria if candidates.of(one.metric) is not None]
    names = dict.fromkeys([*SHOWN, *moved, *(["value"] if acted.value is not None else [])])
    own = act_from(given, at)
    measured = {name: allowing_for_choice(measured_once(name, acted, given.repeats), own) for name in names}
    meets = tuple(_holds(one, measured.get(one.metric)) for one in criteria)
    value = measured.pop("value", None)
    return ThresholdRow(at, role, measured, value, meets)


def _holds(criterion: Criterion, measured: Measured | None) -> bool | None:
    """Return whether a measured value holds a criterion; None where no threshold changes it, or no row can tell."""
    if measured is None or not measured.rows:
        return None
    return measured.value is not None and criterion.holds(measured.value)


def _least_clearance(criteria: Sequence[Criterion], candidates: Sweep) -> np.ndarray | None:
    """Return by how much the tightest criterion is cleared at each candidate; None where no threshold changes any.

    A criterion that is missed by the same everywhere does not hide how near the others are.
    """
    margins = [margin for one in criteria if (margin := candidates.clearance(one)) is not None and np.ptp(margin) > 0]
    return np.asarray(np.min(margins, axis=0)) if margins else None


def _best(wanted: np.ndarray, allowed: np.ndarray) -> int:
    return int(np.argmax(np.where(allowed, wanted, -np.inf)))
