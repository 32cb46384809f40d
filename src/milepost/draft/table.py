"""What a table and a sentence say of a problem: every decision of a draft, each with its reason.

read ─► target, task ─► roles ─► development rows ─► leaks, rule, what comes for free ─► Draft
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from milepost.data.batches import rows_at, sample
from milepost.data.column_names import is_named_alike
from milepost.data.expressions.parse import parse
from milepost.data.findings import Finding
from milepost.data.keys import SplitRequest, compared_columns, split_keys
from milepost.data.kinds import Facts, gather_facts
from milepost.data.labels import Target, truth, understand_target
from milepost.data.leaks import suspected_leaks
from milepost.data.schema import Column, Role, Schema
from milepost.data.split import Split, make_split
from milepost.data.unanswered import empty_with_answer
from milepost.draft.free import Free, free_answers
from milepost.draft.roles import Roles, Suggestion, suggest_roles
from milepost.draft.rule import FoundRule, find_rule
from milepost.draft.sentence import Understood, understand
from milepost.draft.targets import columns_meant, ranked_words
from milepost.draft.unread import unread_numbers
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener
from milepost.ground.seeds import derived
from milepost.ground.text import count, listed, share
from milepost.metrics.answers import Task

if TYPE_CHECKING:
    from milepost.data.read import Dataset

MOST_ROWS = 20_000  # development rows that are looked at for leaks and for a rule
SURE_LEAKS = ("leak-copy", "leak-missing")
DOUBTFUL_LEAKS = ("leak-strong", "leak-name", "leak-sum")


@dataclass(frozen=True, slots=True)
class Draft:
    """Every decision of a draft.

    Attributes:
        source: the table as the problem file names it.
        understood: what the sentence says.
        schema: of the table, with the roles that the draft gives.
        target_because: why this column is the target, a clause.
        task_because: why it is this task, a clause.
        positive_because: why this class is the positive one; empty unless the task is binary.
        roles: what the columns are probably for.
        leaks: columns that look as if they knew the answer.
        named_alike: other columns whose names share a word with the target's, so that no rule reads them.
        with_answer: columns that are empty where the answer is missing, so that no rule reads them either.
        shares: of the classes in index order, among the development rows; empty for regression.
        loss: the proper loss that fits the task and the criteria.
        rule: a rule found in development rows; None where none is better than no rule.
        answers: what comes without a model, on the development rows that were looked at; the drafted rule last.
        looked_at: how many development rows these figures are of.
        development: how many there are.
        split_says: how the rows would be divided, in sentences.
        strategy: how: time, group, stratified.
        effect_column: the column whose mean the sentence promises to move; None where it promises nothing clear.
        rows: of the table.
        findings: what is worth knowing about the table and its split.
    """

    source: str
    understood: Understood
    schema: Schema
    target_because: str
    task_because: str
    positive_because: str
    roles: Roles
    leaks: tuple[Finding, ...]
    named_alike: tuple[str, ...]
    with_answer: tuple[str, ...]
    shares: tuple[float, ...]
    loss: str
    rule: FoundRule | None
    answers: tuple[Free, ...]
    looked_at: int
    development: int
    split_says: tuple[str, ...]
    strategy: str
    effect_column: str | None
    rows: int
    findings: tuple[Finding, ...]

    @property
    def task(self) -> Task:
        return self.schema.task

    @property
    def target(self) -> str:
        return self.schema.target.name

    @property
    def is_sampled(self) -> bool:
        """Return whether the figures are of some of the development rows."""
        return self.looked_at < self.development

    @property
    def excluded(self) -> tuple[Finding, ...]:
        """Return the leaks that are as good as certain, one for each column."""
        return _of_codes(self.leaks, SURE_LEAKS)

    @property
    def suspects(self) -> tuple[Finding, ...]:
        """Return the columns of which somebody should say whether they are known when predicting."""
        sure = {finding.column for finding in self.excluded}
        return tuple(one for one in _of_codes(self.leaks, DOUBTFUL_LEAKS) if one.column not in sure)


def _of_codes(leaks: Sequence[Finding], codes: Sequence[str]) -> tuple[Finding, ...]:
    by_column: dict[str, Finding] = {}
    for finding in leaks:
        if finding.code in codes and finding.column is not None:
            by_column.setdefault(finding.column, finding)
    return tuple(by_column.values())


def draft_problem(
    dataset: Dataset,
    *,
    source: str,
    target: str,
    target_because: str,
    statement: str,
    seed: int,
    split_seed: int,
    listener: Listener,
) -> Draft:
    """Return every decision of a draft.

    Args:
        dataset: the table as understood.
        source: how the problem file names it.
        target: the column to predict.
        target_because: why, a clause.
        statement: the sentence; may be empty.
        seed: of samples.
        split_seed: of the split, so that the rule and the leaks are looked for in development rows alone.
        listener: hears the progress.

    Raises:
        MilepostError: the target cannot be predicted, or the rows cannot be split.
    """

    def place(key: str) -> str:
        return f"{source}, column {target!r}" if key == "problem.target" else f"{source}, {key}"

    listener(Event("draft", f"looking at {target}"))
    column = next(column for column in dataset.schema.columns if column.name == target)
    aim, task_because, understood = _task(dataset, target, statement, place)
    listener(Event("draft", "looking at the columns"))
    look = sample(dataset.frame, dataset.rows)
    roles = suggest_roles(look, dataset.schema.columns, target=target)
    schema = _with_roles(dataset.schema.columns, column, aim, roles)
    listener(Event("draft", "dividing development and test rows"))
    split, roles, schema = _split(dataset, schema, roles, understood.horizon, split_seed, place)
    listener(Event("draft", "looking for leaks and for a rule"))
    frame = rows_at(dataset.frame, _looked_at(split.development, seed), dataset.rows).collect(engine="streaming")
    leaks = suspected_leaks(frame, schema, seed=seed)
    alike = tuple(column.name for column in schema.with_role("feature") if is_named_alike(column.name, target))
    unanswered = any(finding.code == "target-missing" for finding in aim.findings)
    beside = empty_with_answer(dataset.frame, schema) if unanswered else ()
    told = {finding.column for finding in _of_codes(leaks, (*SURE_LEAKS, *DOUBTFUL_LEAKS))}
    readable = [one for one in schema.with_role("feature") if one.name not in {*told, *beside, *alike}]
    odd_answers = (finding for finding in aim.findings if finding.severity != "note")  # the others are choices
    loss = _loss(understood, aim.task)
    rule = find_rule(frame, schema, readable, by_median=loss == "absolute")
    shares = _shares(dataset, schema, split.development)
    return Draft(
        source=source,
        understood=understood,
        schema=schema,
        target_because=target_because,
        task_because=task_because,
        positive_because=_positive_because(shares),
        roles=roles,
        leaks=leaks,
        named_alike=tuple(name for name in alike if name not in {*beside, *told}),
        with_answer=tuple(name for name in beside if name not in told),
        shares=shares,
        loss=loss,
        rule=rule,
        answers=_answers(frame, schema, rule),
        looked_at=len(frame),
        development=len(split.development),
        split_says=split.says,
        strategy=split.strategy,
        effect_column=_effect_column(understood, schema),
        rows=dataset.rows,
        findings=(*unread_numbers(understood, schema.names), *odd_answers, *dataset.findings, *split.findings, *leaks),
    )


def _answers(frame: pl.DataFrame, schema: Schema, rule: FoundRule | None) -> tuple[Free, ...]:
    """Return what comes without a model; the drafted rule is scored on the rows in which it was found."""
    parsed = None if rule is None else parse(rule.text, types=schema.dtypes, where="baseline.rule")
    return free_answers(frame, frame.select(truth(schema)).to_series().to_numpy(), schema, rule=parsed)


# ---- task


def _task(dataset: Dataset, target: str, statement: str, place: Callable[[str], str]) -> tuple[Target, str, Understood]:
    """Return what the target is, why it makes this task, and what the sentence says of such a task."""
    facts = gather_facts(dataset.frame.select(target))[target]
    said = understand(statement).task
    was_float = any(one.code == "whole-numbers-as-float" and one.column == target for one in dataset.findings)
    aim = understand_target(dataset.frame, facts, task=None, positive=None, was_float=was_float, where=place)
    because = _task_because(aim, facts)
    numbered = facts.dtype == "integer" and aim.task != "binary" and facts.distinct <= 100
    if said and said != aim.task and numbered and said != "binary":
        aim = understand_target(dataset.frame, facts, task=said, positive=None, was_float=was_float, where=place)
        because = "the sentence speaks of " + ("an amount" if said == "regression" else "classes")
    return aim, because, understand(statement, task=aim.task)


def _task_because(aim: Target, facts: Facts) -> str:
    if aim.task == "regression":
        return f"it has {count(facts.distinct)} different numbers"
    return f"it has two values, {listed(aim.labels)}" if aim.task == "binary" else f"it has {len(aim.labels)} classes"


def _positive_because(shares: tuple[float, ...]) -> str:
    """Return why a class is taken as the positive one; empty unless the task is binary."""
    if len(shares) != 2:
        return ""
    part = f"{share(shares[1])} of the development rows"
    return f"the rarer answer, {part}" if shares[1] < shares[0] else part


def _loss(understood: Understood, task: Task) -> str:
    if task != "regression":
        return "log"
    by_size = any(one.metric in ("mae", "median_ae", "mape") for one in understood.criteria)
    return "absolute" if by_size else "squared"


def _shares(dataset: Dataset, schema: Schema, development: np.ndarray) -> tuple[float, ...]:
    """Return the share of each class among all development rows; empty for regression."""
    if schema.task == "regression":
        return ()
    answers = rows_at(dataset.frame.select(schema.target.name), development, dataset.rows).select(truth(schema))
    counts = np.bincount(answers.collect(engine="streaming").to_series().to_numpy(), minlength=len(schema.labels))
    return tuple((counts / len(development)).tolist())


# ---- roles, split


def _with_roles(columns: Sequence[Column], target: Column, aim: Target, roles: Roles) -> Schema:
    """Return the schema as the problem file will make it."""
    named: dict[str, Role] = {one.column: "sensitive" for one in roles.sensitive}
    found: tuple[tuple[str | None, Role], ...] = ((roles.time, "time"), (roles.entity, "id"), (target.name, "target"))
    named |= {name: role for name, role in found if name}
    unused = ("id", "text", "constant")
    given = (replace(one, role=named.get(one.name, "unused" if one.kind in unused else "feature")) for one in columns)
    given = (replace(one, kind=aim.kind) if one.name == target.name else one for one in given)
    return Schema(tuple(given), aim.task, aim.labels)


def _split(
    dataset: Dataset,
    schema: Schema,
    roles: Roles,
    horizon: timedelta | None,
    seed: int,
    place: Callable[[str], str],
) -> tuple[Split, Roles, Schema]:
    """Return the split that the draft will have; by time only where the times bear it."""
    request = SplitRequest(
        schema.task,
        schema.target.name,
        compared=compared_columns(schema, (roles.time, roles.entity)),
        time=roles.time,
        id=roles.entity,
        horizon=horizon or timedelta(0),
        place=place,
    )
    keys = split_keys(dataset.frame, request)
    try:
        return make_split(keys, request, seed=seed, fingerprint=dataset.fingerprint), roles, schema
    except MilepostError as why:
        if roles.time is None:
            raise
        roles = replace(roles, times=tuple(_doubted(one, why.what) for one in roles.times))
    by_chance = make_split(keys, replace(request, time=None), seed=seed, fingerprint=dataset.fingerprint)
    columns = tuple(replace(one, role="feature") if one.role == "time" else one for one in schema.columns)
    return by_chance, roles, Schema(columns, schema.task, schema.labels)


def _doubted(time: Suggestion, why: str) -> Suggestion:
    return replace(time, is_sure=False, because=f"{time.because}, but {why[0].lower()}{why[1:].rstrip('.')}")


def _looked_at(development: np.ndarray, seed: int) -> np.ndarray:
    """Return the numbers of at most 20,000 development rows, ascending."""
    if len(development) <= MOST_ROWS:
        return development
    return np.sort(np.random.default_rng(derived(seed, "draft")).choice(development, MOST_ROWS, replace=False))


# ---- effect


def _effect_column(understood: Understood, schema: Schema) -> str | None:
    """Return the column whose mean the sentence promises to move: the target where its words fit it."""
    if understood.effect is None:
        return None
    words = ranked_words(understood.effect.about)
    if not words or columns_meant(words, [schema.target.name]):
        return schema.target.name if words else None
    numbers = [one.name for one in schema.columns if one.kind in ("number", "flag") and one.role != "id"]
    return next(iter(columns_meant(words, numbers)), None)
