"""What each input adds to the answers of one member of a model, on the scale on which that member adds up.

linear    coefficient x (encoded column - its mean over the rows learned from)          margin
trees     Shapley values of LightGBM's trees                                            margin
tree      Shapley values of the small tree                                              answer
branches  the branch's answer - the overall answer: one reason, the rule itself         answer
constant  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.predictor.encode import block_width
from milepost.predictor.lightgbm import Trees
from milepost.predictor.links import Link
from milepost.predictor.rules import branches_table, expression_table
from milepost.predictor.shapley import tree_contributions

if TYPE_CHECKING:
    import polars as pl

Document = Mapping[str, Any]

RULE = "baseline.rule"  # the name under which today's rule is a reason


@dataclass(frozen=True, slots=True)
class Contributions:
    """What inputs add to the answers of a member; base + parts, in the order of inputs, is the margin but for rounding.

    Attributes:
        inputs: names of inputs and derived features.
        base: the margin of which nothing is known, shape (outputs,).
        parts: what each input adds, shape (rows, inputs, outputs).
        link: how the margin becomes the answer.
    """

    inputs: tuple[str, ...]
    base: np.ndarray
    parts: np.ndarray
    link: Link

    @property
    def margins(self) -> np.ndarray:
        """Return the margins, shape (rows, outputs)."""
        total = np.tile(self.base, (len(self.parts), 1))
        for place in range(len(self.inputs)):
            total += self.parts[:, place]
        return total


def contributions_of(
    blocks: Sequence[Document],
    model: Document,
    trees: Trees | None,
    frame: pl.DataFrame,
    encode: Callable[[pl.DataFrame], np.ndarray],
    threads: int,
) -> Contributions:
    """Return what each input adds to the answers of a member.

    Args:
        blocks: how it encodes columns.
        model: its document.
        trees: of the member, where it has some of LightGBM's.
        frame: inputs and derived columns.
        encode: gives the encoded rows of frame, as the blocks say.
        threads: how many work at once; the bits do not depend on it.
    """
    if model["kind"] == "constant":
        return Contributions((), np.array(model["values"], dtype=np.float64), _none(frame, model["values"]), "identity")
    if model["kind"] in _RULES:
        base = np.array(model["otherwise"], dtype=np.float64)
        answers = _RULES[model["kind"]](model)(frame, threads)
        return Contributions((RULE,), base, (answers - base)[:, None, :], "identity")
    matrix = encode(frame)
    if trees is not None:
        base, parts = _of_trees(trees, matrix, threads)
    else:
        base, parts = tree_contributions(model, matrix) if model["kind"] == "tree" else _of_linear(model, matrix)
    return _by_input(blocks, base, parts, model.get("link", "identity"))


def with_rule(members: Sequence[Document], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the values of everything that may be a reason: frame, and beside it what today's rule says.

    Args:
        members: documents of the model's members.
        frame: inputs and derived columns.
    """
    from milepost.data.expressions.column import as_polars

    rules = [member["model"]["tree"] for member in members if member["model"]["kind"] in _RULES]
    return frame.with_columns(as_polars(rules[0]).alias(RULE)) if rules else frame


def _none(frame: pl.DataFrame, values: Sequence[float]) -> np.ndarray:
    return np.zeros((frame.height, 0, len(values)))


def _of_trees(trees: Trees, matrix: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray]:
    told = trees.contributions(matrix, threads=threads)
    if not len(told):  # the base comes with the rows
        told = trees.contributions(np.zeros((1, trees.columns)), threads=1)
        return told[0, :, -1], np.zeros((0, trees.columns, trees.outputs))
    return told[0, :, -1], told[:, :, :-1].transpose(0, 2, 1)


def _of_linear(model: Document, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the margin of the average row, and what the difference from it adds; without means, from encoded zeros."""
    coefficients = np.array(model["coefficients"], dtype=np.float64).reshape(len(model["intercept"]), -1)
    means = np.array(model.get("means", np.zeros(coefficients.shape[1])), dtype=np.float64)
    base = np.array(model["intercept"], dtype=np.float64)
    for column, mean in enumerate(means):
        base += coefficients[:, column] * mean
    with np.errstate(over="ignore", invalid="ignore"):
        return base, (matrix - means)[:, :, None] * coefficients.T


def _by_input(blocks: Sequence[Document], base: np.ndarray, parts: np.ndarray, link: Link) -> Contributions:
    """Return the contributions of encoded columns summed for each input, in the order of the columns."""
    inputs = tuple(dict.fromkeys(block["column"] for block in blocks))
    summed = np.zeros((len(parts), len(inputs), len(base)))
    sources = [inputs.index(block["column"]) for block in blocks for _ in range(block_width(block))]
    with np.errstate(over="ignore", invalid="ignore"):
        for column, place in enumerate(sources):
            summed[:, place] += parts[:, column]
    return Contributions(inputs, base, summed, link)


_RULES: dict[str, Callable[[Document], Callable[[pl.DataFrame, int], np.ndarray]]] = {
    "branches": branches_table,
    "expression": expression_table,
}
