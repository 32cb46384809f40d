"""The verb `score`: answer every row of a table, in batches of bounded memory.

customer  tenure  …              in   (the bundle's inputs as they come; the target is not needed)
customer  prediction  probability_No  probability_Yes  decision  flags  guards    out, in the order of the table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from milepost.api.arguments import verb
from milepost.api.log_access import fold_now
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.outputs import refuse_over_problem, refuse_over_table
from milepost.api.serving import log_place_of, settings_of
from milepost.api.storing import store_of
from milepost.api.tables import called, opened_table
from milepost.data.answer_files import AnswerFile, answer_file, nothing
from milepost.data.sources import Scanned, Source
from milepost.data.writing import MISSING_TOKENS
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.text import counted
from milepost.predictor.inputs import refuse_missing
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.predlog.aside import journal_aside
from milepost.problem.read import read_problem
from milepost.problem.serving import redaction_conflicts
from milepost.problem.spec import Problem
from milepost.registry.names import resolve
from milepost.serve.guards import compile_guards
from milepost.serve.scoring import GUARDS, Guarded, Scoring
from milepost.serve.state import Named
from milepost.serve.voices import load_voice
from milepost.show.notebook import Shows

ABSTAINED = "none (abstained)"  # in place of a decision, where a guard took it away

_WHOLE_NUMBER = r"^(?:0|-?[1-9][0-9]{0,17})$"  # "007" is a name
_NUMBER = r"^-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?$"
_ELSEWHERE = "Write to another file: -o answers.parquet"


@dataclass(frozen=True, slots=True)
class Scored(Shows):
    """What `score` leaves.

    Attributes:
        path: the file with the answers.
        bundle_id: what answered.
        rows: rows answered.
        flagged: rows with at least one flag.
        kept: columns of the table that stand before the answers.
        decisions: decision -> rows, with those that a guard left without one; empty for regression.
        says: what is worth knowing about the answers.
        next_step: what to do next.
        prediction_log: folder or URI of the log that holds the answers; None where they are not logged.
    """

    path: Path
    bundle_id: str
    rows: int
    flagged: int
    kept: tuple[str, ...]
    decisions: dict[str, int]
    says: tuple[str, ...]
    next_step: str
    prediction_log: str | None = None


@verb
def score(
    bundle: str | Path,
    table: Source,
    *,
    output: Path | str,
    problem: Path | str = "milepost.toml",
    keep: Sequence[str] = (),
    log: bool = False,
    reasons: int = 0,
    listener: Listener = silent,
    clock: Clock = wall_clock,
) -> Scored:
    """Return where the answers to a table are: the id, prediction, probabilities or interval, decision, flags.

    Values are read as the bundle says, by the same gate as single rows. The guards of the problem act as in the
    service; the column guards names those that did. A table of text is copied beside the output while it is read. With
    log, rows get their arm, too, and all answers are in the prediction log when the file is there, each under the
    prediction_id beside it; a run that fails logs nothing.

    Args:
        bundle: a folder, NAME@champion or NAME:VERSION.
        table: file, glob, cloud URI, Delta table or query; it needs the bundle's inputs, not the target.
        output: file to write, whole or not at all: .parquet, .csv or .jsonl.
        problem: path of the problem file; not needed where bundle is a folder and nothing is logged.
        keep: further columns of the table to keep beside the id.
        log: whether the answers go to the prediction log.
        reasons: how many reasons of each answer stand beside it: what adds most to it, exactly; none are logged.
        listener: hears the progress.
        clock: stamps what is logged.

    Raises:
        MilepostError: the bundle or table can't be read, an input is absent, or the output is the table, the
            problem's table or the problem file.
        EnvironmentFault: the disk, the network or a database failed.
    """
    file = answer_file(Path(output))
    refuse_over_table(file.path, table, base=Path(), called="the table that is to be answered", fix=_ELSEWHERE)
    listener(Event("bundle", "looking for the bundle"))
    asked = _asked(str(bundle), Path(problem), file.path, log=log)
    with opened_table(table, beside=file.path, listener=listener) as scanned, ExitStack() as stack:
        names = scanned.frame.collect_schema().names()
        _refuse_missing(asked.predictor, names, keep, called(table))
        kept = _kept(asked.entity, names, keep)
        way = _logged(asked, scanned, stack, clock) if log else _unlogged(asked)
        way = _with_reasons(asked.predictor, way, reasons) if reasons else way
        _refuse_taken(kept, way)
        counts = _answer(asked.predictor, scanned, kept, file, way, listener)
    unfolded = fold_now(log_place_of(asked.contract), clock=clock) if log and asked.contract else ()
    decided = _decided(counts)
    rows, flagged = counts["all", "rows"], counts["all", "flagged"]
    says = (*_says(asked, kept, rows, flagged), *way.says(), *unfolded)
    following = next_step("log show" if log else "status", problem)
    return Scored(
        file.path, asked.predictor.bundle_id, rows, flagged, kept, decided, says, following, way.prediction_log
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A bundle, and what the problem says around it; a folder without a problem file has no contract."""

    predictor: Predictor
    folder: Path
    contract: Problem | None = None

    @property
    def entity(self) -> str | None:
        return self.contract.data.id if self.contract else None


