"""The verb `rollback`: let an earlier champion answer again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.storing import person, store_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.workspace import Workspace
from milepost.predictor.load import load_predictor
from milepost.predictor.selftest import refuse_unfit
from milepost.problem.read import read_problem
from milepost.registry import promote as promotion
from milepost.registry.champions import champion, line_of_champions
from milepost.registry.history import read_history
from milepost.registry.names import resolve
from milepost.registry.store import Store
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class RolledBack(Shows):
    """What `rollback` leaves.

    Attributes:
        name: of the problem.
        bundle_id: the champion from now on.
        says: the decision as the history holds it.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Rolled back"

    name: str
    bundle_id: str
    says: str
    next_step: str


@verb
def rollback(
    to: str | None = None,
    *,
    reason: str | None = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> RolledBack:
    """Return the decision that made an earlier champion answer again, if it still answers as it did.

    Args:
        to: a bundle that was champion before, as NAME:VERSION, a bundle_id or a folder; the one before the present
            champion if left out.
        reason: why, in words. It is kept in the history.
        problem: path of the problem file.
        clock: gives the time of the decision.

    Raises:
        MilepostError: there is no such bundle, or it never was champion, or it answers already, or it fails its
            self-test on this machine, so that a service would refuse it.
        EnvironmentFault: a store failed.
    """
    contract = read_problem(Path(problem))
    workspace, store = workspace_of(contract), store_of(contract)
    target = _before(workspace, store) if to is None else _earlier(to, workspace, store)
    if target is not None:
        refuse_unfit(load_predictor(resolve(target, workspace=workspace, store=store, history=workspace.history).path))
    decision = promotion.rollback(
        target,
        reason=reason,
        who=person(),
        store=store,
        history=workspace.history,
        clock=clock,
    )
    return RolledBack(contract.aim.name, str(decision.bundle_id), decision.says, next_step("history", problem))


def _before(workspace: Workspace, store: Store) -> str | None:
    """Return the bundle_id of the champion before the present one; None where there is none."""
    line = line_of_champions(read_history(workspace.history), store.name)
    return line[-2] if len(line) > 1 else None


def _earlier(to: str, workspace: Workspace, store: Store) -> str:
    """Return the bundle_id of a bundle that does not answer now."""
    bundle_id = resolve(to, workspace=workspace, store=store, history=workspace.history).bundle_id
    if bundle_id == champion(workspace.history, store.name):
        raise MilepostError(
            f"Bundle {bundle_id} is the champion already.",
            where=f"bundle {to!r}",
            fix="Name an earlier champion, or none for the one before.   (milepost history says which there were)",
        )
    return bundle_id
