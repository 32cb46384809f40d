"""Was a sample of the rows enough to choose a rung by? The chosen rung again, on parts of each fold's rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from milepost.data.folds import Folds
from milepost.ground import fanout
from milepost.ground.seeds import derived
from milepost.models import decisions
from milepost.models.climb import Climb
from milepost.models.fold_runs import Course, joined_answers, run_folds
from milepost.models.material import Material
from milepost.models.out_of_fold import mean_row_losses
from milepost.models.rungs import LADDER
from milepost.models.steps import LearningCurve
from milepost.stats.paired import paired_gain

PARTS = (0.25, 0.5)  # of the rows that a fold learns from; the climb itself is the last point


def learning_curve(
    material: Material, folds: Folds, climbed: Climb, course: Course, *, of_rows: int
) -> LearningCurve | None:
    """Return what more rows brought to the chosen rung, or to the heaviest of an ensemble; None for a rule or a dummy.

    Only the first repeat of the folds is learned again. The parts are nested: a quarter lies in its half.

    Args:
        material: the rows that the rungs were compared on.
        folds: of these rows.
        climbed: the climb over them.
        course: how it was run.
        of_rows: development rows that there are.
    """
    weights = climbed.ladder.weights if climbed.ladder.chosen == "ensemble" else {climbed.ladder.chosen: 1.0}
    name = max(weights, key=lambda rung: weights[rung])
    rung = next(rung for rung in LADDER if rung.name == name)
    if rung.name in ("dummy", "rule"):
        return None
    once = replace(folds, folds=tuple(fold for fold in folds.folds if fold.repeat == 0))
    size = len(material.truth)
    answers = [climbed.answers[name][:1]]
    trained = [[len(fold.train) for fold in once.folds]]
    with fanout.one_thread_each():
        for part in sorted(PARTS, reverse=True):
            fewer = _with_less_to_learn(once, part, course.seed)
            again = replace(rung, name=f"{name}-{part}")
            results = run_folds(again, material, fewer, course, 0, len(once.folds), step="learning curve")
            if any(result.failed for result in results):
                break
            answers.insert(0, joined_answers(results, fewer, size, material.outputs))
            trained.insert(0, [len(fold.train) for fold in fewer.folds])
    if len(answers) < 2:
        return None
    losses = [mean_row_losses(one, material) for one in answers]
    seen = ~np.isnan(losses[-1])
    units = folds.units[seen] if folds.units is not None else None
    gain = paired_gain(losses[-2][seen], losses[-1][seen], clusters=units)
    title = rung.titles[material.task]
    return LearningCurve(
        rung=name,
        title=title,
        rows=tuple(round(float(np.mean(rows))) for rows in trained),
        losses=tuple(float(loss[seen].mean()) for loss in losses),
        last_doubling=gain,
        of_rows=of_rows,
        says=decisions.sample_was_enough(title, size, of_rows, gain, course.smallest_gain),
    )


def _with_less_to_learn(folds: Folds, share: float, seed: int) -> Folds:
    """Return folds that validate the same rows and learn from a share of theirs."""
    return replace(folds, folds=tuple(replace(fold, train=_part(fold.train, share, seed)) for fold in folds.folds))


def _part(train: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return a share of positions, ascending; smaller shares of the same positions lie in larger ones."""
    order = np.random.default_rng(derived(seed, "learning curve")).permutation(len(train))
    return np.sort(train[order[: max(1, round(share * len(train)))]])
