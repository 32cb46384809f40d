"""Climb from the simplest rung to more complex ones while simpler ones plateau; leave a decision for each.

material, folds ─► each rung on each fold (fan-out, resumable) ─► out-of-fold losses ─► kept or not ─► Climb
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from milepost.data.folds import Fold, Folds, inner_split
from milepost.ground import fanout
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.seeds import derived
from milepost.models import decisions
from milepost.models.ensemble import cross_fitted_mix, mixing_weights
from milepost.models.material import Material
from milepost.models.out_of_fold import fold_numbers, mean_row_losses, repeats_of
from milepost.models.resume import Finished, FoldResult
from milepost.models.rungs import LADDER, Member, Rung, Work
from milepost.models.steps import Ladder, Step
from milepost.predictor.members import answers_of, row_function
from milepost.stats.intervals import mean_interval
from milepost.stats.paired import Gain, paired_gain

RUNGS_WITHOUT_GAIN = 2  # this many rungs in a row after the baselines end the tuning
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


@dataclass(frozen=True, slots=True)
class Climb:
    """The result of a climb.

    Attributes:
        ladder: the steps and decisions, as stored and drawn.
        answers: out-of-fold answers of each rung, shape (repeats, rows, outputs); NaN where a row was not validated.
        settled: rounds or penalty of each rung, averaged over its folds.
        fold_of: number of the fold that validated each row, shape (repeats, rows); -1 where none did.
    """

    ladder: Ladder
    answers: dict[str, np.ndarray]
    settled: dict[str, float | None]
    fold_of: np.ndarray


@dataclass(slots=True)
class _State:
    """What is known so far on the way up."""

    steps: list[Step] = field(default_factory=list)
    answers: dict[str, np.ndarray] = field(default_factory=dict)
    losses: dict[str, np.ndarray] = field(default_factory=dict)
    settled: dict[str, float | None] = field(default_factory=dict)
    best: str = ""
    without_gain: int = 0


def climb(material: Material, folds: Folds, course: Course, *, rungs: Sequence[Rung] = LADDER) -> Climb:
    """Return the climb over rungs on the same folds.

    A rung is kept if the lower bound of its paired gain over the best simpler kept rung is above 0 and the gain
    itself is at least course.smallest_gain. Baselines never count towards the plateau. The ensemble of the
    rungs that were fitted is always judged.

    Raises:
        MilepostError: not even the simplest rung could be fitted.
    """
    offered = [rung for rung in rungs if rung.name != "rule" or material.rule is not None]
    state, fold_of = _State(), fold_numbers(folds, len(material.truth))
    done, total = 0, len(offered) * len(folds.folds)
    with fanout.one_thread_each():
        for rung in offered:
            if not rung.is_baseline and state.without_gain >= RUNGS_WITHOUT_GAIN:
                break
            results = _run_folds(rung, material, folds, course, done, total)
            done += len(folds.folds)
            _judge(state, rung, results, material, folds, course)
        _judge_ensemble(state, material, folds, fold_of, course)
    ladder = Ladder(
        loss=material.loss,
        smallest_gain=course.smallest_gain,
        folds=folds.says,
        rows=len(material.truth),
        steps=tuple(state.steps),
        chosen=state.best,
        learnable=decisions.learnable(state.steps),
        ending=decisions.ending(state.steps, state.best, [rung.name for rung in offered], RUNGS_WITHOUT_GAIN),
        weights=_weights_of_all(state, material),
    )
    return Climb(ladder, state.answers, state.settled, fold_of)


def _run_folds(rung: Rung, material: Material, folds: Folds, course: Course, done: int, total: int) -> list[FoldResult]:
    finished = Finished(course.finished)
    title = rung.titles[material.task]

    def tell(position: int, _: FoldResult) -> None:
        message = f"{title}, fold {position + 1} of {len(folds.folds)}"
        course.listener(Event("climb", message, done + position + 1, total))

    def task(position: int, fold: Fold) -> Callable[[], FoldResult]:
        return lambda: finished.get_or_make(
            rung.name, position, len(fold.valid), lambda: _run_fold(rung, material, folds, fold, position, course.seed)
        )

    tasks = [task(position, fold) for position, fold in enumerate(folds.folds)]
    course.listener(Event("climb", title, done, total))
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
    return FoldResult(answers, member.settled, seconds, answer_us, None)


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


def _judge(
    state: _State, rung: Rung, results: Sequence[FoldResult], material: Material, folds: Folds, course: Course
) -> None:
    """Add the rung's step to state, and make it the best where it earned its place."""
    title = rung.titles[material.task]
    failed = next((result.failed for result in results if result.failed), None)
    seconds = sum(result.seconds for result in results)
    if failed is not None:
        if rung.name == "dummy":
            raise MilepostError(
                f"Not even the simplest rung could be fitted: {failed}",
                where="the climb",
                fix="Check the target column.",
            )
        says = decisions.failed(title, failed)
        state.steps.append(
            Step(rung.name, title, rung.is_baseline, None, None, None, None, False, failed, seconds, None, says)
        )
        return
    settled = [result.settled for result in results if result.settled is not None]
    state.settled[rung.name] = float(np.exp(np.mean(np.log(settled)))) if settled else None
    state.answers[rung.name] = _out_of_fold(results, folds, len(material.truth), material.outputs)
    answer_us = next((result.answer_us for result in results if result.answer_us is not None), None)
    _take_step(state, rung.name, title, rung.is_baseline, seconds, answer_us, material, folds, course)


