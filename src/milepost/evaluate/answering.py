"""From a predictor's table of answers to the arrays that metrics take."""

from __future__ import annotations

import numpy as np
import polars as pl

from milepost.data.schema import Schema
from milepost.evaluate.value import money
from milepost.metrics.answers import Answers
from milepost.predictor.answer import probability_names
from milepost.predictor.predictor import Predictor
from milepost.problem.spec import Problem


def answer_rows(
    predictor: Predictor,
    rows: pl.DataFrame,
    truth: np.ndarray,
    *,
    problem: Problem,
    schema: Schema,
    clusters: np.ndarray | None = None,
) -> Answers:
    """Return what a predictor answers to rows whose truth is known.

    Args:
        predictor: of a bundle or a baseline.
        rows: the rows, with every column that the model and the value read.
        truth: class index or value, shape (rows,).
        problem: declares the value.
        schema: of the rows.
        clusters: unit of variance of each row, shape (rows,); None where rows are independent.
    """
    given = predictor.answer_table(rows)
    if schema.task == "regression":
        prediction = decision = given["prediction"].to_numpy()
    else:
        shares = given.select(probability_names(schema.labels)).to_numpy()
        prediction = shares[:, 1] if schema.task == "binary" else shares
        decision = given["decision"].cast(pl.Enum(list(schema.labels))).to_physical().cast(pl.Int64).to_numpy()
    value = money(problem, rows, schema, truth, decision)
    return Answers(schema.task, truth, prediction, decision, schema.labels, value, clusters)
