"""Forgetting an entity: its rows leave the journals, both tables, their old versions, and samples beside bundles.

journals ─► fold ─► outcomes, stored answers ─► predictions ─► old versions ─► what remains, what is out of reach

What is found by the predictions goes before them, so that a run that was interrupted can be repeated. Services that
run are asked to begin their next journal, and with it to let go of rows that they hold in memory. Readers that began
before may fail, for the files of old versions go at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from milepost.data.labels import label_text
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import EnvironmentFault
from milepost.ground.files import whole_file
from milepost.ground.text import counted
from milepost.predlog.aside import living_asides
from milepost.predlog.delta_tables import open_table, store_faults, vacuum
from milepost.predlog.fold import fold
from milepost.predlog.journal import is_abandoned, journals_in
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_outcomes, read_predictions
from milepost.predlog.redaction import Redaction
from milepost.predlog.rewriting import Sought, ids_in, names_in_the_rest, rewrite_without, rows_in
from milepost.predlog.rotation import ask_for_rotation
from milepost.predlog.tending import KEEP

if TYPE_CHECKING:
    from deltalake import DeltaTable

OUT_OF_REACH = (
    "Backups and copies of the log, and snapshots of its disk or of its object store with their old versions.",
    "Tables that were exported from the log, and logs of proxies and callers around the service.",
    "The table from which models were trained, and its staged copy in the workspace: delete the rows there, too.",
    "Models that were trained on these rows: their trees and coefficients stay; train anew where that is asked for.",
    "Rows that name the entity elsewhere than as the entity, for instance in a context column of another one.",
)

_ELSEWHERE = "Journals and stored answers of replicas on other volumes: run the same command there."
_NAMELESS = "Rows that were logged without an entity, because a rule of redaction drops it."

_IDS_AT_ONCE = 5_000  # in one deletion
_MOST_PASSES = 10
_PATIENCE_S, _PAUSE_S = 5.0, 0.1  # for services to begin their next journal; they look every half second
_MOST_ATTEMPTS = 100  # each that fails means that another writer was faster


@dataclass(frozen=True, slots=True)
class Removed:
    """Rows that are gone.

    Attributes:
        where: a table, a journal or a file.
        rows: how many.
    """

    where: str
    rows: int


@dataclass(frozen=True, slots=True)
class Remaining:
    """Something that forgetting could not do now.

    Attributes:
        what: one sentence.
        where: a journal or a file.
        fix: what to do.
    """

    what: str
    where: str
    fix: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of the rows of an entity.

    Attributes:
        at: when it began.
        removed: what is gone, place by place; nothing where the entity was not found.
        remaining: what is still there and can be reached later.
        out_of_reach: what nothing here can reach, for people to look after.
    """

    at: datetime
    removed: tuple[Removed, ...]
    remaining: tuple[Remaining, ...]
    out_of_reach: tuple[str, ...]


Ids = Collection[str]


def nowhere(ids: Ids) -> Sequence[Removed]:  # noqa: ARG001
    """Return that nothing was removed."""
    return ()


def forget(
    place: LogPlace, entity: str, *, redaction: Redaction | None = None, samples: Sequence[tuple[Path, str]] = (),
    elsewhere: Callable[[Ids], Sequence[Removed]] = nowhere, patience_s: float = _PATIENCE_S,
    clock: Clock = wall_clock,
) -> Forgotten:  # fmt: skip
    """Remove all rows of an entity and return what was removed where, and what was not.

    Args:
        place: of the log.
        entity: its value, as a request holds it.
        redaction: of the log; rows are found as it leaves them, and as they were before there was one.
        samples: Parquet files outside of the log that hold rows of entities, each with the column of the entity.
        elsewhere: removes what else there is about predictions with some ids, before these go.
        patience_s: seconds that services have to begin their next journal.
        clock: stamps the answer.

    Raises:
        MilepostError: the log cannot be folded.
        EnvironmentFault: a disk or store refused; the same call again goes on.
    """
    at = clock()
    names = _names(entity, redaction)
    asides = living_asides(place.journals)
    sought, removed = _forget_all(place, Sought(names, frozenset()), elsewhere)
    if live := [path for path in journals_in(place.journals) if not is_abandoned(path)]:
        ask_for_rotation(place.journals)  # by all: who has no row of the entity in a journal may have one in memory
        _await_seals(live, patience_s)
        sought, more = _forget_all(place, sought, elsewhere)
        removed += more
    for uri in (place.outcomes, place.predictions):
        _purge(uri)
    removed += [Removed(str(path), _rewrite_sample(path, column, names)) for path, column in samples]
    remaining = (*_remaining(place, sought), *map(_unpublished, asides))
    return Forgotten(at, _summed(removed), remaining, _out_of_reach(place, entity, redaction))


def _forget_all(
    place: LogPlace, sought: Sought, elsewhere: Callable[[Ids], Sequence[Removed]]
) -> tuple[Sought, list[Removed]]:
    """Remove what can be removed now; return it with what was sought at last."""
    removed: list[Removed] = []
    for _ in range(_MOST_PASSES):
        fold(place)
        sought = Sought(sought.entities, sought.ids | _ids_of(place, sought.entities))
        gone = _forget_in_log(place, sought, elsewhere)
        removed += gone
        if not gone:
            break
    return sought, removed


