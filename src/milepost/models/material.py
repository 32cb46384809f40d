"""What a climb learns from: development rows with their features computed and their truth as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import Expression
from milepost.data.schema import Column, Dtype, Kind, Schema
from milepost.ground.text import listed
from milepost.learners.encode import span_of
from milepost.metrics.answers import Task

_KINDS: dict[str, tuple[Dtype, Kind]] = {
    "number": ("float", "number"),
    "boolean": ("boolean", "flag"),
    "text": ("text", "category"),
    "date": ("date", "time"),
    "datetime": ("datetime", "time"),
}


@dataclass(frozen=True, slots=True)
class Material:
    """Rows ready for learning.

    Attributes:
        frame: inputs, derived features and the columns that the rule asks for; one row for each truth.
        columns: what rungs may learn from, derived features included.
        truth: shape (rows,); class index (binary: 1 = positive), or value.
        task: what is predicted.
        labels: class names in index order; empty for regression.
        loss: the proper loss that rungs are compared in.
        derived: the derived features' expressions by name.
        rule: what is done today; None where the problem names no rule.
        rule_is_yardstick: why the rule may only be compared with; None where it may be used.
        zone: time zone of calendar parts; None is UTC.
    """

    frame: pl.DataFrame
    columns: tuple[Column, ...]
    truth: np.ndarray
    task: Task
    labels: tuple[str, ...]
    loss: str
    derived: Mapping[str, Expression]
    rule: Expression | None = None
    zone: str | None = None
    rule_is_yardstick: str | None = None

    @property
    def outputs(self) -> int:
        """Return how many numbers one answer has: the classes of a multiclass task, else one."""
        return len(self.labels) if self.task == "multiclass" else 1

    @property
    def targets(self) -> np.ndarray:
        """Return the truth as columns of numbers, shape (rows, outputs): the value, or 0/1 for each class."""
        if self.task == "multiclass":
            return np.asarray(self.truth[:, None] == np.arange(self.outputs), dtype=float)
        return np.asarray(self.truth, dtype=float)[:, None]

    @property
    def span_days(self) -> float | None:
        """Return how many days the time of prediction covers; None where it is no feature."""
        times = [column.name for column in self.columns if column.kind == "time" and column.role == "time"]
        return span_of(self.frame[times[0]]) if times else None

    def rows(self, positions: np.ndarray) -> Material:
        """Return the same material with only the rows at positions."""
        return replace(self, frame=self.frame[positions], truth=self.truth[positions])


def gather(
    frame: pl.DataFrame,
    truth: np.ndarray,
    schema: Schema,
    *,
    loss: str,
    derived: Mapping[str, Expression],
    rule: Expression | None = None,
    zone: str | None = None,
) -> Material:
    """Return material from understood rows: derived features are computed here, once."""
    features = with_derived(frame, derived)
    columns = (*schema.features, *(derived_column(name, expression) for name, expression in derived.items()))
    hidden = schema.hidden(rule.columns) if rule else ()
    yardstick = f"it reads {listed([repr(name) for name in hidden])}, which no model may see" if hidden else None
    return Material(features, columns, truth, schema.task, schema.labels, loss, derived, rule, zone, yardstick)


def with_derived(frame: pl.DataFrame, derived: Mapping[str, Expression]) -> pl.DataFrame:
    """Return frame with its derived features added."""
    return frame.with_columns(as_polars(expression.tree).alias(name) for name, expression in derived.items())


def derived_column(name: str, expression: Expression) -> Column:
    """Return the schema's line for a derived feature."""
    dtype, kind = _KINDS[expression.type]
    return Column(name, dtype, kind, "feature", f"computed as {expression.text}")


def input_names(material: Material, *, with_rule: bool) -> list[str]:
    """Return the table's columns that answers need: features, what derived features read, and what the rule reads."""
    wanted = [column.name for column in material.columns if column.name not in material.derived]
    for expression in material.derived.values():
        wanted.extend(expression.columns)
    if with_rule and material.rule is not None:
        wanted.extend(material.rule.columns)
    return list(dict.fromkeys(wanted))
