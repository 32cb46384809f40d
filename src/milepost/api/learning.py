"""The learning half of `train`: from development rows to a model in production form, nothing stored but finished folds.

Opened ─► folds ─► climb ─► calibration, threshold (out of fold) ─► last fit ─► the bundle's documents
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl

from milepost.api.opening import Opened
from milepost.data.folds import Folds, make_folds, suggested
from milepost.draft.fitting import capacity_share
from milepost.evaluate.cross_fitting import OutOfFold, out_of_fold
from milepost.evaluate.thresholds import ThresholdChoice, choose_threshold, pick_threshold
from milepost.evaluate.value import stakes, value_matrix
from milepost.ground import fanout
from milepost.ground.errors import MilepostError
from milepost.ground.events import Listener, silent
from milepost.ground.files import canonical_json, hash_of_text
from milepost.ground.seeds import derived
from milepost.metrics.answers import Task
from milepost.models.calibration import NONE, Calibration, calibrate
from milepost.models.climb import Climb, climb
from milepost.models.fold_runs import Course
from milepost.models.learning_curve import learning_curve
from milepost.models.material import Material
from milepost.models.production import bundle_documents, model_document
from milepost.models.refit import Fitted, refit

BESIDE = ("dummy", "rule", "linear")  # fitted as well, so that the verdict can show the bundle beside them
MOST_ROWS = {"small": 20_000, "medium": 60_000, "large": 500_000}  # development rows that rungs are compared on
MOST_REFERENCE_ROWS = 20_000
# packages whose version can change a fold
DECIDES_FOLDS = ("milepost", "polars", "numpy", "scipy", "scikit-learn", "lightgbm")


@dataclass(frozen=True, slots=True)
class Learned:
    """A model in production form, not yet stored.

    Attributes:
        climb: how it was earned.
        calibration: chosen out of fold.
        threshold: chosen out of fold; None unless the task is binary.
        documents: the bundle's files.
        baselines: model.json of each baseline rung, for the verdict.
        reference: development rows with their out-of-fold answers.
    """

    climb: Climb
    calibration: Calibration
    threshold: ThresholdChoice | None
    documents: dict[str, str]
    baselines: dict[str, dict[str, Any]]
    reference: pl.DataFrame


def learn(
    opened: Opened, development: pl.DataFrame, *, seed: int, workers: int | None = None, listener: Listener = silent
) -> Learned:
    """Return the model that the climb over the development rows earns.

    Args:
        opened: the problem.
        development: its development rows.
        seed: of every random choice.
        workers: folds at once; None takes all cores.
        listener: hears the progress.
    """
    with fanout.one_thread_each():  # sums in one order, so that the bundle does not depend on the machine's threads
        return _learn(opened, development, seed=seed, workers=workers, listener=listener)


def _learn(opened: Opened, development: pl.DataFrame, *, seed: int, workers: int | None, listener: Listener) -> Learned:
    everything = opened.material(development)
    _refuse_no_columns(opened, everything)
    sampled = _sample(opened, seed)
    material = everything if sampled is None else everything.rows(sampled)
    folds = _folds(opened, material, sampled, seed)
    course = Course(
        smallest_gain=opened.problem.climb.smallest_gain,
        seed=seed,
        workers=workers,
        finished=opened.workspace.climbs / _climb_key(opened, material, folds, seed),
        listener=listener,
    )
    climbed = climb(material, folds, course)
    if sampled is not None:
        curve = learning_curve(material, folds, climbed, course, of_rows=len(everything.truth))
        climbed = replace(climbed, ladder=replace(climbed.ladder, curve=curve))
    chosen = climbed.ladder.chosen
    calibration = calibrate(climbed.answers[chosen], material, folds)
    threshold = None
    if material.task == "binary":
        threshold = _threshold(opened, _answered(opened, material, calibration.answers, folds))
    decision = _decision(opened, material, threshold.at if threshold else None)
    weights = climbed.ladder.weights if chosen == "ensemble" else {chosen: 1.0}
    fitted = refit(
        everything, weights, climbed.settled, compared_rows=climbed.ladder.rows, seed=seed, listener=listener
    )
    model = model_document(everything, fitted, calibration.document, decision, opened.dataset.repairs)
    return Learned(
        climb=climbed,
        calibration=calibration,
        threshold=threshold,
        documents=bundle_documents(opened.schema, everything, model, fitted),
        baselines=_baselines(opened, everything, material, climbed, folds, threshold, seed),
        reference=_reference(material, calibration.answers, seed),
    )


def _refuse_no_columns(opened: Opened, material: Material) -> None:
    if material.columns:
        return
    raise MilepostError(
        "No column is left to learn from.",
        where=opened.problem.where("data"),
        fix="Bring columns that are known when predicting, or take one out of exclude, sensitive or context.",
    )


def _sample(opened: Opened, seed: int) -> np.ndarray | None:
    """Return which development rows the rungs are compared on, as ascending positions; None for all of them."""
    rows = len(opened.split.development)
    most = MOST_ROWS.get(str(opened.problem.climb.budget), MOST_ROWS["medium"])
    if rows <= most:
        return None
    return np.sort(np.random.default_rng(derived(seed, "sample")).choice(rows, most, replace=False))


def _folds(opened: Opened, material: Material, sampled: np.ndarray | None, seed: int) -> Folds:
    split = opened.split
    if sampled is not None:
        split = replace(split, development=split.development[sampled])
    rows = len(material.truth)
    events = rows if material.task == "regression" else int(np.bincount(material.truth).min())
    count, repeats = suggested(rows, events, opened.problem.climb.budget)
    return make_folds(split, opened.keys, opened.request, count=count, repeats=repeats, seed=seed)


def _climb_key(opened: Opened, material: Material, folds: Folds, seed: int) -> str:
    """Return the name of a climb: two climbs of one name have the same rows, truth, folds and results."""
    decides = {
        "split": opened.split.hash,
        "labels": material.labels,
        "truth": _hash_of_arrays([material.truth]),
        "folds": _hash_of_arrays([rows for fold in folds.folds for rows in (fold.train, fold.valid)]),
        "seed": seed,
        "columns": [[column.name, column.kind, column.role] for column in opened.schema.columns],
        "features": [
            [name, expression.tree] for name, expression in opened.derived.items()
        ],  # in the order of the columns
        "rule": opened.rule.tree if opened.rule else None,
        "loss": opened.loss,
        "timezone": opened.problem.data.timezone,
        "versions": {package: version(package) for package in DECIDES_FOLDS},
    }
    return hash_of_text(canonical_json(decides))[:16]


def _hash_of_arrays(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(len(array).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _answered(opened: Opened, material: Material, answers: np.ndarray, folds: Folds) -> OutOfFold:
    """Return out-of-fold answers of a binary task as a threshold is chosen from them, with the money at stake."""
    return out_of_fold(
        answers,
        material.truth,
        folds,
        stakes=stakes(opened.problem, material.frame, opened.schema.dtypes),
        labels=material.labels,
    )


def _threshold(opened: Opened, given: OutOfFold) -> ThresholdChoice:
    problem = opened.problem
    return choose_threshold(
        given,
        criteria=problem.success,
        most_positives=capacity_share(problem.value),
        currency=problem.value.currency if problem.value else "",
    )


def _decision(opened: Opened, material: Material, at: float | None) -> dict[str, Any]:
    """Return the predictor's decision document.

    Args:
        opened: the problem.
        material: says the task.
        at: the threshold; None unless the task is binary.
    """
    if at is not None:
        return {"kind": "threshold", "at": at}
    if material.task == "regression":
        return {"kind": "none"}
    matrix = value_matrix(opened.problem, material.labels)
    return {"kind": "most_likely"} if matrix is None else {"kind": "most_valuable", "matrix": matrix.tolist()}


def _baselines(
    opened: Opened,
    everything: Material,
    material: Material,
    climbed: Climb,
    folds: Folds,
    threshold: ThresholdChoice | None,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return model.json of each baseline that could be fitted, each with its own best decision."""
    models, problem = {}, opened.problem
    for rung in BESIDE:
        if rung not in climbed.answers:
            continue
        fitted = refit(everything, {rung: 1.0}, climbed.settled, compared_rows=climbed.ladder.rows, seed=seed)
        decision = _as_it_is(rung, fitted, material.task)
        if decision is None:
            at = None
            if threshold is not None:
                at = pick_threshold(
                    _answered(opened, material, climbed.answers[rung], folds),
                    criteria=problem.success,
                    meeting_all=threshold.meets_all,
                    most_positives=capacity_share(problem.value),
                )
            decision = _decision(opened, material, at)
        models[rung] = model_document(everything, fitted, NONE, decision)
    return models


