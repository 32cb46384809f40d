"""Models that need no encoding: a constant, the branches of a rule, and a rule that is a number itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.predictor.levels import Levels
from milepost.predictor.model import OfFrame, OfValues, Values

if TYPE_CHECKING:
    import polars as pl


def constant_row(document: Mapping[str, Any]) -> OfValues:
    """Return the function that gives every row the same answer."""
    answer = list(map(float, document["values"]))
    return lambda values: answer  # noqa: ARG005


def constant_table(document: Mapping[str, Any]) -> OfFrame:
    """Return the function that gives every row the same answer, shape (rows, outputs)."""
    answer = np.array(document["values"], dtype=np.float64)
    return lambda frame, threads: np.tile(answer, (frame.height, 1))  # noqa: ARG005


def branches_row(document: Mapping[str, Any]) -> OfValues:
    """Return the function from a row to the answer of its branch; a missing or new key gets `otherwise`."""
    from milepost.data.expressions.scalar import as_function

    key_of = as_function(document["tree"])
    otherwise = list(map(float, document["otherwise"]))
    answers = {key: list(map(float, answer)) for key, answer in document["branches"]}

    def answer(values: Values) -> list[float]:
        key = key_of(values)
        return otherwise if key is None else answers.get(key, otherwise)

    return answer


def branches_table(document: Mapping[str, Any]) -> OfFrame:
    """Return the function from rows to the answers of their branches, shape (rows, outputs)."""
    keys = {key: position for position, (key, _) in enumerate(document["branches"])}
    levels = Levels(
        {key: position for key, position in keys.items() if isinstance(key, str)},
        {float(key): position for key, position in keys.items() if not isinstance(key, str)},
    )
    otherwise = document["otherwise"]
    answers = np.array([*(answer for _, answer in document["branches"]), otherwise, otherwise], dtype=np.float64)

    def table(frame: pl.DataFrame, threads: int) -> np.ndarray:  # noqa: ARG001
        return np.asarray(answers[levels.positions(evaluated(frame, document["tree"]))])

    return table


def expression_row(document: Mapping[str, Any]) -> OfValues:
    """Return the function from a row to the number that the expression computes; missing gets `otherwise`."""
    from milepost.data.expressions.scalar import as_function

    number_of = as_function(document["tree"])
    otherwise = list(map(float, document["otherwise"]))

    def answer(values: Values) -> list[float]:
        number = number_of(values)
        return otherwise if number is None else [float(number)]  # type: ignore[arg-type]

    return answer


def expression_table(document: Mapping[str, Any]) -> OfFrame:
    """Return the function from rows to the numbers that the expression computes, shape (rows, 1)."""
    import polars as pl

    def table(frame: pl.DataFrame, threads: int) -> np.ndarray:  # noqa: ARG001
        numbers = evaluated(frame, document["tree"]).cast(pl.Float64).to_numpy()
        return np.where(np.isnan(numbers), document["otherwise"][0], numbers)[:, None]

    return table


def evaluated(frame: pl.DataFrame, tree: Any) -> pl.Series:
    """Return what an expression computes for each row of frame; a lone constant too has one value for each row."""
    from milepost.data.expressions.column import as_polars

    return frame.with_columns(as_polars(tree).alias("answer")).get_column("answer")
