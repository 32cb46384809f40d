"""Climb from the simplest rung to more complex ones while simpler ones plateau; leave a decision for each.

material, folds ─► each rung on each fold (fold_runs) ─► out-of-fold losses ─► kept or not ─► Climb
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from milepost.data.folds import Folds
from milepost.ground import fanout
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event
from milepost.models import decisions
from milepost.models.ensemble import cross_fitted_mix, mixing_weights
from milepost.models.fold_runs import Course, joined_answers, run_folds
from milepost.models.material import Material
from milepost.models.out_of_fold import mean_row_losses
from milepost.models.resume import FoldResult
from milepost.models.rungs import LADDER, Rung
from milepost.models.steps import Ladder, Step
from milepost.stats.intervals import mean_interval
from milepost.stats.paired import Gain, paired_gain

RUNGS_WITHOUT_GAIN = 2  # this many rungs in a row after the baselines end the tuning


@dataclass(frozen=True, slots=True)
class Climb:
    """The result of a climb.

    Attributes:
        ladder: the steps and decisions, as stored and drawn.
        answers: out-of-fold answers of each rung, shape (repeats, rows, outputs); NaN where a row was not validated.
        settled: rounds or penalty of each rung for the last fit, by what its folds found.
    """

    ladder: Ladder
    answers: dict[str, np.ndarray]
    settled: dict[str, float | None]


@dataclass(slots=True)
class _Way:
    """The rows and folds, and what is known so far on the way up."""

    material: Material
    folds: Folds
    course: Course
    steps: list[Step] = field(default_factory=list)
    answers: dict[str, np.ndarray] = field(default_factory=dict)
    losses: dict[str, np.ndarray] = field(default_factory=dict)
    settled: dict[str, float | None] = field(default_factory=dict)
    best: str = ""
    without_gain: int = 0

    def step(self, rung: str) -> Step:
        return next(step for step in self.steps if step.rung == rung)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A rung whose out-of-fold answers are known, and what they cost."""

    name: str
    title: str
    is_baseline: bool
    seconds: float
    answer_us: float | None
    yardstick: str | None = None


def climb(material: Material, folds: Folds, course: Course, *, rungs: Sequence[Rung] = LADDER) -> Climb:
    """Return the climb over rungs on the same folds.

    A rung is kept if the lower bound of its paired gain over the best simpler kept rung is above 0 and the gain
    itself is at least course.smallest_gain. Baselines never count towards the plateau. The ensemble of the
    rungs that were fitted is always judged.

    Raises:
        MilepostError: not even the simplest rung, or none that learns from the columns, could be fitted.
    """
    offered = [rung for rung in rungs if rung.name != "rule" or material.rule is not None]
    way = _Way(material, folds, course)
    total = len(offered) * len(folds.folds)
    with fanout.one_thread_each():
        for place, rung in enumerate(offered):
            done = place * len(folds.folds)
            if not rung.is_baseline and way.without_gain >= RUNGS_WITHOUT_GAIN:
                break
            if place and offered[place - 1].is_baseline and not rung.is_baseline:
                course.listener(Event("climb", decisions.learnable(way.steps).says, done, total, is_news=True))
            results = run_folds(rung, material, folds, course, done, total)
            _judge(way, rung, results)
        decisions.refuse_nothing_fitted(way.steps)
        _judge_ensemble(way)
    ladder = Ladder(
        loss=material.loss,
        smallest_gain=course.smallest_gain,
        folds=folds.says,
        rows=len(material.truth),
        steps=tuple(way.steps),
        chosen=way.best,
        learnable=decisions.learnable(way.steps),
        ending=decisions.ending(way.steps, way.best, _not_tried(way, offered)),
        weights=_weights(way) if "ensemble" in way.answers else {},
    )
    return Climb(ladder, way.answers, way.settled)


def is_worth_it(gain: Gain, smallest_gain: float) -> bool:
    """Return whether a gain is above chance and large enough to pay for more complexity."""
    return gain.lo > 0 and gain.relative >= smallest_gain


