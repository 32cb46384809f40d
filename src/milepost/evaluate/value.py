"""Money: what each possible decision brings for each row.

An amount that depends on a missing cell of the table is not known, and is never taken as 0: such a row is left out of
every figure in money. Which rows are left out depends on neither the decision nor, for two classes, on the truth, so
that those left say the same of all decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import Expression, parse
from milepost.data.schema import Dtype, Schema
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.spec import Problem


@dataclass(frozen=True, slots=True)
class Stakes:
    """Money of each cell of the confusion matrix for each row of a binary task, each of shape (rows,).

    NaN where it is not known.
    """

    true_positive: np.ndarray
    false_positive: np.ndarray
    true_negative: np.ndarray
    false_negative: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Return for which rows every cell is known, bool, shape (rows,)."""
        return np.asarray(np.logical_and.reduce([np.isfinite(getattr(self, cell)) for cell in CELLS]))

    def of_acting(self, truth: np.ndarray) -> np.ndarray:
        """Return the money for each row if the decision is positive; NaN where a cell of the row is not known."""
        return np.where(self.known, np.where(truth == 1, self.true_positive, self.false_positive), np.nan)

    def of_waiting(self, truth: np.ndarray) -> np.ndarray:
        """Return the money for each row if the decision is negative; NaN where a cell of the row is not known."""
        return np.where(self.known, np.where(truth == 1, self.false_negative, self.true_negative), np.nan)

    def brought(self, truth: np.ndarray, decision: np.ndarray) -> np.ndarray:
        """Return the money that each decision brought; NaN where a cell of the row is not known."""
        return np.where(decision == 1, self.of_acting(truth), self.of_waiting(truth))

    def rows(self, positions: np.ndarray) -> Stakes:
        """Return the stakes of the rows at positions."""
        return Stakes(*(getattr(self, cell)[positions] for cell in CELLS))


CELLS = ("true_positive", "false_positive", "true_negative", "false_negative")
JUDGED: Mapping[str, Dtype] = {"truth": "float", "prediction": "float"}  # what value.row reads beside the columns


def check_value(problem: Problem, schema: Schema) -> None:
    """Refuse money that does not fit the table, before anything is learned for it.

    Raises:
        MilepostError: an expression is wrong, a column has the name of what is judged, or the matrix names a class
            that does not occur.
    """
    value = problem.value
    if value is None:
        return
    declared = {cell: getattr(value, cell) for cell in CELLS} if schema.task == "binary" else {}
    types = schema.dtypes
    if schema.task == "regression":
        declared, types = {"row": value.row}, {**types, **JUDGED}
    for key, amount in declared.items():
        if isinstance(amount, str):
            expression = parse(amount, types=types, where=problem.where(f"value.{key}"), gives=("number",))
            _refuse_two_meanings(expression, schema, problem.where(f"value.{key}"))
    for truth, row in (value.matrix or {}).items() if schema.task == "multiclass" else ():
        for label in (truth, *row):
            if label not in schema.labels:
                raise UnknownNameError("class", label, known=schema.labels, where=problem.where("value.matrix"))


def _refuse_two_meanings(expression: Expression, schema: Schema, where: str) -> None:
    """Refuse a column called truth or prediction where the money of a number reads that word."""
    if schema.task != "regression":
        return
    for name in JUDGED:
        if name in expression.columns and name in schema.names and (name, schema.target.name) != ("truth", "truth"):
            meant = "the true answer" if name == "truth" else "the model's answer"
            raise MilepostError(
                f"value.row reads {name!r}, which means {meant} there, but the table has a column {name!r} too.",
                where=where,
                fix=f"Give the column {name!r} of the table another name.",
            )


def stakes(problem: Problem, frame: pl.DataFrame, types: Mapping[str, Dtype]) -> Stakes | None:
    """Return the declared money of each cell for each row, NaN where not known; None where no value is declared.

    Raises:
        MilepostError: an expression does not fit the table.
    """
    if problem.value is None:
        return None
    return Stakes(
        *(_amounts(getattr(problem.value, cell), frame, types, problem.where(f"value.{cell}")) for cell in CELLS)
    )


def unknown_stakes(problem: Problem, frame: pl.DataFrame, types: Mapping[str, Dtype]) -> dict[str, float]:
    """Return for each cell with an expression the share of the rows in which it has no value, 0..1."""
    declared = {cell: getattr(problem.value, cell) for cell in CELLS} if problem.value else {}
    return {
        cell: _computed(amount, frame, types, problem.where(f"value.{cell}")).null_count() / max(frame.height, 1)
        for cell, amount in declared.items()
        if isinstance(amount, str)
    }


def money(
    problem: Problem, frame: pl.DataFrame, schema: Schema, truth: np.ndarray, decision: np.ndarray
) -> np.ndarray | None:
    """Return the money that each decision brought, shape (rows,), NaN where not known; None where none is declared.

    Args:
        problem: declares the value.
        frame: the rows, with the columns that the value reads.
        schema: of the frame.
        truth: class index or value, shape (rows,).
        decision: class index, or the predicted value, shape (rows,).
    """
    if problem.value is None:
        return None
    if schema.task == "binary":
        cells = stakes(problem, frame, schema.dtypes)
        return None if cells is None else cells.brought(truth, decision)
    if schema.task == "multiclass":
        matrix = value_matrix(problem, schema.labels)
        return None if matrix is None else np.asarray(matrix[truth, decision])
    if problem.value.row is None:
        return None
    judged = frame.with_columns(pl.Series("truth", truth), pl.Series("prediction", decision))
    return _amounts(problem.value.row, judged, {**schema.dtypes, **JUDGED}, problem.where("value.row"))


def value_matrix(problem: Problem, labels: tuple[str, ...]) -> np.ndarray | None:
    """Return the money of each (truth, decision) of several classes, shape (classes, classes); unnamed cells are 0."""
    if problem.value is None or not problem.value.matrix:
        return None
    cells = [[problem.value.matrix.get(truth, {}).get(decided, 0.0) for decided in labels] for truth in labels]
    return np.array(cells, dtype=float)


def _amounts(declared: float | str, frame: pl.DataFrame, types: Mapping[str, Dtype], where: str) -> np.ndarray:
    if not isinstance(declared, str):
        return np.full(frame.height, float(declared))
    return _computed(declared, frame, types, where).to_numpy()  # null becomes NaN


def _computed(declared: str, frame: pl.DataFrame, types: Mapping[str, Dtype], where: str) -> pl.Series:
    """Return what an expression gives for each row, one that reads no column too; missing stays missing."""
    tree = as_polars(parse(declared, types=types, where=where).tree).cast(pl.Float64).fill_nan(None)
    return frame.with_columns(tree.alias("__amount__"))["__amount__"]
