"""What the challenger is asked beside the answers."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable

import pytest

from milepost.predlog.journal import Journal, read_frames
from milepost.serve.commits import Commits
from milepost.serve.engine import Recorded
from milepost.serve.figures import Figures
from milepost.serve.shadows import MOST_ROWS_WAITING, Shadows

PATIENCE_S = 10.0


class Asked:
    """Shadows around a journal, and a challenger that answers when it may."""

    def __init__(self, folder) -> None:
        self.journal, self.figures = Journal(folder), Figures("churn")
        self.shadows = Shadows(Commits(self.journal, waits_for_disk=False), self.figures)
        self.go_on, self.begun = threading.Event(), threading.Event()

    def question(self, name: str) -> Callable[[], Recorded]:
        def ask() -> Recorded:
            self.begun.set()
            assert self.go_on.wait(PATIENCE_S)
            return Recorded(None, name.encode())

        return ask

    async def ask_until_one_has_begun(self, *rows: int) -> None:
        for number, count in enumerate(rows):
            self.shadows.ask(self.question(f"question {number}"), count)
        assert await asyncio.to_thread(self.begun.wait, PATIENCE_S)

    @property
    def recorded(self) -> list[bytes]:
        return [payload for _, payload in read_frames(self.journal.path)][1:]

    @property
    def left_out(self) -> int:
        (line,) = re.findall(r'milepost_errors_total\{kind="shadow left out".* (\S+)', self.figures.page().decode())
        return int(float(line))


@pytest.fixture
def asked(tmp_path):
    made = Asked(tmp_path)
    yield made
    made.journal.close()


def test_rows_are_counted_not_questions(asked):
    async def run() -> None:
        await asked.ask_until_one_has_begun(1, MOST_ROWS_WAITING - 1, 1)
        asked.go_on.set()
        await asked.shadows.close(PATIENCE_S)

    asyncio.run(run())
    assert asked.recorded == [b"question 0", b"question 1"]
    assert asked.left_out == 1


def test_one_request_with_more_rows_than_may_wait_is_asked_alone(asked):
    async def run() -> None:
        asked.go_on.set()
        await asked.ask_until_one_has_begun(2 * MOST_ROWS_WAITING)
        await asked.shadows.close(PATIENCE_S)

    asyncio.run(run())
    assert asked.recorded == [b"question 0"]


def test_the_end_does_not_wait_for_a_slow_challenger_and_counts_what_is_left(asked):
    async def run() -> None:
        await asked.ask_until_one_has_begun(1, 1, 1)
        await asked.shadows.close(0.05)
        asked.go_on.set()

    asyncio.run(run())
    assert asked.recorded == []
    assert asked.left_out == 2 + 1


def test_nothing_that_was_asked_before_is_recorded_after_the_queue_was_emptied(asked):
    async def run() -> None:
        await asked.ask_until_one_has_begun(1, 1, 1)
        asyncio.get_running_loop().call_later(0.05, asked.go_on.set)
        async with asked.shadows.emptied():
            assert asked.recorded == [b"question 0"]
            asked.shadows.ask(asked.question("in between"), 1)
        asked.shadows.ask(asked.question("later"), 1)
        await asked.shadows.close(PATIENCE_S)

    asyncio.run(run())
    assert asked.recorded == [b"question 0", b"later"]
    assert asked.left_out == 2 + 1


def test_a_question_that_fails_is_counted_and_the_next_one_asked(asked):
    async def run() -> None:
        asked.go_on.set()
        asked.shadows.ask(lambda: 1 / 0, 1)
        asked.shadows.ask(asked.question("next"), 1)
        await asked.shadows.close(PATIENCE_S)

    asyncio.run(run())
    assert asked.recorded == [b"next"]
    assert 'kind="shadow"' in asked.figures.page().decode()