def _judge(way: _Way, rung: Rung, results: Sequence[FoldResult]) -> None:
    """Take the step to a rung, given what its folds left."""
    material, title = way.material, rung.titles[way.material.task]
    seconds = sum(result.seconds for result in results)
    failed = next((result.failed for result in results if result.failed), None)
    if failed is not None:
        if rung.name == "dummy":
            raise MilepostError(
                f"Not even the simplest rung could be fitted: {failed}",
                where="the climb",
                fix="Check the target column.",
            )
        says = decisions.failed(title, failed)
        way.steps.append(
            Step(rung.name, title, rung.is_baseline, None, None, None, None, False, failed, seconds, None, says)
        )
        return
    way.settled[rung.name] = rung.settle(np.array([result.found for result in results])) if rung.settle else None
    way.answers[rung.name] = joined_answers(results, way.folds, len(material.truth), material.outputs)
    answer_us = next((result.answer_us for result in results if result.answer_us is not None), None)
    yardstick = material.rule_is_yardstick if rung.name == "rule" else None
    _take_step(way, _Tried(rung.name, title, rung.is_baseline, seconds, answer_us, yardstick))


def _take_step(way: _Way, tried: _Tried) -> None:
    """Hold what was tried against the best simpler kept rung, and make it the best where it earned its place."""
    material, smallest_gain = way.material, way.course.smallest_gain
    losses = way.losses[tried.name] = mean_row_losses(way.answers[tried.name], material)
    seen = ~np.isnan(losses)
    units = way.folds.units[seen] if way.folds.units is not None else None
    over = way.step(way.best) if way.best else None
    gain = paired_gain(way.losses[over.rung][seen], losses[seen], clusters=units) if over else None
    kept = (gain is None or is_worth_it(gain, smallest_gain)) and not tried.yardstick
    facts = decisions.Facts(
        tried.title,
        material.task,
        material.loss,
        float(losses[seen].mean()),
        gain,
        kept,
        tried.seconds,
        tried.answer_us,
        tried.yardstick,
    )
    way.steps.append(
        Step(
            tried.name,
            tried.title,
            tried.is_baseline,
            facts.loss_mean,
            mean_interval(losses[seen], clusters=units, positive=True),
            gain,
            over.rung if over else None,
            kept,
            None,
            tried.seconds,
            tried.answer_us,
            decisions.kept_or_not(facts, over.title if over else None, smallest_gain),
        )
    )
    if kept:
        way.best = tried.name
    if not tried.is_baseline:
        way.without_gain = 0 if kept else way.without_gain + 1


def _not_tried(way: _Way, offered: Sequence[Rung]) -> list[str]:
    tried = {step.rung for step in way.steps}
    return [rung.titles[way.material.task] for rung in offered if rung.name not in tried]


def _mixable(way: _Way) -> list[str]:
    """Return the fitted rungs that an ensemble may weigh: all that learn from the columns."""
    return [name for name in way.answers if name not in ("dummy", "rule", "ensemble")]


def _judge_ensemble(way: _Way) -> None:
    names = _mixable(way)
    if len(names) < 2:
        return
    start = time.perf_counter()
    stacked = np.stack([way.answers[name] for name in names])
    way.answers["ensemble"] = cross_fitted_mix(stacked, way.material, way.folds)
    mixed = [way.step(name) for name in _weights(way)]
    seconds = time.perf_counter() - start + sum(step.fit_seconds for step in mixed)
    answer_us = sum(step.answer_us for step in mixed if step.answer_us is not None)
    _take_step(way, _Tried("ensemble", "weighted ensemble", False, seconds, answer_us))


def _weights(way: _Way) -> dict[str, float]:
    """Return the ensemble's weights, by all rows out of fold; rungs without weight are left out."""
    names = _mixable(way)
    weights = mixing_weights(np.stack([way.answers[name] for name in names]), way.material)
    return {name: float(weight) for name, weight in zip(names, weights, strict=True) if weight > 0}
