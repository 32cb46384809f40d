"""Kill processes that promote and roll back, and see whether history, aliases and the service still say one thing."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from milepost.ground.workspace import Workspace
from milepost.registry.aliases import are_behind, repair_aliases
from milepost.registry.bundles import write_bundle
from milepost.registry.champions import CHALLENGER, CHAMPION, challenger_of, champion_of
from milepost.registry.decisions import Decision
from milepost.registry.history import read_history, verify_history
from milepost.registry.store import open_store
from milepost.serve.following import followed_state
from milepost.serve.keeper import Keeper
from milepost.serve.settings import Settings
from milepost.serve.state import read_state
from survival import Told, listen

NAME = "telco-churn"
POINTS = ("before-decision", "before-alias", "after-alias", "before-state", "any")

_BUNDLES = 4
_MOST_TURNS = 3
_DECISION_S = 0.25  # what a promotion takes; a kill at "any" point falls somewhere within


def record_bundles(workspace: Workspace) -> None:
    """Let the registry of a workspace know some bundles."""
    store = open_store(workspace, name=NAME)
    for number in range(_BUNDLES):
        bundle = write_bundle(workspace.bundles, {"model.json": str(number)})
        store.record(bundle, parameters={}, metrics={})


def bundle_ids(workspace: Workspace) -> list[str]:
    """Return the ids of its bundles."""
    return sorted(path.name for path in workspace.bundles.iterdir() if path.is_dir())


def keeper_in(workspace: Workspace) -> Keeper:
    """Return the keeper of a service that has just started."""
    store, folder = open_store(workspace, name=NAME), workspace.serving(NAME)
    stores = {"store": store, "history": workspace.history}
    return Keeper(
        Settings(NAME, "binary", str(folder / "state.json"), str(folder), str(folder / "journals"), str(folder)),
        history=workspace.history,
        state=lambda: followed_state(workspace, store, with_challenger=True),
        mend=lambda: are_behind(**stores) and repair_aliases(**stores),
    )


def kill_promotion(workspace: Workspace, point: str, told: Told, chance: random.Random) -> None:
    """Let a process promote and roll back, and kill it at a point."""
    program = [sys.executable, str(Path(__file__).with_name("promotion_process.py")), str(workspace.root)]
    words = [point, str(chance.randint(1, _MOST_TURNS))]
    process = subprocess.Popen([*program, *words], stdout=subprocess.PIPE, text=True)
    listen(process, told, chance=chance if point == "any" else None, within_s=_DECISION_S)


def faults_of_promotions(workspace: Workspace, told: Told) -> list[str]:
    """Start the keeper of a service and return what does not hold.

    Kept ⊆ history ⊆ sent, each decision once and upon the champion before it; aliases and state follow.
    """
    keeper = keeper_in(workspace)
    keeper.follow()
    keeper.mend()
    past = read_history(workspace.history)
    return [*_of_history(workspace, past, told), *_of_followers(workspace, past)]


def _of_history(workspace: Workspace, past: tuple[Decision, ...], told: Told) -> list[str]:
    reasons = Counter(str(decision.figures["reason"]) for decision in past)
    found = [f"{reason} is there twice" for reason, times in reasons.items() if times > 1]
    found += [f"{reason} was acknowledged and is lost" for reason in told.kept - reasons.keys()]
    found += [f"{reason} was never sent" for reason in reasons.keys() - told.sent]
    if broken := verify_history(workspace.history):
        found.append(f"the chain is broken: {broken}")
    before = [None, *(decision.bundle_id for decision in past)]
    for decision, champion in zip(past, before, strict=False):
        if decision.figures["previous"] != champion:
            found.append(f"decision {decision.number} does not stand on the champion before it")
    return found


def _of_followers(workspace: Workspace, past: tuple[Decision, ...]) -> list[str]:
    if not past:
        return []
    store, state = open_store(workspace, name=NAME), read_state(workspace.serving(NAME) / "state.json")
    champion, challenger = champion_of(past, NAME), challenger_of(past, NAME)
    wanted = {CHAMPION: champion, CHALLENGER: challenger}
    found = [f"the state holds {state.champion.bundle_id}"] if state.champion.bundle_id != champion else []
    for alias, bundle_id in wanted.items():
        if store.alias(alias) != (bundle_id and store.version_of(bundle_id)):
            found.append(f"the alias {alias} points to version {store.alias(alias)}")
    return found
