"""What a split needs to know of each row: its answer, its time, and which other rows it must stay together with.

churn  snapshot_at  account  __row_hash__      in (one line for each row of the table, in the table's order)
target  time  known  unit                      out (arrays: class or value, µs since 1970, µs since 1970, code)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from milepost.data.schema import Schema
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.metrics.answers import Task

if TYPE_CHECKING:
    from milepost.problem.spec import Problem

Strategy = Literal["time", "group", "stratified"]
ROW_HASH = "__row_hash__"  # equal for rows that are equal in all columns that are compared
NEVER = np.iinfo(np.int64).min  # the time of a row that has none


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What a problem asks of its split, in the words that a split needs.

    Attributes:
        task: which kind of target.
        target: column of the answer.
        compared: columns whose values are compared; rows that are equal in all of them are copies.
        test: share of the labelled rows to test on, 0..1.
        strategy: how to split, where the problem insists; None leaves it to what the data has.
        column: column that says which rows are test rows; None where none does.
        time, known_at, group, id: columns of the problem; None where there is none.
        horizon, label_delay: the span of the outcome, and how long after it the answer is known.
        place: where a key of the problem file stands, for errors.
    """

    task: Task
    target: str
    compared: tuple[str, ...] = ()
    test: float = 0.25
    strategy: Strategy | None = None
    column: str | None = None
    time: str | None = None
    known_at: str | None = None
    group: str | None = None
    id: str | None = None
    horizon: timedelta = timedelta(0)
    label_delay: timedelta = timedelta(0)
    place: Callable[[str], str] = field(default=str, compare=False, repr=False)

    @property
    def embargo(self) -> timedelta:
        """Return how long after a row's time its answer is known."""
        return self.horizon + self.label_delay

    @property
    def entity(self) -> str | None:
        """Return the column whose rows belong together: the group, else the id."""
        return self.group or self.id

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the table's columns that a split looks at, each once."""
        named = (self.target, self.column, self.time, self.known_at, self.group, self.id)
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True, eq=False)
class RowKeys:
    """The keys of rows as arrays of one length.

    Attributes:
        task: which kind of target.
        target: shape (rows,). Class code, -1 where the answer is missing or not yet known; regression: value, else NaN.
        classes: the target's values as text, in the order of their codes; empty for regression.
        time: µs since 1970, NEVER where missing; None without a time column.
        known: when each row's answer is known, µs since 1970; None without a time column.
        unit: rows of one code stay together; None where each row stands alone.
    """

    task: Task
    target: np.ndarray
    classes: tuple[str, ...] = ()
    time: np.ndarray | None = None
    known: np.ndarray | None = None
    unit: np.ndarray | None = None

    @property
    def rows(self) -> int:
        return len(self.target)

    @property
    def labelled(self) -> np.ndarray:
        """Return which rows have an answer, bool, shape (rows,)."""
        return ~np.isnan(self.target) if self.task == "regression" else self.target >= 0

    def take(self, rows: np.ndarray) -> RowKeys:
        """Return the keys of some rows, by number or by mask."""
        time, known, unit = (None if a is None else a[rows] for a in (self.time, self.known, self.unit))
        return RowKeys(self.task, self.target[rows], self.classes, time, known, unit)


def split_request(problem: Problem, schema: Schema) -> SplitRequest:
    """Return what problem asks of its split."""
    data, split = problem.data, problem.split
    named = (split.column, data.time, data.known_at, data.group, data.id)
    return SplitRequest(
        task=schema.task,
        target=schema.target.name,
        compared=compared_columns(schema, named),
        test=split.test,
        strategy=split.strategy,
        column=split.column,
        time=data.time,
        known_at=data.known_at,
        group=data.group,
        id=data.id,
        horizon=problem.aim.horizon or timedelta(0),
        label_delay=data.label_delay or timedelta(0),
        place=problem.where,
    )


def compared_columns(schema: Schema, named: Iterable[str | None]) -> tuple[str, ...]:
    """Return the columns in which copies of a row are equal: all but the answer and what names or places the row.

    Roles do not count: to leave a feature out must not change which rows are tested on.

    Args:
        schema: of the table.
        named: columns that the split itself goes by.
    """
    keys = {schema.target.name, *named}
    return tuple(column.name for column in schema.columns if column.name not in keys and column.kind != "id")


