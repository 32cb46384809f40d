"""One small tree of questions: go left if the number, as a 32-bit float, is at most the threshold.

scikit-learn rounds inputs to 32 bits before it compares. Rounding keeps order, so each threshold has a largest 64-bit
number that rounds to the left; comparing with that one needs no rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from milepost.predictor.model import OfMatrix, OfNumbers

_LEAF = -1


@dataclass(frozen=True, slots=True)
class Nodes:
    """One entry for each node; a leaf leads to itself."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    missing: list[int]  # where a missing value goes
    values: list[list[float]]
    depth: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Nodes:
        nodes = range(len(document["left"]))
        leaf = [child == _LEAF for child in document["left"]]
        left, right = ([node if leaf[node] else document[side][node] for node in nodes] for side in ("left", "right"))
        return cls(
            [0 if leaf[node] else document["feature"][node] for node in nodes],
            [largest_left(float(threshold)) for threshold in document["threshold"]],
            left,
            right,
            [left[node] if document["missing_left"][node] else right[node] for node in nodes],
            [list(map(float, value)) for value in document["values"]],
            _depth(left, right),
        )


def largest_left(threshold: float) -> float:
    """Return the largest 64-bit number that is at most threshold after rounding to 32 bits.

    >>> largest_left(0.5)
    0.5000000298023224
    """
    if math.isinf(threshold):
        return threshold
    with np.errstate(over="ignore"):
        below = np.float32(threshold)
        if float(below) > threshold:  # as 64 bits: numpy would round a plain float down to 32
            below = np.nextafter(below, np.float32(-np.inf))
        step = float(below) - float(np.nextafter(below, np.float32(-np.inf)))
        above = np.nextafter(below, np.float32(np.inf))
    middle = (float(below) + float(above)) / 2 if np.isfinite(above) else float(below) + step / 2
    even = int(below.view(np.uint32)) % 2 == 0  # a tie is rounded to the even one
    return middle if even else math.nextafter(middle, -math.inf)


def _depth(left: list[int], right: list[int]) -> int:
    deepest, level = 0, [0]
    while level := [child for node in level if left[node] != node for child in (left[node], right[node])]:
        deepest += 1
    return deepest


def tree_row(document: Mapping[str, Any]) -> OfNumbers:
    """Return the function from one encoded row to its answer."""
    nodes = Nodes.of(document)
    feature, threshold, left, right, missing, values = (
        nodes.feature, nodes.threshold, nodes.left, nodes.right, nodes.missing, nodes.values,
    )  # fmt: skip

    def answer(row: list[float]) -> list[float]:
        node = 0
        while left[node] != node:
            number = row[feature[node]]
            if number <= threshold[node]:
                node = left[node]
            elif number == number:
                node = right[node]
            else:
                node = missing[node]
        return values[node]

    return answer


def tree_table(document: Mapping[str, Any]) -> OfMatrix:
    """Return the function from encoded rows, shape (rows, columns), to their answers, shape (rows, outputs)."""
    nodes = Nodes.of(document)
    feature, left, right, missing = (np.array(part) for part in (nodes.feature, nodes.left, nodes.right, nodes.missing))
    threshold, values = np.array(nodes.threshold), np.array(nodes.values, dtype=np.float64)

    def answers(matrix: np.ndarray, threads: int) -> np.ndarray:  # noqa: ARG001  one thread is enough
        rows, node = np.arange(len(matrix)), np.zeros(len(matrix), dtype=np.int64)
        for _ in range(nodes.depth):
            numbers = matrix[rows, feature[node]]
            known = np.where(numbers <= threshold[node], left[node], right[node])
            node = np.where(np.isnan(numbers), missing[node], known)
        return np.asarray(values[node])

    return answers