def _take_step(
    state: _State,
    name: str,
    title: str,
    is_baseline: bool,
    seconds: float,
    answer_us: float | None,
    material: Material,
    folds: Folds,
    course: Course,
) -> None:
    losses = mean_row_losses(state.answers[name], material)
    state.losses[name] = losses
    seen = ~np.isnan(losses)
    units = folds.units[seen] if folds.units is not None else None
    over, gain = state.best or None, None
    if over is not None:
        gain = paired_gain(state.losses[over][seen], losses[seen], clusters=units)
    kept = gain is None or is_worth_it(gain, course.smallest_gain)
    facts = decisions.Facts(
        title, material.task, material.loss, float(losses[seen].mean()), gain, kept, seconds, answer_us
    )
    says = decisions.kept_or_not(facts, _title_of(state, over), course.smallest_gain)
    interval = mean_interval(losses[seen], clusters=units, positive=True)
    state.steps.append(
        Step(name, title, is_baseline, facts.loss_mean, interval, gain, over, kept, None, seconds, answer_us, says)
    )
    if kept:
        state.best = name
    if not is_baseline:
        state.without_gain = 0 if kept else state.without_gain + 1


def is_worth_it(gain: Gain, smallest_gain: float) -> bool:
    """Return whether a gain is above chance and large enough to pay for more complexity."""
    return gain.lo > 0 and gain.relative >= smallest_gain


def _title_of(state: _State, rung: str | None) -> str | None:
    return next((step.title for step in state.steps if step.rung == rung), None)


def _out_of_fold(results: Sequence[FoldResult], folds: Folds, rows: int, outputs: int) -> np.ndarray:
    answers = np.full((repeats_of(folds), rows, outputs), np.nan)
    for fold, result in zip(folds.folds, results, strict=True):
        answers[fold.repeat, fold.valid] = result.answers
    return answers


def _mixable(state: _State) -> list[str]:
    """Return the fitted rungs that an ensemble may weigh: all that learn from the columns."""
    return [name for name in state.answers if name not in ("dummy", "rule")]


def _judge_ensemble(state: _State, material: Material, folds: Folds, fold_of: np.ndarray, course: Course) -> None:
    names = _mixable(state)
    if len(names) < 2:
        return
    start = time.perf_counter()
    stacked = np.stack([state.answers[name] for name in names])
    state.answers["ensemble"] = cross_fitted_mix(stacked, material, fold_of, forward=folds.folds_by == "time")
    mixed = [step for step in state.steps if step.rung in _weights_of_all(state, material)]
    seconds = time.perf_counter() - start + sum(step.fit_seconds for step in mixed)
    times = [step.answer_us for step in mixed if step.answer_us is not None]
    title = "weighted ensemble"
    _take_step(state, "ensemble", title, False, seconds, float(sum(times)), material, folds, course)


def _weights_of_all(state: _State, material: Material) -> dict[str, float]:
    if "ensemble" not in state.answers:
        return {}
    names = [name for name in _mixable(state) if name != "ensemble"]
    weights = mixing_weights(np.stack([state.answers[name] for name in names]), material)
    return {name: float(weight) for name, weight in zip(names, weights, strict=True) if weight > 0}
