"""What comes for free: what each way of answering without a model scores on development rows.

churn, 26.5 % Yes   always 'No': accuracy 0.735, recall 0   always 'Yes': accuracy 0.265, recall 1   today's rule: …
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import Expression
from milepost.data.schema import Schema
from milepost.ground.text import figure
from milepost.metrics.answers import Answers
from milepost.metrics.names import METRIC_NAMES, metrics_for
from milepost.metrics.reading import Settings
from milepost.metrics.table import METRICS
from milepost.problem.criteria import Criterion

SMOOTHING_ROWS = 10.0  # a branch's rate is drawn to the overall rate as if by so many rows

Money = Callable[[np.ndarray], np.ndarray | None]  # decisions of all rows -> what each brought


@dataclass(frozen=True, slots=True)
class Free:
    """What one way of answering without a model scores.

    Attributes:
        name: "nobody", "everybody", "most common", "mean", "median" or "rule".
        says: the same as a clause: "always answering 'No'".
        scores: metric -> value; None where it does not exist.
    """

    name: str
    says: str
    scores: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class BestFree:
    """The best that a metric reaches without a model.

    Attributes:
        metric: its name.
        score: the value.
        by: how, a clause.
    """

    metric: str
    score: float
    by: str


def free_answers(
    frame: pl.DataFrame,
    truth: np.ndarray,
    schema: Schema,
    *,
    rule: Expression | None = None,
    money: Money | None = None,
    metrics: Iterable[str] = (),
) -> tuple[Free, ...]:
    """Return what answering without a model scores, on every metric of the task.

    Args:
        frame: development rows.
        truth: class index (binary: 1 = positive), or value, shape (rows,).
        schema: of the rows.
        rule: what is done today.
        money: gives what decisions bring; None where no value is declared.
        metrics: of these the ones that are not measured by default are measured too.
    """
    wanted = [one.name for one in metrics_for(schema.task) if one.needs != "value" or money is not None]
    wanted = [name for name in wanted if name != "quantile_loss" or name in metrics]
    given = {**_constants(truth, schema), **_of_rule(frame, truth, schema, rule)}
    return tuple(
        Free(name, says, _scores(truth, prediction, decision, schema, money, wanted))
        for name, (says, prediction, decision) in given.items()
    )


def best_free(answers: Sequence[Free], metric: str, *, higher: bool) -> BestFree | None:
    """Return the best that a metric reaches without a model, today's rule left out; None where it does not exist.

    Args:
        answers: as free_answers gives them.
        metric: its name.
        higher: whether higher is better.
    """
    found = [(score, one) for one in answers if one.name != "rule" and (score := one.scores.get(metric)) is not None]
    if not found:
        return None
    score, by = max(found, key=lambda pair: pair[0] if higher else -pair[0])
    return BestFree(metric, score, by.says)


def meets(answer: Free, criterion: Criterion) -> bool:
    """Return whether answering so meets a criterion on development rows."""
    score = answer.scores.get(criterion.metric)
    return score is not None and criterion.holds(score)


def spoken(metric: str, value: float) -> str:
    """Return a metric's value for a sentence: a share as a percentage.

    >>> spoken("accuracy", 0.7346), spoken("roc_auc", 0.5), spoken("rmse", 4321.6)
    ('73.5 %', '0.5', '4,322')
    """
    return f"{figure(100 * value)} %" if METRIC_NAMES[metric].unit == "share" else figure(value)


def branch_rates(keys: pl.Series, targets: np.ndarray) -> np.ndarray:
    """Return the smoothed mean of targets in the branch of each row, shape (rows, outputs).

    A row without a key gets the overall mean, as in production.

    Args:
        keys: what a rule says of each row.
        targets: shape (rows, outputs).
    """
    codes = keys.cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64)  # 0 is no key
    prior, rows = targets.mean(axis=0), np.bincount(codes)
    sums = np.column_stack([np.bincount(codes, weights=column) for column in targets.T])
    rates = (sums + SMOOTHING_ROWS * prior) / (rows[:, None] + SMOOTHING_ROWS)
    rates[0] = prior
    return np.asarray(rates[codes])


Given = tuple[str, np.ndarray, np.ndarray]  # a clause, predictions, decisions


def _constants(truth: np.ndarray, schema: Schema) -> dict[str, Given]:
    rows = len(truth)
    if schema.task == "regression":
        mean, median = float(truth.mean()), float(np.median(truth))
        middles = {"mean": np.full(rows, mean), "median": np.full(rows, median)}
        return {
            name: (f"always answering the {name} ({figure(middle[0])})", middle, middle)
            for name, middle in middles.items()
        }
    if schema.task == "multiclass":
        shares = np.bincount(truth, minlength=len(schema.labels)) / rows
        common = int(shares.argmax())
        says = f"always answering '{schema.labels[common]}'"
        return {"most common": (says, np.tile(shares, (rows, 1)), np.full(rows, common))}
    rate = np.full(rows, float(truth.mean()))
    no, yes = (f"always answering '{label}'" for label in schema.labels)
    return {"nobody": (no, rate, np.zeros(rows, dtype=int)), "everybody": (yes, rate, np.ones(rows, dtype=int))}


def _of_rule(frame: pl.DataFrame, truth: np.ndarray, schema: Schema, rule: Expression | None) -> dict[str, Given]:
    """Return what the rule answers, scored as its smoothed rate per branch; nothing where there is no rule."""
    if rule is None:
        return {}
    keys = frame.with_columns(as_polars(rule.tree).alias("rule"))["rule"]
    says = "today's rule"
    if schema.task == "regression":
        if rule.type == "number":
            prediction = keys.fill_null(float(truth.mean())).to_numpy()
        else:
            prediction = branch_rates(keys, truth[:, None].astype(float))[:, 0]
        return {"rule": (says, prediction, prediction)}
    classes = np.eye(len(schema.labels))[truth]
    rates = branch_rates(keys, classes)
    if schema.task == "multiclass":
        return {"rule": (says, rates, rates.argmax(axis=1))}
    decision = keys.fill_null(False).to_numpy() if rule.type == "boolean" else rates[:, 1] >= 0.5
    return {"rule": (says, rates[:, 1], decision.astype(int))}


def _scores(
    truth: np.ndarray,
    prediction: np.ndarray,
    decision: np.ndarray,
    schema: Schema,
    money: Money | None,
    metrics: Sequence[str],
) -> dict[str, float | None]:
    value = money(decision) if money else None
    answers = Answers(schema.task, truth, prediction, decision, schema.labels, value)
    scores = {name: _finite(METRICS[name].read(answers, Settings()).value) for name in metrics}
    if scores.get("mcc", 0.0) is None:
        scores["mcc"] = 0.0  # 0/0 where one answer is always given: no better than chance
    return scores


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
