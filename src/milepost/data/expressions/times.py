"""Functions of dates and datetimes. Every datetime is UTC, to the microsecond."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from milepost.data.expressions.function import Function, Kind
from milepost.data.expressions.numbers import computed

DATETIME: Final = pl.Datetime("us", "UTC")
_DAY: Final = 86_400_000_000.0  # microseconds
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _microseconds(span: timedelta) -> float:
    return float((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds)


def _ratio(part: pl.Expr, size: float) -> pl.Expr:
    return computed(np.divide)(part.cast(pl.Float64), pl.lit(size))


def _days_column(later: pl.Expr, earlier: pl.Expr) -> pl.Expr:
    return _ratio((later - earlier).dt.total_microseconds(), _DAY)


def _weekday_from_sunday(time: date) -> float:
    return float(time.isoweekday() % 7)


def _part(
    name: str, column: Callable[[pl.Expr], pl.Expr], scalar: Callable[[Any], float], *called: str, of: Kind = "time"
) -> Function:
    """Return the row of a part of a time, as EXTRACT(name FROM time) gives it."""
    return Function(name, (of,), "number", lambda part: column(part).cast(pl.Float64), scalar, called)


PARTS: Final = (
    _part("year", lambda time: time.dt.year(), lambda time: float(time.year), "year"),
    _part("isoyear", lambda time: time.dt.iso_year(), lambda time: float(time.isocalendar().year)),
    _part("quarter", lambda time: time.dt.quarter(), lambda time: float((time.month + 2) // 3), "quarter"),
    _part("month", lambda time: time.dt.month(), lambda time: float(time.month), "month"),
    _part("week", lambda time: time.dt.week(), lambda time: float(time.isocalendar().week), "week"),
    _part("day", lambda time: time.dt.day(), lambda time: float(time.day), "day"),
    _part("doy", lambda time: time.dt.ordinal_day(), lambda time: float(time.timetuple().tm_yday)),
    _part("dow", lambda time: time.dt.weekday() % 7, _weekday_from_sunday),
    _part("isodow", lambda time: time.dt.weekday(), lambda time: float(time.isoweekday())),
    _part("hour", lambda time: time.dt.hour(), lambda time: float(time.hour), "hour", of="datetime"),
    _part("minute", lambda time: time.dt.minute(), lambda time: float(time.minute), "minute", of="datetime"),
    _part("second", lambda time: time.dt.second(), lambda time: float(time.second), "second", of="datetime"),
    _part(
        "epoch",
        lambda time: _ratio(time.dt.timestamp("us"), 1e6),
        lambda time: _microseconds(time - _START) / 1e6,
        of="moment",
    ),
)

TIMES: Final = (
    *PARTS,
    Function(
        "days_between", ("moment", "moment"), "number", _days_column,
        lambda later, earlier: _microseconds(later - earlier) / _DAY,
    ),
    Function("datetime_from_date", ("date",), "datetime", lambda part: part.cast(DATETIME), _midnight),
    Function("date_from_datetime", ("datetime",), "date", lambda part: part.cast(pl.Date), datetime.date),
)  # fmt: skip
