"""Looks at the test rows, counted in the history: each bundle that is judged on a split is one look.

At look k intervals are at 1 - 0.05 / k; a repeat of the same split and bundle is no new look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.text import counted
from milepost.registry.champions import VERDICT
from milepost.registry.decisions import Decision, Entry
from milepost.registry.history import History, append_if, read_history

LOOKED = "looked"


@dataclass(frozen=True, slots=True)
class Look:
    """One bundle's look at one split.

    Attributes:
        number: how many bundles had been judged on the split when this one first was, itself included.
        is_new: whether the look was recorded just now.
    """

    number: int
    is_new: bool


def looks(history: History, split_hash: str) -> int:
    """Return how many bundles have been judged on the split, whatever the problem was called.

    Raises:
        EnvironmentFault: the store refused.
    """
    return len(_judged(read_history(history, kinds=[LOOKED]), split_hash))


def record_look(history: History, *, split_hash: str, bundle_id: str, problem: str, clock: Clock = wall_clock) -> Look:
    """Return which look at the split this bundle has; to be called before the test targets are opened.

    Args:
        history: where looks are counted.
        split_hash: hash of the whole split.
        bundle_id: what will be judged.
        problem: the problem's name.
        clock: gives the time of a new look.

    Raises:
        EnvironmentFault: the store refused; then the test rows must stay closed.
    """
    earlier: tuple[str, ...] = ()

    def choose(past: tuple[Decision, ...]) -> Sequence[Entry]:
        nonlocal earlier
        earlier = _judged(past, split_hash)
        return [] if bundle_id in earlier else [_entry(len(earlier) + 1, split_hash, bundle_id, problem)]

    if append_if(history, choose, clock=clock):
        return Look(len(earlier) + 1, is_new=True)
    return Look(earlier.index(bundle_id) + 1, is_new=False)


def verdicts_on(history: History, split_hash: str) -> tuple[Decision, ...]:
    """Return the verdicts given on the split, first first, whatever the problem was called.

    Raises:
        EnvironmentFault: the store refused.
    """
    given = read_history(history, kinds=[VERDICT])
    return tuple(decision for decision in given if decision.figures.get("split") == split_hash)


def _judged(past: Sequence[Decision], split_hash: str) -> tuple[str, ...]:
    """Return the bundles judged on the split, in the order of their looks."""
    return tuple(
        decision.bundle_id
        for decision in past
        if decision.kind == LOOKED and decision.bundle_id and decision.figures.get("split") == split_hash
    )


def _entry(look: int, split_hash: str, bundle_id: str, problem: str) -> Entry:
    return Entry(
        LOOKED,
        problem,
        f"Bundle {bundle_id} is judged on the test rows of split {split_hash[:16]}, "
        f"which {counted(look, 'bundle has', 'bundles have')} now seen.",
        bundle_id,
        {"split": split_hash, "look": look},
    )
