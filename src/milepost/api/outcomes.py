"""The verb `outcomes`: what turned out to be true, from a table into the log.

prediction_id  churn      or      customer  snapshot_at  churn  recorded_at        in
taken 812 · corrected 3 · known already 0 · refused 2: row 17, …                   out
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import polars as pl

from milepost.api.arguments import verb
from milepost.api.log_access import answering_bundle, fold_now, voice_of
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.serving import log_place_of
from milepost.api.tables import called, opened_table
from milepost.data.sources import Source
from milepost.data.sql import is_database
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.text import count, counted
from milepost.predlog.given import COLUMNS
from milepost.predlog.journal import Durability, Journal
from milepost.predlog.outcomes import STATUSES, take_outcomes
from milepost.predlog.places import LogPlace
from milepost.predlog.records import OutcomeRow, Outcomes, encode
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem, SqlSource
from milepost.serve.voices import Voice
from milepost.show.logged import RefusedRows
from milepost.show.notebook import Shows

ROWS_AT_ONCE = 250_000  # are judged together, so that memory is bounded

_SEED = 0  # of the hash that deals rows to parts


@dataclass(frozen=True, slots=True)
class OutcomesTaken(Shows):
    """What became of given outcomes.

    Attributes:
        name: of the problem.
        rows: of the table.
        outcomes: status -> rows.
        refused: the rows that were refused, by reason, that of most rows first.
        says: what is worth knowing about the others.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Outcomes of"

    name: str
    rows: int
    outcomes: dict[str, int]
    refused: tuple[RefusedRows, ...]
    says: tuple[str, ...]
    next_step: str


@verb
def outcomes(
    table: Source,
    *,
    query: str | None = None,
    problem: Path | str = "milepost.toml",
    listener: Listener = silent,
    clock: Clock = wall_clock,
) -> OutcomesTaken:
    """Return what became of each outcome of a table: taken, corrected, known already, or refused with the reason.

    A row names its prediction by prediction_id, or by the entity and a time within the horizon of the prediction. What
    it does not say (happened_at, recorded_at, acted_on) may be absent. The same table can be given again.

    Args:
        table: file, glob, cloud URI, Delta table or query. Columns: prediction_id, or entity and time (also called as
            data.id and data.time say); truth (also called as the target); happened_at, recorded_at, acted_on.
        query: what to ask, where table is the address of a database; secrets in both only by ${NAME}.
        problem: path of the problem file.
        listener: hears the progress.
        clock: says when these outcomes came.

    Raises:
        MilepostError: the table cannot be read, lacks columns, or every row of it is refused; or no bundle says what
            can be true.
        EnvironmentFault: the log cannot be read or written; what was taken before stays.
    """
    contract, source = read_problem(Path(problem)), _source(table, query)
    voice, place = voice_of(contract, answering_bundle(contract)), log_place_of(contract)
    writer = _Writer(place, contract.serve.durability)
    beside = workspace_of(contract).log(contract.aim.name) / "outcomes-given"
    with opened_table(source, beside=beside, listener=listener) as scanned:
        names = _names(contract, scanned.frame.collect_schema().names())
        taking = _Taking(contract, voice, place, writer, clock)
        try:
            rows = taking.take(_given(scanned.frame, names), listener)
        finally:
            writer.close()
    unfolded = fold_now(place, clock=clock)
    refused = tuple(_in_table(one, names) for one in taking.refused)
    counts = {status: taking.counts[status] for status in STATUSES}
    if rows and counts["refused"] == rows:
        raise _all_refused(rows, refused[0], called(source))
    says = (*(_remark(what, number) for what, number in taking.remarks.items()), *unfolded)
    return OutcomesTaken(contract.aim.name, rows, counts, refused, says, next_step("log show", problem))


def _source(table: Source, query: str | None) -> Source:
    if query is None:
        if isinstance(table, str) and is_database(table):
            fix = "Say what to ask: --query 'SELECT prediction_id, … FROM …'"
            raise MilepostError("This is a database, not a table.", where="outcomes, the table", fix=fix)
        return table
    if not query.strip() or not str(table).strip():
        fix = 'Give the database as TABLE, and --query "SELECT …".'
        raise MilepostError("A query needs a database to ask and something to ask it.", where="--query", fix=fix)
    return SqlSource(uri=str(table), query=query)


class _Writer:
    """A journal that is begun when there is something to write."""

    def __init__(self, place: LogPlace, durability: Durability) -> None:
        self._place, self._durability = place, durability
        self._journal: Journal | None = None

    def __call__(self, rows: Sequence[OutcomeRow]) -> None:
        if self._journal is None:
            self._journal = Journal(self._place.journals, durability=self._durability)
        self._journal.add(encode(Outcomes(list(rows))))
        self._journal.commit()

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()


