"""Who answers, who answered when, and who wants to: read from the history, which is the truth about it."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.registry.decisions import Decision
from milepost.registry.history import History, read_history

PROMOTED = "promoted"
ROLLED_BACK = "rolled_back"
VERDICT = "verdict"

CHAMPION = "champion"  # both as the registry's aliases
CHALLENGER = "challenger"


def champion(history: History, problem: str) -> str | None:
    """Return the bundle_id of the bundle that answers now; None if none was ever promoted.

    Raises:
        EnvironmentFault: the store refused.
    """
    return champion_of(read_history(history), problem)


def challenger(history: History, problem: str) -> str | None:
    """Return the bundle_id of the newest bundle with a verdict, unless it was ever champion.

    Raises:
        EnvironmentFault: the store refused.
    """
    return challenger_of(read_history(history), problem)


def champion_of(past: Sequence[Decision], problem: str) -> str | None:
    """Return the bundle_id of the champion after these decisions."""
    crowned = _crowned(past, problem)
    return crowned[-1] if crowned else None


def challenger_of(past: Sequence[Decision], problem: str) -> str | None:
    """Return the bundle_id of the challenger after these decisions."""
    judged = [decision.bundle_id for decision in past if decision.kind == VERDICT and decision.problem == problem]
    newest = judged[-1] if judged else None
    return None if newest in _crowned(past, problem) else newest


def line_of_champions(past: Sequence[Decision], problem: str) -> tuple[str, ...]:
    """Return the champions that a rollback can step down through, the present one last.

    A promotion adds one; a rollback takes off all that came after the one it goes back to.
    """
    line: list[str] = []
    for decision in past:
        if decision.problem != problem or decision.bundle_id is None:
            continue
        if decision.kind == ROLLED_BACK and decision.bundle_id in line:
            while line[-1] != decision.bundle_id:
                line.pop()
        elif decision.kind in (PROMOTED, ROLLED_BACK):
            line.append(decision.bundle_id)
    return tuple(line)


def saying(past: Sequence[Decision], problem: str) -> tuple[Decision, ...]:
    """Return those of these decisions that say who is the champion or the challenger of the problem."""
    kinds = (PROMOTED, ROLLED_BACK, VERDICT)
    return tuple(decision for decision in past if decision.problem == problem and decision.kind in kinds)


def ever_champion(past: Sequence[Decision], problem: str) -> tuple[str, ...]:
    """Return every bundle_id that was champion at some time, once each, first first."""
    return tuple(dict.fromkeys(_crowned(past, problem)))


def _crowned(past: Sequence[Decision], problem: str) -> list[str]:
    return [
        decision.bundle_id
        for decision in past
        if decision.kind in (PROMOTED, ROLLED_BACK) and decision.problem == problem and decision.bundle_id
    ]
