"""Ids of predictions: unique everywhere, and in the order of time within a process, even where its clock jumps back."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_COUNTED_BITS = 32  # behind the millisecond; they begin anew, at chance, with each millisecond
_CHANCE_BITS = 42
_SAME_BEGINNING = 0x3F  # of a counter: bits that stand behind the last hyphen
_COMMON = 24  # digits and hyphens before them


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
        self._millisecond, self._counter, self._time = 0, 0, ""
        chance = secrets.randbits(_CHANCE_BITS)  # one for each process; the counter tells its ids apart
        # the last ten digits, and what stands before them behind the variant
        self._chance, self._low = f"{chance & 0xFFFFFFFFFF:010x}", 0x800000 | chance >> 40
        last = (self._low & 0xFF | counter << 2 for counter in range(_SAME_BEGINNING + 1))
        self._endings = [f"{digits:02x}{self._chance}" for digits in last]  # all that can stand behind the last hyphen

    def __call__(self) -> str:
        """Return the next id."""
        now = self._clock_ns() // 1_000_000
        if now > self._millisecond:
            self._begin(now, secrets.randbits(_COUNTED_BITS - 1))
        else:
            self._counter += 1
            if self._counter >> _COUNTED_BITS:
                self._begin(self._millisecond + 1, 0)
        return self._written(self._counter)

    def many(self, number: int) -> list[str]:
        """Return the next ids, which takes less time than one by one."""
        if not number:
            return []
        first = self()
        begin, end = self._counter + 1, self._counter + number
        if end >> _COUNTED_BITS:
            return [first, *(self() for _ in range(number - 1))]
        self._counter = end - 1
        return [first, *self._in_a_row(begin, end)]

    def _in_a_row(self, begin: int, end: int) -> Iterator[str]:
        """Yield the ids of counters one after another; what stands before the last hyphen is written once for many."""
        while begin < end:
            stop = min(end, (begin | _SAME_BEGINNING) + 1)
            common = self._written(begin)[:_COMMON]
            yield from [f"{common}{last}" for last in self._endings[begin & _SAME_BEGINNING :][: stop - begin]]
            begin = stop

    def _begin(self, millisecond: int, counter: int) -> None:
        digits = f"{millisecond:012x}"
        self._millisecond, self._counter, self._time = millisecond, counter, f"{digits[:8]}-{digits[8:]}"

    def _written(self, counter: int) -> str:
        """Return the id of a counter: 12 bits of it behind the version, 20 behind the variant, then chance."""
        middle = self._low | (counter & 0xFFFFF) << 2
        return f"{self._time}-7{counter >> 20:03x}-{middle >> 8:04x}-{middle & 0xFF:02x}{self._chance}"


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a prediction."""
    return _ID.fullmatch(text) is not None


def moment_of(prediction_id: str) -> datetime:
    """Return when an id was made, to the millisecond, UTC.

    >>> moment_of("0190f5d2-7c00-7abc-8def-0123456789ab")
    datetime.datetime(2024, 7, 27, 20, 12, 10, 624000, tzinfo=datetime.timezone.utc)
    """
    return datetime.fromtimestamp(int(prediction_id[:8] + prediction_id[9:13], 16) / 1000, UTC)
