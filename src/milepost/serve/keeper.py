"""What goes on beside the workers: promotions become the state they follow, journals become tables.

A failure here never stops an answer: it is told, and tried again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.predlog.fold import fold
from milepost.predlog.tending import tend
from milepost.serve.settings import Settings
from milepost.serve.state import State, write_state

FOLLOW_S, FOLD_S, TEND_S = 1.0, 15.0, 3600.0
STEP_S = 0.2
LOCK_FILE = "keeper.lock"

_log = logging.getLogger("milepost.serve")


class Keeper:
    """The keeper of one service; step does what is due."""

    def __init__(
        self,
        settings: Settings,
        *,
        history: Path,
        state: Callable[[], State | None],
        retention: timedelta | None = None,
        clock: Clock = wall_clock,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is due before the first span has passed.

        Args:
            settings: of the service.
            history: folder whose change means that the state may have changed.
            state: says what answers now; None keeps what answers.
            retention: age beyond which days of the log are removed; None keeps all.
            clock: stamps what is folded.
            seconds: passes while the service runs.
        """
        self._settings, self._history, self._state = settings, history, state
        self._retention, self._clock, self._seconds = retention, clock, seconds
        self._mark = self._history_mark()
        self._known: State | None = None
        now = seconds()
        self._due = {self.follow: now + FOLLOW_S, self.fold: now + FOLD_S, self.tend: now + TEND_S}

    def step(self) -> None:
        """Do what is due."""
        now = self._seconds()
        for task, every in ((self.follow, FOLLOW_S), (self.fold, FOLD_S), (self.tend, TEND_S)):
            if self._due[task] <= now:
                self._due[task] = now + every
                try:
                    task()
                except MilepostError as why:  # a store is away: what answers goes on
                    _log.error("%s", why)

    def follow(self) -> None:
        """Let the workers know of a promotion.

        Raises:
            MilepostError: a bundle is damaged.
            EnvironmentFault: a store failed.
        """
        mark = self._history_mark()
        if mark == self._mark:
            return
        state = self._state()
        self._mark = mark
        if state is not None and state != self._known:
            write_state(state, Path(self._settings.state))
            self._known = state

    def fold(self) -> None:
        """Move what is in the journals to the tables.

        Raises:
            EnvironmentFault: a store failed; the journals keep it.
        """
        fold(self._settings.place, clock=self._clock)

    def tend(self) -> None:
        """Merge small files and remove what is too old.

        Raises:
            EnvironmentFault: a store failed.
        """
        tend(self._settings.place, clock=self._clock, retention=self._retention)

    def _history_mark(self) -> int:
        try:
            return (self._history / "_delta_log").stat().st_mtime_ns
        except OSError:
            return 0
