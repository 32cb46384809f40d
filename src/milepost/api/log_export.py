"""The verb `log_export`: the log as one file, predictions with their inputs and what turned out to be true.

prediction_id  entity  at  …  decision_label  …  tenure  contract  …  truth_label  truth_recorded_at  …
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import polars as pl
from polars.io.plugins import register_io_source

from milepost.api.arguments import verb
from milepost.api.log_access import When, moment_of, refuse_empty_span
from milepost.api.next_step import next_step
from milepost.api.outputs import refuse_over_problem
from milepost.api.serving import log_place_of
from milepost.data.answer_files import AnswerFile, answer_file
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.text import counted, listed
from milepost.predlog.delta_tables import reading
from milepost.predlog.flat import FlatLog
from milepost.predlog.read import ANSWERS, TRUTH
from milepost.predlog.records import Role
from milepost.problem.read import read_problem
from milepost.show.notebook import Shows

ROWS_AT_ONCE = 100_000  # in memory, or those of one second where these are more

_LISTS = ("probabilities", "flags", "guards")
_ELSEWHERE = "Write to another file: -o log.parquet"
_HOUR, _SECOND = timedelta(hours=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LogExported(Shows):
    """A log as a file.

    Attributes:
        name: of the problem.
        path: the file.
        rows: predictions in it, in the order of time.
        outcomes: how many of them have one.
        columns: of the file.
        says: what is worth knowing about the columns.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Log of"

    name: str
    path: Path
    rows: int
    outcomes: int
    columns: int
    says: tuple[str, ...]
    next_step: str


@verb
def log_export(
    output: Path | str,
    *,
    since: When = None,
    until: When = None,
    as_of: When = None,
    shadows: bool = False,
    problem: Path | str = "milepost.toml",
    listener: Listener = silent,
    clock: Clock = wall_clock,
) -> LogExported:
    """Return where the predictions of the log are, with their inputs and the last word on each, in the order of time.

    Args:
        output: file to write, whole or not at all: .parquet, .csv or .jsonl.
        since: leave out what was answered before; a time, or a span back from now such as "7d".
        until: leave out what was answered at this time or later.
        as_of: leave out what was answered or recorded later.
        shadows: whether what challengers would have answered comes along, as rows of their own with role "shadow".
        problem: path of the problem file.
        listener: hears the progress.
        clock: says when now is.

    Raises:
        MilepostError: a time is none, nothing is logged in the window, or the output would destroy a file of the
            problem.
        EnvironmentFault: the log cannot be read, or the disk refused.
    """
    contract = read_problem(Path(problem))
    file = answer_file(Path(output), of="log")
    refuse_over_problem(file.path, contract, fix=_ELSEWHERE)
    begins = moment_of(since, contract, where="log export, --since", clock=clock)
    ends = moment_of(until, contract, where="log export, --until", clock=clock)
    refuse_empty_span(begins, ends)
    known = moment_of(as_of, contract, where="log export, --as-of", clock=clock)
    flat = FlatLog(log_place_of(contract))
    roles: tuple[Role, ...] = (*ANSWERS, "shadow") if shadows else ANSWERS
    listener(Event("export", "looking what is logged"))
    with reading(flat.place.tables):
        windows = _windows(flat.predictions(since=begins, until=ends, as_of=known, roles=roles), begins, ends)
    if not windows:
        raise MilepostError(
            "Nothing is logged in this window." if begins or ends or known else "Nothing is logged yet.",
            where=f"the log of {contract.aim.name}",
            fix=f"See what is logged: {next_step('log show', problem)}",
        )
    written = _Written()
    columns = _write(flat, windows, known, roles, file, written, listener)
    return LogExported(
        contract.aim.name, file.path, written.rows, written.outcomes, len(columns), _says(flat, file),
        next_step("log show", problem),
    )  # fmt: skip


@dataclass(slots=True)
class _Written:
    rows: int = 0
    outcomes: int = 0


def _windows(rows: pl.LazyFrame, since: datetime | None, until: datetime | None) -> list[tuple[datetime, datetime]]:
    """Return spans that follow each other, hold all rows of a window, and few enough for memory each."""
    spans: list[tuple[datetime, datetime]] = []
    held = 0
    for begin, end, number in _pieces(rows.select("at")):
        if not spans or held + number > ROWS_AT_ONCE:
            spans.append((begin, end))
            held = 0
        held += number
        spans[-1] = (spans[-1][0], end)
    return [(max(begin, since or begin), min(end, until or end)) for begin, end in spans]


def _pieces(rows: pl.LazyFrame) -> Iterator[tuple[datetime, datetime, int]]:
    """Give the hours in which there are rows, with their number; an hour that holds too many as its seconds."""
    for hour, number in _counts(rows, "1h"):
        if number <= ROWS_AT_ONCE:
            yield hour, hour + _HOUR, number
            continue
        of_hour = rows.filter(pl.col("at").is_between(pl.lit(hour), pl.lit(hour + _HOUR), closed="left"))
        yield from ((second, second + _SECOND, inside) for second, inside in _counts(of_hour, "1s"))


def _counts(rows: pl.LazyFrame, every: str) -> Iterator[tuple[datetime, int]]:
    """Give the begin of each span in which there are rows, in order, with their number."""
    counted_rows = rows.group_by(pl.col("at").dt.truncate(every)).len().collect(engine="streaming")
    yield from counted_rows.sort("at").iter_rows()


def _write(
    flat: FlatLog, windows: list[tuple[datetime, datetime]], as_of: datetime | None, roles: Collection[Role],
    file: AnswerFile, written: _Written, listener: Listener,
) -> list[str]:  # fmt: skip
    """Write the file and return its columns."""

    def source(*_: object) -> Iterator[pl.DataFrame]:
        for place, (since, until) in enumerate(windows, start=1):
            with reading(flat.place.tables):
                rows = flat.window(since, until, as_of=as_of, roles=roles)
            written.rows += rows.height
            written.outcomes += int((rows["truth_label"].is_not_null() | rows["truth_number"].is_not_null()).sum())
            yield file.shaped(rows, lists=_LISTS)
            listener(Event("export", f"{counted(written.rows, 'prediction')} written", place, len(windows)))

    schema = file.schema(pl.Schema({**flat.schema, **TRUTH}), lists=_LISTS)
    file.write(register_io_source(source, schema=schema))
    return list(schema)


def _says(flat: FlatLog, file: AnswerFile) -> tuple[str, ...]:
    told = []
    renamed = [f"{name} is {column}" for name, column in flat.columns.items() if name != column]
    if renamed:
        told.append(f"Inputs with the name of a column of the log stand under another: {listed(renamed)}.")
    if not file.holds_lists:
        told.append("Lists (probabilities, flags, guards) stand in one cell, with “; ” between their items.")
    return tuple(told)
