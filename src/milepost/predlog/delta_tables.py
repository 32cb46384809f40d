"""The log's one door to Delta tables: rows come in once, under the watermarks of the journals that they come from.

The watermark of a journal is the number of its last frame whose rows the table holds. It is written in the same commit
as the rows (as Delta's application transaction), and no commit is moved behind another writer's: so rows come neither
twice nor never, on a local disk as in an object store, without a lock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from milepost.data.delta import said_by_store, scan_files, store_options, table_uri
from milepost.ground.doors import door
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.problem.secrets import mask_secrets

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties

_MOST_ATTEMPTS = 1000  # each lost race is another writer's success, so this many means that something else is wrong
_MOST_MERGES = 3  # a merge may wait for the next tending
_FILE_BYTES = 64 * 2**20  # what small files are merged into; one of half the size is not small

FEWEST_FILES = 8  # of a day, small ones: fewer cost a reader next to nothing
_MOST_FILES = 200  # of a day, small ones: more cost each reader more than one merge does

_SETTINGS = {
    "delta.logRetentionDuration": "interval 1 days",  # a fold each second makes a version each second
    "delta.dataSkippingStatsColumns": "prediction_id",  # no values of users in the log of versions
}


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a commit moves the watermark of one journal.

    Attributes:
        after: number of the last frame whose rows the table holds already; -1 when it holds none.
        upto: number of the last frame whose rows come now.
    """

    after: int
    upto: int


def open_table(place: str) -> DeltaTable | None:
    """Return the newest version of a table; None if there is no table yet.

    Args:
        place: a folder, or the URI of one in an object store.

    Raises:
        EnvironmentFault: the store refused, or the table is damaged.
    """
    with door("deltalake"):
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

    uri = table_uri(place, called="prediction log")
    if "://" not in uri and not Path(uri).exists():
        return None
    with store_faults(place):
        try:
            return DeltaTable(uri, storage_options=store_options(uri))
        except TableNotFoundError:
            return None


def open_or_make(place: str, columns: pl.Schema) -> DeltaTable:
    """Return the newest version of a table; when there is none, it is made, with a partition for each `day`.

    Raises:
        EnvironmentFault: the store refused, or the table is damaged.
    """
    if table := open_table(place):
        return table
    from deltalake import DeltaTable, Schema
    from deltalake.exceptions import DeltaError

    with store_faults(place):
        try:
            schema, uri = Schema.from_arrow(columns), table_uri(place, called="prediction log")
            return DeltaTable.create(
                uri, schema, "error", partition_by="day", configuration=_SETTINGS, storage_options=store_options(uri)
            )
        except DeltaError:
            if table := open_table(place):  # another process made it
                return table
            raise


def watermark(table: DeltaTable | None, journal: str) -> int:
    """Return the number of the last frame of a journal whose rows the table holds; -1 if it holds none."""
    number = None if table is None else table.transaction_version(journal)
    return -1 if number is None else number


def types_of(table: DeltaTable) -> pl.Schema:
    """Return names and types of a table's columns."""
    return pl.Schema(table.schema())


def append(place: str, rows: pl.DataFrame, marks: Mapping[str, Mark]) -> bool:
    """Write rows in one commit that moves the watermarks of their journals; return whether it did.

    It does not when another process has moved one of the watermarks since they were read.

    Args:
        place: of a table, which is there.
        rows: columns that the table does not have are added to it; those of the table that are not given are null.
        marks: for each journal that the rows come from.

    Raises:
        MilepostError: a column of the table is of another type.
        EnvironmentFault: the store refused.
    """
    for _ in range(_MOST_ATTEMPTS):
        table = _newest(place)
        if any(watermark(table, journal) != mark.after for journal, mark in marks.items()):
            return False
        check_types(rows.schema, types_of(table), where=mask_secrets(place))
        if _was_first(place, table, rows, marks):
            return True
    raise EnvironmentFault(
        f"The log did not take rows in {_MOST_ATTEMPTS} attempts.",
        where=mask_secrets(place),
        fix="Stop other writers of this table; folding then goes on by itself.",
    )


def check_types(given: pl.Schema, wanted: pl.Schema, *, where: str) -> None:
    """See to it that columns with the same name have the same type, for Delta would store 1.7 as 1 without a word.

    Raises:
        MilepostError: two types differ.
    """
    for name, dtype in given.items():
        if name in wanted and wanted[name] != dtype:
            raise MilepostError(
                f"Column {name!r} of the log is {wanted[name]}, and these rows hold {dtype}.",
                where=where,
                fix="Fold with the version of Milepost that wrote these rows, or move their file out of the folder.",
            )


def days_to_merge(table: DeltaTable) -> tuple[date, ...]:
    """Return the days, oldest first, whose files should be merged.

    A merge writes a whole day anew. So it waits for many small files that together hold half as much as the large ones
    of that day: then all merges of a day write no more than a few times what it holds.
    """
    size, is_small = pl.col("size_bytes"), pl.col("size_bytes") < _FILE_BYTES // 2
    days = (
        _files(table)
        .group_by("partition.day")
        .agg(
            is_small.sum().alias("files"),
            size.filter(is_small).sum().alias("new"),
            size.filter(~is_small).sum().alias("old"),
        )
    )
    due = (pl.col("files") >= FEWEST_FILES) & (pl.col("new") >= pl.col("old") / 2)
    return tuple(days.filter(due | (pl.col("files") >= _MOST_FILES)).get_column("partition.day").sort().to_list())