def _asked(bundle: str, problem: Path, output: Path, *, log: bool) -> _Asked:
    """Return the bundle that a name means; refuse to write over the problem's files."""
    if Path(bundle).is_dir() and not problem.exists() and not log:
        return _Asked(load_predictor(Path(bundle)), Path(bundle))
    contract = read_problem(problem)
    refuse_over_problem(output, contract, fix=_ELSEWHERE)
    workspace = workspace_of(contract)
    found = resolve(bundle, workspace=workspace, store=store_of(contract), history=workspace.history)
    return _Asked(load_predictor(found.path), found.path, contract)


def _refuse_missing(predictor: Predictor, names: Sequence[str], keep: Sequence[str], place: str) -> None:
    """Refuse a table without an input of the bundle, or without a column that is to be kept."""
    for name in keep:
        if name not in names:
            raise UnknownNameError("column", name, known=names, where=place)
    refuse_missing(predictor.schema, names, where=place)


def _kept(entity: str | None, names: Sequence[str], keep: Sequence[str]) -> tuple[str, ...]:
    first = [entity] if entity is not None and entity in names else []
    return tuple(dict.fromkeys([*first, *keep]))


# how a batch is answered


@dataclass(frozen=True, slots=True)
class _Way:
    """How batches are answered.

    Attributes:
        columns: of the answers.
        answer: to a batch; None is the predictor's own.
        also: columns of the table that it reads beside the inputs.
        before: called when all rows are answered and before the file is there.
        scoring: counts the rows on which a guard acted; None where there are no guards.
        prediction_log: place of the log, if they are.
    """

    columns: pl.Schema
    answer: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    also: Sequence[str] = ()
    before: Callable[[], None] = nothing
    scoring: Scoring | Guarded | None = None
    prediction_log: str | None = None

    def says(self) -> Iterator[str]:
        """Give sentences about the log and the guards."""
        if self.prediction_log is not None:
            yield "The answers are in the prediction log; outcomes can be sent by the prediction_id beside each."
        if self.scoring is not None and self.scoring.guarded:
            yield f"Guards acted on {counted(self.scoring.guarded, 'row')}."


def _unlogged(asked: _Asked) -> _Way:
    """Return the way of the predictor, with the guards of the problem around it."""
    predictor, contract = asked.predictor, asked.contract
    columns = predictor.no_answers().schema
    documents = [guard.document for guard in contract.serve.guards] if contract else []
    guards = compile_guards(documents, predictor.schema, where=contract.where if contract else str)
    if guards is None:
        return _Way(columns)
    guarded = Guarded(predictor, guards)
    return _Way(guarded.schema(columns), guarded.answer, scoring=guarded)


def _logged(asked: _Asked, scanned: Scanned, stack: ExitStack, clock: Clock) -> _Way:
    """Return the service's way, whose records become visible when all rows are answered."""
    contract, predictor = asked.contract, asked.predictor
    assert contract is not None  # nothing is logged without
    if conflict := redaction_conflicts(contract.serve, predictor.schema.names, where=contract.where):
        raise conflict
    settings = settings_of(contract, predictor, workspace_of(contract).serving(contract.aim.name))
    voice = load_voice(Named(predictor.bundle_id, str(asked.folder)), settings)
    place = settings.place
    journal, publish = stack.enter_context(journal_aside(place.journals, durability=settings.durability))
    scoring = Scoring(
        voice, settings, journal, types=_types(scanned, settings.context),
        clock_ns=lambda: int(clock().timestamp() * 1e9),
    )  # fmt: skip
    columns = scoring.schema(predictor.no_answers().schema)
    shown = contract.serve.tables or place.tables  # as it was written, without its secrets
    return _Way(columns, scoring.answer, scoring.details, publish, scoring, shown)


