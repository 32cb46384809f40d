"""Finished folds on disk, so that an interrupted climb goes on where it was and ends the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from milepost.ground.files import whole_file


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One rung on one fold.

    Attributes:
        answers: for the fold's validation rows, shape (rows, outputs); empty where the rung failed.
        settled: rounds or penalty; None where there is nothing to settle.
        seconds: of training.
        answer_us: microseconds for one answer; None where it was not timed.
        failed: the reason; None where it worked.
    """

    answers: np.ndarray
    settled: float | None
    seconds: float
    answer_us: float | None
    failed: str | None

    @classmethod
    def failure(cls, reason: str, seconds: float) -> FoldResult:
        return cls(np.empty((0, 1)), None, seconds, None, reason)


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
            return stored
        result = make()
        if result.failed is None:
            _write(path, result)
        return result


def _read(path: Path) -> FoldResult | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            settled, seconds, answer_us = (float(value) for value in stored["figures"])
            answers = stored["answers"]
    except (FileNotFoundError, BadZipFile, KeyError, ValueError, EOFError):
        return None
    return FoldResult(answers, _known(settled), seconds, _known(answer_us), None)


def _write(path: Path, result: FoldResult) -> None:
    figures = [result.settled, result.seconds, result.answer_us]
    with whole_file(path) as partial, partial.open("wb") as stream:
        np.savez(stream, answers=result.answers, figures=np.array([np.nan if f is None else f for f in figures]))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
