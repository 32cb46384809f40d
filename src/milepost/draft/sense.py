"""Does a problem make sense, before anything is trained: what is free, what can be verified, what contradicts itself.

Problem, schema, split, development rows ─► Sense; the targets of test rows stay closed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from milepost.data.expressions.parse import Expression
from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.data.split import Split
from milepost.draft.computed import break_even, check_computed
from milepost.draft.fitting import asked_recall, check_fitting, limits, saved_share
from milepost.draft.folded import folded
from milepost.draft.free import BestFree, Free, best_free, free_answers, spoken
from milepost.draft.planning import Population, scatter_of_classes, scatter_of_numbers
from milepost.draft.prospects import Prospect, prospect
from milepost.evaluate.value import money
from milepost.ground.text import count, counted, figure, listed, share
from milepost.metrics.answers import Task
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.spec import Problem

Outcome = Literal["met", "not met", "can't tell yet"]

CANT_TELL = "will probably end as can't tell yet"
_SEVERITIES = ("stop", "warn", "note")


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows there are.

    Attributes:
        labelled: with an answer.
        development: learned from.
        test: kept for the verdict.
        left_out: neither: no answer, no time, or an answer not yet known.
    """

    labelled: int
    development: int
    test: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Sense:
    """Whether a problem makes sense, before anything is trained.

    Attributes:
        name: of the problem.
        task: what is predicted.
        rows: how many there are.
        positives: share of development rows that are positive; None unless binary.
        shares: class -> share of the development rows; empty for regression.
        free: for each metric the best that is reached without a model.
        answers: each way of answering without a model, with all its scores; today's rule last.
        criteria: what to expect of each success criterion, in the contract's order.
        findings: what is odd about the contract, the data and the split; the ones to act on first.
        says: the whole in sentences, the most important first.
        next_step: the command to type next.
    """

    name: str
    task: Task
    rows: Rows
    positives: float | None
    shares: dict[str, float]
    free: tuple[BestFree, ...]
    answers: tuple[Free, ...]
    criteria: tuple[Prospect, ...]
    findings: tuple[Finding, ...]
    says: tuple[str, ...]
    next_step: str

    @property
    def outcome(self) -> Outcome:
        """Return "met" where every criterion can be verified, "not met" where something must be mended first."""
        if any(finding.severity == "stop" for finding in self.findings):
            return "not met"
        open_ones = not self.criteria or any(one.outlook == CANT_TELL for one in self.criteria)
        return "can't tell yet" if open_ones else "met"


def make_sense(
    problem: Problem,
    schema: Schema,
    split: Split,
    frame: pl.DataFrame,
    truth: np.ndarray,
    *,
    derived: Mapping[str, Expression],
    rule: Expression | None,
    alike: float = 1.0,
    findings: Iterable[Finding] = (),
) -> Sense:
    """Return whether a problem makes sense.

    Args:
        problem: the contract.
        schema: of the rows.
        split: how many rows are where.
        frame: development rows, all or a sample.
        truth: of these rows: class index (binary: 1 = positive), or value, shape (rows,).
        derived: the features of the problem, parsed.
        rule: what is done today, parsed; None where nothing is said.
        alike: how many test rows tell as much as one independent row, 1 or more.
        findings: what is known of the data and the split already.

    Raises:
        MilepostError: the contract contradicts itself or the table.
    """
    odd = (
        *check_fitting(problem, frame, schema, truth),
        *check_computed(problem, frame, schema, truth, derived=derived, rule=rule),
    )
    paid = None if problem.value is None else lambda decision: money(problem, frame, schema, truth, decision)
    asked = [criterion.metric for criterion in problem.success]
    answers = free_answers(frame, truth, schema, rule=rule, money=paid, metrics=asked)
    population = replace(_population(problem, schema, truth, answers), alike=alike)
    prospects = tuple(
        prospect(one, problem.success, answers, population, test_rows=len(split.test), labels=schema.labels)
        for one in problem.success
    )
    found = [*odd, *_of_prospects(prospects), *findings]
    rows = Rows(len(split.development) + len(split.test), len(split.development), len(split.test), len(split.left_out))
    return Sense(
        name=problem.aim.name,
        task=schema.task,
        rows=rows,
        positives=float(truth.mean()) if schema.task == "binary" else None,
        shares=dict(zip(schema.labels, population.shares, strict=True)),
        free=_best(answers),
        answers=answers,
        criteria=prospects,
        findings=tuple(sorted(folded(found), key=lambda finding: _SEVERITIES.index(finding.severity))),
        says=(
            _rows_say(rows, schema, truth),
            *_alike_says(rows, alike),
            *_free_says(answers, schema),
            *(f"{one.criterion}: {one.says}" for one in prospects),
            *_together_says(problem, schema, truth),
            *_money_says(problem, frame, schema, answers),
            *_effect_says(problem, schema, truth),
        ),
        next_step="milepost train",
    )


def _population(problem: Problem, schema: Schema, truth: np.ndarray, answers: Sequence[Free]) -> Population:
    if schema.task == "regression":
        spread = float(truth.std())
        return Population("regression", scatter=scatter_of_numbers(truth), money=0.0, sizes=spread)
    shares = tuple((np.bincount(truth, minlength=len(schema.labels)) / len(truth)).tolist())
    called = _called(problem, shares, answers) if schema.task == "binary" else 0.5
    return Population(schema.task, shares, called, scatter_of_classes(shares), money=_spread_of_money(paid, truth))


def _called(problem: Problem, shares: Sequence[float], answers: Sequence[Free]) -> float:
    """Return which share of the rows a model will probably call positive."""
    bounds = {one.metric: one.threshold for one in problem.success if one.is_lower_bound}
    if bounds.get("recall") and bounds.get("precision"):
        return min(1.0, bounds["recall"] * shares[1] / bounds["precision"])
    rule = next((one.scores.get("positive_rate") for one in answers if one.name == "rule"), None)
    return rule or shares[1]


