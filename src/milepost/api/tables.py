"""Any table that a verb is given, read lazily; what is staged of it on the way does not stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from milepost.data.formats import damaged
from milepost.data.sources import Scanned, Source, scan
from milepost.ground.events import Event, Listener
from milepost.ground.files import disk_errors
from milepost.ground.workspace import Workspace
from milepost.problem.spec import SqlSource


def called(table: Source) -> str:
    """Return what people call a table."""
    return "the query" if isinstance(table, SqlSource) else str(table)


@contextmanager
def opened_table(table: Source, *, beside: Path, listener: Listener) -> Iterator[Scanned]:
    """Give a table as it comes; a damaged one raises when it is read.

    Args:
        table: file, glob, cloud URI, Delta table or query; relative paths start from the folder one is in.
        beside: a file on the disk that takes copies of tables of text while the block runs.
        listener: hears the progress.

    Raises:
        MilepostError: there is no such table, or it can't be read.
        EnvironmentFault: the disk, the network or a database failed.
    """
    listener(Event("read", f"reading {called(table)}"))
    with disk_errors(beside):
        beside.parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}-", ignore_cleanup_errors=True)
    with folder as place:
        scanned = scan(table, workspace=Workspace(Path(place)), base=Path(), listener=listener)
        try:
            yield scanned
        except pl.exceptions.PolarsError as why:
            if scanned.staged:  # we wrote it ourselves: our own bug
                raise
            raise damaged(scanned.name, "parquet") from why
