"""A process that promotes and rolls back, lets a service follow, and dies where it is told to.

Run: python promotion_process.py WORKSPACE POINT TURN

It prints `sent REASON` before a decision and `kept REASON` when it was acknowledged, and `at POINT` where it is.
"""

from __future__ import annotations

import random
import sys
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from log_process import die_at, say
from milepost.ground.clock import wall_clock
from milepost.ground.workspace import Workspace
from milepost.registry.champions import ever_champion
from milepost.registry.history import read_history
from milepost.registry.promote import promote, rollback
from milepost.registry.store import Store
from promotions import NAME, bundle_ids, keeper_in

Tell = Callable[[str], None]
DECISIONS = 40


class ToldStore(Store):
    """A registry that tells when an alias is moved."""

    def __init__(self, workspace: Workspace, tell: Tell) -> None:
        super().__init__(workspace, NAME, None)
        self._tell = tell

    def set_alias(self, alias: str, version: int | None) -> None:
        """Move an alias."""
        self._tell("before-alias")
        super().set_alias(alias, version)
        self._tell("after-alias")


def decide(workspace: Workspace, store: Store, tell: Tell, chance: random.Random) -> None:
    """Promote another bundle, or go back to an earlier one, and let a service follow."""

    def clock() -> datetime:  # it is read when a decision is about to be written
        tell("before-decision")
        return wall_clock()

    past, reason = read_history(workspace.history), uuid.uuid4().hex
    crowned = ever_champion(past, NAME)
    stores = {"reason": reason, "who": "ada", "store": store, "history": workspace.history, "clock": clock}
    say("sent", [reason])
    if len(crowned) > 2 and chance.random() < 0.4:
        rollback(chance.choice([one for one in crowned if one != past[-1].bundle_id]), **stores)
    else:
        now = past[-1].bundle_id if past else None
        promote(chance.choice([one for one in bundle_ids(workspace) if one != now]), verdict="met", **stores)
    say("kept", [reason])
    tell("before-state")
    keeper_in(workspace).follow()


def main(folder: str, point: str, turn: str) -> None:
    """Decide until this process is killed."""
    workspace, chance, die = Workspace(Path(folder)), random.Random(), die_at(point, int(turn))

    def tell(now: str) -> None:
        if point == "any" and now == "before-decision":
            say("at", [now])  # the parent kills
        die(now)

    store = ToldStore(workspace, tell)
    for _ in range(DECISIONS):
        decide(workspace, store, tell, chance)


if __name__ == "__main__":
    main(*sys.argv[1:])