def merge_files(place: str, day: date) -> int:
    """Merge the files of a day into large ones, in one commit, and return how many fewer there are.

    Where other commits keep coming first, nothing is done.

    Raises:
        EnvironmentFault: the store refused.
    """
    from deltalake import write_deltalake

    # DeltaTable.optimize.compact is moved behind other commits whatever it is told, and does not notice that one of
    # them has merged the same files: all their rows would be there twice.
    for _ in range(_MOST_MERGES):
        table = _newest(place)
        rows = _rows_of(table, day).collect_batches(lazy=True, maintain_order=False)
        merge = partial(
            write_deltalake,
            table,
            rows,
            mode="overwrite",
            predicate=f"day = '{day}'",
            target_file_size=_FILE_BYTES,
            writer_properties=_written(),
            commit_properties=_one_try(),
        )
        before = _files(table).height
        if _is_done(place, table, merge):
            return before - _files(table).height
    return 0


def delete_before(place: str, day: date) -> int:
    """Delete the rows of all days before one and return how many days that were.

    Raises:
        EnvironmentFault: the store refused.
    """
    for _ in range(_MOST_ATTEMPTS):
        table = _newest(place)
        days = _files(table).filter(pl.col("partition.day") < day).get_column("partition.day").n_unique()
        if not days:
            return 0
        if _is_done(place, table, partial(table.delete, f"day < '{day}'", commit_properties=_one_try())):
            return days
    return 0


def vacuum(place: str, *, keep: timedelta) -> int:
    """Remove the files that no version needs that was the newest within a span, and return how many that were.

    Files that nobody ever committed, as those of a process that was killed, go too when they are as old.

    Args:
        place: of a table, which is there.
        keep: in whole hours; rounded up.

    Raises:
        EnvironmentFault: the store refused.
    """
    hours = math.ceil(keep / timedelta(hours=1))
    with store_faults(place):
        table = _newest(place)
        old = table.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True)
        if not old:  # a real one writes two versions, whatever it finds
            return 0
        return len(table.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True))


@contextmanager
def store_faults(place: str) -> Iterator[None]:
    """Turn a store that cannot be read or written into an error with a cure."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except MilepostError:
        raise
    except Exception as why:
        if type(why) is not Exception and not isinstance(why, OSError | DeltaError | pl.exceptions.PolarsError):
            raise  # deltalake says what DataFusion refused by the bare class
        raise _fault(why, place) from why


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Turn a store that goes away while a lazy table is read into an error with a cure."""
    try:
        yield
    except OSError as why:
        raise _fault(why, place) from why


def _fault(why: Exception, place: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"The prediction log can't be read or written: {said_by_store(why)}",
        where=mask_secrets(place),
        fix="Check space, permissions and connection, then run the same command again; "
        "a damaged folder must be restored from a copy.",
    )


def _was_first(place: str, table: DeltaTable, rows: pl.DataFrame, marks: Mapping[str, Mark]) -> bool:
    """Write rows as the version right after table's; return False if another writer took that version."""
    from deltalake import Transaction, write_deltalake

    moves = [Transaction(journal, mark.upto) for journal, mark in marks.items()]
    return _is_done(
        place,
        table,
        lambda: write_deltalake(
            table,
            rows,
            mode="append",
            schema_mode="merge",
            writer_properties=_written(),
            commit_properties=_one_try(moves),
        ),
    )


def _is_done(place: str, table: DeltaTable, change: Callable[[], object]) -> bool:
    """Change a table; return False if another writer was faster.

    Raises:
        EnvironmentFault: nobody was faster: the store itself refused.
    """
    from deltalake.exceptions import DeltaError

    version = table.version()
    with store_faults(place):
        try:
            change()
        except DeltaError:
            if _newest(place).version() == version:
                raise
            return False
    return True


def _one_try(moves: list[Transaction] | None = None) -> CommitProperties:
    """Return commit properties that let a lost race fail instead of moving the rows behind the winner's."""
    from deltalake import CommitProperties

    return CommitProperties(max_commit_retries=0, app_transactions=moves)


def _written() -> WriterProperties:
    from deltalake import WriterProperties

    return WriterProperties(compression="ZSTD")  # a third of the size of the default, and no slower


def _newest(place: str) -> DeltaTable:
    table = open_table(place)
    if table is None:
        raise EnvironmentFault(
            "A table of the prediction log is gone.", where=mask_secrets(place), fix="Restore it from a copy."
        )
    return table


def _files(table: DeltaTable) -> pl.DataFrame:
    """Return the files of a version, with their `size_bytes` and `partition.day`."""
    files = pl.DataFrame(table.get_add_actions(flatten=True))
    return files if files.height else files.with_columns(pl.lit(None, pl.Date).alias("partition.day"))


def _rows_of(table: DeltaTable, day: date) -> pl.LazyFrame:
    uris = [uri for uri in table.file_uris() if f"/day={day}/" in uri]
    columns = types_of(table)
    stored = pl.Schema({name: dtype for name, dtype in columns.items() if name != "day"})
    rows = scan_files(uris, schema=stored, missing_columns="insert", hive_partitioning=False)
    return rows.with_columns(pl.lit(day).alias("day")).select(*columns)
