"""One prediction of the log with all that is known of it: who answered and why, from what, and what became true.

prediction_id ─► row of the log ─► bundle that answered ─► answer again ─► the same? ─► what each input adds to it
                              ├──► history: why that bundle
                              ├──► shadows
                              └──► every outcome
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from milepost.api.log_access import labels_of
from milepost.api.log_reasons import Again, asked_again, case_inputs
from milepost.api.log_rows import logged_answer, one_of, shadows_of
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.serving import log_place_of
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted, listed
from milepost.predlog.delta_tables import reading
from milepost.predlog.ids import is_id, moment_of
from milepost.predlog.places import LogPlace
from milepost.predlog.read import find_prediction, last_words, read_outcomes
from milepost.problem.spec import Problem
from milepost.registry.champions import PROMOTED, ROLLED_BACK
from milepost.registry.decisions import Decision
from milepost.registry.history import read_history
from milepost.show.logged import LoggedAnswer
from milepost.show.logged_case import CaseAnswer, CaseInputs, CaseOutcome
from milepost.show.notebook import Shows

_WHERE = "log show, PREDICTION_ID"


@dataclass(frozen=True, slots=True)
class LoggedCase(Shows):
    """One prediction of the log, whole.

    Attributes:
        name: of the problem.
        answer: when, by which bundle, about whom, and what was answered.
        says: why that bundle answered, what guards did, and what is held to be true now.
        outcomes: every word on what turned out to be true, in the order in which it was recorded.
        shadows: what challengers would have answered in its place.
        inputs: from which it was answered, each with what it adds to the answer.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Log of"

    name: str
    answer: CaseAnswer
    says: tuple[str, ...]
    outcomes: tuple[CaseOutcome, ...]
    shadows: tuple[LoggedAnswer, ...]
    inputs: CaseInputs
    next_step: str


def logged_case(prediction_id: str, contract: Problem, problem: Path | str) -> LoggedCase:
    """Return one prediction of the log with all that is known of it; rows that are not folded yet are seen, too.

    Args:
        prediction_id: of the prediction.
        contract: the problem.
        problem: path of its file, for the next step.

    Raises:
        MilepostError: it is no prediction_id, or the log has no such prediction.
        EnvironmentFault: the log cannot be read.
    """
    place = log_place_of(contract)
    row = _found(place, prediction_id, contract, problem)
    with reading(place.tables):
        outcomes, last = _outcomes(place, row["request"] or row["prediction_id"])
        shadows = shadows_of(
            place, pl.Series([row["prediction_id"]]), row["at"], row["at"] + timedelta(microseconds=1)
        )  # a shadow has the time of the answer
    past = read_history(workspace_of(contract).history, problem=contract.aim.name)
    again = asked_again(row, contract)
    labels = labels_of(contract, {row["bundle_id"], *shadows["bundle_id"]})
    says = (*_why_it(row, past), *_guarded(row, again), *_known(outcomes, last))
    following = next_step("log show" if outcomes else "outcomes TABLE", problem)
    return LoggedCase(
        contract.aim.name,
        _answer(row, past, labels.get(row["bundle_id"], ())),
        says,
        outcomes,
        tuple(logged_answer(shadow, labels) for shadow in shadows.iter_rows(named=True)),
        case_inputs(row, again),
        following,
    )


def _found(place: LogPlace, prediction_id: str, contract: Problem, problem: Path | str) -> dict[str, Any]:
    """Return a prediction as the log has it."""
    wanted = prediction_id.strip().lower()
    if not is_id(wanted):
        raise MilepostError(
            f"{prediction_id[:60]!r} is no prediction_id.",
            where=_WHERE,
            fix="Copy it from an answer, 36 characters as in 0190f5d2-7c00-7abc-8def-0123456789ab; what was answered "
            f"about an entity: {next_step('log show --entity ENTITY', problem)}",
        )
    with reading(place.tables):
        row = find_prediction(place, wanted)
    if row is None:
        raise MilepostError(
            f"The log of {contract.aim.name} has no prediction {wanted}.",
            where=f"{_WHERE}{_made(wanted)}",
            fix="Name the problem file of the service that answered, as --problem PATH; what was forgotten, or is "
            "older than serve.retention, is gone.",
        )
    return row


def _made(prediction_id: str) -> str:
    try:
        return f"; the id was made on {moment_of(prediction_id):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):  # beyond the end of the calendar
        return ""


