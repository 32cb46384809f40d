"""The registry's aliases "champion" and "challenger": the projection of the history, which is the truth.

They are moved after the decision was written. A process that is killed between the two leaves them behind; a mark in
the workspace says how far they follow, so that a start can tell without asking the registry.

aliases/telco-churn.json  {"decision": 41, "registry": "sqlite:////data/.milepost/mlflow.db"}
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from milepost.ground.errors import EnvironmentFault
from milepost.ground.files import canonical_json, write_text
from milepost.registry.champions import CHALLENGER, CHAMPION, challenger_of, champion_of, saying
from milepost.registry.decisions import Decision
from milepost.registry.history import History, read_history
from milepost.registry.store import Store


def repair_aliases(*, store: Store, history: History) -> tuple[str, ...]:
    """Return a sentence for each alias that had to be moved to where the history says it belongs.

    A history that knows no verdict and no champion of this problem has no say, and moves nothing.

    Raises:
        EnvironmentFault: a store refused.
    """
    repaired: list[str] = []
    while True:
        past = read_history(history)
        for alias, bundle_id in (
            (CHAMPION, champion_of(past, store.name)),
            (CHALLENGER, challenger_of(past, store.name)),
        ):
            if saying(past, store.name):
                repaired += _follow(alias, bundle_id, store)
        # another process may have promoted while the aliases were being set from what is now the past
        if len(read_history(history)) == len(past):
            with suppress(EnvironmentFault):  # without the mark they are looked at once more
                write_text(store.aliases_mark, _mark(past, store))
            return tuple(repaired)


def are_behind(*, store: Store, history: History) -> bool:
    """Return whether a decision was written that the aliases may not follow yet; the registry is not asked.

    Raises:
        EnvironmentFault: the history cannot be read.
    """
    past = read_history(history, problem=store.name)
    if not saying(past, store.name):
        return False
    try:
        return store.aliases_mark.read_text(encoding="utf-8") != _mark(past, store)
    except (OSError, ValueError):
        return True


def _mark(past: Sequence[Decision], store: Store) -> str:
    said = saying(past, store.name)
    return canonical_json({"decision": said[-1].number if said else 0, "registry": store.where})


def _follow(alias: str, bundle_id: str | None, store: Store) -> list[str]:
    wanted = None if bundle_id is None else store.version_of(bundle_id)
    found = store.alias(alias)
    if found == wanted:
        return []
    store.set_alias(alias, wanted)
    return [f"The alias {alias!r} of {store.name} pointed to version {found}; the history says {wanted}."]
