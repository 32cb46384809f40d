"""Acknowledged means recorded: an answer waits until the frame that holds it is in the journal.

Without fsync a frame is written at once: handing it to the system takes microseconds. With fsync, requests that come
while the disk is busy share the next commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from milepost.predlog.journal import Journal, refuse_unfit
from milepost.serve.engine import Recorded


class Commits:
    """The way of records into the journal of this process."""

    def __init__(self, journal: Journal, *, waits_for_disk: bool) -> None:
        """Prepare the way.

        Args:
            journal: of this process alone.
            waits_for_disk: whether a commit takes long enough that the loop must go on meanwhile.
        """
        self._journal, self._waits = journal, waits_for_disk
        self._next: list[Recorded] = []
        self._done: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "journal")  # its own: commits wait for nothing but the disk

    async def record(self, records: Sequence[Recorded]) -> None:
        """Return when records are in the journal.

        Raises:
            MilepostError: one is too long; none of them is recorded.
            EnvironmentFault: the disk refused; none of them is recorded.
        """
        if not self._waits:
            self.record_now(records)
            return
        refuse_unfit(record.payload for record in records)  # now: later it would fail those that share the commit
        loop = asyncio.get_running_loop()
        self._next.extend(records)
        if self._done is None:
            self._done = loop.create_future()
            loop.create_task(self._commit_next())  # noqa: RUF006  the future that it resolves is awaited below
        await asyncio.shield(self._done)

    def record_now(self, records: Sequence[Recorded]) -> None:
        """Write records and return when they are in the journal.

        Raises:
            MilepostError: one is too long; none of them is recorded.
            EnvironmentFault: the disk refused; none of them is recorded.
        """
        self._add(records)
        self._journal.commit()

    async def rotate(self) -> None:
        """Seal the journal and begin the next one.

        Raises:
            EnvironmentFault: the disk refused; the journal goes on.
        """
        async with self._turn:
            if self._waits:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.rotate)
            else:
                self._journal.rotate()

    def close(self) -> None:
        """Seal the journal."""
        self._thread.shutdown()
        self._journal.close()

    def _add(self, records: Sequence[Recorded]) -> None:
        for record in records:
            if record.schema:
                self._journal.schema(record.schema)
        self._journal.add(*[record.payload for record in records])

    async def _commit_next(self) -> None:
        async with self._turn:
            done, records = self._done, self._next
            self._done, self._next = None, []
            assert done is not None  # whoever starts this task made it
            try:
                self._add(records)
                await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.commit)
            except BaseException as why:  # noqa: BLE001  all that wait have to hear it
                done.set_exception(why)
                done.exception()  # heard, even if every caller has hung up
            else:
                done.set_result(None)
