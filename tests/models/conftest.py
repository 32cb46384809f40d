"""Small tables with a known truth, one for each task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from milepost.data.folds import Folds, make_folds
from milepost.data.keys import SplitRequest, split_keys
from milepost.data.schema import Column, Schema
from milepost.data.split import make_split
from milepost.models.material import Material, gather

COLUMNS = (
    Column("amount", "float", "number", "feature"),
    Column("age", "float", "number", "feature"),
    Column("plan", "text", "category", "feature"),
    Column("answer", "text", "category", "target"),
)
LABELS = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}

MakeMaterial = Callable[..., Material]
MakeFolds = Callable[..., Folds]


def _table(task: str, rows: int, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    chance = np.random.default_rng(seed)
    amount, age = chance.normal(size=rows), chance.uniform(20, 80, size=rows)
    plan = chance.choice(["basic", "plus", "pro"], size=rows, p=[0.5, 0.3, 0.2])
    margin = 1.5 * amount + 0.03 * (age - 50) + np.where(plan == "pro", 1.0, 0.0)
    noise = chance.logistic(size=rows)
    truth: np.ndarray
    if task == "regression":
        truth = 10 * margin + 5 * noise
    elif task == "binary":
        truth = (margin + noise > 0).astype(np.int64)
    else:
        truth = np.digitize(margin + noise, [-1.0, 1.0]).astype(np.int64)
    holes = chance.uniform(size=rows) < 0.1
    frame = pl.DataFrame({"amount": amount, "age": np.where(holes, np.nan, age), "plan": plan})
    return frame.with_columns(pl.col("age").fill_nan(None)), truth


@pytest.fixture(scope="session")
def make_material() -> MakeMaterial:
    """Return material of a task: make_material("binary", rows=400, seed=0)."""

    def make(task: str, *, rows: int = 400, seed: int = 0, loss: str | None = None) -> Material:
        frame, truth = _table(task, rows, seed)
        columns = tuple(
            Column("answer", "float", "number", "target") if c.name == "answer" and task == "regression" else c
            for c in COLUMNS
        )
        schema = Schema(columns, task, LABELS[task])  # type: ignore[arg-type]
        loss = loss or ("squared" if task == "regression" else "log")
        return gather(frame, truth, schema, loss=loss, derived={})

    return make


@pytest.fixture(scope="session")
def folds_for() -> MakeFolds:
    """Return folds of a material's rows, all of them development rows but a stratified tenth."""

    def make(material: Material, *, count: int = 3, repeats: int = 1) -> tuple[Material, Folds]:
        labels = pl.Series("answer", material.truth)
        if material.labels:
            labels = pl.Series("answer", [material.labels[index] for index in material.truth])
        request = SplitRequest(material.task, "answer", ("amount", "age", "plan"), test=0.1)
        keys = split_keys(material.frame.with_columns(labels).lazy(), request)
        split = make_split(keys, request, seed=0)
        return material.rows(split.development), make_folds(split, keys, request, count=count, repeats=repeats, seed=0)

    return make
