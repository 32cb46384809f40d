"""How often each caller may ask: a bucket of tokens each, which fills as time goes by.

one token is one request · a full bucket holds those of one second, and at least one
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from milepost.serve.replies import Refusal

MOST_CALLERS = 10_000  # are remembered before those whose bucket is full again are forgotten


class Rates:
    """The buckets of one process."""

    def __init__(self, per_second: float, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            per_second: requests of one caller, above 0.
            seconds: pass while the service runs.
        """
        self._rate, self._size, self._seconds = per_second, max(1.0, per_second), seconds
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many
        self._most = MOST_CALLERS

    def take(self, caller: str) -> None:
        """Count a request.

        Args:
            caller: the holder of a key, or an address.

        Raises:
            Refusal: it asks too often; a request that is refused takes nothing.
        """
        now = self._seconds()
        tokens = self._tokens(caller, now)
        if tokens < 1:
            raise Refusal(
                429,
                f"More than {self._rate:g} requests a second.",
                where="the service",
                fix="Ask more slowly, or send many rows in one request.",
                retry_after=math.ceil((1 - tokens) / self._rate),
            )
        if len(self._buckets) >= self._most:
            self._forget(now)
        self._buckets[caller] = tokens - 1, now

    def _tokens(self, caller: str, now: float) -> float:
        tokens, since = self._buckets.get(caller, (self._size, now))
        return min(self._size, tokens + (now - since) * self._rate)

    def _forget(self, now: float) -> None:
        """Forget callers whose bucket is full, as that of an unknown one is."""
        self._buckets = {one: held for one, held in self._buckets.items() if self._tokens(one, now) < self._size}
        self._most = max(MOST_CALLERS, 2 * len(self._buckets))  # so that this is done seldom, however many there are