def split_keys(frame: pl.LazyFrame, request: SplitRequest) -> pl.DataFrame:
    """Return the columns that a split looks at, in the table's order, with a hash of what is compared of each row."""
    types = frame.collect_schema()
    wanted = [_name_key(name) if _only_names(name, types[name], request) else pl.col(name) for name in request.columns]
    if request.compared:
        wanted.append(pl.struct(request.compared).hash(seed=0).alias(ROW_HASH))
    return frame.select(wanted).collect(engine="streaming")


def _only_names(name: str, dtype: pl.DataType, request: SplitRequest) -> bool:
    """Return whether all that a split asks of a column is which of its texts are equal."""
    others = (request.target, request.column, request.time, request.known_at)
    return dtype == pl.String and name in (request.group, request.id) and name not in others


def _name_key(name: str) -> pl.Expr:
    """Return a hash for each text: ten million names of 40 letters take 0.6 GB, their hashes 0.08."""
    return pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash(seed=0)).alias(name)


def row_keys(keys: pl.DataFrame, request: SplitRequest, *, together: str | None) -> RowKeys:
    """Return the keys of all rows as arrays.

    Args:
        keys: as split_keys gives them.
        request: what the problem asks.
        together: column of keys whose equal values stay together; None where each row stands alone.

    Raises:
        MilepostError: a column is missing or does not hold times.
    """
    target, classes = _target(keys, request)
    target[not_yet_known(keys, request)] = np.nan if request.task == "regression" else -1
    time = _times(keys, request, "time")
    return RowKeys(
        task=request.task,
        target=target,
        classes=classes,
        time=time,
        known=None if time is None else _known(time, keys, request),
        unit=None if together is None or together not in keys.columns else unit_codes(keys[together]),
    )


def not_yet_known(keys: pl.DataFrame, request: SplitRequest) -> np.ndarray:
    """Return which rows have an answer that is not settled, whatever it says, bool: not recorded, or too new.

    Only where a column says when answers were recorded; without one the table's answers are taken as given.
    """
    if request.known_at is None or request.known_at not in keys.columns:
        return np.zeros(len(keys), dtype=bool)
    return np.asarray(unrecorded(keys, request) | too_new(keys, request))


def unrecorded(keys: pl.DataFrame, request: SplitRequest) -> np.ndarray:
    """Return which rows have no time at which their answer was recorded, bool; not those whose answer never has one."""
    without_time = keys[str(request.known_at)].is_null()
    settled = never_recorded(keys, request)
    if settled is not None:
        without_time &= ~(keys[request.target].cast(pl.String) == settled).fill_null(False)
    return np.asarray(without_time.to_numpy())


def too_new(keys: pl.DataFrame, request: SplitRequest) -> np.ndarray:
    """Return which rows' horizon and label delay had not passed by the latest moment in the table, bool.

    However early an answer was recorded: of such rows only the quick answers are there, and they are of one kind.
    Rows without a time cannot be shown to be old enough. All are, where no time, horizon or label delay is said.
    """
    time = _times(keys, request, "time") if request.embargo else None
    if time is None:
        return np.zeros(len(keys), dtype=bool)
    mature = time + request.embargo // timedelta(microseconds=1)
    return np.asarray((time == NEVER) | (mature > latest_moment(keys, request)))


def latest_moment(keys: pl.DataFrame, request: SplitRequest) -> int:
    """Return the latest moment that the table speaks of, µs since 1970: a row's time, or when an answer was recorded.

    Nobody says when a table was drawn up; it was not before this moment. Times of recording that are far too late do
    not count: one typo would make every row old enough.
    """
    time, recorded = (_times(keys, request, which) for which in ("time", "known_at"))
    last = NEVER if time is None else int(time.max(initial=NEVER))
    if recorded is None:
        return last
    return max(last, int(recorded[~recorded_too_late(keys, request)].max(initial=NEVER)))


