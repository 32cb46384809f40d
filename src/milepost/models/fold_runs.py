"""Fit one rung on every fold: through the fan-out, resumable, each fold with a seed of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from milepost.data.folds import Fold, Folds, inner_split
from milepost.ground import fanout
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.seeds import derived
from milepost.models.material import Material
from milepost.models.out_of_fold import repeats_of
from milepost.models.resume import Finished, FoldResult
from milepost.models.rungs import Member, Rung, Work
from milepost.predictor.members import answers_of, row_function

TIMED_ANSWERS = 200


@dataclass(frozen=True, slots=True)
class Course:
    """How the climb is run; only smallest_gain and seed can change its result.

    Attributes:
        smallest_gain: relative gain below which a more complex rung is not kept.
        seed: of every random choice.
        workers: folds at once; None takes all cores.
        finished: folder of finished folds, so that an interrupted climb goes on where it was; None keeps none.
        listener: hears the progress.
    """

    smallest_gain: float
    seed: int = 0
    workers: int | None = None
    finished: Path | None = None
    listener: Listener = silent


def run_folds(
    rung: Rung, material: Material, folds: Folds, course: Course, done: int, total: int, *, step: str = "climb"
) -> list[FoldResult]:
    """Return what each fold gave, in the folds' order.

    Args:
        rung: what is fitted; its name is that of the finished folds.
        material: the rows.
        folds: of these rows.
        course: how the climb is run.
        done: units of work before these, for the progress.
        total: units of work in all.
        step: that the progress is told of.
    """
    finished = Finished(course.finished)
    title = rung.titles[material.task]

    def tell(position: int, _: FoldResult) -> None:
        message = f"{title}, fold {position + 1} of {len(folds.folds)}"
        course.listener(Event(step, message, done + position + 1, total))

    def task(position: int, fold: Fold) -> Callable[[], FoldResult]:
        return lambda: finished.get_or_make(
            rung.name, position, len(fold.valid), lambda: _run_fold(rung, material, folds, fold, position, course.seed)
        )

    tasks = [task(position, fold) for position, fold in enumerate(folds.folds)]
    course.listener(Event(step, title, done, total))
    return fanout.run(tasks, workers=course.workers, on_done=tell)


def _run_fold(rung: Rung, material: Material, folds: Folds, fold: Fold, position: int, seed: int) -> FoldResult:
    own_seed = derived(seed, rung.name, fold.repeat, fold.number)
    fit, stop = inner_split(folds, fold.train, seed=derived(seed, "inner", fold.repeat, fold.number))
    start = time.perf_counter()
    try:
        member = rung.fit(Work(material, fit, stop, None, own_seed))
        seconds = time.perf_counter() - start
        answers = answers_of(member.document, member.files, material.frame[fold.valid])
        answer_us = _answer_us(member, material, fold.valid) if position == 0 else None
    except EnvironmentFault:
        raise
    except MilepostError as why:
        return FoldResult.failure(why.what, time.perf_counter() - start)
    except Exception as why:  # noqa: BLE001  a rung that fails is recorded with its reason and the climb goes on
        return FoldResult.failure(f"{type(why).__name__}: {why}", time.perf_counter() - start)
    return FoldResult(answers, member.found, seconds, answer_us, None)


def _answer_us(member: Member, material: Material, rows: np.ndarray) -> float:
    """Return the median time of one answer, in microseconds, over a few rows asked one by one."""
    answer = row_function(member.document, member.files)
    asked = material.frame[rows[:TIMED_ANSWERS]].to_dicts()
    times = []
    for row in asked:
        start = time.perf_counter()
        answer(row)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e6)


def joined_answers(results: Sequence[FoldResult], folds: Folds, rows: int, outputs: int) -> np.ndarray:
    """Return the folds' answers as models/out_of_fold holds them, shape (repeats, rows, outputs)."""
    answers = np.full((repeats_of(folds), rows, outputs), np.nan)
    for fold, result in zip(folds.folds, results, strict=True):
        answers[fold.repeat, fold.valid] = result.answers
    return answers
