"""A process that logs, folds and tends, and dies where it is told to.

Run: python log_process.py FOLDER round POINT TIME   (or what else main knows)

It prints `sent ID` before a row goes into the journal and `kept ID` when it is acknowledged.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from logged_rows import SCHEMA, frame_of, outcome, outcome_frame, place_in, prediction
from milepost.ground.errors import EnvironmentFault
from milepost.predlog.fold import fold
from milepost.predlog.journal import Journal
from milepost.predlog.places import LogPlace
from milepost.predlog.tending import tend

COMMITS, ROWS_OF_A_COMMIT = 10, 3


def say(word: str, what: list[str]) -> None:
    """Tell the parent, in one write, so that a kill right afterwards takes nothing back."""
    os.write(1, "".join(f"{word} {one}\n" for one in what).encode())


def log_once(journal: Journal) -> None:
    """Log a few predictions, and an outcome of each, in one commit."""
    asked = [prediction() for _ in range(ROWS_OF_A_COMMIT)]
    names = [row.prediction_id for row in asked]
    say("sent", names)
    journal.schema(SCHEMA)
    for row in asked:
        journal.add(frame_of(row))
    journal.add(outcome_frame(*map(outcome, names)))
    journal.commit()
    say("kept", names)


def die() -> None:
    """End this process as the kernel does when memory is short: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str, turn: int) -> Callable[[str], None]:
    """Return what kills this process when it comes to a point for the given time, counted from 1."""
    passed: Counter[str] = Counter()

    def told(now: str) -> None:
        passed[now] += 1
        if now == point and passed[now] == turn:
            die()

    return told


def die_in_a_round(place: LogPlace, point: str, turn: int) -> None:
    """Log rows and die at a point of logging, folding or tending."""
    journal = Journal(place.journals)
    for _ in range(COMMITS):
        log_once(journal)
    if point == "mid-frame":
        die_in_a_frame(journal)
    journal.close()
    fold(place, most_rows=ROWS_OF_A_COMMIT, at_point=die_at(point, turn))
    tend(place, retention=None, keep=timedelta(0), at_point=lambda now: say("at", [now]))  # the parent kills


def die_in_a_frame(journal: Journal) -> None:
    """Leave what a write leaves that had come so far."""
    row = prediction()
    say("sent", [row.prediction_id])
    start = journal.path.stat().st_size
    journal.add(frame_of(row))
    journal.commit()
    os.truncate(journal.path, random.randrange(start + 1, journal.path.stat().st_size))
    die()


def log_on_a_small_disk(place: LogPlace, most_bytes: int) -> None:
    """Log until files may grow no more, thrice, then after they may again."""
    journal = Journal(place.journals)
    for _ in range(3):
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
        for _ in range(1000):
            try:
                log_once(journal)
            except EnvironmentFault as why:
                say("refused", [why.what.replace(" ", "_")])
                break
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        log_once(journal)
    die()


def repeat(seconds: float, step: Callable[[], object], *, pause: float = 0.0) -> None:
    """Do a step until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        step()
        time.sleep(pause)


def main(folder: str, what: str, *more: str) -> None:
    place = place_in(Path(folder))
    if what == "round":
        die_in_a_round(place, more[0], int(more[1]))
    elif what == "small-disk":
        log_on_a_small_disk(place, int(more[0]))
    elif what == "log":
        journal = Journal(place.journals, most_bytes=20_000)
        repeat(float(more[0]), lambda: log_once(journal), pause=0.005)
        journal.close()
    elif what == "fold":
        repeat(float(more[0]), lambda: fold(place, most_rows=100))
    elif what == "tend":
        repeat(float(more[0]), lambda: tend(place, retention=None))


if __name__ == "__main__":
    main(*sys.argv[1:])
