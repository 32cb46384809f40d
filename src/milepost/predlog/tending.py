"""Tending: small files are merged, days that are too old are deleted, files that nobody needs any more are removed.

Each step is one commit or none, and can be repeated: a kill leaves files that nobody knows, which a later tending
removes when they are old enough that no writer can still be about to commit them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from milepost.ground.clock import Clock, wall_clock
from milepost.predlog.delta_tables import days_to_merge, delete_before, merge_files, open_table, vacuum
from milepost.predlog.fold import nothing
from milepost.predlog.places import LogPlace

# A reader that began so long ago still finds its files. No commit takes as long, even where the clocks of two machines,
# or one clock before and after a jump, are an hour apart: else files would go that are about to be committed.
KEEP = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Tended:
    """What a tending did, over both tables.

    Attributes:
        at: when it began.
        days_deleted: days beyond the retention, of predictions and of outcomes.
        files_merged: how many fewer files the newest versions have.
        files_removed: files that no version needed.
    """

    at: datetime
    days_deleted: int
    files_merged: int
    files_removed: int


def tend(
    place: LogPlace,
    *,
    clock: Clock = wall_clock,
    retention: timedelta | None,
    keep: timedelta = KEEP,
    at_point: Callable[[str], None] = nothing,
) -> Tended:
    """Return what was tidied in the tables of a log.

    Args:
        place: of the log.
        clock: says how old a day is.
        retention: whole days that ended longer ago are deleted, by the time of the answer, or by the time at which an
            outcome was recorded; None keeps all.
        keep: versions that were the newest within it can still be read; in whole hours.
        at_point: is told "mid-compaction" before each merge of a day.

    Raises:
        EnvironmentFault: the store refused; what was done stays done.
    """
    now = clock()
    tables = [table for table in (place.predictions, place.outcomes) if open_table(table)]
    deleted = 0 if retention is None else sum(delete_before(table, (now - retention).date()) for table in tables)
    merged = sum(_merge(table, at_point) for table in tables)
    removed = sum(vacuum(table, keep=keep) for table in tables)
    return Tended(now, deleted, merged, removed)


def _merge(place: str, at_point: Callable[[str], None]) -> int:
    merged = 0
    table = open_table(place)
    for day in days_to_merge(table) if table else ():
        at_point("mid-compaction")
        merged += merge_files(place, day)
    return merged
