from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from milepost.data.expressions.parse import parse
from milepost.data.labels import truth
from milepost.data.schema import Column, Schema
from milepost.problem.read import parse_problem
from milepost.problem.spec import Problem

KINDS = {pl.String: ("text", "category"), pl.Boolean: ("boolean", "flag"), pl.Date: ("date", "time")}


def schema_of(frame: pl.DataFrame, target: str, task: str, labels: tuple[str, ...], roles: dict[str, str]) -> Schema:
    columns = []
    for name, dtype in frame.schema.items():
        stored, kind = KINDS.get(dtype, ("float" if dtype.is_float() else "integer", "number"))
        if dtype.is_temporal():
            stored, kind = ("date" if dtype == pl.Date else "datetime"), "time"
        columns.append(Column(name, stored, kind, "target" if name == target else roles.get(name, "feature")))
    return Schema(tuple(columns), task, labels)


@pytest.fixture
def churn() -> pl.DataFrame:
    """1,000 customers: churn is Yes in 300; of the 400 with a monthly plan, in 240."""
    plan = ["monthly"] * 400 + ["yearly"] * 600
    answers = ["Yes"] * 240 + ["No"] * 160 + ["Yes"] * 60 + ["No"] * 540
    charge = np.linspace(10, 100, 1000)
    return pl.DataFrame({"churn": answers, "plan": plan, "charge": charge, "spare": [None] * 900 + [1.0] * 100})


@pytest.fixture
def case(churn: pl.DataFrame) -> Callable[..., SimpleNamespace]:
    """Return what a check starts from: problem, rows, schema, truth, parsed expressions."""

    def made(text: str = "", *, frame: pl.DataFrame = churn, task: str = "binary", **roles: str) -> SimpleNamespace:
        target = "price" if task == "regression" else "churn"
        labels = () if task == "regression" else tuple(sorted(frame[target].unique().to_list()))
        problem: Problem = parse_problem(f'[problem]\nname = "x"\ntask = "{task}"\ntarget = "{target}"\n{text}')
        schema = schema_of(frame, target, task, labels, roles)
        rule = problem.baseline.rule
        return SimpleNamespace(
            problem=problem,
            frame=frame,
            schema=schema,
            truth=frame.select(truth(schema)).to_series().to_numpy(),
            rule=None if rule is None else parse(rule, types=schema.dtypes, where="baseline.rule"),
            derived={name: parse(said, types=schema.dtypes, where=name) for name, said in problem.features.items()},
        )

    return made
