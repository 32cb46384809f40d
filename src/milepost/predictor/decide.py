"""From answers to the label or number that is acted on, for one row and for many.

{"kind": "threshold", "at"}               binary: positive when P(positive) >= at
{"kind": "most_likely"}                   the most probable class
{"kind": "most_valuable", "matrix"}       the class with the most expected money; matrix[truth][decided]
{"kind": "none"}                          regression: the number itself

Ties go to the first class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Document = Mapping[str, Any]


def decided(shares: np.ndarray, document: Document) -> np.ndarray:
    """Return the index of the class decided for each row, int64, shape (rows,).

    Args:
        shares: probability of each class, shape (rows, classes).
        document: a decision for classes as above.
    """
    if document["kind"] == "threshold":
        return np.asarray(shares[:, 1] >= document["at"], dtype=np.int64)
    if document["kind"] == "most_valuable":
        return _first_largest(_expected(shares, document["matrix"]))
    return _first_largest(shares)


def decided_row(document: Document) -> Callable[[list[float]], int]:
    """Return the function from one row's probabilities to the index of the class decided."""
    if document["kind"] == "threshold":
        at = float(document["at"])
        return lambda shares: int(shares[1] >= at)
    if document["kind"] == "most_valuable":
        matrix = [list(map(float, row)) for row in document["matrix"]]
        return lambda shares: first_largest(_expected_row(shares, matrix))
    if document["kind"] == "most_likely":
        return first_largest
    raise KeyError(document["kind"])  # of a newer Milepost: answering with another decision would be worse than none


def first_largest(numbers: list[float]) -> int:
    """Return the position of the largest number, the first of equals."""
    return numbers.index(max(numbers))


def _first_largest(numbers: np.ndarray) -> np.ndarray:
    return np.asarray(numbers.argmax(axis=1), dtype=np.int64)


def _expected(shares: np.ndarray, matrix: list[list[float]]) -> np.ndarray:
    """Return the expected money of each decision, shape (rows, classes); sums in the order of the true classes."""
    money = shares[:, :1] * np.array(matrix[0], dtype=np.float64)
    for truth in range(1, len(matrix)):
        money += shares[:, truth : truth + 1] * np.array(matrix[truth], dtype=np.float64)
    return np.asarray(money)


def _expected_row(shares: list[float], matrix: list[list[float]]) -> list[float]:
    money = [shares[0] * value for value in matrix[0]]
    for share, values in zip(shares[1:], matrix[1:], strict=True):
        money = [total + share * value for total, value in zip(money, values, strict=True)]
    return money
