"""Kill processes that log, and see what is left of what they were told to keep."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import log_process
from logged_rows import ids_in, place_in
from milepost.predlog.fold import fold
from milepost.predlog.journal import journals_in

POINTS = ("mid-frame", "before-commit", "after-commit", "before-remove", "mid-compaction")

_MOST_TURNS = {"before-commit": 2 * log_process.COMMITS, "after-commit": 2 * log_process.COMMITS}
_MERGE_S = 0.04  # what a merge of the small files here takes; a kill falls somewhere within


@dataclass
class Told:
    """What processes said while they lived.

    Attributes:
        sent: ids of rows that were on their way into a journal.
        kept: ids of rows that were acknowledged.
        refused: what they said of rows that were not.
        killed: how many of the processes were killed.
    """

    sent: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    killed: int = 0


def start(folder: Path, *words: object) -> subprocess.Popen[str]:
    """Start a process of log_process.py."""
    program = [sys.executable, log_process.__file__, str(folder), *map(str, words)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


def listen(
    process: subprocess.Popen[str], told: Told, *, chance: random.Random | None = None, within_s: float = _MERGE_S
) -> None:
    """Take what a process says until it ends; kill it soon after it says where it is."""
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            word, what = line.split()
            if word == "at" and chance:
                time.sleep(chance.uniform(0, within_s))
                process.kill()
            elif word == "refused":
                told.refused.append(what)
            elif word != "at":
                (told.sent if word == "sent" else told.kept).add(what)
    told.killed += process.returncode == -signal.SIGKILL


def kill_at(folder: Path, point: str, told: Told, chance: random.Random) -> None:
    """Let a process log, fold and tend, and kill it at a point."""
    turn = chance.randint(1, _MOST_TURNS.get(point, 1))
    listen(start(folder, "round", point, turn), told, chance=chance if point == "mid-compaction" else None)


def faults(folder: Path, told: Told) -> list[str]:
    """Fold what is left and return what does not hold: kept ⊆ log ⊆ sent, each row once, no journal left."""
    place = place_in(folder)
    fold(place)
    found = []
    for table in (place.predictions, place.outcomes):
        ids = ids_in(table)
        twice = [name for name, times in Counter(ids).items() if times > 1]
        found += [f"{table}: {name} is there twice" for name in twice]
        found += [f"{table}: {name} was acknowledged and is lost" for name in told.kept - set(ids)]
        found += [f"{table}: {name} was never sent" for name in set(ids) - told.sent]
    return found + [f"{path} is left" for path in journals_in(place.journals)]