# what was answered


def _answer(row: Mapping[str, Any], past: Sequence[Decision], labels: Sequence[str]) -> CaseAnswer:
    shares: list[float] | None = row["probabilities"]
    names = labels if shares and len(labels) == len(shares) else [f"class {n + 1}" for n in range(len(shares or ()))]
    versions = (decision.figures.get("version") for decision in past if decision.bundle_id == row["bundle_id"])
    return CaseAnswer(
        prediction_id=row["prediction_id"],
        at=row["at"],
        time=row["time"],
        entity=row["entity"],
        request_id=row["request_id"],
        request=row["request"],
        origin=row["origin"],
        bundle_id=row["bundle_id"],
        version=next((version for version in versions if version is not None), None),
        role=row["role"],
        prediction=one_of(row["label"], row["number"]),
        probabilities=dict(zip(names, shares, strict=True)) if shares else None,
        lo=row["lo"],
        hi=row["hi"],
        decision=one_of(row["decision_label"], row["decision_number"]),
        guards=tuple(row["guards"] or ()),
        flags=tuple(row["flags"] or ()),
        arm=row["arm"],
        arm_share=row["arm_share"],
        answer_us=row["answer_us"],
        context=json.loads(row["context"]) if row["context"] else {},
    )


def _why_it(row: Mapping[str, Any], past: Sequence[Decision]) -> Iterator[str]:
    """Give sentences on why this bundle answered."""
    if row["origin"] == "parity":
        yield "A check of the service asked this row: nobody was told the answer, and it counts nowhere."
    crowning = [one for one in past if one.kind in (PROMOTED, ROLLED_BACK) and one.at <= row["at"]]
    crowned = crowning[-1] if crowning else None
    if row["role"] != "champion":
        does = "answered its share of the entities" if row["role"] == "canary" else "was asked beside the champion"
        yield f"Bundle {row['bundle_id']} was the challenger then and {does}."
    elif crowned is not None and crowned.bundle_id == row["bundle_id"]:
        yield f"It was the champion since {_written(crowned.at)}: {crowned.says}"
    else:
        other = f"{crowned.bundle_id} was the champion" if crowned else "there was no champion"
        yield (
            f"By the history {other} then: bundle {row['bundle_id']} was named by whoever asked, "
            "or a promotion had not reached the service yet."
        )


def _guarded(row: Mapping[str, Any], again: Again) -> Iterator[str]:
    """Give a sentence on what guards did to the decision."""
    if not row["guards"]:
        return
    acted = f"{'Guard' if len(row['guards']) == 1 else 'Guards'} {listed(row['guards'])} acted"
    decided = one_of(row["decision_label"], row["decision_number"])
    if again.answer is None:
        yield f"{acted}; what would have been decided without is not known."
    elif again.answer["decision"] == decided:
        yield f"{acted}, and left the decision as it was."
    else:
        yield (
            f"{acted}: the model alone would have decided {again.answer['decision']}. "
            "What each input adds is told of the model."
        )


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


# what became true


def _outcomes(place: LogPlace, prediction_id: str) -> tuple[tuple[CaseOutcome, ...], CaseOutcome | None]:
    """Return every outcome of a prediction in order, and the last word on it."""
    every = read_outcomes(place, every=True, about=pl.Series([prediction_id])).collect(engine="streaming")
    ordered = every.sort("recorded_at", "received_at", "outcome_id")
    last = [_outcome(row) for row in last_words(ordered.lazy()).collect().iter_rows(named=True)]
    return tuple(_outcome(row) for row in ordered.iter_rows(named=True)), last[0] if last else None


def _outcome(row: Mapping[str, Any]) -> CaseOutcome:
    return CaseOutcome(
        outcome_id=row["outcome_id"],
        truth=one_of(row["label"], row["number"]),
        happened_at=row["happened_at"],
        recorded_at=row["recorded_at"],
        received_at=row["received_at"],
        acted_on=row["acted_on"],
        origin=row["origin"],
    )


def _known(outcomes: Sequence[CaseOutcome], last: CaseOutcome | None) -> Iterator[str]:
    """Give a sentence on what is held to be true now."""
    if last is None or last.truth is None:
        yield "What turned out to be true is not known yet."
    elif len({one.truth for one in outcomes if one.truth is not None}) > 1:
        yield f"Held to be true now is the last of {counted(len(outcomes), 'word')}: {last.truth}."
