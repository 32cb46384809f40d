"""The verb `score`: answer every row of a table, in batches of bounded memory.

customer  tenure  …              in   (the bundle's inputs as they come; the target is not needed)
customer  prediction  probability_No  probability_Yes  decision  flags     out, in the order of the table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from polars.io.plugins import register_io_source

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.outputs import refuse_over_problem, refuse_over_table
from milepost.api.storing import store_of
from milepost.data.answer_files import AnswerFile, answer_file
from milepost.data.formats import damaged
from milepost.data.sources import Scanned, Source, scan
from milepost.ground.errors import UnknownNameError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.files import disk_errors
from milepost.ground.text import counted
from milepost.ground.workspace import Workspace
from milepost.predictor.inputs import refuse_missing
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.problem.read import read_problem
from milepost.problem.spec import SqlSource
from milepost.registry.names import resolve
from milepost.show.notebook import Shows

_WHOLE_NUMBER = r"^(?:0|-?[1-9][0-9]{0,17})$"  # "007" is a name
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
        decisions: decision -> rows; empty for regression.
        says: what is worth knowing about the answers.
        next_step: what to do next.
    """

    path: Path
    bundle_id: str
    rows: int
    flagged: int
    kept: tuple[str, ...]
    decisions: dict[str, int]
    says: tuple[str, ...]
    next_step: str


@verb
def score(
    bundle: str | Path,
    table: Source,
    *,
    output: Path | str,
    problem: Path | str = "milepost.toml",
    keep: Sequence[str] = (),
    listener: Listener = silent,
) -> Scored:
    """Return where the answers to a table are: the id, prediction, probabilities or interval, decision, flags.

    Values are read as the bundle says, by the same gate as single rows. A table of text is copied beside the output
    while it is read.

    Args:
        bundle: a folder, NAME@champion or NAME:VERSION.
        table: file, glob, cloud URI, Delta table or query; it needs the bundle's inputs, not the target.
        output: file to write, whole or not at all: .parquet, .csv or .jsonl.
        problem: path of the problem file; not needed where bundle is a folder.
        keep: further columns of the table to keep beside the id.
        listener: hears the progress.

    Raises:
        MilepostError: the bundle or table can't be read, an input is absent, or the output is the table, the
            problem's table or the problem file.
        EnvironmentFault: the disk, the network or a database failed.
    """
    file = answer_file(Path(output))
    refuse_over_table(file.path, table, base=Path(), called="the table that is to be answered", fix=_ELSEWHERE)
    listener(Event("bundle", "looking for the bundle"))
    predictor, entity = _predictor(str(bundle), Path(problem), file.path)
    place = "the query" if isinstance(table, SqlSource) else str(table)
    listener(Event("read", f"reading {place}"))
    with _workspace_beside(file.path) as workspace:
        scanned = scan(table, workspace=workspace, base=Path(), listener=listener)
        names = scanned.frame.collect_schema().names()
        _refuse_missing(predictor, names, keep, place)
        kept = _kept(entity, names, keep)
        with _readable(scanned):
            counts = _answer(predictor, scanned, kept, file, listener)
    decided = {label: rows for (what, label), rows in sorted(counts.items()) if what == "decision"}
    rows, flagged = counts["all", "rows"], counts["all", "flagged"]
    says = _says(entity, kept, rows, flagged)
    return Scored(file.path, predictor.bundle_id, rows, flagged, kept, decided, says, next_step("status", problem))


def _predictor(bundle: str, problem: Path, output: Path) -> tuple[Predictor, str | None]:
    """Return the predictor, and the column that the problem calls id; refuse to write over the problem's files."""
    if Path(bundle).is_dir() and not problem.exists():
        return load_predictor(Path(bundle)), None
    contract = read_problem(problem)
    refuse_over_problem(output, contract, fix=_ELSEWHERE)
    workspace = workspace_of(contract)
    found = resolve(bundle, workspace=workspace, store=store_of(contract), history=workspace.history)
    return load_predictor(found.path), contract.data.id


@contextmanager
def _workspace_beside(output: Path) -> Iterator[Workspace]:
    """Give a workspace on the output's disk; the copies of tables that are staged in it do not stay."""
    with disk_errors(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-", ignore_cleanup_errors=True)
    with folder as place:
        yield Workspace(Path(place))


def _refuse_missing(predictor: Predictor, names: Sequence[str], keep: Sequence[str], place: str) -> None:
    """Refuse a table without an input of the bundle, or without a column that is to be kept."""
    for name in keep:
        if name not in names:
            raise UnknownNameError("column", name, known=names, where=place)
    refuse_missing(predictor.schema, names, where=place)


def _kept(entity: str | None, names: Sequence[str], keep: Sequence[str]) -> tuple[str, ...]:
    first = [entity] if entity is not None and entity in names else []
    return tuple(dict.fromkeys([*first, *keep]))


@contextmanager
def _readable(scanned: Scanned) -> Iterator[None]:
    """Turn a damaged table into an error; a table that we staged ourselves is our own bug."""
    try:
        yield
    except pl.exceptions.PolarsError as why:
        if scanned.staged:
            raise
        raise damaged(scanned.name, "parquet") from why


def _answer(
    predictor: Predictor, scanned: Scanned, kept: Sequence[str], file: AnswerFile, listener: Listener
) -> Counter[tuple[str, str]]:
    """Write the answers batch by batch; return how many rows there are, with flags, and of each decision."""
    frame, whole = scanned.frame, _whole_numbers(scanned, kept)
    counts: Counter[tuple[str, str]] = Counter()
    rows = frame.select(pl.len()).collect(engine="streaming").item()

    def source(*_: object) -> Iterator[pl.DataFrame]:
        for batch in predictor.answer_batches(frame, keep=kept):
            _count(batch, counts)
            done = counts["all", "rows"]
            listener(Event("score", f"{counted(done, 'row')} answered", done, rows))
            whole_numbers = batch.with_columns(pl.col(whole).cast(pl.Int64))  # not in frame: Polars would hold more
            yield file.shaped(whole_numbers)

    types = frame.select(kept).with_columns(pl.col(whole).cast(pl.Int64)).collect_schema()
    schema = file.schema(pl.Schema({**types, **predictor.no_answers().schema}))
    file.write(register_io_source(source, schema=schema))
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
        for label, rows in batch["decision"].drop_nulls().value_counts().iter_rows():
            counts["decision", label] += rows


def _says(entity: str | None, kept: Sequence[str], rows: int, flagged: int) -> tuple[str, ...]:
    said = []
    if not kept:
        why = f"The table has no column {entity!r}" if entity else "No problem file names an id"
        said.append(f"{why}, so the answers stand in the order of the table's rows without one.")
    if flagged > rows / 2:
        said.append("More than half of the rows have a flag: they are not like the rows that the model learned from.")
    return tuple(said)
