"""The verb `log_query`: a question in SQL about the log, with the rows that are not folded yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import polars as pl

from milepost.api.arguments import verb
from milepost.api.log_access import When, moment_of, refuse_empty_span
from milepost.api.next_step import next_step
from milepost.api.serving import log_place_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted, listed, nearest
from milepost.predlog.delta_tables import reading
from milepost.predlog.flat import FlatLog
from milepost.predlog.read import read_outcomes
from milepost.predlog.records import Role
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.show.cells import Cells
from milepost.show.notebook import Shows

MOST = 100_000
TABLES = ("predictions", "outcomes", "joined", "shadows")

_EXAMPLE = 'milepost log query "SELECT decision_label, COUNT(*) AS n FROM predictions GROUP BY decision_label"'
_WHERE = "the query"
_IGNORED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)  # comments, quoted texts
_READERS = re.compile(r"\b(?:read|scan)_\w+\s*\(", re.IGNORECASE)
_COLUMN = re.compile(r"unable to find column \"(.*?)\"; valid columns: \[(.*?)\]", re.DOTALL)
_RELATION = re.compile(r"relation '(.*?)' was not found")
_PARSER = re.compile(r"sql parser error: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LogQueried(Shows):
    """What a query of the log answers.

    Attributes:
        name: of the problem.
        table: columns and rows.
        says: what was left out.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Log of"

    name: str
    table: Cells
    says: tuple[str, ...]
    next_step: str


@verb
def log_query(
    sql: str,
    *,
    most: int = 100,
    since: When = None,
    until: When = None,
    as_of: When = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> LogQueried:
    """Return what a SELECT of Polars SQL answers about the log.

    There are four tables: predictions (what callers were told, with a column for each input), outcomes (the last word
    on each prediction), joined (predictions with truth_label, truth_number and the like beside them), and shadows (what
    a challenger would have answered, with the columns of joined; request is the prediction_id of what the caller got).

    Args:
        sql: one SELECT.
        most: how many rows to return, 1 to 100,000.
        since: leave out what was answered before; a time, or a span back from now such as "7d".
        until: leave out what was answered at this time or later.
        as_of: leave out what was answered or recorded later.
        problem: path of the problem file.
        clock: says when now is.

    Raises:
        MilepostError: the query is no SELECT, cannot be understood, or asks for what is not there.
        EnvironmentFault: the log cannot be read.
    """
    contract = read_problem(Path(problem))
    if not 1 <= most <= MOST:
        raise MilepostError(f"most is {most:,}.", where="log query, --most", fix=f"Write 1 to {MOST:,}.")
    _refuse_other_than_select(sql)
    begins = moment_of(since, contract, where="log query, --since", clock=clock)
    ends = moment_of(until, contract, where="log query, --until", clock=clock)
    refuse_empty_span(begins, ends)
    known = moment_of(as_of, contract, where="log query, --as-of", clock=clock)
    flat = FlatLog(log_place_of(contract))
    shadow: Role = "shadow"
    frames = {
        "predictions": flat.predictions(since=begins, until=ends, as_of=known),
        "outcomes": read_outcomes(flat.place, as_of=known).drop("day"),
        "joined": flat.joined(since=begins, until=ends, as_of=known),
        "shadows": flat.joined(since=begins, until=ends, as_of=known, roles=(shadow,)),
    }
    with reading(flat.place.tables):
        found = _answered(sql, frames, most + 1, contract)
    rows = tuple(tuple(_plain(value) for value in row) for row in found.head(most).iter_rows())
    says = (f"Only the first {counted(most, 'row')} are here: --most N gives more.",) if found.height > most else ()
    export = next_step("log export -o log.parquet", problem)
    return LogQueried(contract.aim.name, Cells(tuple(found.columns), rows), says, export)


def _refuse_other_than_select(sql: str) -> None:
    bare = _IGNORED.sub(" ", sql).strip()
    if re.match(r"\(*\s*(select|with|from)\b", bare, re.IGNORECASE) is None:
        word = bare.split()[0].upper() if bare.split() else "nothing"
        raise MilepostError(
            f"A query of the log begins with SELECT, not with {word[:40]}.", where=_WHERE, fix=f"Write: {_EXAMPLE}"
        )
    reader = _READERS.search(bare)
    if reader is not None:
        raise MilepostError(
            f"A query of the log reads no files: {reader[0].rstrip('( ')}.",
            where=_WHERE,
            fix=f"Ask for {listed(TABLES)}; join other tables to what `milepost log export` writes.",
        )


def _answered(sql: str, frames: dict[str, pl.LazyFrame], most: int, contract: Problem) -> pl.DataFrame:
    try:
        with pl.SQLContext(frames, register_globals=False) as context:
            return context.execute(sql).head(most).collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as why:
        raise _misunderstood(str(why), sql, contract) from None


def _misunderstood(why: str, sql: str, contract: Problem) -> MilepostError:
    """Return why a query has no answer, in our words where we know what is meant."""
    if column := _COLUMN.search(why):
        if unlogged := _unlogged(column[1], contract):
            return unlogged
        known = re.findall(r'"(.*?)"', column[2])
        near = nearest(column[1], known)
        fix = f"Write {near!r} instead." if near else f"Choose one of: {listed(known, most=40)}."
        quoted = f" A text stands in single quotes: '{column[1]}'." if f'"{column[1]}"' in sql else ""
        return MilepostError(f"There is no column {column[1]!r} here.{quoted}", where=_WHERE, fix=fix)
    if table := _RELATION.search(why):
        return MilepostError(f"There is no table {table[1]!r}.", where=_WHERE, fix=f"Choose one of: {listed(TABLES)}.")
    parsed = _PARSER.search(why)
    said = " ".join((parsed[1] if parsed else why.partition("\n")[0]).split())
    return MilepostError(f"The query cannot be answered: {said}.", where=_WHERE, fix=f"Write it like: {_EXAMPLE}")


def _unlogged(column: str, contract: Problem) -> MilepostError | None:
    """Return why the log has no column of a name that the problem knows; None where it knows no such name."""
    if column in contract.serve.redaction:
        return MilepostError(
            f"{column!r} is left out of the log by [serve.redaction], so it cannot be asked for.",
            where=contract.where(f"serve.redaction.{column}"),
            fix='Ask for other columns; with "hash" in place of "drop" what is answered from now on has it as a hash.',
        )
    if column == contract.data.id:
        return MilepostError(f"The log calls {column!r} entity.", where=_WHERE, fix="Write 'entity' instead.")
    if column == contract.aim.target:
        fix = "Write truth_label or truth_number, FROM joined; label is what was predicted."
        return MilepostError(f"The log calls {column!r} the truth.", where=_WHERE, fix=fix)
    return None


def _plain(value: object) -> object:
    """Return a value as JSON can hold it."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, bool | int | float | str | date | timedelta):
        return value
    return str(value)
