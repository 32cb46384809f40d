"""The program that runs beside the workers of a user's server: it starts and ends with it, and is started again."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence

from milepost.ground.errors import EnvironmentFault
from milepost.serve.troubles import Troubles

LOOK_S = 0.5
PAUSE_S = 5.0  # before it is started again, and after which it is believed to run

_ABOUT = "the program beside the workers"


class Beside:
    """A program that runs as long as the server does."""

    def __init__(self, words: Sequence[str], troubles: Troubles) -> None:
        """Prepare; nothing runs yet.

        Args:
            words: of its command line.
            troubles: where it is told that it does not run.
        """
        self._words, self._troubles = words, troubles
        self._program: subprocess.Popen[bytes] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it; needs a running loop."""
        self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def stop(self) -> None:
        """Return when it has ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._program is not None:
            self._program.terminate()
            await asyncio.to_thread(self._program.wait)

    async def _go_on(self) -> None:
        while True:
            try:
                self._program = subprocess.Popen(self._words, stdin=subprocess.DEVNULL)
                await self._end_of(self._program)
            except (EnvironmentFault, OSError) as why:
                self._troubles.begins(_ABOUT, why, "Answers go on; it is started again.")
            await asyncio.sleep(PAUSE_S)

    async def _end_of(self, program: subprocess.Popen[bytes]) -> None:
        """Wait for the end of a program, which should not come.

        Raises:
            EnvironmentFault: it has ended.
        """
        loop = asyncio.get_running_loop()
        steady = loop.time() + PAUSE_S
        while program.poll() is None:
            if loop.time() >= steady:
                self._troubles.ends(_ABOUT)
            await asyncio.sleep(LOOK_S)
        raise EnvironmentFault(
            f"What folds the log and follows promotions has ended with {program.returncode}.",
            where=_ABOUT,
            fix="Read what it printed above; it is started again by itself.",
        )
