"""Criteria that were changed after the test rows had been seen: with hindsight a limit can always be met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.ground.errors import MilepostError
from milepost.ground.text import listed
from milepost.problem.criteria import Criterion


@dataclass(frozen=True, slots=True)
class CriteriaChange:
    """How the criteria differ from those that were there before anybody had seen the test rows.

    Attributes:
        before: the criteria of the first verdict on these rows, each as "accuracy >= 0.80".
        is_harmless: whether whoever meets the criteria now meets those before too.
        says: what changed and what follows from it, sentences.
    """

    before: tuple[str, ...]
    is_harmless: bool
    says: str


def criteria_change(
    before: Sequence[str], now: Sequence[Criterion], *, other_terms: Sequence[str] = ()
) -> CriteriaChange | None:
    """Return how the criteria changed since the test rows were first seen; None where they say the same.

    What counts is the first verdict on the rows: only its criteria were written without knowing them. So going back to
    those is no change, whatever was tried in between.

    Harmless is what can't turn a verdict into "met": each criterion before is still there, or a stricter one of the
    same metric and side stands for it. Further criteria may be added to some, but not to none: a contract without
    criteria is never met, so its first criterion is one that was chosen by what the rows had shown. Loosened or removed
    criteria, another metric, and other terms under the same limit (target, positive class, money) are not harmless.

    Args:
        before: criteria of the first verdict on the rows, each as "accuracy >= 0.80".
        now: the contract's.
        other_terms: keys of the contract that decide what a criterion measures, and have changed.

    >>> criteria_change(["accuracy >= 0.95"], [Criterion("accuracy", ">=", 0.75)]).is_harmless
    False
    """
    if sorted(before) == sorted(criterion.text for criterion in now) and not other_terms:
        return None
    stricter = bool(before) and not other_terms and all(_is_kept(old, now) for old in before)
    told = listed(before) or "none"
    told += f"; and other {listed(other_terms)}" if other_terms else ""
    if stricter:
        says = (
            f"Nothing was made easier after these test rows had been seen (before: {told}): "
            "each earlier criterion still stands, or a stricter one stands for it."
        )
    else:
        what = "What the criteria measure was" if other_terms else "The criteria were"
        says = (
            f"{what} changed after these test rows had been seen (before: {told}): "
            "with hindsight a limit can always be met. "
            "Judge the new limits on new rows, or let somebody decide with a reason."
        )
    return CriteriaChange(tuple(before), stricter, says)


def _is_kept(old: str, now: Sequence[Criterion]) -> bool:
    """Return whether some criterion of now can't hold unless the old one does."""
    metric, _, bound = old.partition(" ")
    try:
        was = Criterion.parse(metric, bound, where="the history")
    except MilepostError:  # a metric that later versions do not know: nothing can stand for it
        return False
    return any(_implies(criterion, was) for criterion in now)


def _implies(new: Criterion, old: Criterion) -> bool:
    if (new.metric, new.is_lower_bound) != (old.metric, old.is_lower_bound):
        return False
    # the old one holds at the new threshold; or both exclude that very number
    return old.holds(new.threshold) or (new.threshold == old.threshold and new.sense == old.sense)
