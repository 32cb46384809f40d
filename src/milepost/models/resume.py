"""Finished folds on disk, so that an interrupted climb goes on where it was and ends the same.

A climb that has ended keeps its folds too: another training that differs only in what comes after the climb, such as
a criterion, takes them as they are. Those that were not used for long are removed by sweep.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from milepost.ground.errors import EnvironmentFault
from milepost.ground.files import whole_file

MOST_CLIMBS = 5
LONGEST_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One rung on one fold.

    Attributes:
        answers: for the fold's validation rows, shape (rows, outputs); empty where the rung failed.
        found: for the last fit, as models/rungs.Member holds it.
        seconds: of training.
        answer_us: microseconds for one answer; None where it was not timed.
        failed: the reason; None where it worked.
    """

    answers: np.ndarray
    found: tuple[float, ...]
    seconds: float
    answer_us: float | None
    failed: str | None

    @classmethod
    def failure(cls, reason: str, seconds: float) -> FoldResult:
        return cls(np.empty((0, 1)), (), seconds, None, reason)


@dataclass(frozen=True, slots=True)
class Finished:
    """The folder of one climb's finished folds; None keeps nothing."""

    folder: Path | None

    def get_or_make(self, rung: str, position: int, rows: int, make: Callable[[], FoldResult]) -> FoldResult:
        """Return the stored result of a rung on a fold, or make and store it. Failures are tried again."""
        if self.folder is None:
            return make()
        path = self.folder / f"{rung}-{position}.npz"
        stored = _read(path)
        if stored is not None and len(stored.answers) == rows:
            _touch(self.folder)
            return stored
        result = make()
        if result.failed is None:
            _write(path, result)
        return result


def sweep(climbs: Path, *, now: datetime) -> None:
    """Remove all climbs but the MOST_CLIMBS used last, and those that were not used for LONGEST_KEPT.

    A climb that runs at the same time goes on where its folder is taken from it: it only loses what it had kept.

    Args:
        climbs: the folder of folders.
        now: aware of its zone.
    """
    ages = []
    for folder in climbs.glob("*/"):
        try:
            ages.append((now.timestamp() - folder.stat().st_mtime, folder))
        except FileNotFoundError:  # another training sweeps, too
            continue
    for place, (age, folder) in enumerate(sorted(ages)):
        if place >= MOST_CLIMBS or age > LONGEST_KEPT.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


def _touch(folder: Path) -> None:
    """Let a climb count as used now: reading its folds alone does not change the time of the folder."""
    with suppress(OSError):  # swept away by another training, or on a disk that can only be read
        os.utime(folder)


def _read(path: Path) -> FoldResult | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            answers, found = stored["answers"], tuple(stored["found"].tolist())
            seconds, answer_us = float(stored["seconds"]), float(stored["answer_us"])
    except (FileNotFoundError, BadZipFile, KeyError, ValueError, EOFError):
        return None
    return FoldResult(answers, found, seconds, None if np.isnan(answer_us) else answer_us, None)


def _write(path: Path, result: FoldResult) -> None:
    answer_us = np.nan if result.answer_us is None else result.answer_us
    try:
        with whole_file(path) as partial, partial.open("wb") as stream:
            np.savez(stream, answers=result.answers, found=result.found, seconds=result.seconds, answer_us=answer_us)
    except EnvironmentFault as why:
        if not isinstance(why.__cause__, FileNotFoundError):  # else another training has swept the folder away
            raise
