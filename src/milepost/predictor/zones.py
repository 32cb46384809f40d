"""Local time in a zone, the same for one moment and for a million.

Python and Polars each bring a copy of the time zone rules; copies differ between versions and in the far future. So the
offsets of many moments are read from a table made of Python's own answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from milepost.ground.errors import EnvironmentFault, MilepostError

FIRST_YEAR, LAST_YEAR = 2, 9998  # beyond these a change of zone can leave Python's calendar
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Offsets:
    """The offsets from UTC of one zone over some years, in microseconds.

    Attributes:
        from_utc: UTC moments at which an offset begins to hold, microseconds since 1970, rising.
        from_local: local readings at which it begins to hold; the earlier of two readings counts, a reading that the
            clock jumped over is read as before the jump.
        offset_us: the offset before the first change, then after each change; one longer than the moments.
    """

    from_utc: np.ndarray
    from_local: np.ndarray
    offset_us: np.ndarray

    def local(self, utc_us: np.ndarray) -> np.ndarray:
        """Return local readings of UTC moments, both in microseconds since 1970."""
        return np.asarray(utc_us + self.offset_us[np.searchsorted(self.from_utc, utc_us, side="right")])

    def utc(self, local_us: np.ndarray) -> np.ndarray:
        """Return UTC moments of local readings, both in microseconds since 1970."""
        return np.asarray(local_us - self.offset_us[np.searchsorted(self.from_local, local_us, side="right")])


@cache
def zone_called(name: str) -> ZoneInfo:
    """Return the time zone called name.

    Raises:
        MilepostError: there is no such zone.
        EnvironmentFault: this machine has no time zone rules at all.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    try:
        ZoneInfo("UTC")
    except KeyError:
        raise EnvironmentFault(
            "This machine has no time zone rules.", where=f"time zone {name!r}", fix="Run: pip install tzdata"
        ) from None
    raise MilepostError(
        f"No time zone is called {name!r}.", where="data.timezone", fix="Write a name like 'Europe/Berlin' or 'UTC'."
    )


def microseconds_of(naive: datetime) -> int:
    """Return the microseconds from 1970 to a moment or reading without zone."""
    return (naive - _EPOCH) // _MICROSECOND


def offsets_of(zone: str, first_us: int, last_us: int) -> Offsets:
    """Return the offsets of a zone that hold from first_us to last_us, microseconds since 1970."""
    years = [(_EPOCH + us * _MICROSECOND).year for us in (first_us - _DAY_US, last_us + _DAY_US)]
    return _offsets_of_decades(zone, years[0] // 10, years[1] // 10)


@cache
def _offsets_of_decades(name: str, first: int, last: int) -> Offsets:
    zone = zone_called(name)
    changes = [change for decade in range(first, last + 1) for change in _changes_in(name, decade)]
    from_utc = np.array([moment for moment, _ in changes], dtype=np.int64)
    offset_us = np.array([_offset(zone, _start(first)), *(offset for _, offset in changes)], dtype=np.int64)
    return Offsets(from_utc, from_utc + np.maximum(offset_us[:-1], offset_us[1:]), offset_us)


@cache
def _changes_in(name: str, decade: int) -> list[tuple[int, int]]:
    """Return the moments of a decade at which the offset changes, each with the offset after it."""
    zone, changes = zone_called(name), []
    day, stop = _start(decade), _start(decade + 1)
    offset = _offset(zone, day)
    while day < stop:
        after = day + timedelta(days=1)
        later = _offset(zone, after)
        if later != offset:
            changes.append((_change(zone, day, after), later))
        day, offset = after, later
    return changes


def _start(decade: int) -> datetime:
    return datetime(min(max(10 * decade, FIRST_YEAR), LAST_YEAR + 1), 1, 1)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> int:
    """Return the first microsecond of a new offset between two moments; it begins on a whole second."""
    lo, hi = microseconds_of(before) // 1_000_000, microseconds_of(after) // 1_000_000
    old = _offset(zone, before)
    while hi - lo > 1:
        middle = (lo + hi) // 2
        if _offset(zone, _EPOCH + timedelta(seconds=middle)) == old:
            lo = middle
        else:
            hi = middle
    return hi * 1_000_000


def _offset(zone: ZoneInfo, utc: datetime) -> int:
    offset = utc.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always knows
    return offset // _MICROSECOND
