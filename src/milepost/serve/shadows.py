"""The challenger is asked the same rows off the answer's path; whatever it does, the champion has answered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from milepost.serve.commits import Commits
from milepost.serve.engine import Recorded
from milepost.serve.figures import Figures
from milepost.serve.text_log import tell_failed

MOST_ROWS_WAITING = 10_000  # more are left out and counted, so that a slow challenger costs no memory

_LEFT_OUT = "shadow left out"


class Shadows:
    """Asks the challenger one request after the other, in a thread."""

    def __init__(self, commits: Commits, figures: Figures) -> None:
        """Prepare; nothing runs before the first question."""
        self._commits, self._figures = commits, figures
        self._waiting: deque[tuple[Callable[[], Recorded], int]] = deque()
        self._rows = 0  # of questions that wait, and of the one that is asked
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def ask(self, question: Callable[[], Recorded], rows: int) -> None:
        """Ask when there is time; where too many rows wait already, the question is left out.

        Args:
            question: gives the record of what the challenger says.
            rows: that it holds in memory.
        """
        if self._rows and self._rows + rows > MOST_ROWS_WAITING:
            self._figures.error(_LEFT_OUT)
            return
        self._rows += rows
        self._waiting.append((question, rows))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._ask_all())

    @asynccontextmanager
    async def emptied(self) -> AsyncIterator[None]:
        """Hold the block while nobody is asked: what was asked is recorded before it, what waited is left out."""
        async with self._turn:
            self._leave_out()
            yield
            self._leave_out()

    async def close(self, seconds: float) -> None:
        """Ask what is waiting as long as there is time; leave out the rest.

        Args:
            seconds: that it may take.
        """
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=seconds)
            self._task.cancel()
            await asyncio.wait([self._task])
        self._leave_out()

    async def _ask_all(self) -> None:
        while self._waiting:
            async with self._turn:
                if self._waiting:
                    await self._ask_next()

    async def _ask_next(self) -> None:
        question, rows = self._waiting.popleft()
        try:
            await self._commits.record([await asyncio.to_thread(question)])
        except asyncio.CancelledError:
            self._figures.error(_LEFT_OUT)
            raise
        except Exception as why:  # noqa: BLE001  a challenger may fail in any way: nobody waits for it
            self._figures.error("shadow")
            tell_failed("The challenger failed at a request.", why)
        finally:
            self._rows -= rows

    def _leave_out(self) -> None:
        for _, rows in self._waiting:
            self._figures.error(_LEFT_OUT)
            self._rows -= rows
        self._waiting.clear()
