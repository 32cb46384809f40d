"""Which bundle the history lets answer, as the service's state."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.ground.workspace import Workspace
from milepost.registry.account import account_of
from milepost.registry.champions import PROMOTED, ROLLED_BACK, VERDICT, challenger_of, champion_of
from milepost.registry.decisions import Decision
from milepost.registry.history import read_history
from milepost.registry.names import resolve
from milepost.registry.store import Store
from milepost.serve.state import Named, State


def followed_state(workspace: Workspace, store: Store, *, with_challenger: bool) -> State | None:
    """Return what the history says; None where nothing was ever promoted.

    Args:
        workspace: of the problem; bundles that are not there are fetched into it.
        store: the registry of the problem; asked only for bundles that are not in the workspace.
        with_challenger: whether the challenger is asked too.

    Raises:
        MilepostError: a bundle is damaged, and the registry has no better one.
        EnvironmentFault: a store failed.
    """
    past = read_history(workspace.history, problem=store.name)
    champion = champion_of(past, store.name)
    if champion is None:
        return None
    challenger = challenger_of(past, store.name) if with_challenger else None
    return State(
        _named(champion, past, workspace, store), _named(challenger, past, workspace, store) if challenger else None
    )


def _named(bundle_id: str, past: Sequence[Decision], workspace: Workspace, store: Store) -> Named:
    found = resolve(bundle_id, workspace=workspace, store=store, history=workspace.history)
    folder, account = str(found.path.resolve()), account_of(past, bundle_id)
    made = [one for one in past if one.bundle_id == bundle_id and one.kind in (PROMOTED, ROLLED_BACK)]
    if made:
        newest = made[-1]
        version, since = newest.figures.get("version"), newest.at.isoformat()
        return Named(bundle_id, folder, version, since, newest.says, account=account)
    verdict = next(one for one in reversed(past) if one.bundle_id == bundle_id and one.kind == VERDICT)
    may_answer = _is_earned(verdict)
    standing = "it may answer as a canary" if may_answer else "it is asked as a shadow alone"
    why = f"Its verdict is “{verdict.figures.get('overall')}”, and it is not the champion: {standing}."
    return Named(bundle_id, folder, verdict.figures.get("version"), why=why, may_answer=may_answer, account=account)


def _is_earned(verdict: Decision) -> bool:
    """Return whether a verdict is met, and not only by criteria that were changed after the rows had been seen."""
    changed = verdict.figures.get("changed")
    return verdict.figures.get("overall") == "met" and (changed is None or bool(changed.get("is_harmless")))
