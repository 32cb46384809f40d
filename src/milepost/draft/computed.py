"""Do the expressions of a problem compute something useful: features, today's rule, money of decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import Expression
from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.evaluate.value import Stakes, stakes, unknown_stakes
from milepost.ground.text import count, listed, share
from milepost.models.rungs import MOST_BRANCHES
from milepost.problem.spec import Problem

MOSTLY = 0.5  # share of rows without a value
SOME = 0.01


def check_computed(
    problem: Problem,
    frame: pl.DataFrame,
    schema: Schema,
    truth: np.ndarray,
    *,
    derived: Mapping[str, Expression],
    rule: Expression | None,
) -> tuple[Finding, ...]:
    """Return what is odd about the expressions of a problem.

    Args:
        problem: the contract.
        frame: development rows.
        schema: of the rows.
        truth: class index, or value, shape (rows,).
        derived: the features, parsed.
        rule: what is done today, parsed; None where nothing is said.
    """
    found = [*_features(frame, derived)]
    if rule is not None:
        found += _rule(frame, schema, truth, rule)
    return (*found, *_money(problem, frame, schema))


def _values(frame: pl.DataFrame, expression: Expression) -> pl.Series:
    return frame.with_columns(as_polars(expression.tree).alias("__value__"))["__value__"]


# ---- features


def _features(frame: pl.DataFrame, derived: Mapping[str, Expression]) -> Iterator[Finding]:
    for name, expression in derived.items():
        values = _values(frame, expression)
        if values.drop_nulls().n_unique() == 1:
            says = f"The feature `{name}` has the same value in every row, so it says nothing."
            yield Finding("feature-constant", "warn", name, says, {}, f"Check: {expression.text}")


# ---- today's rule


def _rule(frame: pl.DataFrame, schema: Schema, truth: np.ndarray, rule: Expression) -> Iterator[Finding]:
    yield from _hidden(schema, rule)
    values = _values(frame, rule)
    missing = values.null_count() / max(len(values), 1)
    if missing >= MOSTLY:
        says = f"Today's rule is missing in {share(missing)} of the rows."
        yield Finding("rule-mostly-missing", "warn", None, says, {"share": missing}, "Say what is done in those rows.")
    elif values.drop_nulls().n_unique() < 2:
        only = values.drop_nulls().first()
        says = f"Today's rule is always {str(only).lower() if isinstance(only, bool) else repr(only)}."
        yield Finding("rule-always-same", "warn", None, says, {}, "Check baseline.rule: it tells no row from another.")
    elif schema.task != "regression" and values.n_unique() > MOST_BRANCHES:
        answers = values.drop_nulls().n_unique()
        says = f"Today's rule has {count(answers)} different answers where classes are predicted: nothing is compared."
        do = "Write a condition (true or false), or a CASE with a few branches."
        yield Finding("rule-many-answers", "warn", None, says, {"answers": answers}, do)
    elif schema.task == "binary" and rule.type == "boolean":
        yield from _direction(values, truth, schema)
    if schema.task == "multiclass":
        yield from _classes(values, schema)


def _hidden(schema: Schema, rule: Expression) -> Iterator[Finding]:
    """Give what the rule reads though no model may see it: it can be compared with, but is no fair rival."""
    hidden = schema.hidden(rule.columns)
    sensitive = [name for name in hidden if schema.column(name).role == "sensitive"]
    others = [name for name in hidden if name not in sensitive]
    if sensitive:
        says = (
            f"Today's rule goes by {listed([f'`{name}`' for name in sensitive])}, which is sensitive: models are "
            "compared with the rule, but may not see what it sees."
        )
        do = "Ask whether people may be judged so; if they may, write the column under allowed, else leave it out."
        yield Finding("rule-reads-sensitive", "warn", sensitive[0], says, {"columns": len(sensitive)}, do)
    if others:
        roles = listed([f"`{name}` ({schema.column(name).role.replace('_', ' ')})" for name in others])
        says = f"Today's rule reads {roles}, which no model may see: the comparison with it is not fair."
        yield Finding("rule-reads-hidden", "warn", others[0], says, {"columns": len(others)}, "Ask which is meant.")


def _direction(values: pl.Series, truth: np.ndarray, schema: Schema) -> Iterator[Finding]:
    acts = values.fill_null(False).to_numpy()
    with_rule, without = float(truth[acts].mean()), float(truth[~acts].mean())
    if with_rule <= without:
        says = (
            f"Where today's rule is true, '{schema.labels[1]}' is rarer ({share(with_rule)}) than where it is not "
            f"({share(without)})."
        )
        evidence: dict[str, float | int | str] = {"true": with_rule, "false": without}
        yield Finding("rule-wrong-way", "warn", None, says, evidence, "Check the signs in baseline.rule.")


def _classes(values: pl.Series, schema: Schema) -> Iterator[Finding]:
    said = set(values.drop_nulls().cast(pl.String).str.strip_suffix(".0").unique())
    unknown = sorted(said - set(schema.labels))
    if unknown and len(said) < len(values) / 10:
        says = f"Today's rule answers {listed([repr(label) for label in unknown], most=3)}, which no row is."
        evidence: dict[str, float | int | str] = {"labels": len(unknown)}
        do = f"Write labels as they stand in the table: {listed([repr(label) for label in schema.labels], most=5)}."
        yield Finding("rule-unknown-class", "note", None, says, evidence, do)


# ---- money


def _money(problem: Problem, frame: pl.DataFrame, schema: Schema) -> Iterator[Finding]:
    value = problem.value
    if value is None:
        return
    paid = stakes(problem, frame, schema.dtypes) if schema.task == "binary" else None
    if paid is not None:
        for cell, missing in unknown_stakes(problem, frame, schema.dtypes).items():
            if missing > SOME:
                says = f"value.{cell} is missing in {share(missing)} of the rows, which no figure in money counts."
                do = f"Check: {getattr(value, cell)}"
                yield Finding("value-missing", "warn", None, says, {"share": missing}, do)
        yield from _pays(paid, schema)
    capacity = value.capacity
    if capacity is not None and capacity.population_per is None:
        says = f"Capacity says {capacity.positives} positives, but not of how many rows, so no share follows from it."
        do = "Write population_per: how many rows come in that span."
        yield Finding("capacity-without-population", "note", None, says, {"positives": capacity.positives}, do)


def _pays(paid: Stakes, schema: Schema) -> Iterator[Finding]:
    known = paid.rows(np.flatnonzero(paid.known))
    right = known.true_positive - known.false_negative
    wrong = known.false_positive - known.true_negative
    positive = f"{schema.target.name} = '{schema.labels[1]}'"
    if not len(right):
        return
    if (right <= 0).all():
        says = f"By [value], acting never pays, not even where {positive}."
        yield Finding("value-never-act", "warn", None, says, {}, "Check true_positive and false_negative.")
    elif (wrong >= 0).all():
        says = "By [value], acting in vain costs nothing, so acting on everybody is best."
        yield Finding(
            "value-always-act", "warn", None, says, {}, "Check false_positive and true_negative: costs are negative."
        )


def break_even(problem: Problem, frame: pl.DataFrame, schema: Schema) -> float | None:
    """Return from which probability on acting pays on average, 0..1; None where money does not decide it."""
    paid = stakes(problem, frame, schema.dtypes) if schema.task == "binary" else None
    if paid is None or not paid.known.any():
        return None
    paid = paid.rows(np.flatnonzero(paid.known))
    gain = float((paid.true_positive - paid.false_negative).mean())
    cost = float((paid.true_negative - paid.false_positive).mean())
    return cost / (gain + cost) if gain > 0 and cost > 0 else None
