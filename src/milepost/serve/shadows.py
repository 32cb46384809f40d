"""The challenger is asked the same rows off the answer's path; whatever it does, the champion has answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from milepost.serve.commits import Commits
from milepost.serve.engine import Recorded
from milepost.serve.figures import Figures

MOST_WAITING = 1_000  # questions; more are left out and counted, so that a slow challenger costs no memory

_log = logging.getLogger("milepost.serve")


class Shadows:
    """Asks the challenger one request after the other, in a thread of its own."""

    def __init__(self, commits: Commits, figures: Figures) -> None:
        """Prepare; nothing runs before the first question."""
        self._commits, self._figures = commits, figures
        self._waiting: asyncio.Queue[Callable[[], Recorded]] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def ask(self, question: Callable[[], Recorded]) -> None:
        """Ask when there is time."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())
        try:
            self._waiting.put_nowait(question)
        except asyncio.QueueFull:
            self._figures.error("shadow left out")

    async def close(self) -> None:
        """Ask what is waiting, then stop."""
        if self._task is not None:
            await self._waiting.join()
            self._task.cancel()

    async def _work(self) -> None:
        while True:
            question = await self._waiting.get()
            try:
                await self._commits.record([await asyncio.to_thread(question)])
            except Exception:  # noqa: BLE001  a challenger may fail in any way: nobody waits for it
                self._figures.error("shadow")
                _log.exception("the challenger failed at a request")
            finally:
                self._waiting.task_done()
