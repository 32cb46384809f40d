"""The verb `score`: answer every row of a table, in batches of bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from milepost.api.opening import workspace_of
from milepost.api.storing import store_of
from milepost.data.read import read_table
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.files import whole_file
from milepost.ground.workspace import Workspace
from milepost.predictor.answer import empty_answers
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.problem.read import read_problem
from milepost.registry.names import resolve
from milepost.show.notebook import Shows

MOST_FLAG_KINDS = 20


@dataclass(frozen=True, slots=True)
class Scored(Shows):
    """What `score` leaves.

    Attributes:
        path: the Parquet file with the answers.
        bundle_id: what answered.
        rows: rows answered.
        flagged: rows with at least one flag.
        decisions: decision -> rows; empty for regression.
        next_step: what to do next.
    """

    path: Path
    bundle_id: str
    rows: int
    flagged: int
    decisions: dict[str, int]
    next_step: str


def score(
    bundle: str,
    table: str,
    *,
    output: Path | str,
    problem: Path | str = "milepost.toml",
    listener: Listener = silent,
) -> Scored:
    """Return where the answers to a table are: the id, prediction, probabilities or interval, decision, flags.

    Args:
        bundle: a folder, NAME@champion or NAME:VERSION.
        table: file, glob, cloud URI or Delta table; it needs the bundle's inputs, not the target.
        output: Parquet file to write, whole or not at all.
        problem: path of the problem file; not needed where bundle is a folder.
        listener: hears the progress.

    Raises:
        MilepostError: the bundle or table can't be read, or an input is absent.
    """
    output = Path(output)
    if output.suffix != ".parquet":
        raise MilepostError(f"{output.name!r} is no Parquet file.", where="--output", fix="Write: -o answers.parquet")
    predictor, workspace, keep = _predictor(bundle, Path(problem), output)
    listener(Event("read", f"reading {table}"))
    rows = read_table(table, workspace=workspace, base=Path(), listener=listener)
    kept = [name for name in keep if name in rows.schema.names]
    counts: Counter[str] = Counter()
    batches = _counted(predictor.answer_batches(rows.frame, keep=kept), counts, rows.rows, listener)
    with whole_file(output) as partial:
        _write(batches, predictor, rows.frame.select(kept), partial)
    decided = {
        name.removeprefix("decision "): number for name, number in sorted(counts.items()) if name.startswith("d")
    }
    return Scored(output, predictor.bundle_id, counts["rows"], counts["flagged"], decided, "milepost status")


def _predictor(bundle: str, problem: Path, output: Path) -> tuple[Predictor, Workspace, tuple[str, ...]]:
    """Return the predictor, where tables are staged, and the columns to keep."""
    if Path(bundle).is_dir() and not problem.exists():
        return load_predictor(Path(bundle)), Workspace(output.parent / ".milepost"), ()
    contract = read_problem(problem)
    workspace = workspace_of(contract)
    found = resolve(bundle, workspace=workspace, store=store_of(contract), history=workspace.history)
    keep = (contract.data.id,) if contract.data.id else ()
    return load_predictor(found.path), workspace, keep


def _counted(
    batches: Iterator[pl.DataFrame], counts: Counter[str], rows: int, listener: Listener
) -> Iterator[pl.DataFrame]:
    for batch in batches:
        counts["rows"] += batch.height
        counts["flagged"] += int((batch["flags"].list.len() > 0).sum())
        if batch["decision"].dtype == pl.String:
            for label, number in batch["decision"].value_counts().iter_rows():
                counts[f"decision {label}"] += number
        listener(Event("score", f"{counts['rows']:,} rows answered", counts["rows"], rows))
        yield batch


def _write(batches: Iterator[pl.DataFrame], predictor: Predictor, kept: pl.LazyFrame, path: Path) -> None:
    """Write batches as they come, so that only a few are in memory."""
    schema = {**kept.collect_schema(), **empty_answers(predictor).schema}

    def source(*_: object) -> Iterator[pl.DataFrame]:
        return batches

    register_io_source(source, schema=schema).sink_parquet(path)
