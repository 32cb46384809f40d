"""What every step starts from: the problem, its table as understood, its split, and the development rows.

milepost.toml ─► Problem ─► Dataset ─► Split ─► Opened
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from milepost.data.batches import rows_at
from milepost.data.expressions.parse import Expression, parse
from milepost.data.keys import SplitRequest, split_keys, split_request
from milepost.data.labels import truth
from milepost.data.read import Dataset, learn_schema, read
from milepost.data.schema import Schema
from milepost.data.split import Split
from milepost.data.split_file import open_split
from milepost.evaluate.value import check_value
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener
from milepost.ground.workspace import Workspace
from milepost.metrics.losses import default_loss
from milepost.models.material import Material, gather
from milepost.problem.fit import check_task
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.serve.fit import check_serve

SPLIT_SEED = 0  # the test rows do not change with --seed, so that no lucky seed can pick easy ones


@dataclass(frozen=True, slots=True)
class Opened:
    """A problem with its data, split, and not yet looked at any closer.

    Attributes:
        problem: the contract.
        workspace: where results go.
        dataset: the whole table, lazy.
        request: what the problem asks of its split.
        keys: what the split looked at, one line for each row.
        split: development and test rows.
        schema: learned on the development rows.
        derived: domain features.
        rule: what is done today.
    """

    problem: Problem
    workspace: Workspace
    dataset: Dataset
    request: SplitRequest
    keys: pl.DataFrame
    split: Split
    schema: Schema
    derived: Mapping[str, Expression]
    rule: Expression | None

    @property
    def loss(self) -> str:
        """Return the proper loss that rungs are compared in."""
        return self.problem.climb.loss or default_loss(self.schema.task)

    def rows(self, numbers: np.ndarray) -> pl.DataFrame:
        """Return the rows at ascending numbers, in order."""
        return rows_at(self.dataset.frame, numbers, self.dataset.rows).collect(engine="streaming")

    def material(self, rows: pl.DataFrame) -> Material:
        """Return rows ready for learning."""
        return gather(
            rows,
            rows.select(truth(self.schema)).to_series().to_numpy(),
            self.schema,
            loss=self.loss,
            derived=self.derived,
            rule=self.rule,
            zone=self.problem.data.timezone,
        )


def workspace_of(problem: Problem) -> Workspace:
    """Return the workspace that the problem names, beside its file."""
    beside = problem.path.parent if problem.path else Path()
    return Workspace(beside / problem.stores.workspace)


def open_problem(path: Path, *, listener: Listener) -> Opened:
    """Return the problem at path with its data understood and split.

    Raises:
        MilepostError: the problem file, the table or an expression is wrong; or the table can't be split.
    """
    problem = read_problem(path)
    workspace = workspace_of(problem)
    source = problem.data.source
    listener(Event("read", f"reading {source if isinstance(source, str) else 'what the database answers'}"))
    dataset = read(problem, workspace=workspace, listener=listener)
    check_task(problem, dataset.schema.task)
    derived, rule = expressions_of(problem, dataset.schema)
    check_value(problem, dataset.schema)
    check_serve(problem, dataset.schema, features_of(dataset.schema, derived))
    request = split_request(problem, dataset.schema)
    listener(Event("split", "dividing development and test rows"))
    keys = split_keys(dataset.frame, request)
    split = open_split(keys, request, workspace=workspace, seed=SPLIT_SEED, fingerprint=dataset.fingerprint)
    listener(Event("learn", "learning what normal values look like"))
    learned = rows_at(dataset.frame, split.development, dataset.rows)
    schema = learn_schema(learned, dataset.schema)
    return Opened(problem, workspace, dataset, request, keys, split, schema, derived, rule)


def features_of(schema: Schema, derived: Mapping[str, Expression]) -> tuple[str, ...]:
    """Return the columns that models learn from, and those that the computed features read."""
    read = [name for expression in derived.values() for name in expression.columns]
    return tuple(dict.fromkeys([*(column.name for column in schema.features), *read]))


def expressions_of(problem: Problem, schema: Schema) -> tuple[dict[str, Expression], Expression | None]:
    """Return the domain features and the rule, parsed.

    Raises:
        MilepostError: an expression is wrong, or a feature reads a column that no model may see.
    """
    derived: dict[str, Expression] = {}
    for name, text in problem.features.items():
        where = problem.where(f"features.{name}")
        if name in schema.names:
            raise MilepostError(
                f"The feature {name!r} has the name of a column of the table.", where=where, fix="Give it another name."
            )
        expression = parse(text, types=schema.dtypes, where=where)
        _refuse_hidden(name, expression, schema, where)
        derived[name] = expression
    return derived, _rule(problem, schema)


def _rule(problem: Problem, schema: Schema) -> Expression | None:
    """Return what is done today, parsed; it may read what no model may see, but not the answer."""
    if problem.baseline.rule is None:
        return None
    where = problem.where("baseline.rule")
    rule = parse(problem.baseline.rule, types=schema.dtypes, where=where)
    for column in rule.columns:
        if schema.column(column).role in ("target", "known_at", "excluded"):
            raise MilepostError(
                f"Today's rule reads {column!r}, which is not known when it is used: its role is "
                f"{schema.column(column).role!r}.",
                where=where,
                fix=f"Write the rule without {column!r}.",
            )
    if rule.type in ("date", "datetime"):
        raise MilepostError(
            f"Today's rule gives a {'date' if rule.type == 'date' else 'time'}, which is no answer to a {schema.task} "
            "question.",
            where=where,
            fix="Compare it with another one, or write CASE WHEN … THEN … ELSE … END with an answer for each case.",
        )
    return rule


def _refuse_hidden(name: str, expression: Expression, schema: Schema, where: str) -> None:
    """Refuse a feature that would show the model what it must not see."""
    for column in schema.hidden(expression.columns):
        raise MilepostError(
            f"The feature {name!r} reads {column!r}, which no model may see: its role is "
            f"{schema.column(column).role!r}.",
            where=where,
            fix=f"Write the feature without {column!r}.",
        )
