"""The reasons of answers, where they are asked: told to the caller, not logged, as they can be computed again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from milepost.serve.details import Row
from milepost.serve.replies import Refusal
from milepost.serve.voices import Voices

MOST_WAITING = 64  # requests; each may have many rows, and deep trees take milliseconds for one
_THREADS = 2


class Reasoning:
    """Finds reasons beside the loop, in threads of its own, so that commits and promotions do not wait for them."""

    def __init__(self) -> None:
        """Prepare; a thread begins when it is needed."""
        self._threads = ThreadPoolExecutor(_THREADS, "reasons")
        self._waiting = 0

    def refuse_if_full(self) -> None:
        """Refuse a request before it is answered and logged.

        Raises:
            Refusal: too many requests wait for reasons already.
        """
        if self._waiting >= MOST_WAITING:
            raise Refusal(
                503,
                "Too many requests ask for reasons at once.",
                where="the service",
                fix="Send the request again, or without reasons.",
                retry_after=1,
            )

    async def find(self, reasons: Callable[[], None]) -> None:
        """Return when reasons are found.

        Args:
            reasons: adds them to answers.
        """
        self._waiting += 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, reasons)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Find no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def add_reasons(answers: Sequence[dict[str, Any]], voices: Voices, rows: Sequence[Row], most: int) -> None:
    """Add to each answer the reasons that its bundle has for it; what a guard did to a decision changes none of them.

    Args:
        answers: to rows.
        voices: that answered.
        rows: raw values by name.
        most: reasons of each answer.
    """
    for voice in filter(None, (voices.champion, voices.challenger)):
        own = [place for place, answer in enumerate(answers) if answer["bundle_id"] == voice.bundle_id]
        if own:
            found = voice.predictor.reasons_of([rows[place] for place in own], most=most)
            for place, reasons in zip(own, found, strict=True):
                answers[place].update(reasons)
