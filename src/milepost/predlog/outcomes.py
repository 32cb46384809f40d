"""Outcomes on their way into the log: each given row finds its prediction and is taken, known already, or refused.

row  prediction_id    truth   recorded_at         status
0    0190f5d2-…       Yes     –                   taken
1    0190f5d2-…       Yes     –                   known already
2    0190f5d3-…       No      2026-03-01          corrected
3    0190aaaa-…       No      –                   refused: No prediction in the log has this prediction_id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from milepost.ground.files import disk_errors
from milepost.ground.turns import one_at_a_time
from milepost.metrics.answers import Task
from milepost.predlog.delta_tables import reading
from milepost.predlog.given import REFUSALS, Truth, first_of, read_given, refusals_of
from milepost.predlog.judging import WORDS, judge
from milepost.predlog.matching import match
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_outcomes
from milepost.predlog.records import OutcomeRow
from milepost.predlog.redaction import Redaction

STATUSES = ("taken", "corrected", "known already", "refused")

ROWS_AT_ONCE = 10_000  # are written, so that no frame of a journal grows large

_LOCK_FILE, _PATIENCE_S = "outcomes.lock", 30.0

TAKEN = pl.Schema(
    {
        "row": pl.UInt32(),
        "status": pl.Enum(STATUSES),
        "prediction_id": pl.String(),
        "outcome_id": pl.String(),
        "what": pl.String(),
        "where": pl.String(),
        "fix": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of given outcomes.

    Attributes:
        rows: the columns of TAKEN, one row for each given one, in their order. what, where and fix say why a row was
            refused; what and fix also remark that the last word on a prediction remains another one.
    """

    rows: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows have each status."""
        found = dict(self.rows["status"].value_counts().iter_rows())
        return {status: found.get(status, 0) for status in STATUSES}


def take_outcomes(
    place: LogPlace, given: pl.DataFrame, *, horizon: timedelta | None, task: Task, labels: Sequence[str],
    now: datetime, origin: str, write: Callable[[Sequence[OutcomeRow]], None], zone: str = "UTC",
    redaction: Redaction | None = None,
) -> Taken:  # fmt: skip
    """Write what given outcomes add to the log, and return what became of each.

    A call can be repeated: what was written before is known already. All that write to the same journals take turns, so
    that of two words on one prediction the later one knows of the other.

    Args:
        place: of the log.
        given: prediction_id, or entity and time; truth; where known happened_at, recorded_at and acted_on. As text or
            typed; other columns are left alone.
        horizon: of the problem: an entity and a time mean the prediction whose horizon holds the time. None: nothing.
        task: of the problem.
        labels: its classes.
        now: when these outcomes came.
        origin: the way by which they came.
        write: takes rows, a few thousand at a time, and returns when they are safe.
        zone: of times without an offset.
        redaction: of the log; entities are looked for, and written, as it leaves them.

    Raises:
        MilepostError: columns are absent that every row needs.
        EnvironmentFault: the log cannot be read, or write raised it, and rows written before that stay; or others took
            outcomes all the time.
    """
    read, unreadable = read_given(given, Truth(task, labels), now=now, zone=zone)
    read, unnamed = _redacted(read, redaction)
    with _turn(place):
        with reading(place.tables):
            matched, unmatched = match(place, read, horizon=horizon)
            known = read_outcomes(place, every=True, about=matched["prediction_id"]).select(WORDS)
            judged, conflicts = judge(matched, known.collect(engine="streaming"), now=now)
        for rows in _outcome_rows(judged.filter(pl.col("status") != "known already"), now, origin):
            write(rows)
    return Taken(_statuses(judged, first_of(unreadable, unnamed, unmatched, conflicts)))


@contextmanager
def _turn(place: LogPlace) -> Iterator[None]:
    """Hold the block to one at a time of all that write to the same journals."""
    folder = place.journals.parent
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(folder / _LOCK_FILE, patience=_PATIENCE_S):
            yield


def _redacted(read: pl.DataFrame, redaction: Redaction | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows with their entities and times as they are logged, and the refusals of those that are not logged."""
    if redaction is None:
        return read, pl.DataFrame(schema=REFUSALS)
    logged = read.with_columns(redaction.entities(read["entity"]), redaction.times(read["time"]))
    is_gone = read["entity"].is_not_null() & logged["entity"].is_null()
    refusals = refusals_of(
        logged.filter(is_gone), "field 'entity'", "Entities are not logged here.", "Give the prediction_id."
    )
    return logged.filter(~is_gone), refusals


def _outcome_rows(judged: pl.DataFrame, now: datetime, origin: str) -> Iterator[list[OutcomeRow]]:
    """Yield rows as a journal holds them, a few thousand at a time."""
    columns = judged.select(
        "outcome_id", "prediction_id", "entity", pl.col("time").to_physical(), "label", "number",
        pl.col("happened_at", "recorded_at").to_physical(), "acted_on",
    )  # fmt: skip
    received = pl.Series([now]).dt.cast_time_unit("us").to_physical().item()
    for start in range(0, columns.height, ROWS_AT_ONCE):
        part = columns.slice(start, ROWS_AT_ONCE)
        yield [_row(*values, received, origin) for values in part.iter_rows()]


def _row(*values: Any) -> OutcomeRow:
    return OutcomeRow(*values)


def _statuses(judged: pl.DataFrame, refusals: pl.DataFrame) -> pl.DataFrame:
    accepted = judged.select("row", "status", "prediction_id", "outcome_id", "what", "fix")
    refused = refusals.with_columns(status=pl.lit("refused"))
    every = pl.concat([TAKEN.to_frame().cast({"status": pl.String}), accepted, refused], how="diagonal")
    return every.cast({"status": TAKEN["status"]}).sort("row")
