"""Promote and roll back: the only place that does.

The history is the truth; the registry's aliases are its projection and follow after the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.registry.aliases import repair_aliases
from milepost.registry.champions import PROMOTED, ROLLED_BACK, champion_of, ever_champion, line_of_champions
from milepost.registry.decisions import Decision, Entry
from milepost.registry.history import History, append_if
from milepost.registry.store import Store

Outcome = Literal["met", "not met", "can't tell yet"]


def promote(
    bundle_id: str,
    *,
    verdict: Outcome,
    caveat: str = "",
    parity_rows: int | None = None,
    reason: str | None = None,
    who: str,
    store: Store,
    history: History,
    clock: Clock = wall_clock,
) -> Decision | None:
    """Return the decision that made the bundle champion; None if it already was.

    Args:
        bundle_id: the bundle, known to the registry.
        verdict: of this bundle, over all criteria.
        caveat: why the verdict may not hold today, a clause; it is written down with it.
        parity_rows: rows that a service answered like the bundle in memory before; None where none was asked.
        reason: why, in words; needed where the verdict is not "met".
        who: the person or the program that promotes.
        store: the registry, whose aliases follow.
        history: where it is written.
        clock: gives the time.

    Raises:
        MilepostError: the verdict is not met and no reason is given, or the registry has no such bundle.
        EnvironmentFault: a store refused.
    """
    reason = (reason or "").strip()
    if verdict != "met" and not reason:
        raise MilepostError(
            f"Bundle {bundle_id} may not answer yet: its verdict is “{verdict}”.",
            where=f"bundle {bundle_id} of {store.name}",
            fix="Give the reason for promoting it all the same, in words: --reason '…'",
        )
    version = _version(bundle_id, store)

    def choose(past: tuple[Decision, ...]) -> Sequence[Entry]:
        before = champion_of(past, store.name)
        if before == bundle_id:
            return []
        but = f", but {caveat}" if caveat else ""
        says = f"{who} promoted bundle {bundle_id} (version {version}); its verdict is “{verdict}”{but}."
        figures = {"version": version, "previous": before, "who": who, "reason": reason, "verdict": verdict}
        figures |= {"caveat": caveat} if caveat else {}
        figures |= {"parity_rows": parity_rows} if parity_rows else {}
        return [Entry(PROMOTED, store.name, says + _because(reason), bundle_id, figures)]

    written = append_if(history, choose, clock=clock)
    repair_aliases(store=store, history=history)
    return written[0] if written else None


def promote_first(
    bundle_id: str,
    *,
    verdict: Outcome,
    by_hindsight: bool = False,
    parity_rows: int | None = None,
    who: str,
    store: Store,
    history: History,
    clock: Clock = wall_clock,
) -> Decision | None:
    """Return the decision that made the bundle champion because there was none; None if it stays a challenger.

    It stays one where another bundle is champion already, its verdict is not "met", or the criteria of its verdict were
    changed after the test rows had been seen: then a person has to decide.

    Raises:
        MilepostError: the registry has no such bundle.
        EnvironmentFault: a store refused.
    """
    version = _version(bundle_id, store)

    def choose(past: tuple[Decision, ...]) -> Sequence[Entry]:
        if verdict != "met" or by_hindsight or champion_of(past, store.name):
            return []
        says = f"Bundle {bundle_id} (version {version}) is the first champion; its verdict is “met”."
        figures = {"version": version, "previous": None, "who": who, "reason": "", "verdict": verdict}
        figures |= {"parity_rows": parity_rows} if parity_rows else {}
        return [Entry(PROMOTED, store.name, says, bundle_id, figures)]

    written = append_if(history, choose, clock=clock)
    repair_aliases(store=store, history=history)
    return written[0] if written else None


def rollback(
    to: str | None = None,
    *,
    reason: str | None = None,
    who: str,
    store: Store,
    history: History,
    clock: Clock = wall_clock,
) -> Decision:
    """Return the decision that made an earlier champion answer again.

    Args:
        to: bundle_id of an earlier champion; None goes back to the one before the present one.
        reason: why, in words.
        who: the person or the program that rolls back.
        store: the registry, whose aliases follow.
        history: where it is written.
        clock: gives the time.

    Raises:
        MilepostError: there is no such earlier champion, or the registry lost it.
        EnvironmentFault: a store refused.
    """
    reason = (reason or "").strip()

    def choose(past: tuple[Decision, ...]) -> Sequence[Entry]:
        target, before = _earlier(past, to, store), champion_of(past, store.name)
        version = _version(target, store)
        says = f"{who} rolled back from bundle {before} to {target} (version {version})."
        figures = {"version": version, "previous": before, "who": who, "reason": reason}
        return [Entry(ROLLED_BACK, store.name, says + _because(reason), target, figures)]

    written = append_if(history, choose, clock=clock)
    repair_aliases(store=store, history=history)
    return written[0]


def _earlier(past: Sequence[Decision], to: str | None, store: Store) -> str:
    line = line_of_champions(past, store.name)
    if to is None:
        if len(line) < 2:
            raise MilepostError(
                "There is no earlier champion to go back to.",
                where=f"the history of {store.name}",
                fix="Name one that was champion once, or promote another bundle.",
            )
        return line[-2]
    earlier = [bundle for bundle in ever_champion(past, store.name) if bundle != line[-1]]
    if to not in earlier:
        raise UnknownNameError("earlier champion", to, known=earlier, where=f"the history of {store.name}")
    return to


def _because(reason: str) -> str:
    return f" Reason: {reason}" if reason else ""


def _version(bundle_id: str, store: Store) -> int:
    version = store.version_of(bundle_id)
    if version is None:
        raise MilepostError(
            f"The registry holds no version of bundle {bundle_id}.",
            where=store.where,
            fix="Run: milepost train",
        )
    return version