def _with_reasons(predictor: Predictor, way: _Way, most: int) -> _Way:
    """Return a way that tells the reasons beside each answer."""
    if most < 0:
        raise MilepostError(
            f"No answer has {most} reasons.", where="reasons", fix="Give how many, such as 5; 0 is none."
        )
    answer = way.answer or predictor.answer_table

    def answer_and_reasons(batch: pl.DataFrame) -> pl.DataFrame:
        return answer(batch).hstack(predictor.reasons_table(batch, most=most))

    columns = pl.Schema({**way.columns, **predictor.reasons_table([], most=most).schema})
    return replace(way, columns=columns, answer=answer_and_reasons)


def _types(scanned: Scanned, names: Sequence[str]) -> dict[str, pl.DataType]:
    """Return the columns of a table of text in which everything is a number."""
    here = [name for name in names if name in scanned.frame.collect_schema()] if scanned.is_text else []
    if not here:
        return {}
    cells = pl.col(here).replace(list(MISSING_TOKENS), None)
    tests = {"whole": _WHOLE_NUMBER, "number": _NUMBER}
    found = scanned.frame.select(
        (cells.str.contains(pattern).all() & cells.is_not_null().any()).name.suffix(f"\0{kind}")
        for kind, pattern in tests.items()
    ).collect(engine="streaming").row(0, named=True)  # fmt: skip
    whole = {name: pl.Int64() for name in here if found[f"{name}\0whole"]}
    return {**{name: pl.Float64() for name in here if found[f"{name}\0number"]}, **whole}


def _refuse_taken(kept: Sequence[str], way: _Way) -> None:
    """Refuse to keep a column that has the name of an answer, or of what logging or reasons add."""
    for name in (name for name in kept if name in way.columns):
        raise MilepostError(
            f"The column {name!r} has the name of an answer, so it cannot be kept.",
            where="the table to be answered",
            fix=f"Rename {name!r} in the table.",
        )


def _answer(
    predictor: Predictor, scanned: Scanned, kept: Sequence[str], file: AnswerFile, way: _Way, listener: Listener
) -> Counter[tuple[str, str]]:
    """Write the answers batch by batch; return how many rows there are, with flags, and of each decision."""
    frame, whole = scanned.frame, _whole_numbers(scanned, kept)
    counts: Counter[tuple[str, str]] = Counter()
    rows = frame.select(pl.len()).collect(engine="streaming").item()

    def source(*_: object) -> Iterator[pl.DataFrame]:
        for batch in predictor.answer_batches(frame, keep=kept, answer=way.answer, also=way.also):
            _count(batch, counts)
            done = counts["all", "rows"]
            listener(Event("score", f"{counted(done, 'row')} answered", done, rows))
            whole_numbers = batch.with_columns(pl.col(whole).cast(pl.Int64))  # not in frame: Polars would hold more
            yield file.shaped(whole_numbers, lists=lists)

    lists = [name for name in ("flags", GUARDS) if name in way.columns]
    types = frame.select(kept).with_columns(pl.col(whole).cast(pl.Int64)).collect_schema()
    schema = file.schema(pl.Schema({**types, **way.columns}), lists=lists)
    file.write(register_io_source(source, schema=schema), before=way.before)
    return counts


def _whole_numbers(scanned: Scanned, kept: Sequence[str]) -> list[str]:
    """Return the kept columns in which a table of text holds nothing but whole numbers."""
    if not scanned.is_text or not kept:
        return []
    is_whole = pl.col(kept).str.contains(_WHOLE_NUMBER).all() & pl.col(kept).is_not_null().any()
    found = scanned.frame.select(is_whole).collect(engine="streaming").row(0, named=True)
    return [name for name in kept if found[name]]


def _count(batch: pl.DataFrame, counts: Counter[tuple[str, str]]) -> None:
    counts["all", "rows"] += batch.height
    counts["all", "flagged"] += int((batch["flags"].list.len() > 0).sum())
    if batch["decision"].dtype == pl.String:
        counts["all", "classified"] += batch.height
        for label, rows in batch["decision"].drop_nulls().value_counts().iter_rows():
            counts["decision", label] += rows


def _decided(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    """Return decision -> rows; they add up to all rows."""
    decided = {label: rows for (what, label), rows in sorted(counts.items()) if what == "decision"}
    abstained = counts["all", "classified"] - sum(decided.values())
    return {**decided, ABSTAINED: abstained} if abstained else decided


def _says(asked: _Asked, kept: Sequence[str], rows: int, flagged: int) -> tuple[str, ...]:
    said = []
    if not kept:
        nobody = "The problem names no id" if asked.contract else "There is no problem file that names an id"
        why = f"The table has no column {asked.entity!r}" if asked.entity else nobody
        said.append(f"{why}, so the answers stand in the order of the table's rows without one.")
    if flagged > rows / 2:
        said.append("More than half of the rows have a flag: they are not like the rows that the model learned from.")
    return tuple(said)
