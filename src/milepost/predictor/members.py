"""The members of a model: each encodes a row, computes, and answers on the scale of the response.

{"rung": "boosted", "weight": 0.7, "encoding": [block, …], "model": {"kind": "trees", "file": "trees/boosted.txt", …}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.predictor.contributions import Contributions, contributions_of
from milepost.predictor.direct import direct_row
from milepost.predictor.encode import compile_row, encode_table, width_of
from milepost.predictor.lightgbm import Trees
from milepost.predictor.linear import linear_row, linear_table
from milepost.predictor.links import linked, linked_row
from milepost.predictor.model import OfFrame, OfMatrix, OfNumbers, OfValues, Values
from milepost.predictor.rules import (
    branches_row,
    branches_table,
    constant_row,
    constant_table,
    expression_row,
    expression_table,
)
from milepost.predictor.tree import tree_row, tree_table

if TYPE_CHECKING:
    import polars as pl

Document = Mapping[str, Any]

ROWS_AT_ONCE = 65_536  # encoded rows that are in memory at one time
FEWEST_AS_TABLE = 32  # rows whose reasons are asked; below, row by row is faster


class Member:
    """One member, ready to answer; its trees are loaded once for rows and tables.

    Attributes:
        weight: its share in the response.
    """

    def __init__(self, document: Document, files: Mapping[str, str]) -> None:
        """Prepare a member.

        Args:
            document: {"encoding": [block, …], "model": {…}}, "weight" where it is not 1.
            files: text of each file that the model names.
        """
        self.weight = float(document.get("weight", 1.0))
        self._blocks, self._model = document["encoding"], document["model"]
        self._trees: Trees | None = None
        if self._model["kind"] == "trees":
            self._trees = Trees(files[self._model["file"]], where=self._model["file"])

    def row_function(self) -> OfValues:
        """Return the function from one row's values, derived ones included, to the answer; threads may share it."""
        if self._model["kind"] in _WHOLE:
            return _WHOLE[self._model["kind"]][0](self._model)
        if self._model["kind"] == "linear" and len(self._model["intercept"]) == 1:
            return direct_row(self._model, self._blocks)
        encode, numbers = compile_row(self._blocks), self._of_numbers()
        return lambda values: numbers(encode(values))

    def table_function(self) -> OfFrame:
        """Return the function from rows, derived columns included, to their answers."""
        if self._model["kind"] in _WHOLE:
            return _WHOLE[self._model["kind"]][1](self._model)
        blocks, of_matrix = self._blocks, self._of_matrix()

        def answers(frame: pl.DataFrame, threads: int) -> np.ndarray:
            parts = [
                of_matrix(encode_table(frame.slice(start, ROWS_AT_ONCE), blocks), threads)
                for start in range(0, max(frame.height, 1), ROWS_AT_ONCE)
            ]
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

        return answers

    def contributions(self, frame: pl.DataFrame, threads: int) -> Contributions:
        """Return what each input adds to the answers to rows, derived columns included."""
        return contributions_of(self._blocks, self._model, self._trees, frame, self._encoded, threads)

    def _encoded(self, frame: pl.DataFrame) -> np.ndarray:
        """Return the encoded rows of frame; few of them one by one, which is faster and has the same bits."""
        if frame.height >= FEWEST_AS_TABLE:
            return encode_table(frame, self._blocks)
        encode = self._encode_row
        return np.array([encode(values) for values in frame.to_dicts()]).reshape(frame.height, width_of(self._blocks))

    @cached_property
    def _encode_row(self) -> Callable[[Values], list[float]]:
        return compile_row(self._blocks)

    def _of_numbers(self) -> OfNumbers:
        if self._trees is None:
            return _ENCODED[self._model["kind"]][0](self._model)
        margins, link = self._trees.row_margins(), linked_row(self._model["link"])
        return (lambda row: link(margins(row))) if link else margins

    def _of_matrix(self) -> OfMatrix:
        if self._trees is None:
            return _ENCODED[self._model["kind"]][1](self._model)
        trees, link = self._trees, self._model["link"]
        return lambda matrix, threads: linked(link, trees.margins(matrix, threads=threads))


def answers_of(document: Document, files: Mapping[str, str], frame: pl.DataFrame, *, threads: int = 1) -> np.ndarray:
    """Return the answers of one member, shape (rows, outputs).

    Args:
        document: {"encoding": [block, …], "model": {…}}.
        files: text of each file that the model names.
        frame: inputs and derived columns.
        threads: how many work at once; the bits do not depend on it.
    """
    return Member(document, files).table_function()(frame, threads)


def row_function(document: Document, files: Mapping[str, str]) -> OfValues:
    """Return the function from one row's values, derived ones included, to a member's answer."""
    return Member(document, files).row_function()


_WHOLE: dict[str, tuple[Callable[[Document], OfValues], Callable[[Document], OfFrame]]] = {
    "constant": (constant_row, constant_table),
    "branches": (branches_row, branches_table),
    "expression": (expression_row, expression_table),
}
_ENCODED: dict[str, tuple[Callable[[Document], OfNumbers], Callable[[Document], OfMatrix]]] = {
    "linear": (linear_row, linear_table),
    "tree": (tree_row, tree_table),
}