def recorded_too_late(keys: pl.DataFrame, request: SplitRequest) -> np.ndarray:
    """Return which rows' time of recording can hardly be true, bool: a typo, or 9999-12-31 for "never".

    The newest row's answer is due its horizon and label delay after it. Recording may be slow, but where it comes later
    than that by more than all the time that the table covers (or by more than horizon and label delay once more, where
    these are longer), it tells nothing about when the table was drawn up.
    """
    time, recorded = (_times(keys, request, which) for which in ("time", "known_at"))
    placed = time[time != NEVER] if time is not None else np.empty(0, dtype=np.int64)
    if recorded is None or not len(placed):
        return np.zeros(len(keys), dtype=bool)
    first, last, embargo = int(placed.min()), int(placed.max()), request.embargo // timedelta(microseconds=1)
    return np.asarray(recorded > last + embargo + max(last - first, embargo))


def never_recorded(keys: pl.DataFrame, request: SplitRequest) -> str | None:
    """Return the one of two answers that never has a time of recording, as where only churn has a date.

    It is settled once horizon and label delay have passed. None where both answers have one, and where no time,
    horizon or label delay says when it is settled otherwise.
    """
    if request.task != "binary" or not (request.known_at and request.time and request.embargo):
        return None
    answers = keys[request.target].cast(pl.String).drop_nulls().unique()
    recorded = keys.filter(pl.col(request.known_at).is_not_null())[request.target].cast(pl.String).drop_nulls().unique()
    return str(answers.filter(~answers.is_in(recorded.implode())).item()) if len(recorded) == 1 < len(answers) else None


def unit_codes(values: pl.Series) -> np.ndarray:
    """Return a code 0..units-1 for each value, in order of first appearance; each missing value is its own unit."""
    by_hash = values.hash(seed=0).rank("dense").to_numpy().astype(np.int64)
    missing = values.is_null().to_numpy()
    by_hash[missing] = by_hash.max(initial=0) + 1 + np.arange(missing.sum())
    return in_order(by_hash)


def in_order(codes: np.ndarray) -> np.ndarray:
    """Return codes renumbered 0..units-1 by first appearance; codes are small integers, 0 or above."""
    first = np.full(int(codes.max(initial=-1)) + 1, -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of equal codes, the one written last stays: the first row
    appears = np.zeros(len(codes), dtype=bool)
    appears[first[first >= 0]] = True
    number = np.cumsum(appears) - 1
    return np.asarray(number[first[codes]])


def _target(keys: pl.DataFrame, request: SplitRequest) -> tuple[np.ndarray, tuple[str, ...]]:
    values = _column(keys, request.target, request.place("problem.target"))
    if request.task == "regression":
        numbers = values.cast(pl.Float64, strict=False).to_numpy().astype(float)
        return np.where(np.isfinite(numbers), numbers, np.nan), ()
    classes = values.unique().drop_nulls().sort().cast(pl.String).to_list()
    codes = values.cast(pl.String).cast(pl.Enum(classes)).to_physical().cast(pl.Int32)
    return codes.fill_null(-1).to_numpy(writable=True), tuple(classes)


def _times(keys: pl.DataFrame, request: SplitRequest, which: Literal["time", "known_at"]) -> np.ndarray | None:
    name = request.time if which == "time" else request.known_at
    if name is None:
        return None
    values = _column(keys, name, request.place(f"data.{which}"))
    if not values.dtype.is_temporal():
        raise MilepostError(
            f"The column {name!r} holds {_plain(values.dtype)}, not times.",
            where=request.place(f"data.{which}"),
            fix="Name a column of dates or times, or write them as 2024-05-31 or 2024-05-31T12:00:00Z.",
        )
    return np.asarray(values.cast(pl.Datetime("us")).to_physical().fill_null(NEVER).to_numpy())


def _known(time: np.ndarray, keys: pl.DataFrame, request: SplitRequest) -> np.ndarray:
    """Return when each answer is known: not before its whole cohort is mature, however early it was recorded."""
    mature = np.where(time == NEVER, NEVER, time + request.embargo // timedelta(microseconds=1))
    recorded = _times(keys, request, "known_at")
    return mature if recorded is None else np.maximum(mature, recorded)


def _column(keys: pl.DataFrame, name: str, where: str) -> pl.Series:
    if name not in keys.columns:
        raise UnknownNameError("column", name, known=keys.columns, where=where)
    return keys[name]


def _plain(dtype: pl.DataType) -> str:
    return "numbers" if dtype.is_numeric() else "text" if dtype == pl.String else str(dtype).lower()
