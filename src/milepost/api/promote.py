"""The verb `promote`: let a judged bundle answer, with a written reason where its verdict does not allow it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.outdated import other_criteria
from milepost.api.storing import person, store_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.registry import promote as promotion
from milepost.registry.champions import champion
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
        reason: why, in words; needed where the verdict is not met or not of today. It is kept in the history.
        problem: path of the problem file.
        clock: gives the time of the decision.

    Raises:
        MilepostError: the bundle has no verdict, or none that allows it and no reason is given: it is not met, or was
            given by other criteria or on other test rows than hold today.
    """
    contract = read_problem(Path(problem))
    workspace, store = workspace_of(contract), store_of(contract)
    found = resolve(bundle, workspace=workspace, store=store, history=workspace.history)
    judge = next_step(f"evaluate {shlex.quote(bundle)}", problem)
    verdict = store.evidence(found.bundle_id, "verdict")
    if verdict is None:
        raise MilepostError(f"Bundle {found.bundle_id} has no verdict yet.", where=bundle, fix=f"Run: {judge}")
    outdated = _outdated(verdict, contract, store.evidence(found.bundle_id, "lineage"))
    answers_now = champion(workspace.history, contract.aim.name)
    if outdated and not (reason or "").strip() and found.bundle_id != answers_now:
        raise MilepostError(
            f"The verdict on bundle {found.bundle_id} is not of today: {outdated}.",
            where=contract.where("success"),
            fix=f"Run: {judge}   (or give the reason for promoting it all the same: --reason '…')",
        )
    decision = promotion.promote(
        found.bundle_id,
        verdict=verdict["overall"],
        caveat=outdated,
        reason=reason,
        who=person(),
        store=store,
        history=workspace.history,
        clock=clock,
    )
    name = contract.aim.name
    says = decision.says if decision else f"Bundle {found.bundle_id} is the champion already."
    return Promoted(name, found.bundle_id, says, next_step(f"score {name}@champion TABLE -o answers.parquet", problem))


def _outdated(verdict: Mapping[str, Any], contract: Problem, lineage: Mapping[str, Any] | None) -> str:
    """Return why a verdict says nothing about today's contract, a clause; empty where it does."""
    if other := other_criteria([one["criterion"] for one in verdict["criteria"]], contract):
        return other
    if lineage is not None and lineage["split"] != verdict["split"]:
        return "it was given on the test rows of an earlier training, which had other data or another split"
    return ""
