"""Everything that one serving process holds: the engine, its journal, keys, figures; and the hot swap of bundles."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from milepost.ground.clock import Clock
from milepost.ground.errors import EnvironmentFault
from milepost.predictor.selftest import refuse_unfit
from milepost.predlog.journal import Journal
from milepost.predlog.rotation import last_asked
from milepost.serve.commits import Commits
from milepost.serve.engine import Engine
from milepost.serve.figures import Figures
from milepost.serve.keys import Keys
from milepost.serve.rates import Rates
from milepost.serve.reasons import Reasoning
from milepost.serve.retries import Retries
from milepost.serve.settings import Settings
from milepost.serve.shadows import Shadows
from milepost.serve.state import Named, State, read_state
from milepost.serve.text_log import known
from milepost.serve.troubles import Troubles
from milepost.serve.voices import Voice, Voices, load_voice

KEYS_FILE, CLAIMS_FILE = "keys.json", "claims.sqlite"
LOOK_S = 0.5  # between two looks at the state and the keys
RETRY_S = 5.0  # after a bundle could not be read for the machine's sake
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
        reasoning: finds reasons.
        clock: gives the time.
        is_ready: whether rows are answered.
        troubles: what is wrong while it answers.
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
        self.settings, self.troubles = settings, Troubles()
        self.clock: Clock = lambda: _FIRST_MOMENT + timedelta(microseconds=clock_ns() // 1000)
        self._state_path, folder = Path(settings.state), Path(settings.folder)
        self._seen: tuple[int, int] | None = self._state_mark()
        self._not_before = 0.0
        self._rotated = last_asked(Path(settings.journals))
        voices = self._loaded(read_state(self._state_path))
        self.engine = Engine(voices, settings, clock_ns=clock_ns)
        self.commits = Commits(
            Journal(Path(settings.journals), durability=settings.durability, clock=self.clock),
            waits_for_disk=settings.durability == "disk",
        )
        self.keys = Keys(folder / KEYS_FILE, needed=settings.needs_keys, clock=self.clock)
        self.retries = Retries(
            folder / CLAIMS_FILE, are_needed=settings.log == "required", clock=lambda: clock_ns() / 1e9
        )
        per_second = settings.limits.requests_per_second
        self.rates = None if per_second is None else Rates(per_second)
        self.figures = Figures(settings.problem)
        self.shadows, self.reasoning = Shadows(self.commits, self.figures), Reasoning()
        self.is_ready, self.outcomes_turn = True, asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._tell_figures(None, voices)

    def start(self) -> None:
        """Follow promotions from now on; needs a running loop."""
        self._watch = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Answer nobody any more, write what is left, and seal the journal."""
        self.is_ready = False
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])  # however it ended: what is left is written all the same
        try:
            await self.shadows.close(self.settings.limits.seconds)
        finally:
            self.reasoning.close()
            self.commits.close()
            self.retries.close()

    async def follow(self) -> bool:
        """Return whether the state has changed and the bundles were swapped.

        A bundle that cannot be read or fails its self-test is refused, and what answered before goes on; where a disk
        was at fault, it is tried again.
        """
        mark = self._state_mark()
        if mark == self._seen or time.monotonic() < self._not_before:
            return False
        self._seen, before = mark, self.engine.voices
        try:
            voices = await asyncio.to_thread(self._loaded, read_state(self._state_path), before)
        except Exception as why:  # noqa: BLE001  a bundle may fail in any way: another one answers
            self._refused("champion", why, "The bundle that answered before goes on.")
            return False
        self.troubles.ends("champion")
        if voices == before:
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
        async with self.shadows.emptied():  # rows that wait would come into the next journal
            await self.commits.rotate()
        self.retries.forget()
        self._rotated = asked
        return True

    def _loaded(self, state: State, before: Voices | None = None) -> Voices:
        """Return the bundles of a state; a challenger that fails is left out: it must not touch the champion."""
        champion = self._voice(state.champion, before)
        try:
            challenger = self._voice(state.challenger, before) if state.challenger else None
        except Exception as why:  # noqa: BLE001  it may fail in any way
            self._refused("challenger", why, "The challenger is not asked.")
            return Voices(champion)
        self.troubles.ends("challenger")
        return Voices(champion, challenger)

    def _voice(self, named: Named, before: Voices | None) -> Voice:
        """Return a bundle that has passed its self-test; one that answers already is taken over."""
        for voice in (before.champion, before.challenger) if before else ():
            if voice is not None and voice.bundle_id == named.bundle_id:
                return replace(voice, named=named)
        voice = load_voice(named, self.settings)
        refuse_unfit(voice.predictor)
        return voice

    def _refused(self, role: str, why: Exception, but: str) -> None:
        self.troubles.begins(role, why, but)
        if isinstance(why, EnvironmentFault):  # it may be whole: what is away comes back
            self._seen, self._not_before = None, time.monotonic() + RETRY_S

    async def _look(self) -> None:
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "following promotions": self.follow,
            "reading the keys": self._refresh_keys,
            "beginning a journal": self.rotate,
            "counting the journals": self._count_journals,
        }
        while True:
            await asyncio.sleep(LOOK_S)
            for about, step in steps.items():
                try:
                    await step()
                except Exception as why:  # noqa: BLE001  an outermost loop: one that fails stops no other
                    self.troubles.begins(about, why)
                else:
                    self.troubles.ends(about)

    async def _refresh_keys(self) -> None:
        were_needed, were_there = self.keys.are_needed, self.keys.are_there
        self.keys.refresh()
        if self.keys.are_there and not were_needed:
            _log.info("a first key was made: from now on callers need one")
        if were_there and not self.keys.are_there:
            _log.warning("no key is left: nobody is answered until one is made")

    async def _count_journals(self) -> None:
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
