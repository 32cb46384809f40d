"""What goes on beside the workers: promotions become the state they follow, journals become tables.

history ─► state.json ─► every worker        history ─► aliases of the registry, where a promotion left them behind

A failure here never stops an answer: it is told, and tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.predlog.fold import fold
from milepost.predlog.tending import tend
from milepost.predlog.unread import Unread, unread_error
from milepost.serve.settings import Settings
from milepost.serve.state import State, read_state, write_state
from milepost.serve.text_log import tell_failed

FOLLOW_S, FOLD_S, MEND_S, TEND_S = 1.0, 15.0, 300.0, 3600.0
STEP_S = 0.2
LOCK_FILE = "keeper.lock"


class Keeper:
    """The keeper of one service; step does what is due."""

    def __init__(
        self,
        settings: Settings,
        *,
        history: Path,
        state: Callable[[], State | None],
        mend: Callable[[], object] | None = None,
        retention: timedelta | None = None,
        clock: Clock = wall_clock,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is due before the first span has passed.

        Args:
            settings: of the service.
            history: folder whose change means that the state may have changed.
            state: says what answers now; None keeps what answers.
            mend: lets the registry's aliases follow the history, where they do not; None leaves them.
            retention: age beyond which days of the log are removed; None keeps all.
            clock: stamps what is folded.
            seconds: passes while the service runs.
        """
        self._settings, self._history, self._state = settings, history, state
        self._retention, self._clock, self._seconds = retention, clock, seconds
        self._mend = mend
        self._followed: str | None = None  # marks of the history; None: what it says was never asked for
        self._mended: str | None = None
        self._unread: set[Unread] = set()  # told once
        now = seconds()
        self._due = {
            self.follow: now + FOLLOW_S,
            self.fold: now + FOLD_S,
            self.mend: now + FOLLOW_S,  # a promotion may have been killed before this start
            self.tend: now + TEND_S,
        }

    def step(self) -> None:
        """Do what is due."""
        now = self._seconds()
        for task, every in self._tasks:
            if self._due[task] <= now:
                self._due[task] = now + every
                try:
                    task()
                except Exception as why:  # noqa: BLE001  an outermost loop: whatever fails here, what answers goes on
                    tell_failed("What goes on beside the workers has failed; it is tried again.", why)

    def follow(self) -> None:
        """Let the workers know of a promotion.

        Raises:
            MilepostError: a bundle is damaged.
            EnvironmentFault: a store failed.
        """
        mark = self._history_mark()
        if mark == self._followed:
            return
        state, path = self._state(), Path(self._settings.state)
        if state is not None and state != _state_in(path):
            write_state(state, path)
        self._followed = mark

    def mend(self) -> None:
        """Let the registry's aliases follow a promotion that was killed before they did.

        Raises:
            EnvironmentFault: a store failed.
        """
        mark = self._history_mark()
        if self._mend is not None and mark != self._mended:
            self._mend()
            self._mended = mark

    def fold(self) -> None:
        """Move what is in the journals to the tables.

        Raises:
            EnvironmentFault: a store failed; the journals keep it.
        """
        for one in fold(self._settings.place, clock=self._clock).unread:
            if one not in self._unread:
                self._unread.add(one)
                tell_failed("A journal holds what cannot be read.", unread_error(one))

    def tend(self) -> None:
        """Merge small files and remove what is too old.

        Raises:
            EnvironmentFault: a store failed.
        """
        tend(self._settings.place, clock=self._clock, retention=self._retention)

    @property
    def _tasks(self) -> tuple[tuple[Callable[[], None], float], ...]:
        return (self.follow, FOLLOW_S), (self.fold, FOLD_S), (self.mend, MEND_S), (self.tend, TEND_S)

    def _history_mark(self) -> str:
        """Return the newest version of the history; the time of its folder stands still for two changes at once."""
        try:
            versions = [path.name for path in (self._history / "_delta_log").iterdir() if path.suffix == ".json"]
            return max(versions, default="")
        except OSError:
            return ""


def _state_in(path: Path) -> State | None:
    with suppress(MilepostError):  # a file that is damaged is written anew
        return read_state(path)
    return None
