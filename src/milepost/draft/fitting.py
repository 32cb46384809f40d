"""Do the parts of a problem fit the table and each other: criteria, capacity, effect, time.

What cannot be is refused; what is odd becomes a finding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.draft.timing import check_time
from milepost.draft.together import Together, together
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.text import counted, listed, share
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion
from milepost.problem.later import LATER
from milepost.problem.spec import Problem, Value

STEEP = 0.9  # of precision or recall that all criteria together ask for
LOSSES = {"mae": "absolute", "median_ae": "absolute", "mape": "absolute", "rmse": "squared", "r2": "squared"}


def check_fitting(problem: Problem, frame: pl.DataFrame, schema: Schema, truth: np.ndarray) -> tuple[Finding, ...]:
    """Return what does not fit.

    Args:
        problem: the contract.
        frame: development rows.
        schema: of the rows.
        truth: class index, or value, shape (rows,).

    Raises:
        UnknownNameError: the effect names a column that does not exist.
        MilepostError: the criteria cannot all be met, or nothing is left to learn from.
    """
    _refuse_nothing_to_learn_from(problem, schema)
    return (
        *_criteria(problem, schema, truth),
        *check_time(problem, frame, schema),
        *_effect(problem, schema, truth),
        *_of_later(problem),
    )


def _of_later(problem: Problem) -> Iterator[Finding]:
    written = [f"[{table}]" for table in LATER if getattr(problem, table) is not None]
    if written:
        does = "does" if len(written) == 1 else "do"
        says = f"{listed(written)} {does} nothing yet: the keys are checked, and kept for a later version."
        yield Finding("table-of-later", "note", None, says, {"tables": len(written)}, "")


def _refuse_nothing_to_learn_from(problem: Problem, schema: Schema) -> None:
    if schema.with_role("feature") or problem.features:
        return
    raise MilepostError(
        "No column is left to learn from: all are the target, ids, times, constants, or kept from the model.",
        where=problem.where("data"),
        fix="Take columns out of exclude, sensitive or context under [data], or bring more columns.",
    )


# ---- criteria


def limits(problem: Problem, schema: Schema, truth: np.ndarray) -> Together | None:
    """Return what the criteria on yes-or-no decisions mean together; None where they are not about such.

    Raises:
        MilepostError: no model, however good, can keep them all.
    """
    if schema.task != "binary":
        return None
    capacity = capacity_share(problem.value)
    found = together(problem.success, float(truth.mean()), most_called=capacity)
    if found.possible:
        return found
    names = [criterion.text for criterion in problem.success]
    if capacity is not None:
        names.append(f"a capacity of {share(capacity)} of the rows")
    raise MilepostError(
        f"No model can keep all of these where {share(float(truth.mean()))} of the rows are '{schema.labels[1]}': "
        f"{listed(names)}.",
        where=problem.where("success"),
        fix="Lower one of them.",
    )


def capacity_share(value: Value | None) -> float | None:
    """Return which share of the rows can be acted upon; None where nothing limits it."""
    capacity = value.capacity if value else None
    if capacity is None or capacity.population_per is None:
        return None
    return capacity.positives / capacity.population_per


def _criteria(problem: Problem, schema: Schema, truth: np.ndarray) -> Iterator[Finding]:
    if not problem.success:
        says = "[success] has no criterion, so the verdict can only be that it can't be told yet."
        do = f"Write at least one line under [success], such as {_example(schema)}."
        yield Finding("no-criteria", "warn", None, says, {}, do)
    metrics = {criterion.metric for criterion in problem.success}
    for criterion in problem.success:
        better = METRIC_NAMES[criterion.metric].higher_is_better
        if better is not None and better != criterion.is_lower_bound:
            side = "higher" if better else "lower"
            says = f"{criterion.text} asks for a bad value: for {criterion.metric}, {side} is better."
            yield Finding("criterion-wrong-way", "warn", None, says, {}, "Turn the sign round if that was not meant.")
    if "mape" in metrics and schema.task == "regression" and (truth == 0).any():
        zeros = int((truth == 0).sum())
        says = f"mape does not exist here: `{schema.target.name}` is 0 in {counted(zeros, 'development row')}."
        yield Finding("mape-of-zero", "warn", schema.target.name, says, {"rows": zeros}, "Judge by mae instead.")
    yield from _loss(problem, schema)
    found = limits(problem, schema, truth)
    steep = {name: least for name, least in (found.least if found else {}).items() if least >= STEEP}
    if len(problem.success) > 1 and {"precision", "recall"} & set(steep):
        asked = " and a ".join(f"{name} of at least {share(least)}" for name, least in steep.items())
        says = f"Together the criteria ask for a {asked}: only a nearly perfect model keeps them all."
        yield Finding("criteria-steep", "warn", None, says, dict(steep), "Ask which of them matters most.")


def _example(schema: Schema) -> str:
    return {"binary": 'recall = ">= 0.60"', "multiclass": 'accuracy = ">= 0.80"', "regression": 'mae = "<= 10"'}[
        schema.task
    ]


def _loss(problem: Problem, schema: Schema) -> Iterator[Finding]:
    if schema.task != "regression":
        return
    used = problem.climb.loss or "squared"
    wanted = {LOSSES[one.metric]: one.metric for one in problem.success if one.metric in LOSSES}
    if wanted and used not in wanted:
        loss, metric = next(iter(wanted.items()))
        says = f"Models are compared by the loss {used!r}, but the verdict is by {metric}, which {loss!r} fits better."
        yield Finding("loss-beside-criterion", "note", None, says, {}, f'Write loss = "{loss}" under [climb].')


# ---- effect


def _effect(problem: Problem, schema: Schema, truth: np.ndarray) -> Iterator[Finding]:
    effect = problem.aim.effect
    if effect is None:
        return
    if effect.column not in schema.names:
        where = problem.where("problem.effect.column")
        raise UnknownNameError("column", effect.column, known=schema.names, where=where)
    column = schema.column(effect.column)
    if column.role != "target" and column.kind not in ("number", "flag"):
        says = f"The effect is a change of the mean of `{column.name}`, which holds words."
        yield Finding("effect-of-words", "warn", column.name, says, {}, "Name a column of numbers, or the target.")
    needed, recall = saved_share(problem, schema, truth), asked_recall(problem)
    if needed is None:
        return
    if needed >= 1:
        says = f"The effect would take away all of the '{schema.labels[1]}' and more."
        yield Finding("effect-beyond-all", "warn", column.name, says, {"share": needed}, "Check change under effect.")
    elif recall is None:
        says = (
            f"To change `{column.name}` by {effect.change.text}, {share(needed)} of the '{schema.labels[1]}' must be "
            "found and won over, but no criterion asks how many are found."
        )
        bound = Criterion("recall", ">=", round(min(0.95, 2 * needed), 2)).bound
        do = f'Write recall = "{bound}" or more under [success].'
        yield Finding("effect-without-recall", "note", column.name, says, {"share": needed}, do)
    elif recall < needed:
        says = (
            f"To change `{column.name}` by {effect.change.text}, {share(needed)} of the '{schema.labels[1]}' must be "
            f"found and won over, but recall may be as low as {share(recall)}."
        )
        evidence: dict[str, float | int | str] = {"share": needed, "recall": recall}
        yield Finding(
            "effect-beyond-recall", "warn", column.name, says, evidence, "Ask for more recall, or for less effect."
        )


def saved_share(problem: Problem, schema: Schema, truth: np.ndarray) -> float | None:
    """Return which share of the positives must be found and won over for the effect; None where none follows."""
    effect = problem.aim.effect
    if effect is None or schema.task != "binary" or effect.column != schema.target.name or effect.change.amount >= 0:
        return None
    lost = -effect.change.amount
    return lost if effect.change.kind == "relative" else lost / max(float(truth.mean()), 1e-9)


def asked_recall(problem: Problem) -> float | None:
    """Return the recall that a criterion asks for; None where none does."""
    asked = [one.threshold for one in problem.success if one.metric == "recall" and one.is_lower_bound]
    return asked[0] if asked else None
