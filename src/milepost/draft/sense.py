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
from milepost.draft.computed import check_computed
from milepost.draft.fitting import check_fitting
from milepost.draft.folded import most_urgent_first
from milepost.draft.free import BestFree, Free, Money, best_free, free_answers, spoken
from milepost.draft.planning import Population, scatter_of_classes, scatter_of_numbers
from milepost.draft.prospects import Prospect, prospect
from milepost.draft.telling import sentences
from milepost.evaluate.value import money
from milepost.ground.text import count
from milepost.metrics.answers import Task
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.spec import Problem

Outcome = Literal["ready to train", "mend first"]

CANT_TELL = "will probably end as can't tell yet"


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
        """Return whether training makes sense; what the test rows will tell of the criteria is another question."""
        return "mend first" if any(finding.severity == "stop" for finding in self.findings) else "ready to train"

    @property
    def is_verifiable(self) -> bool:
        """Return whether there are criteria, and the test rows can tell about every one of them."""
        return bool(self.criteria) and all(one.is_verifiable for one in self.criteria)


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
    population = _population(problem, schema, truth, answers, paid)
    population = replace(population, alike=alike)
    prospects = tuple(
        prospect(
            one, problem.success, answers, population,
            test_rows=len(split.test), measured_rows=frame.height, labels=schema.labels,
        )
        for one in problem.success
    )  # fmt: skip
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
        findings=most_urgent_first(found),
        says=sentences(problem, schema, split, frame, truth, answers=answers, prospects=prospects, alike=alike),
        next_step="milepost train",
    )


def _population(
    problem: Problem, schema: Schema, truth: np.ndarray, answers: Sequence[Free], paid: Money | None
) -> Population:
    if schema.task == "regression":
        spread = _spread_of_money(paid, np.full(len(truth), np.median(truth)))
        return Population("regression", scatter=scatter_of_numbers(truth), money=spread, sizes=float(truth.std()))
    shares = tuple((np.bincount(truth, minlength=len(schema.labels)) / len(truth)).tolist())
    called = _called(problem, shares, answers) if schema.task == "binary" else 0.5
    always = np.full(len(truth), 1 if schema.task == "binary" else int(np.argmax(shares)))
    return Population(schema.task, shares, called, scatter_of_classes(shares), _spread_of_money(paid, always))


def _spread_of_money(paid: Money | None, decision: np.ndarray) -> float:
    amounts = None if paid is None else paid(decision)
    return 0.0 if amounts is None or not np.isfinite(amounts).any() else float(np.nanstd(amounts))


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
            says = (
                f"{one.criterion} will probably end as can't tell yet: {count(one.rows_there)} test rows are too few."
            )
            do = "Bring more rows with their answers, raise test under [split], or ask for less."
            evidence: dict[str, float | int | str] = {"there": one.rows_there, "needed": one.rows_needed or 0}
            found.append(Finding("criterion-not-verifiable", "warn", None, says, evidence, do))
    return found


def _free(one: Prospect) -> str:
    return "–" if one.free is None else spoken(one.metric, one.free)
