"""Everything that one serving process holds: the engine, its journal, keys, figures; and the hot swap of bundles."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from milepost.ground.clock import Clock
from milepost.ground.errors import MilepostError
from milepost.predictor.selftest import refuse_unfit
from milepost.predlog.journal import Journal
from milepost.predlog.rotation import last_asked
from milepost.serve.commits import Commits
from milepost.serve.engine import Engine
from milepost.serve.figures import Figures
from milepost.serve.keys import Keys
from milepost.serve.rates import Rates
from milepost.serve.retries import Retries
from milepost.serve.settings import Settings
from milepost.serve.shadows import Shadows
from milepost.serve.state import Named, State, read_state
from milepost.serve.text_log import known
from milepost.serve.voices import Voice, Voices, load_voice

KEYS_FILE, CLAIMS_FILE = "keys.json", "claims.sqlite"
LOOK_S = 0.5  # between two looks at the state and the keys
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger("milepost.serve")


class Service:
    """What one process answers with.

    Attributes:
        settings: of the service.
        engine: answers rows.
        commits: the way into the journal.
        keys: who may ask.
        rates: how often each caller may ask; None is as often as it likes.
        figures: what is counted.
        retries: the claims of request ids.
        shadows: asks the challenger.
        clock: gives the time.
        is_ready: whether rows are answered.
        says: why it is not ready, or what was refused last.
    """

    def __init__(self, settings: Settings, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        """Open the journal and load the bundles.

        Args:
            settings: of the service.
            clock_ns: nanoseconds since 1970.

        Raises:
            MilepostError: the bundle cannot be read, or fails its self-test.
            EnvironmentFault: the journal's folder cannot be written to.
        """
        self.settings, self.says = settings, ""
        self.clock: Clock = lambda: _FIRST_MOMENT + timedelta(microseconds=clock_ns() // 1000)
        self._state_path, folder = Path(settings.state), Path(settings.folder)
        self._seen = self._state_mark()
        self._rotated = last_asked(Path(settings.journals))
        voices = self._loaded(read_state(self._state_path))
        self.engine = Engine(voices, settings, clock_ns=clock_ns)
        self.commits = Commits(
            Journal(Path(settings.journals), durability=settings.durability, clock=self.clock),
            waits_for_disk=settings.durability == "disk",
        )
        self.keys = Keys(folder / KEYS_FILE, clock=self.clock)
        self.retries = Retries(folder / CLAIMS_FILE, clock=lambda: clock_ns() / 1e9)
        per_second = settings.limits.requests_per_second
        self.rates = None if per_second is None else Rates(per_second)
        self.figures = Figures(settings.problem)
        self.shadows = Shadows(self.commits, self.figures)
        self.is_ready, self.outcomes_turn = True, asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._tell_figures(None, voices)

    @property
    def inputs(self) -> frozenset[str]:
        """Return the names of the champion's inputs."""
        return self.engine.voices.champion.inputs

    def start(self) -> None:
        """Follow promotions from now on; needs a running loop."""
        self._watch = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Answer nobody any more, write what is left, and seal the journal."""
        self.is_ready = False
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await self.shadows.close()
        self.commits.close()
        self.retries.close()

    async def follow(self) -> bool:
        """Return whether the state has changed and the bundles were swapped.

        A bundle that cannot be read or fails its self-test is refused, and what answered before goes on.
        """
        mark = self._state_mark()
        if mark == self._seen:
            return False
        self._seen = mark
        before = self.engine.voices
        try:
            voices = await asyncio.to_thread(self._loaded, read_state(self._state_path), before)
        except MilepostError as why:
            self._refused(f"{why.what} The bundle that answered before goes on.")
            return False
        self.engine.voices = voices  # one assignment between two requests: no answer mixes two states
        self._tell_figures(before, voices)
        bundle_id = voices.champion.bundle_id
        _log.info("bundle %s answers", bundle_id, extra=known(bundle_id=bundle_id))
        return True

    async def rotate(self) -> bool:
        """Return whether somebody had asked for the next journal, which has begun now.

        Raises:
            EnvironmentFault: the disk refused; the journal goes on.
        """
        asked = last_asked(Path(self.settings.journals))
        if asked == self._rotated:
            return False
        await self.commits.rotate()
        self._rotated = asked
        return True

    def _loaded(self, state: State, before: Voices | None = None) -> Voices:
        """Return the bundles of a state; a challenger that fails is left out: it must not touch the champion."""
        self.says = ""
        champion = self._voice(state.champion, before)
        if state.challenger is None:
            return Voices(champion)
        try:
            return Voices(champion, self._voice(state.challenger, before))
        except MilepostError as why:
            self._refused(f"{why.what} The challenger is not asked.")
            return Voices(champion)

    def _voice(self, named: Named, before: Voices | None) -> Voice:
        """Return a bundle that has passed its self-test; one that answers already is taken over."""
        for voice in (before.champion, before.challenger) if before else ():
            if voice is not None and voice.bundle_id == named.bundle_id:
                return replace(voice, named=named)
        voice = load_voice(named, self.settings)
        refuse_unfit(voice.predictor)
        return voice

    def _refused(self, says: str) -> None:
        self.says = says
        _log.error("%s", says)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(MilepostError):  # a file that is being replaced is looked at again
                await self.follow()
                self.keys.refresh()
                await self.rotate()
            self.figures.backlog.set(_bytes_in(Path(self.settings.journals)))

    def _state_mark(self) -> tuple[int, int]:
        try:
            found = self._state_path.stat()
        except OSError:  # the registry's side is away: what answers goes on
            return (0, 0)
        return found.st_mtime_ns, found.st_ino

    def _tell_figures(self, before: Voices | None, now: Voices) -> None:
        for voices, asked in ((before, False), (now, True)):
            if voices is not None:
                self.figures.answering(voices.champion.bundle_id, "champion", now=asked)
                if voices.challenger is not None:
                    self.figures.answering(voices.challenger.bundle_id, "challenger", now=asked)


def _bytes_in(folder: Path) -> int:
    """Return how many bytes wait to be folded."""
    with suppress(OSError):  # a journal that was folded meanwhile
        return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
    return 0
