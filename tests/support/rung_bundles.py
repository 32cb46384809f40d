"""A bundle of each rung for each task, fitted on a small table with inputs of every dtype, in a blink."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from milepost.data.expressions.parse import parse
from milepost.data.normal import learn_schema
from milepost.data.schema import Column, Schema
from milepost.metrics.answers import Task
from milepost.models.material import Material, gather
from milepost.models.production import bundle_documents, model_document
from milepost.models.refit import refit
from milepost.models.rungs import LADDER
from milepost.registry.bundles import BundleRef, write_bundle

RUNGS = tuple(rung.name for rung in LADDER)
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
LABELS: Mapping[Task, tuple[str, ...]] = {"binary": ("no", "yes"), "multiclass": ("a", "b", "ç 🜚"), "regression": ()}

_ROWS = 300
_SETTLED = {"linear": 1.0, "curves": 1.0, "additive": 12.0, "boosted": 12.0, "boosted_deep": 6.0}
_COLUMNS = (
    Column("amount", "float", "number", "feature"),
    Column("visits", "integer", "number", "feature"),
    Column("is_new", "boolean", "flag", "feature"),
    Column("plan", "text", "category", "feature"),
    Column("since", "date", "time", "feature"),
    Column("seen", "datetime", "time", "feature"),
    Column("answer", "text", "category", "target"),
)
_DECISIONS: dict[Task, dict[str, Any]] = {
    "binary": {"kind": "threshold", "at": 0.37},
    "multiclass": {"kind": "most_valuable", "matrix": [[1.0, 0.0, -1.0], [0.0, 2.0, 0.0], [-3.0, 0.0, 4.0]]},
    "regression": {"kind": "none"},
}
_CALIBRATIONS: dict[Task, dict[str, Any]] = {
    "binary": {"kind": "beta", "a": 1.1, "b": 0.9, "c": -0.07},
    "multiclass": {"kind": "temperature", "temperature": 1.3},
    "regression": {"kind": "conformal", "level": 0.9, "lo": -3.3, "hi": 4.1},
}


def write_rung(folder: Path, rung: str, task: Task) -> BundleRef:
    """Write the bundle of one rung, as it is."""
    return _write(folder, task, {rung: 1.0}, {"kind": "none"})


def write_all_rungs(folder: Path, task: Task) -> BundleRef:
    """Write the bundle of all rungs together, calibrated."""
    rungs = [rung for rung in RUNGS if rung != "dummy"]
    return _write(folder, task, dict.fromkeys(rungs, 1 / len(rungs)), _CALIBRATIONS[task])


def _write(folder: Path, task: Task, weights: Mapping[str, float], calibration: dict[str, Any]) -> BundleRef:
    schema, material = _learned(task)
    fitted = refit(material, weights, _SETTLED, compared_rows=_ROWS, seed=0)
    model = model_document(material, fitted, calibration, _DECISIONS[task])
    return write_bundle(folder, bundle_documents(schema, material, model, fitted))


def _learned(task: Task) -> tuple[Schema, Material]:
    frame, truth = _table(task)
    columns = tuple(
        Column("answer", "float", "number", "target") if one.name == "answer" and task == "regression" else one
        for one in _COLUMNS
    )
    schema = learn_schema(frame.lazy(), Schema(columns, task, LABELS[task]))
    types = schema.dtypes
    return schema, gather(
        frame,
        truth,
        schema,
        loss="squared" if task == "regression" else "log",
        derived={"per_visit": parse("amount / nullif(visits, 0)", types=types, where="features")},
        rule=parse("CASE WHEN visits > 3 THEN 1.0 ELSE 2.5 END", types=types, where="rule")
        if task == "regression"
        else parse("visits > 3 AND plan = 'pro'", types=types, where="rule"),
        zone="Europe/Berlin",
    )


def _table(task: Task) -> tuple[pl.DataFrame, np.ndarray]:
    chance = np.random.default_rng(0)
    amount, visits = chance.normal(50, 20, _ROWS), chance.integers(0, 9, _ROWS)
    plan = chance.choice(["basic", "plus", "pro"], _ROWS)
    days = chance.integers(0, 900, _ROWS).tolist()
    frame = pl.DataFrame(
        {
            "amount": amount,
            "visits": pl.Series(_holed(visits, chance), dtype=pl.Int64),
            "is_new": chance.uniform(size=_ROWS) < 0.3,
            "plan": _holed(plan, chance),
            "since": [date(2024, 1, 1) + timedelta(days=day) for day in days],
            "seen": [datetime(2024, 1, 1, 7, 30, tzinfo=UTC) + timedelta(days=day, hours=day % 24) for day in days],
        },
        schema_overrides={"seen": pl.Datetime("us", "UTC")},
    )
    margin = 0.05 * (amount - 50) + 0.4 * visits - 2 + (plan == "pro") + chance.logistic(0, 0.5, _ROWS)
    if task == "regression":
        truth: np.ndarray = 10 * margin
    else:
        truth = np.digitize(margin, [0.0] if task == "binary" else [-1.0, 1.0]).astype(np.int64)
    labels = LABELS[task]
    answer = pl.Series("answer", truth if task == "regression" else [labels[place] for place in truth])
    return frame.with_columns(answer), truth


def _holed(values: np.ndarray, chance: np.random.Generator) -> list[Any]:
    """Return values of which a tenth is missing."""
    missing: Iterable[bool] = chance.uniform(size=len(values)) < 0.1
    return [None if is_missing else value for value, is_missing in zip(values.tolist(), missing, strict=True)]
