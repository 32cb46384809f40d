from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from milepost.serve import beside
from milepost.serve.beside import Beside
from milepost.serve.troubles import Troubles

PATIENCE_S = 20.0
STARTS = "import sys, time; print(file=open(sys.argv[1], 'a')); time.sleep(float(sys.argv[2]))"


async def until(is_so) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def program(told: Path, seconds: float) -> list[str]:
    """Return the words of a program that tells its start and ends after some seconds."""
    return [sys.executable, "-c", STARTS, str(told), str(seconds)]


def starts(told: Path) -> int:
    return len(told.read_text()) if told.exists() else 0


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(beside, "PAUSE_S", 0.05)
    monkeypatch.setattr(beside, "LOOK_S", 0.01)


def test_a_program_that_ends_is_started_again_and_shown_meanwhile(tmp_path):
    told, troubles = tmp_path / "told", Troubles()

    async def run():
        kept = Beside(program(told, 0), troubles)
        kept.start()
        await until(lambda: starts(told) >= 2)
        await kept.stop()
        return starts(told)

    ended_at = asyncio.run(run())
    assert "has ended with 0" in troubles.says
    assert starts(told) == ended_at


def test_a_program_that_cannot_be_started_is_tried_again(tmp_path):
    told, troubles, place = tmp_path / "told", Troubles(), tmp_path / "python"

    async def run():
        kept = Beside([str(place), *program(told, 60)[1:]], troubles)
        kept.start()
        await until(lambda: troubles.says)
        place.symlink_to(sys.executable)
        await until(lambda: starts(told) and not troubles.says)
        await kept.stop()
        return kept

    asyncio.run(run())
    assert starts(told) == 1
