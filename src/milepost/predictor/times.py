"""Calendar parts of dates and moments as numbers, for one value and for a column: the same bits.

A moment is an aware datetime in UTC, read in the zone that is asked for; a date has no zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from milepost.predictor.zones import microseconds_of, offsets_of, zone_called

if TYPE_CHECKING:
    import polars as pl

Part = Literal["year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year", "days"]

_DAY_US = 86_400_000_000.0
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

_OF_VALUE: dict[str, Callable[[date], int]] = {
    "year": lambda day: day.year,
    "quarter": lambda day: (day.month + 2) // 3,
    "month": lambda day: day.month,
    "day": lambda day: day.day,
    "weekday": lambda day: day.isoweekday(),
    "hour": lambda day: day.hour if isinstance(day, datetime) else 0,
    "minute": lambda day: day.minute if isinstance(day, datetime) else 0,
    "day_of_year": lambda day: day.timetuple().tm_yday,
}
_OF_COLUMN = {"day_of_year": "ordinal_day"}  # Polars' names where they differ from ours


def part_of_value(part: Part, zone: str | None) -> Callable[[object], float]:
    """Return the function from a date or an aware datetime to one calendar part.

    Args:
        part: weekday counts from Monday = 1; days are days since 1970 with their fraction.
        zone: in which a moment is read; None is UTC.
    """
    local_zone = zone_called(zone or "UTC")
    of_local = _days if part == "days" else _OF_VALUE[part]

    def read(value: object) -> float:
        if isinstance(value, datetime):
            return float(of_local(value.astimezone(local_zone).replace(tzinfo=None)))
        assert isinstance(value, date)  # the gate lets nothing else through
        return float(of_local(value))

    return read


def _days(local: date) -> float:
    if isinstance(local, datetime):
        return microseconds_of(local) / _DAY_US
    return float(local.toordinal() - _EPOCH_ORDINAL)


def part_of_column(values: pl.Series, part: Part, zone: str | None) -> np.ndarray:
    """Return one calendar part of each date or UTC moment, float64, shape (rows,); NaN where missing."""
    import polars as pl

    if values.dtype == pl.Null:
        return np.full(len(values), np.nan)
    moments = values.dtype != pl.Date
    local = _in_zone(values, zone or "UTC") if moments else values
    if part == "days":
        stamps = local.to_physical().cast(pl.Float64).to_numpy()
        return stamps / _DAY_US if moments else stamps  # numpy's division: Polars' rounds twice
    if part in ("hour", "minute") and not moments:
        return np.where(local.is_null().to_numpy(), np.nan, 0.0)
    numbers: pl.Series = getattr(local.dt, _OF_COLUMN.get(part, part))()
    return numbers.cast(pl.Float64).to_numpy()


def _in_zone(moments: pl.Series, zone: str) -> pl.Series:
    """Return the local readings of moments, without zone."""
    import polars as pl

    stamps = moments.dt.cast_time_unit("us").to_physical()
    if zone != "UTC" and stamps.null_count() < len(stamps):
        first, last = int(stamps.min()), int(stamps.max())  # type: ignore[arg-type]
        local = pl.Series(offsets_of(zone, first, last).local(stamps.fill_null(first).to_numpy()))
        stamps = pl.select(pl.when(stamps.is_not_null()).then(local)).to_series()
    return stamps.cast(pl.Datetime("us"))
