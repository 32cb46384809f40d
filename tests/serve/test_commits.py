"""Records of requests on their way into the journal."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from milepost.ground.errors import MilepostError
from milepost.predlog.journal import MOST_FRAME_BYTES, Journal, read_frames
from milepost.serve.commits import Commits
from milepost.serve.engine import Recorded

FITS, TOO_LONG = Recorded(None, b"fits"), Recorded(None, bytes(MOST_FRAME_BYTES + 1))


@pytest.mark.parametrize("waits", [False, True])
def test_a_record_that_is_too_long_fails_its_caller_alone_and_leaves_nothing(tmp_path, waits):
    async def both() -> list[BaseException | None]:
        return await asyncio.gather(
            commits.record([Recorded(None, b"beside it"), TOO_LONG]), commits.record([FITS]), return_exceptions=True
        )

    journal = Journal(tmp_path)
    commits = Commits(journal, waits_for_disk=waits)
    failed, recorded = asyncio.run(both())
    assert isinstance(failed, MilepostError)
    assert recorded is None
    assert [payload for _, payload in read_frames(journal.path)][1:] == [b"fits"]
    commits.close()


def test_a_commit_to_the_disk_waits_for_no_other_work_in_threads(tmp_path):
    go_on = threading.Event()

    async def record() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        busy = asyncio.create_task(asyncio.to_thread(go_on.wait))
        await asyncio.sleep(0)
        try:
            await asyncio.wait_for(commits.record([FITS]), timeout=10)
        finally:
            go_on.set()
            await busy

    commits = Commits(Journal(tmp_path, durability="disk"), waits_for_disk=True)
    asyncio.run(record())
    commits.close()
