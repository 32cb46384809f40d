"""The verb `promote`: let a judged bundle answer, with a written reason where its verdict does not allow it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.outdated import needs_training, why_outdated
from milepost.api.parity import refuse_unlike
from milepost.api.storing import person, store_of
from milepost.evaluate.verdict import Verdict
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.events import Listener, silent
from milepost.ground.text import listed
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.registry import promote as promotion
from milepost.registry.champions import champion
from milepost.registry.evidence import Lineage
from milepost.registry.names import resolve
from milepost.registry.reading import read_evidence
from milepost.registry.store import Store
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


@verb
def promote(
    bundle: str,
    *,
    reason: str | None = None,
    problem: Path | str = "milepost.toml",
    listener: Listener = silent,
    clock: Clock = wall_clock,
) -> Promoted:
    """Return the decision that made a bundle the champion.

    Before, a service of its own is asked: it has to answer over HTTP as the bundle does in memory, bit for bit.

    Args:
        bundle: a folder, NAME@challenger, NAME:VERSION or a bundle_id.
        reason: why, in words; needed where the verdict is not met, not of today, or met by criteria that were changed
            after the test rows had been seen. It is kept in the history.
        problem: path of the problem file.
        listener: hears the progress.
        clock: gives the time of the decision.

    Raises:
        MilepostError: the bundle has no verdict, or none that allows it and no reason is given: it is not met, or only
            by criteria that were changed after the test rows had been seen; or it was given on the test rows of an
            earlier training, or by a contract with other criteria, another question, source or split, or other money
            under a criterion about money. The table itself is not read. Or it answers otherwise over HTTP than in
            memory, for which no reason is good enough.
        EnvironmentFault: the service that is asked does not come up, or a store refused.
    """
    contract = read_problem(Path(problem))
    workspace, store = workspace_of(contract), store_of(contract)
    found = resolve(bundle, workspace=workspace, store=store, history=workspace.history)
    judge = next_step(f"evaluate {shlex.quote(bundle)}", problem)
    verdict = read_evidence(store, found.bundle_id, "verdict", Verdict)
    if verdict is None:
        raise MilepostError(f"Bundle {found.bundle_id} has no verdict yet.", where=bundle, fix=f"Run: {judge}")
    asked = read_evidence(store, found.bundle_id, "asked", dict[str, str])
    outdated, hindsight = _outdated(verdict, asked, contract, store), _hindsight(verdict)
    answers_now = champion(workspace.history, contract.aim.name)
    is_new, reason = found.bundle_id != answers_now, (reason or "").strip()
    if is_new and not reason:
        train = f"{next_step('train', problem)}, then: {next_step('evaluate', problem)}"
        _refuse_outdated(verdict, outdated, contract, train if needs_training(asked, contract) else judge)
        _refuse_hindsight(verdict, contract)
    may_answer = is_new and (reason or verdict.overall == "met")
    parity_rows = refuse_unlike(found, contract, listener=listener) if may_answer else None
    decision = promotion.promote(
        found.bundle_id,
        verdict=verdict.overall,
        caveat=listed([one for one in (outdated, hindsight) if one]),
        parity_rows=parity_rows,
        reason=reason,
        who=person(),
        store=store,
        history=workspace.history,
        clock=clock,
    )
    name = contract.aim.name
    says = decision.says if decision else f"Bundle {found.bundle_id} is the champion already."
    return Promoted(name, found.bundle_id, says, next_step(f"score {name}@champion TABLE -o answers.parquet", problem))


def _outdated(verdict: Verdict, asked: dict[str, str] | None, contract: Problem, store: Store) -> str:
    """Return why a verdict does not answer what the contract asks today, a clause; empty where it does."""
    if why := why_outdated([one.criterion for one in verdict.criteria], asked, contract):
        return why
    lineage = read_evidence(store, verdict.bundle_id, "lineage", Lineage)
    if lineage is not None and lineage.split != verdict.split:
        return "it was given on the test rows of an earlier training, which had other data or another split"
    return ""


def _refuse_outdated(verdict: Verdict, why: str, contract: Problem, remedy: str) -> None:
    if why:
        raise MilepostError(
            f"The verdict on bundle {verdict.bundle_id} is not of today: {why}.",
            where=contract.where("success"),
            fix=f"Run: {remedy}   (or give the reason for promoting it all the same: --reason '…')",
        )


def _hindsight(verdict: Verdict) -> str:
    """Return that the criteria were changed after the rows had been seen, a clause; empty where they were not."""
    if not verdict.is_by_hindsight or verdict.changed is None:
        return ""
    before = listed(verdict.changed.before) or "none"
    return f"its criteria were changed after the test rows had been seen (before: {before})"


def _refuse_hindsight(verdict: Verdict, contract: Problem) -> None:
    if verdict.overall == "met" and (why := _hindsight(verdict)):
        raise MilepostError(
            f"The verdict on bundle {verdict.bundle_id} is “met” with hindsight only: {why}.",
            where=contract.where("success"),
            fix="Judge the new limits on new rows, or give the reason for promoting it all the same: --reason '…'",
        )
