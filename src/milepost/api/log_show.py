"""The verb `log_show`: the newest predictions of the log, for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from milepost.api.arguments import verb
from milepost.api.log_access import When, labels_of, logged_entity, moment_of, refuse_empty_span
from milepost.api.next_step import next_step
from milepost.api.serving import log_place_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted
from milepost.predlog.delta_tables import reading
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_outcomes, read_predictions, rows_about
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.show.logged import LoggedAnswer
from milepost.show.notebook import Shows

MOST = 10_000

_NOTHING = "Nothing is logged yet; a service and `milepost score --log` write to the log."
_NOTHING_HERE = "Nothing in the log is of this time and this entity."


@dataclass(frozen=True, slots=True)
class LogShown(Shows):
    """The newest predictions of a log.

    Attributes:
        name: of the problem.
        rows: how many predictions there are in the window.
        answers: the newest of them, newest first, each with what shadows answered in its place; none that only a
            check of the service gave.
        says: how many of these are shown, and what is known of them.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Log of"

    name: str
    rows: int
    answers: tuple[LoggedAnswer, ...]
    says: tuple[str, ...]
    next_step: str


@verb
def log_show(
    *,
    last: int = 20,
    since: When = None,
    until: When = None,
    entity: str | None = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> LogShown:
    """Return the newest predictions of the log, with what turned out to be true of them.

    Args:
        last: how many, 1 to 10,000.
        since: leave out what was answered before; a time, or a span back from now such as "7d".
        until: leave out what was answered at this time or later.
        entity: show only what was answered about it.
        problem: path of the problem file.
        clock: says when now is.

    Raises:
        MilepostError: a time is none, last is out of range, or the log knows no entities.
        EnvironmentFault: the log cannot be read.
    """
    contract = read_problem(Path(problem))
    if not 1 <= last <= MOST:
        fix = f"Write 1 to {MOST:,}; for more rows: milepost log export -o log.parquet"
        raise MilepostError(f"last is {last:,}.", where="log show, --last", fix=fix)
    begins = moment_of(since, contract, where="log show, --since", clock=clock)
    ends = moment_of(until, contract, where="log show, --until", clock=clock)
    refuse_empty_span(begins, ends)
    place = log_place_of(contract)
    rows = read_predictions(place, since=begins, until=ends)
    if entity is not None:
        rows = rows.filter(pl.col("entity") == logged_entity(entity, contract))
    with reading(place.tables):
        found = rows.select(pl.len()).collect(engine="streaming").item()
        answers = tuple(_newest(place, rows, last, contract)) if found else ()
    is_whole = since is None and until is None and entity is None
    says = _says(answers, found) if found else (_NOTHING if is_whole else _NOTHING_HERE,)
    return LogShown(contract.aim.name, found, answers, says, _next(answers, problem, is_whole=is_whole))


def _newest(place: LogPlace, rows: pl.LazyFrame, last: int, contract: Problem) -> Iterator[LoggedAnswer]:
    """Yield the newest rows; all columns are read of these alone."""
    newest = rows.select("prediction_id", "at").top_k(last, by=["at", "prediction_id"]).collect(engine="streaming")
    ids, since = newest["prediction_id"], newest["at"].min()
    assert isinstance(since, datetime)  # there are rows
    shown = rows_about(rows.filter(pl.col("at") >= since), ids)
    truth = read_outcomes(place, about=ids).select("prediction_id", truth_label="label", truth_number="number")
    table = shown.join(truth, on="prediction_id", how="left").collect(engine="streaming")
    shadows = _shadows(place, ids, since)
    labels = labels_of(contract, [*table["bundle_id"].unique(), *shadows["bundle_id"].unique()])
    of_answer: dict[str, list[LoggedAnswer]] = {}
    for row in shadows.iter_rows(named=True):
        shadow = _answer({**row, "truth_label": None, "truth_number": None}, labels)
        of_answer.setdefault(row["request"], []).append(shadow)
    for row in table.sort("at", "prediction_id", descending=True).iter_rows(named=True):
        answer = _answer(row, labels)
        yield replace(answer, shadows=tuple(of_answer.get(answer.prediction_id, ())))


def _shadows(place: LogPlace, ids: pl.Series, since: datetime) -> pl.DataFrame:
    """Return what was answered in the place of answers, in the order in which it was."""
    rows = read_predictions(place, since=since, roles=["shadow"])
    asked = pl.LazyFrame({"request": ids})
    return rows.join(asked, on="request", how="semi").collect(engine="streaming").sort("prediction_id")


def _answer(row: dict[str, Any], labels: dict[str, tuple[str, ...]]) -> LoggedAnswer:
    is_class, decision = row["number"] is None, row["decision_label"]
    truth = row["truth_number"] if row["truth_label"] is None else row["truth_label"]
    return LoggedAnswer(
        at=row["at"],
        prediction_id=row["prediction_id"],
        entity=row["entity"],
        decision=decision if is_class else row["decision_number"],
        probability=_probability(row, labels.get(row["bundle_id"], ())) if is_class and decision is not None else None,
        lo=row["lo"],
        hi=row["hi"],
        flags=len(row["flags"] or ()),
        arm=row["arm"],
        truth=truth,
        bundle_id=row["bundle_id"],
        role=row["role"],
    )


def _probability(row: dict[str, Any], labels: tuple[str, ...]) -> float | None:
    """Return the probability of the class that is the decision; None where the bundle's classes are not known."""
    shares: list[float] = row["probabilities"] or []
    if row["decision_label"] in labels and len(shares) == len(labels):
        return shares[labels.index(row["decision_label"])]
    return max(shares, default=None) if row["decision_label"] == row["label"] else None  # the likeliest is predicted


def _says(answers: tuple[LoggedAnswer, ...], found: int) -> tuple[str, ...]:
    told = []
    if len(answers) < found:
        told.append(f"The newest {len(answers):,} of {counted(found, 'prediction')} are shown.")
    known = sum(answer.truth is not None for answer in answers)
    if not known:
        told.append("What turned out to be true is not known yet of any of these.")
    return tuple(told)


def _next(answers: tuple[LoggedAnswer, ...], problem: Path | str, *, is_whole: bool) -> str:
    if not answers:
        return next_step("serve" if is_whole else "log show", problem)
    if all(answer.truth is None for answer in answers):
        return next_step("outcomes TABLE", problem)
    return next_step("log export -o log.parquet", problem)
