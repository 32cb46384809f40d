"""The verb `history`: what was decided, and which bundle answered at a time and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.data.writing import time_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.text import counted
from milepost.problem.read import read_problem
from milepost.registry.champions import PROMOTED, ROLLED_BACK, VERDICT
from milepost.registry.decisions import Decision
from milepost.registry.history import read_history, verify_history
from milepost.registry.looks import LOOKED
from milepost.registry.names import TRAINED
from milepost.show.notebook import Shows

RUNG = "rung"
KINDS = (RUNG, TRAINED, LOOKED, VERDICT, PROMOTED, ROLLED_BACK)

_CROWNING = (PROMOTED, ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class HistoryTold(Shows):
    """What was decided about a problem.

    Attributes:
        name: of the problem.
        at: the time that was asked about, UTC; None where the whole history was.
        bundle_id: the bundle that answered then, or answers now; None where there is none.
        says: which bundle that is, since when, until when and why; and what is left out below.
        warnings: what is wrong with the history.
        decisions: its entries, oldest first; single rungs only where they are asked for.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "History of"

    name: str
    at: datetime | None
    bundle_id: str | None
    says: tuple[str, ...]
    warnings: tuple[str, ...]
    decisions: tuple[Decision, ...]
    next_step: str


@verb
def history(
    *,
    at: datetime | str | None = None,
    kind: str | None = None,
    last: int | None = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> HistoryTold:
    """Return the decisions about a problem in order, and which bundle answers, or answered at a time, and why.

    Args:
        at: a time, as text in ISO 8601, or "now"; without an offset in the time zone of the problem. The decisions are
            then those about the bundle that answered, up to that time.
        kind: of decisions to keep: rung, trained, looked, verdict, promoted or rolled_back.
        last: how many of the newest to keep, 1 or more; all if left out.
        problem: path of the problem file.
        clock: gives the present time, beyond which nothing is known.

    Raises:
        MilepostError: at is no time or has not come yet, no such kind exists, or last is below 1.
        EnvironmentFault: the history cannot be read.
    """
    contract = read_problem(Path(problem))
    place, name = workspace_of(contract).history, contract.aim.name
    if last is not None and last < 1:
        raise MilepostError(f"last is {last}.", where="history, last", fix="Write 1 or more.")
    past = read_history(place, problem=name)
    wanted = _kind(kind, past)
    moment = None if at is None else _moment(at, contract.data.timezone, clock())
    known = past if moment is None else tuple(decision for decision in past if decision.at <= moment)
    crowned = _newest(known, *_CROWNING)
    shown = _shown(known, crowned, wanted, moment)
    told = [_answers_now(crowned)] if moment is None else [*_answered(past, known, crowned, moment)]
    if wanted is None and moment is None and (rungs := sum(decision.kind == RUNG for decision in known)):
        told.append(f"{counted(rungs, 'decision')} about single rungs left out; --kind {RUNG} shows them.")
    broken = verify_history(place)
    return HistoryTold(
        name=name,
        at=moment,
        bundle_id=crowned.bundle_id if crowned else None,
        says=tuple(told),
        warnings=() if broken is None else (f"The history is damaged: {broken.says}",),
        decisions=shown[-last:] if last is not None else shown,
        next_step=next_step("status", problem),
    )


def _kind(kind: str | None, past: Sequence[Decision]) -> str | None:
    if kind is None:
        return None
    wanted = kind.strip().replace(" ", "_").replace("-", "_").casefold()
    known = [*dict.fromkeys([*KINDS, *(decision.kind for decision in past)])]
    if wanted not in known:
        raise UnknownNameError("kind of decision", kind, known=known, where="history, kind")
    return wanted


def _moment(at: datetime | str, zone: str, now: datetime) -> datetime:
    """Return the time that is asked about, in UTC."""
    if isinstance(at, str) and at.strip().casefold() == "now":
        return now
    if isinstance(at, str):
        moment = time_of(at, zone=zone)
    else:
        moment = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    if moment is None:
        raise MilepostError(
            f"{at!r} is no time.",
            where="history, at",
            fix='Write it like "2026-03-01", "2026-03-01T14:30" or "now".',
        )
    if moment > now:
        raise MilepostError(
            f"{_written(moment)} has not come yet; it is {_written(now)}.",
            where="history, at",
            fix="Ask about a time that has passed.",
        )
    return moment


def _shown(
    known: Sequence[Decision], crowned: Decision | None, kind: str | None, moment: datetime | None
) -> tuple[Decision, ...]:
    """Return the decisions to show: those of a kind, or those behind the bundle that answered, or all but rungs."""
    if kind is not None:
        return tuple(decision for decision in known if decision.kind == kind)
    told = tuple(decision for decision in known if decision.kind != RUNG)
    if moment is None:
        return told
    about = crowned.bundle_id if crowned else None
    return tuple(decision for decision in told if about is not None and decision.bundle_id == about)


def _answers_now(crowned: Decision | None) -> str:
    """Return which bundle answers, and since when."""
    if crowned is None:
        return "No bundle answers yet."
    return f"Bundle {_called(crowned)} answers since {_written(crowned.at)}."


def _answered(
    past: Sequence[Decision], known: Sequence[Decision], crowned: Decision | None, moment: datetime
) -> Iterator[str]:
    """Give sentences on which bundle answered at a time, since and until when, who decided that and why.

    Args:
        past: all decisions.
        known: those up to the time.
        crowned: the last of these that made a bundle the champion.
        moment: the time.
    """
    after = next((one for one in past if one.kind in _CROWNING and one.at > moment), None)
    if crowned is None:
        came = f" The first champion came on {_written(after.at)}." if after else ""
        yield f"On {_written(moment)} no bundle answered.{came}"
        return
    until = f"until {_written(after.at)}" if after else "and it still does"
    yield f"On {_written(moment)} bundle {_called(crowned)} answered: since {_written(crowned.at)}, {until}."
    yield f"Decided by {crowned.figures.get('who') or 'somebody'}: {crowned.says}"
    verdict = _newest([one for one in known if one.bundle_id == crowned.bundle_id], VERDICT)
    yield f"Its verdict then: {verdict.says}" if verdict else "It had no verdict then."


def _called(decision: Decision) -> str:
    return f"{decision.bundle_id} (version {decision.figures.get('version', '?')})"


def _newest(decisions: Sequence[Decision], *kinds: str) -> Decision | None:
    return next((decision for decision in reversed(decisions) if decision.kind in kinds), None)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
