"""The append-only history: a Delta table of decisions, written by conditional commit, chained by hashes.

A writer reads version v and the last hash; its commit must become v + 1, or it reads again. So two writers never
fork the chain and nobody loses an entry, on a local disk as on an object store, without a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from milepost.data.delta import said_by_store, scan_files, table_uri
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.doors import door
from milepost.ground.errors import EnvironmentFault
from milepost.registry.decisions import FIRST_PREVIOUS, Decision, Entry, broken_link, decision_of, row_of

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

History = Path | str  # a folder, or the URI of one in an object store

COLUMNS = pl.Schema(
    {
        "number": pl.Int64(),
        "at": pl.Datetime("us", "UTC"),
        "kind": pl.String(),
        "problem": pl.String(),
        "bundle_id": pl.String(),
        "says": pl.String(),
        "figures": pl.String(),
        "previous": pl.String(),
        "hash": pl.String(),
    }
)

_MOST_ATTEMPTS = 1000  # each lost race is another writer's success, so this many means that something else is wrong
_MOST_FILES = 100  # commits after which small files are merged, so that ten thousand entries read as fast as ten


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the chain does not hold.

    Attributes:
        number: of the decision.
        says: what is wrong with it.
    """

    number: int
    says: str


def append(history: History, entries: Sequence[Entry], *, clock: Clock = wall_clock) -> tuple[Decision, ...]:
    """Return entries as decisions, written in one commit: all or none.

    Args:
        history: where the table is; made when absent.
        entries: in order; none writes nothing.
        clock: gives the time of all of them.

    Raises:
        EnvironmentFault: the store refused.
    """
    return _commit(history, lambda _: entries, clock)


def append_if(
    history: History, choose: Callable[[tuple[Decision, ...]], Sequence[Entry]], *, clock: Clock = wall_clock
) -> tuple[Decision, ...]:
    """Return the decisions that choose made from the whole past, written while that past was still the whole.

    Args:
        history: where the table is; made when absent.
        choose: past -> entries to write; called again when another writer was faster. It may raise to write nothing.
        clock: gives the time.

    Raises:
        EnvironmentFault: the store refused.
    """
    return _commit(history, lambda table: choose(_decisions(table)), clock)


def read_history(history: History, *, kinds: Sequence[str] = (), problem: str | None = None) -> tuple[Decision, ...]:
    """Return the decisions in order; of these kinds and this problem only, where they are given.

    Raises:
        EnvironmentFault: the store refused, or the table is damaged.
    """
    decisions = tuple(decision_of(row) for row in history_table(history).iter_rows(named=True))
    return tuple(
        decision
        for decision in decisions
        if (not kinds or decision.kind in kinds) and problem in (None, decision.problem)
    )


def history_table(history: History) -> pl.DataFrame:
    """Return the history as a table with COLUMNS, one row for each decision; figures are JSON text.

    Raises:
        EnvironmentFault: the store refused, or the table is damaged.
    """
    with _faults(history):
        return _rows(_open(history))


def verify_history(history: History) -> Broken | None:
    """Return the first broken link of the chain; None if every decision is as it was written.

    Decisions cut off at the end leave a whole chain: keep the last hash elsewhere to notice that.

    Raises:
        EnvironmentFault: the store refused, or the table is damaged.
    """
    previous: dict[str, Any] | None = None
    for row in history_table(history).iter_rows(named=True):
        if says := broken_link(previous, row):
            return Broken(row["number"], says)
        previous = row
    return None


def _commit(
    history: History, entries_after: Callable[[DeltaTable | None], Sequence[Entry]], clock: Clock
) -> tuple[Decision, ...]:
    for _ in range(_MOST_ATTEMPTS):
        with _faults(history):
            table = _open(history)
            number, previous = _tail(table)
        entries = entries_after(table)
        if not entries:
            return ()
        rows = _sealed(entries, number=number + 1, at=clock(), previous=previous)
        with _faults(history):
            if _was_first(history, table, pl.DataFrame(rows, schema=COLUMNS)):
                return tuple(decision_of(row) for row in rows)
    raise EnvironmentFault(
        f"The history did not take an entry in {_MOST_ATTEMPTS} attempts.",
        where=str(history),
        fix="Stop other writers of this workspace, then run the same command again.",
    )


def _sealed(entries: Sequence[Entry], *, number: int, at: datetime, previous: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for offset, entry in enumerate(entries):
        rows.append(row_of(entry, number=number + offset, at=at, previous=rows[-1]["hash"] if rows else previous))
    return rows


def _was_first(history: History, table: DeltaTable | None, rows: pl.DataFrame) -> bool:
    """Write rows as the version right after table's; return False if another writer took that version."""
    from deltalake import write_deltalake
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        if table is None:
            properties = {"delta.appendOnly": "true"}
            write_deltalake(
                table_uri(history, called="history"),
                rows,
                mode="error",
                configuration=properties,
                commit_properties=_one_try(),
            )
        else:
            write_deltalake(table, rows, mode="append", commit_properties=_one_try())
            _merge_small_files(table)
    except (CommitFailedError, DeltaError):
        if _version(_open(history)) == _version(table):
            raise  # nobody was faster: the store itself refused
        return False
    return True


def _one_try() -> CommitProperties:
    """Return commit properties that let a lost race fail instead of moving the rows behind the winner's."""
    from deltalake import CommitProperties

    return CommitProperties(max_commit_retries=0)


def _merge_small_files(table: DeltaTable) -> None:
    from deltalake.exceptions import DeltaError

    # Two merges at once would each keep the rows of the same files (deltalake checks no merge against another), so only
    # the one writer whose commit has this number merges; the rows are safe already if it cannot.
    with suppress(DeltaError, OSError):
        if table.version() % _MOST_FILES == 0 and len(table.file_uris()) >= _MOST_FILES // 2:
            table.optimize.compact(commit_properties=_one_try())


def _open(history: History) -> DeltaTable | None:
    """Return the newest version of the table; None if there is no table yet."""
    with door("deltalake"):
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

    if isinstance(history, Path) and not history.exists():
        return None
    try:
        return DeltaTable(table_uri(history, called="history"))
    except TableNotFoundError:
        return None


def _version(table: DeltaTable | None) -> int:
    return -1 if table is None else table.version()


def _scan(table: DeltaTable) -> pl.LazyFrame:
    return scan_files(table.file_uris(), schema=COLUMNS)


def _rows(table: DeltaTable | None) -> pl.DataFrame:
    return pl.DataFrame(schema=COLUMNS) if table is None else _scan(table).sort("number").collect()


def _decisions(table: DeltaTable | None) -> tuple[Decision, ...]:
    return tuple(decision_of(row) for row in _rows(table).iter_rows(named=True))


def _tail(table: DeltaTable | None) -> tuple[int, str]:
    """Return number and hash of the last decision."""
    if table is None:
        return 0, FIRST_PREVIOUS
    last = _scan(table).filter(pl.col("number") == pl.col("number").max()).select("number", "hash").collect()
    return last.row(0)


@contextmanager
def _faults(history: History) -> Iterator[None]:
    """Turn a store that cannot be read or written into an error with a cure."""
    try:
        yield
    except EnvironmentFault:
        raise
    except _store_errors() as why:
        raise EnvironmentFault(
            f"The history of decisions can't be read or written: {said_by_store(why)}",
            where=str(history),
            fix="Check space, permissions and connection, then run the same command again; "
            "a damaged folder must be restored from a copy.",
        ) from why


def _store_errors() -> tuple[type[Exception], ...]:
    from deltalake.exceptions import DeltaError

    return OSError, DeltaError, pl.exceptions.PolarsError
