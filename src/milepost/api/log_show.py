"""The verb `log_show`: the newest predictions of the log, or one of them whole, for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import polars as pl

from milepost.api.arguments import verb
from milepost.api.log_access import When, labels_of, logged_entity, moment_of, refuse_empty_span
from milepost.api.log_case import LoggedCase, logged_case
from milepost.api.log_rows import logged_answer, shadows_of
from milepost.api.next_step import next_step
from milepost.api.serving import log_place_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted, listed
from milepost.predlog.delta_tables import reading
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_outcomes, read_predictions, rows_about
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.show.logged import LoggedAnswer
from milepost.show.notebook import Shows

MOST = 10_000

_LAST = 20

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
    prediction_id: str | None = None,
    *,
    last: int | None = None,
    since: When = None,
    until: When = None,
    entity: str | None = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> LogShown | LoggedCase:
    """Return the newest predictions of the log, with what turned out to be true of them; or one of them whole.

    Args:
        prediction_id: the one prediction to show, with its inputs, what each of them adds to the answer, what shadows
            answered, and every outcome; nothing else can be chosen then.
        last: how many, 1 to 10,000; 20 where it is left out.
        since: leave out what was answered before; a time, or a span back from now such as "7d".
        until: leave out what was answered at this time or later.
        entity: show only what was answered about it.
        problem: path of the problem file.
        clock: says when now is.

    Raises:
        MilepostError: a time is none, last is out of range, the log knows no entities, or it has no such prediction.
        EnvironmentFault: the log cannot be read.
    """
    contract = read_problem(Path(problem))
    if prediction_id is not None:
        _refuse_choices(last=last, since=since, until=until, entity=entity)
        return logged_case(prediction_id, contract, problem)
    last = _LAST if last is None else last
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


def _refuse_choices(**choices: object) -> None:
    """Refuse to choose among predictions where one is named."""
    given = [f"--{name}" for name, value in choices.items() if value is not None]
    if given:
        raise MilepostError(
            f"A prediction_id names one prediction, which leaves nothing to choose by {listed(given)}.",
            where=f"log show, {given[0]}",
            fix=f"Leave out {listed(given)}, or the prediction_id.",
        )


def _newest(place: LogPlace, rows: pl.LazyFrame, last: int, contract: Problem) -> Iterator[LoggedAnswer]:
    """Yield the newest rows; all columns are read of these alone."""
    newest = rows.select("prediction_id", "at").top_k(last, by=["at", "prediction_id"]).collect(engine="streaming")
    ids, since = newest["prediction_id"], newest["at"].min()
    assert isinstance(since, datetime)  # there are rows
    shown = rows_about(rows.filter(pl.col("at") >= since), ids)
    truth = read_outcomes(place, about=ids).select("prediction_id", truth_label="label", truth_number="number")
    table = shown.join(truth, on="prediction_id", how="left").collect(engine="streaming")
    shadows = shadows_of(place, ids, since)
    labels = labels_of(contract, [*table["bundle_id"].unique(), *shadows["bundle_id"].unique()])
    of_answer: dict[str, list[LoggedAnswer]] = {}
    for row in shadows.iter_rows(named=True):
        of_answer.setdefault(row["request"], []).append(logged_answer(row, labels))
    for row in table.sort("at", "prediction_id", descending=True).iter_rows(named=True):
        answer = logged_answer(row, labels)
        yield replace(answer, shadows=tuple(of_answer.get(answer.prediction_id, ())))


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
