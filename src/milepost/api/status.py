"""The verb `status`: where on the road this problem stands and what the next step is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.outdated import other_criteria
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
        warnings: what is wrong with the workspace.
        decisions: the newest entries of the history, newest last.
        next_step: the command to type next.
    """

    name: str
    milestones: tuple[Milestone, ...]
    warnings: tuple[str, ...]
    decisions: tuple[Decision, ...]
    next_step: str


def status(problem: Path | str = "milepost.toml", *, most_decisions: int = 5) -> Status:
    """Return where on the road the problem at a path stands.

    Args:
        problem: path of the problem file.
        most_decisions: how many of the newest decisions come along.

    Raises:
        MilepostError: the problem file is wrong.
    """
    contract = read_problem(Path(problem))
    history = workspace_of(contract).history
    name = contract.aim.name
    past = read_history(history, problem=name)
    milestones = (_problem(contract.path, len(contract.success)), *_road(past, contract))
    broken = verify_history(history)
    warnings = () if broken is None else (f"The history is damaged: {broken.says}",)
    trained = _newest(past, "trained")
    newest = f"{name}:{trained.figures['version'] if trained else ''}"
    return Status(name, milestones, warnings, past[-most_decisions:], _next(milestones, newest, problem))


def _problem(path: Path | None, criteria: int) -> Milestone:
    said = f"{path}, {criteria} success criteria" if criteria != 1 else f"{path}, 1 success criterion"
    return Milestone("problem", True, said)


def _road(past: Sequence[Decision], contract: Problem) -> tuple[Milestone, ...]:
    trained, verdict = _newest(past, "trained"), _newest(past, "verdict")
    judged = verdict if trained and verdict and verdict.bundle_id == trained.bundle_id else None
    champion = champion_of(past, contract.aim.name)
    return (
        Milestone("train", trained is not None, trained.says if trained else "no model yet"),
        _judged(judged, contract) if judged else Milestone("evaluate", False, _not_judged(trained)),
        Milestone(
            "champion", champion is not None, f"bundle {champion} answers" if champion else "no bundle answers yet"
        ),
    )


def _judged(verdict: Decision, contract: Problem) -> Milestone:
    other = other_criteria(verdict.figures["criteria"], contract) if "criteria" in verdict.figures else ""
    return Milestone("evaluate", not other, f"{verdict.says} But {other}." if other else verdict.says)


def _not_judged(trained: Decision | None) -> str:
    return "the test rows are closed" if trained is None else f"bundle {trained.bundle_id} has no verdict yet"


def _newest(past: Sequence[Decision], kind: str) -> Decision | None:
    return next((decision for decision in reversed(past) if decision.kind == kind), None)


def _next(milestones: Sequence[Milestone], bundle: str, problem: Path | str) -> str:
    """Return what to type next, where NAME:VERSION is the bundle trained last."""
    name = bundle.rpartition(":")[0]
    by_step = {
        "train": f"{next_step('check', problem)}, then: {next_step('train', problem)}",
        "evaluate": next_step("evaluate", problem),
        "champion": f"{next_step('report', problem)}, and if there are good reasons: "
        + next_step(f"promote {bundle} --reason '…'", problem),
    }
    undone = next((milestone.step for milestone in milestones if not milestone.is_done), "")
    return by_step.get(undone) or next_step(f"score {name}@champion TABLE -o answers.parquet", problem)
