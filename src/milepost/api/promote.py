"""The verb `promote`: let a judged bundle answer, with a written reason where its verdict is not met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.storing import person, store_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.problem.read import read_problem
from milepost.registry import promote as promotion
from milepost.registry.names import resolve
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class Promoted(Shows):
    """What `promote` leaves.

    Attributes:
        name: of the problem.
        bundle_id: the champion.
        says: the decision as the history holds it.
        next_step: the command to type next.
    """

    name: str
    bundle_id: str
    says: str
    next_step: str


def promote(
    bundle: str,
    *,
    reason: str | None = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> Promoted:
    """Return the decision that made a bundle the champion.

    Args:
        bundle: a folder, NAME@challenger, NAME:VERSION or a bundle_id.
        reason: why, in words; needed where the verdict is not met. It is kept in the history.
        problem: path of the problem file.
        clock: gives the time of the decision.

    Raises:
        MilepostError: the bundle has no verdict, or none that allows it and no reason is given.
    """
    contract = read_problem(Path(problem))
    workspace, store = workspace_of(contract), store_of(contract)
    found = resolve(bundle, workspace=workspace, store=store, history=workspace.history)
    verdict = store.evidence(found.bundle_id, "verdict")
    if verdict is None:
        raise MilepostError(
            f"Bundle {found.bundle_id} has no verdict yet.", where=bundle, fix=f"Run: milepost evaluate {bundle}"
        )
    decision = promotion.promote(
        found.bundle_id,
        verdict=verdict["overall"],
        reason=reason,
        who=person(),
        store=store,
        history=workspace.history,
        clock=clock,
    )
    name = contract.aim.name
    says = decision.says if decision else f"Bundle {found.bundle_id} is the champion already."
    return Promoted(name, found.bundle_id, says, next_step(f"score {name}@champion TABLE -o answers.parquet", problem))