def _as_it_is(rung: str, fitted: Fitted, task: Task) -> dict[str, Any] | None:
    """Return the decision that a baseline stands for; None where it takes the best one for its answers.

    The dummy always gives the most common class; a yes-or-no rule acts where it says yes.
    """
    if rung == "dummy" and task != "regression":
        return {"kind": "threshold", "at": 0.5} if task == "binary" else {"kind": "most_likely"}
    model = fitted.members[0]["model"]
    if rung != "rule" or model["kind"] != "branches" or model["type"] != "boolean":
        return None
    rates = dict(model["branches"])
    yes, no = rates.get(True), rates.get(False, [0.0])
    return {"kind": "threshold", "at": yes[0]} if yes is not None and yes[0] > no[0] else None


def _reference(material: Material, answers: np.ndarray, seed: int) -> pl.DataFrame:
    """Return at most 20,000 development rows with their out-of-fold answers: what normal was."""
    first = answers[0]
    rows = np.flatnonzero(~np.isnan(first[:, 0]))
    if len(rows) > MOST_REFERENCE_ROWS:
        chance = np.random.default_rng(derived(seed, "reference"))
        rows = np.sort(chance.choice(rows, MOST_REFERENCE_ROWS, replace=False))
    given = [pl.Series(f"answer_{number}", first[rows, number]) for number in range(first.shape[1])]
    return material.frame[rows].with_columns(given)
