"""Ids of predictions: unique everywhere, and in the order of time within a process, even where its clock jumps back."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_COUNTED_BITS = 32  # behind the millisecond; they begin anew, at chance, with each millisecond
_CHANCE_BITS = 42


class PredictionIds:
    """A maker of ids: UUIDs of version 7, whose first 48 bits are the milliseconds since 1970.

    Source: RFC 9562, section 5.7, with a counter as in section 6.2, method 1.
    """

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        """Prepare a maker.

        Args:
            clock_ns: nanoseconds since 1970.
        """
        self._clock_ns = clock_ns
        self._millisecond, self._counter = 0, 0
        self._chance = secrets.randbits(_CHANCE_BITS)  # one for each process; the counter tells its ids apart

    def __call__(self) -> str:
        """Return the next id."""
        now = self._clock_ns() // 1_000_000
        if now > self._millisecond:
            self._millisecond, self._counter = now, secrets.randbits(_COUNTED_BITS - 1)
        else:
            self._counter += 1
            if self._counter >> _COUNTED_BITS:
                self._millisecond, self._counter = self._millisecond + 1, 0
        # 12 bits of the counter, then the version's neighbours: 20 bits of it and 42 of chance behind the variant
        high, low = self._counter >> 20, (self._counter & 0xFFFFF) << _CHANCE_BITS | self._chance
        text = f"{self._millisecond:012x}7{high:03x}{0x8000000000000000 | low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a prediction."""
    return _ID.fullmatch(text) is not None


def moment_of(prediction_id: str) -> datetime:
    """Return when an id was made, to the millisecond, UTC.

    >>> moment_of("0190f5d2-7c00-7abc-8def-0123456789ab")
    datetime.datetime(2024, 7, 27, 20, 12, 10, 624000, tzinfo=datetime.timezone.utc)
    """
    return datetime.fromtimestamp(int(prediction_id[:8] + prediction_id[9:13], 16) / 1000, UTC)
