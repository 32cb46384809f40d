"""What is known of a problem before training, told in sentences for its owner, the most important first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from milepost.data.schema import Schema
from milepost.data.split import Split
from milepost.draft.computed import break_even
from milepost.draft.fitting import asked_recall, limits, saved_share
from milepost.draft.free import Free, best_free, spoken
from milepost.draft.prospects import Prospect
from milepost.ground.text import count, counted, figure, listed, share
from milepost.metrics.answers import Task
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.spec import Problem

OF_DECISIONS = ("accuracy", "recall", "precision", "specificity", "f1", "balanced_accuracy", "mcc")

_HEADLINE: dict[Task, str] = {"binary": "accuracy", "multiclass": "accuracy", "regression": "mae"}


def sentences(
    problem: Problem,
    schema: Schema,
    split: Split,
    frame: pl.DataFrame,
    truth: np.ndarray,
    *,
    answers: Sequence[Free],
    prospects: Sequence[Prospect],
    alike: float,
) -> tuple[str, ...]:
    """Return what is known before training, in sentences.

    Args:
        problem: the contract.
        schema: of the rows.
        split: how many rows are where.
        frame: development rows.
        truth: of these rows, shape (rows,).
        answers: what comes without a model.
        prospects: what to expect of each criterion.
        alike: how many rows tell as much as one independent row.
    """
    return (
        _rows(split, schema, truth),
        *_alike(split, alike),
        *_sampled(split, truth),
        *_free(answers, schema, about="about " if len(truth) < len(split.development) else ""),
        *(f"{one.criterion}: {one.says}" for one in prospects),
        *_together(problem, schema, truth),
        *_money(problem, frame, schema, answers),
        *_effect(problem, schema, truth),
    )


def _rows(split: Split, schema: Schema, truth: np.ndarray) -> str:
    learned, tested = counted(len(split.development), "development row"), counted(len(split.test), "test row")
    kept, target = f"{learned} to learn from, {tested} kept closed", f"`{schema.target.name}`"
    if schema.task == "regression":
        middle, mean = figure(float(np.median(truth))), figure(float(truth.mean()))
        return f"{kept}. {target} is {mean} on average; half of the development rows are below {middle}."
    if schema.task == "binary":
        return f"{kept}. {target} is '{schema.labels[1]}' in {share(float(truth.mean()))} of the development rows."
    shares = (np.bincount(truth, minlength=len(schema.labels)) / len(truth)).tolist()
    ends = [f"'{schema.labels[shares.index(end)]}' ({share(end)})" for end in (max(shares), min(shares))]
    return f"{kept}. {target} has {len(schema.labels)} classes, from {ends[0]} to {ends[1]} of the development rows."


def _alike(split: Split, alike: float) -> Iterator[str]:
    if alike <= 1:
        return
    worth = count(max(1, round(len(split.test) / alike)))
    why = {"time": "close in time", "group": "of one group"}.get(split.folds_by, "that repeat one another")
    tested = counted(len(split.test), "test row")
    yield f"Rows {why} are alike: the {tested} tell about as much as {worth} independent ones."


def _sampled(split: Split, truth: np.ndarray) -> Iterator[str]:
    if len(truth) < len(split.development):
        looked_at, all_of_them = count(len(truth)), counted(len(split.development), "development row")
        yield f"What comes without a model is measured on {looked_at} of the {all_of_them}, drawn at random."


def _free(answers: Sequence[Free], schema: Schema, *, about: str) -> Iterator[str]:
    metric = _HEADLINE[schema.task]
    best = best_free(answers, metric, higher=schema.task != "regression")
    if best is None:
        return
    title = METRIC_NAMES[metric].title
    article = "an" if title[0] in "aeiou" else "a"
    says = f"Without any model, {best.by} has {article} {title} of {about}{spoken(metric, best.score)}"
    rule = next((one.scores.get(metric) for one in answers if one.name == "rule"), None)
    yield f"{says}." if rule is None else f"{says}; today's rule has {about}{spoken(metric, rule)}."


def _together(problem: Problem, schema: Schema, truth: np.ndarray) -> Iterator[str]:
    """Give what the criteria ask for together that none of them says."""
    found = limits(problem, schema, truth)
    said = {one.metric for one in problem.success}
    if found is None or len(said & set(OF_DECISIONS)) < 2:
        return
    least = {name: value for name, value in found.least.items() if name not in said and value > 0.01}
    if least:
        asked = " and a ".join(f"{name} of at least {share(value, digits=0)}" for name, value in least.items())
        names = " and ".join(one.text for one in problem.success if one.metric in OF_DECISIONS)
        yield f"{names} together ask for a {asked} as well."


def _money(problem: Problem, frame: pl.DataFrame, schema: Schema, answers: Sequence[Free]) -> Iterator[str]:
    if problem.value is None:
        return
    scores = {one.says: one.scores.get("value") for one in answers}
    earned = [
        f"{says} brings {figure(score)} {problem.value.currency}" for says, score in scores.items() if score is not None
    ]
    if earned:
        yield f"For 1,000 rows, {listed(earned)}."
    pays = break_even(problem, frame, schema)
    if pays is not None:
        yield f"Acting pays, on average, where a row is '{schema.labels[1]}' with a chance of {share(pays)} or more."


def _effect(problem: Problem, schema: Schema, truth: np.ndarray) -> Iterator[str]:
    needed, effect, recall = saved_share(problem, schema, truth), problem.aim.effect, asked_recall(problem)
    if needed is None or effect is None or needed >= 1 or recall is None or recall < needed:
        return
    yield (
        f"The promised {effect.change.text} of `{effect.column}` needs more than a model: at a recall of "
        f"{share(recall)}, acting must win over {share(needed / recall)} of those found."
    )
