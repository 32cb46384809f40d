"""Time as an argument, so that a year of monitoring can be rehearsed in a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]  # timezone-aware, UTC


def wall_clock() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)
