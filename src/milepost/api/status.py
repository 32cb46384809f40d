"""The verb `status`: where on the road this problem stands and what the next step is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.log_status import LogStatus, log_status
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.outdated import changed_since_training, needs_training, why_outdated
from milepost.ground.text import counted, listed
from milepost.ground.workspace import Workspace
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.registry.champions import champion_of
from milepost.registry.decisions import Decision
from milepost.registry.history import read_history, verify_history
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step of the road.

    Attributes:
        step: its name.
        is_done: whether it was taken.
        says: what it left, or what it would bring.
    """

    step: str
    is_done: bool
    says: str


@dataclass(frozen=True, slots=True)
class Status(Shows):
    """Where a problem stands.

    Attributes:
        name: of the problem.
        milestones: the road in order.
        log: what the prediction log holds, a sentence; empty where nothing was logged yet.
        warnings: what is wrong with the workspace.
        decisions: the newest entries of the history but those about single rungs, newest last.
        next_step: the command to type next.
    """

    name: str
    milestones: tuple[Milestone, ...]
    log: str
    warnings: tuple[str, ...]
    decisions: tuple[Decision, ...]
    next_step: str


@verb
def status(problem: Path | str = "milepost.toml", *, most_decisions: int = 5) -> Status:
    """Return where on the road the problem at a path stands.

    Args:
        problem: path of the problem file.
        most_decisions: how many of the newest decisions come along, 1 or more.

    Raises:
        MilepostError: the problem file is wrong.
    """
    contract = read_problem(Path(problem))
    workspace = workspace_of(contract)
    history, name = workspace.history, contract.aim.name
    past = read_history(history, problem=name)
    kept = _kept_folds(workspace)
    milestones = (_problem(contract.path, len(contract.success)), *_road(past, contract, kept))
    broken = verify_history(history)
    warnings = () if broken is None else (f"The history is damaged: {broken.says}",)
    trained = _newest(past, "trained")
    newest = f"{name}:{trained.figures['version'] if trained else ''}"
    decisions = tuple(decision for decision in past if decision.kind != "rung")  # `train` and `report` show those
    log = log_status(contract)
    following = _next(milestones, newest, log, problem)
    if _wants_training(past, contract, kept):
        following = next_step("train", problem)
    return Status(name, milestones, log.says, warnings, decisions[-most_decisions:], following)


def _problem(path: Path | None, criteria: int) -> Milestone:
    said = f"{path}, {criteria} success criteria" if criteria != 1 else f"{path}, 1 success criterion"
    return Milestone("problem", True, said)


def _road(past: Sequence[Decision], contract: Problem, kept: int) -> tuple[Milestone, ...]:
    trained, judged = _newest(past, "trained"), _newest_judged(past)
    champion = champion_of(past, contract.aim.name)
    return (
        _trained(trained, contract) if trained else Milestone("train", False, _not_trained(kept)),
        _judged(judged, contract) if judged else Milestone("evaluate", False, _not_judged(trained)),
        Milestone(
            "champion", champion is not None, f"bundle {champion} answers" if champion else "no bundle answers yet"
        ),
    )


def _trained(trained: Decision, contract: Problem) -> Milestone:
    changed = changed_since_training(trained.figures.get("learned_by"), contract)
    if not changed:
        return Milestone("train", True, trained.says)
    verb = "has" if len(changed) == 1 else "have"
    return Milestone("train", True, f"{trained.says} But {listed(changed)} in the contract {verb} changed since then.")


def _newest_judged(past: Sequence[Decision]) -> Decision | None:
    """Return the last verdict, if it is on the bundle trained last."""
    trained, verdict = _newest(past, "trained"), _newest(past, "verdict")
    return verdict if trained and verdict and verdict.bundle_id == trained.bundle_id else None


def _kept_folds(workspace: Workspace) -> int:
    """Return how many fitted folds of climbs are kept; which of them a climb can use, its data will say."""
    return sum(1 for _ in workspace.climbs.glob("*/*.npz"))


def _not_trained(kept: int) -> str:
    if not kept:
        return "no model yet"
    return (
        f"no model yet, but a part of a climb is kept ({counted(kept, 'fold')} fitted): "
        "train goes on there, if table and contract are as they were"
    )


def _wants_training(past: Sequence[Decision], contract: Problem, kept: int) -> bool:
    """Return whether a climb waits to go on, or the newest bundle did not learn by the contract as it is now."""
    trained, judged = _newest(past, "trained"), _newest_judged(past)
    if trained is None:
        return kept > 0
    if changed_since_training(trained.figures.get("learned_by"), contract):
        return True
    return judged is not None and needs_training(judged.figures.get("asked"), contract)


def _judged(verdict: Decision, contract: Problem) -> Milestone:
    why = why_outdated(verdict.figures.get("criteria", ()), verdict.figures.get("asked"), contract)
    return Milestone("evaluate", not why, f"{verdict.says} But {why}." if why else verdict.says)


def _not_judged(trained: Decision | None) -> str:
    return "the test rows are closed" if trained is None else f"bundle {trained.bundle_id} has no verdict yet"


def _newest(past: Sequence[Decision], kind: str) -> Decision | None:
    return next((decision for decision in reversed(past) if decision.kind == kind), None)


def _next(milestones: Sequence[Milestone], bundle: str, log: LogStatus, problem: Path | str) -> str:
    """Return what to type next, where NAME:VERSION is the bundle trained last."""
    name = bundle.rpartition(":")[0]
    by_step = {
        "train": f"{next_step('check', problem)}, then: {next_step('train', problem)}",
        "evaluate": next_step("evaluate", problem),
        "champion": f"{next_step('report', problem)}, and if there are good reasons: "
        + next_step(f"promote {bundle} --reason '…'", problem),
    }
    undone = next((milestone.step for milestone in milestones if not milestone.is_done), "")
    return by_step.get(undone) or _in_production(f"{name}@champion", log, problem)


def _in_production(champion: str, log: LogStatus, problem: Path | str) -> str:
    """Return what to type next where a champion answers: let it answer, then bring the truth, then look."""
    if log.answers == 0:
        score = next_step(f"score {champion} TABLE -o answers.parquet", problem)
        return f"{next_step('serve', problem)}, or for a table: {score}"
    return next_step("log show" if log.outcomes or log.answers is None else "outcomes TABLE", problem)