class _Taking:
    """Takes a table in parts of bounded size.

    Attributes:
        counts: rows of each status.
        remarks: what is remarked of rows that were not refused, and of how many.
        refused: the rows of each reason.
    """

    def __init__(self, contract: Problem, voice: Voice, place: LogPlace, writer: _Writer, clock: Clock) -> None:
        self._contract, self._voice, self._place, self._writer = contract, voice, place, writer
        self._now = clock()
        self.counts: Counter[str] = Counter()
        self.remarks: Counter[str] = Counter()
        self._refused: dict[tuple[str, str], RefusedRows] = {}

    @property
    def refused(self) -> list[RefusedRows]:
        return sorted(self._refused.values(), key=lambda one: (-len(one.rows), one.rows))

    def take(self, given: pl.LazyFrame, listener: Listener) -> int:
        """Return how many rows there are, when each of them was taken or refused."""
        rows = int(given.select(pl.len()).collect(engine="streaming").item())
        done = 0
        for part in _parts(given, rows):
            self._take_part(part)
            done += part.height
            listener(Event("outcomes", f"{counted(done, 'outcome')} looked at", done, rows))
        return rows

    def _take_part(self, part: pl.DataFrame) -> None:
        contract, voice = self._contract, self._voice
        horizon: timedelta | None = contract.aim.horizon
        taken = take_outcomes(
            self._place,
            part.drop("row_of_table"),
            horizon=horizon,
            task=voice.predictor.schema.task,
            labels=voice.predictor.schema.labels,
            now=self._now,
            origin="table",
            write=self._writer,
            zone=contract.data.timezone,
            redaction=voice.redaction if voice.redacts else None,
        )
        self.counts.update(taken.counts)
        told = taken.rows.filter(pl.col("what").is_not_null())
        if told.is_empty():
            return
        of_table = told.with_columns(row=part["row_of_table"].gather(told["row"]))
        is_refused = pl.col("status") == "refused"
        self._count_refused(of_table.filter(is_refused))
        for what, fix in of_table.filter(~is_refused).select("what", "fix").iter_rows():
            self.remarks[f"{what} {fix}"] += 1

    def _count_refused(self, refused: pl.DataFrame) -> None:
        reasons = (
            refused.sort("row")
            .group_by("where", "fix", maintain_order=True)
            .agg(pl.col("what").first(), rows=pl.col("row").cast(pl.Int64) + 1)
        )
        for where, fix, what, rows in reasons.iter_rows():
            known = self._refused.get((where, fix))
            first = known.what if known and known.rows[0] < rows[0] else what
            together = tuple(sorted((*rows, *(known.rows if known else ()))))
            self._refused[where, fix] = RefusedRows(together, first, where, fix)


def _names(contract: Problem, columns: Sequence[str]) -> dict[str, str]:
    """Return what an outcome holds -> the column of the table that holds it."""
    own = {"entity": contract.data.id, "time": contract.data.time, "truth": contract.aim.target}
    found = {}
    for name in COLUMNS:
        other = own.get(name)
        if name in columns:
            found[name] = name
        elif other is not None and other in columns:
            found[name] = other
    return found


def _given(frame: pl.LazyFrame, names: dict[str, str]) -> pl.LazyFrame:
    """Return the columns of outcomes as they are called here, with the place of each row.

    Where a row has a prediction_id, the problem's own names for entity and time are columns like others.
    """
    columns = []
    for name, column in names.items():
        values = pl.col(column)
        if name in ("entity", "time") and column != name and "prediction_id" in names:
            values = pl.when(pl.col(names["prediction_id"]).is_null()).then(values)
        columns.append(values.alias(name))
    return frame.select(columns).with_row_index("row_of_table")


def _parts(given: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts that fit memory; what is said of one prediction is in one part."""
    parts = -(-rows // ROWS_AT_ONCE)
    if parts <= 1:
        yield given.collect(engine="streaming")
        return
    names = given.collect_schema().names()
    keys = [pl.col(name).cast(pl.String) for name in ("prediction_id", "entity") if name in names]
    dealt = pl.coalesce(*keys, pl.lit("")).hash(_SEED) % parts if keys else pl.lit(0)
    for part in range(parts):
        yield given.filter(dealt == part).collect(engine="streaming")


def _in_table(refused: RefusedRows, names: dict[str, str]) -> RefusedRows:
    """Return refused rows with the names that the columns have in the table."""
    what, where = refused.what, refused.where.replace("fields ", "columns ").replace("field ", "column ")
    for name, column in names.items():
        where = where.replace(repr(name), repr(column))
        what = f"{column}{what[len(name) :]}" if what.startswith(f"{name} is ") else what
    return replace(refused, what=what, where=where)


def _remark(what: str, number: int) -> str:
    return f"{counted(number, 'row')}: {what}"


def _all_refused(rows: int, first: RefusedRows, table: str) -> MilepostError:
    what = f"None of the {count(rows)} outcomes was taken. {first.what}" if rows > 1 else first.what
    return MilepostError(what, where=f"{table}, row {count(first.rows[0])}, {first.where}", fix=first.fix)
