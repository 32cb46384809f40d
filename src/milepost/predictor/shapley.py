"""What each encoded column adds to the answer of one small tree, exactly.

A column that is left out is a question whose answer is not known: both sides count, each by its share of the rows that
the tree learned from. A column's contribution is its Shapley value in that game: what it adds, averaged over all orders
in which the columns may become known.

Source: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees" (the
game); Owen 1972, "Multilinear extensions of games" (the average as an integral, which few points give exactly).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from milepost.predictor.tree import Nodes

_EVEN = 0.5  # share of each side of a question whose rows were not counted


@dataclass(frozen=True, slots=True)
class _Path:
    """The way to a leaf, one entry for each column that is asked on it.

    Attributes:
        leaf: number of the node.
        columns: that are asked.
        shares: of the rows, that answer each column's questions as the way does.
        follows: whether each row does, 1.0 or 0.0, shape (rows,) each.
    """

    leaf: int
    columns: tuple[int, ...]
    shares: tuple[float, ...]
    follows: tuple[np.ndarray, ...]


def tree_contributions(document: Mapping[str, Any], matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean answer of a tree, shape (outputs,), and what each column adds, shape (rows, columns, outputs).

    Args:
        document: of the tree; "rows" counts those that it learned from in each node, and where it is absent both sides
            of a question count the same.
        matrix: encoded rows, shape (rows, columns); NaN is missing.
    """
    nodes, values = Nodes.of(document), np.array(document["values"], dtype=np.float64)
    base = np.zeros(values.shape[1])
    contributions = np.zeros((*matrix.shape, values.shape[1]))
    for path in _paths(nodes, document.get("rows"), matrix):
        base += float(np.prod(path.shares)) * values[path.leaf]
        for place, column in enumerate(path.columns):
            contributions[:, column] += _gain(path, place)[:, None] * values[path.leaf]
    return base, contributions


def _paths(nodes: Nodes, counts: Sequence[float] | None, matrix: np.ndarray) -> Iterator[_Path]:
    """Yield the way to each leaf."""
    waiting: list[tuple[int, dict[int, tuple[float, np.ndarray]]]] = [(0, {})]
    while waiting:
        node, known = waiting.pop()
        left, right = nodes.left[node], nodes.right[node]
        if left == node:
            shares, follows = zip(*known.values(), strict=True) if known else ((), ())
            yield _Path(node, tuple(known), shares, follows)
            continue
        column, goes_left = nodes.feature[node], _goes_left(nodes, node, matrix)
        for child, goes in ((right, ~goes_left), (left, goes_left)):
            share = counts[child] / counts[node] if counts else _EVEN
            before, so_far = known.get(column, (1.0, np.ones(len(matrix))))
            waiting.append((child, {**known, column: (before * share, so_far * goes)}))


def _goes_left(nodes: Nodes, node: int, matrix: np.ndarray) -> np.ndarray:
    numbers = matrix[:, nodes.feature[node]]
    return np.where(np.isnan(numbers), nodes.missing[node] == nodes.left[node], numbers <= nodes.threshold[node])


def _gain(path: _Path, place: int) -> np.ndarray:
    """Return by how much knowing one column changes the chance of reaching the leaf, over all orders, shape (rows,)."""
    own = path.follows[place] - path.shares[place]
    others = [one for one in range(len(path.columns)) if one != place]
    points, weights = np.polynomial.legendre.leggauss(len(others) // 2 + 1)  # exact for products of as many factors
    total = np.zeros(len(own))
    for point, weight in zip((points + 1.0) / 2.0, weights / 2.0, strict=True):
        product = np.full(len(own), weight)
        for other in others:
            product *= path.shares[other] + (path.follows[other] - path.shares[other]) * point
        total += product
    return np.asarray(own * total)