def _await_seals(journals: Sequence[Path], patience_s: float) -> None:
    """Return when nobody writes to journals any more, or patience has ended."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and any(path.exists() and not is_abandoned(path) for path in journals):
        time.sleep(_PAUSE_S)


def _names(entity: str, redaction: Redaction | None) -> frozenset[str]:
    """Return what the entity may be called in the log."""
    logged = None if redaction is None else redaction.entity(entity)
    return frozenset(name for name in (entity, logged) if name is not None)


def _out_of_reach(place: LogPlace, entity: str, redaction: Redaction | None) -> tuple[str, ...]:
    is_dropped = redaction is not None and redaction.entity(entity) is None
    shared = (_ELSEWHERE,) if "://" in place.tables else ()
    return (*((_NAMELESS,) if is_dropped else ()), *shared, *OUT_OF_REACH)


def _summed(removed: Iterable[Removed]) -> tuple[Removed, ...]:
    rows: dict[str, int] = {}
    for one in removed:
        rows[one.where] = rows.get(one.where, 0) + one.rows
    return tuple(Removed(where, count) for where, count in rows.items() if count)


# the log


def _ids_of(place: LogPlace, names: frozenset[str]) -> frozenset[str]:
    """Return the ids of an entity's predictions, also of those that journals still hold after a fold."""
    rows = read_predictions(place, roles=None, origins=None)
    ids = set(_values(rows, "prediction_id", entity=names))
    for path in journals_in(place.journals):
        ids |= ids_in(path, names)
    return frozenset(ids.union(_values(rows, "prediction_id", request=ids)))  # what a shadow answered in their place


def _forget_in_log(place: LogPlace, sought: Sought, elsewhere: Callable[[Ids], Sequence[Removed]]) -> list[Removed]:
    """Return what was removed from journals and tables, and elsewhere, in one pass."""
    rows = read_outcomes(place, every=True)
    outcomes = _values(rows, "outcome_id", entity=sought.entities, prediction_id=sought.ids)
    removed = [Removed(place.outcomes, _delete(place.outcomes, "outcome_id", outcomes)), *elsewhere(sought.ids)]
    idle = [path for path in journals_in(place.journals) if is_abandoned(path)]
    removed += [Removed(str(path), rewrite_without(path, sought)) for path in idle]
    rows = read_predictions(place, roles=None, origins=None)
    predictions = _values(rows, "prediction_id", prediction_id=sought.ids)
    removed.append(Removed(place.predictions, _delete(place.predictions, "prediction_id", predictions)))
    return [one for one in removed if one.rows]


def _values(rows: pl.LazyFrame, name: str, **wanted: Iterable[str]) -> list[str]:
    """Return the values of a column, sorted, of rows that have any of the wanted values."""
    lists = {column: pl.Series(sorted(values), dtype=pl.String()).implode() for column, values in wanted.items()}
    are = pl.any_horizontal(
        pl.col(column).is_in(pl.lit(values)).fill_null(value=False) for column, values in lists.items()
    )
    return rows.filter(are).select(name).collect(engine="streaming")[name].sort().to_list()


def _delete(uri: str, column: str, ids: Sequence[str]) -> int:
    """Delete the rows with these ids and return how many there were.

    Rows are named by their ids, for what names them is kept in the table's log of versions.
    """
    quoted = ["'" + name.replace("'", "''") + "'" for name in ids]
    parts = [", ".join(quoted[start : start + _IDS_AT_ONCE]) for start in range(0, len(quoted), _IDS_AT_ONCE)]
    return sum(_change(uri, partial(_deleted, predicate=f"{column} IN ({part})")) for part in parts)


def _deleted(table: DeltaTable, predicate: str) -> int:
    return int(table.delete(predicate)["num_deleted_rows"])


def _purge(uri: str) -> None:
    """Remove the files of old versions at once, and those that a process left which was killed a while ago."""
    if open_table(uri) is not None:
        vacuum(uri, keep=KEEP)  # younger files may be about to be committed
        _change(uri, _purged)


def _purged(table: DeltaTable) -> int:
    table.create_checkpoint()
    return len(table.vacuum(0, dry_run=False, enforce_retention_duration=False))


def _change(uri: str, change: Callable[[DeltaTable], int]) -> int:
    """Return what a change of a table gives; it is tried again as long as another writer was faster."""
    for attempt in range(_MOST_ATTEMPTS):
        table = open_table(uri)
        if table is None:
            return 0
        version = table.version()
        try:
            with store_faults(uri):
                return change(table)
        except EnvironmentFault:
            now = open_table(uri)
            if attempt == _MOST_ATTEMPTS - 1 or now is None or now.version() == version:
                raise
    return 0


def _remaining(place: LogPlace, sought: Sought) -> Iterator[Remaining]:
    for path in journals_in(place.journals):
        if not is_abandoned(path):
            if rows := rows_in(path, sought):
                yield Remaining(
                    f"{counted(rows, 'row')} of the entity {'is' if rows == 1 else 'are'} still in a journal that a "
                    "service writes to.",
                    str(path),
                    "Wait until it begins its next journal, or restart it, then run the same command again.",
                )
        elif names_in_the_rest(path, sought):
            yield Remaining(
                "The damaged part of a journal names the entity, or one of its predictions.",
                str(path),
                "Run: milepost log verify   and when nothing else in it is needed, delete the file.",
            )


def _unpublished(aside: Path) -> Remaining:
    return Remaining(
        "A run of score holds answers aside, which come into the log when it ends.",
        str(aside),
        "Wait until it ends, then run the same command again.",
    )


# samples


def _rewrite_sample(path: Path, column: str, names: frozenset[str]) -> int:
    """Write a Parquet file anew without the rows of an entity, whole or not at all, and return how many those were."""
    rows = pl.read_parquet(path)
    text = label_text(pl.col(column), "float" if rows.schema[column].is_float() else "text")
    kept = rows.filter(~text.is_in(sorted(names)).fill_null(value=False))
    if kept.height < rows.height:
        with whole_file(path) as made:
            kept.write_parquet(made)
    return rows.height - kept.height