def _best(answers: Sequence[Free]) -> tuple[BestFree, ...]:
    names = dict.fromkeys(name for one in answers for name in one.scores)
    known = [METRIC_NAMES[name] for name in names if METRIC_NAMES[name].higher_is_better is not None]
    found = (best_free(answers, one.name, higher=bool(one.higher_is_better)) for one in known)
    return tuple(one for one in found if one is not None)


def _of_prospects(prospects: Sequence[Prospect]) -> list[Finding]:
    """Return the criteria that are nearly free, or cannot be verified, as findings."""
    found = []
    for one in prospects:
        if one.outlook == "nearly free":
            says = f"{one.criterion} is met, or nearly, without any model: {one.free_by} scores {_free(one)}."
            do = "Ask for more, or add a criterion that doing nothing does not meet."
            found.append(Finding("criterion-nearly-free", "warn", None, says, {"free": one.free or 0.0}, do))
        elif one.outlook == CANT_TELL:
            says = f"{one.criterion} will probably end as can't tell yet: {count(one.rows_there)} test rows are too few."
            do = "Bring more rows with their answers, raise test under [split], or ask for less."
            evidence: dict[str, float | int | str] = {"there": one.rows_there, "needed": one.rows_needed or 0}
            found.append(Finding("criterion-not-verifiable", "warn", None, says, evidence, do))
    return found


def _free(one: Prospect) -> str:
    return "–" if one.free is None else spoken(one.metric, one.free)


# ---- words


def _rows_say(rows: Rows, schema: Schema, truth: np.ndarray) -> str:
    kept = f"{counted(rows.development, 'development row')} to learn from, {counted(rows.test, 'test row')} kept closed"
    target = f"`{schema.target.name}`"
    if schema.task == "regression":
        middle, mean = figure(float(np.median(truth))), figure(float(truth.mean()))
        return f"{kept}. {target} is {mean} on average; half of the rows are below {middle}."
    if schema.task == "binary":
        return f"{kept}. {target} is '{schema.labels[1]}' in {share(float(truth.mean()))} of the development rows."
    shares = np.bincount(truth, minlength=len(schema.labels)) / len(truth)
    common, rare = int(shares.argmax()), int(shares.argmin())
    return (
        f"{kept}. {target} has {len(schema.labels)} classes, from '{schema.labels[common]}' ({share(float(shares[common]))}) "
        f"to '{schema.labels[rare]}' ({share(float(shares[rare]))})."
    )


def _alike_says(rows: Rows, alike: float) -> list[str]:
    if alike < 1.2:
        return []
    worth = count(max(1, round(rows.test / alike)))
    return [
        f"Rows of one group, or close in time, are alike: the {counted(rows.test, 'test row')} tell about as much as "
        f"{worth} independent ones."
    ]


_HEADLINE = {"binary": "accuracy", "multiclass": "accuracy", "regression": "mae"}


def _free_says(answers: Sequence[Free], schema: Schema) -> list[str]:
    metric = _HEADLINE[schema.task]
    title = METRIC_NAMES[metric].title
    best = best_free(answers, metric, higher=schema.task != "regression")
    if best is None:
        return []
    says = f"Without any model, {best.by} has {_article(title)} of {spoken(metric, best.score)}"
    rule = next((one for one in answers if one.name == "rule"), None)
    if rule is None or rule.scores.get(metric) is None:
        return [f"{says}."]
    return [f"{says}; today's rule has {spoken(metric, rule.scores[metric] or 0.0)}."]


def _article(title: str) -> str:
    return f"an {title}" if title[0] in "aeiou" else f"a {title}"


def _together_says(problem: Problem, schema: Schema, truth: np.ndarray) -> list[str]:
    """Return what the criteria ask for together that none of them says."""
    found = limits(problem, schema, truth)
    said = {one.metric for one in problem.success}
    about = said & {"accuracy", "recall", "precision", "specificity", "f1", "balanced_accuracy", "mcc"}
    if found is None or len(about) < 2:
        return []
    least = {name: value for name, value in found.least.items() if name not in said and value > 0.01}
    if not least:
        return []
    asked = listed([f"{name} of at least {share(value)}" for name, value in least.items()])
    names = listed([one.text for one in problem.success if one.metric in about])
    return [f"{names} together ask for a {asked} as well."]


def _money_says(problem: Problem, frame: pl.DataFrame, schema: Schema, answers: Sequence[Free]) -> list[str]:
    if problem.value is None:
        return []
    currency = problem.value.currency
    earned = [
        f"{one.says} brings {figure(one.scores['value'] or 0.0)} {currency}"
        for one in answers
        if one.scores.get("value") is not None
    ]
    says = [f"For 1,000 rows, {listed(earned)}."] if earned else []
    pays = break_even(problem, frame, schema)
    if pays is not None:
        says.append(f"Acting pays, on average, where a row is '{schema.labels[1]}' with a chance of {share(pays)} or more.")
    return says


def _effect_says(problem: Problem, schema: Schema, truth: np.ndarray) -> list[str]:
    needed, effect = saved_share(problem, schema, truth), problem.aim.effect
    if needed is None or effect is None or needed >= 1:
        return []
    recall = asked_recall(problem)
    promise = f"The promised {effect.change.text} of `{effect.column}`"
    if recall is None or recall < needed:
        return []  # a finding says so
    return [
        f"{promise} needs more than a model: at a recall of {share(recall)}, acting must win over "
        f"{share(needed / recall)} of those found."
    ]
