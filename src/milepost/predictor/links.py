"""From margins to answers, for one row in plain Python and for many in numpy: the same bits.

numpy's exp gives one number the same bits as a whole contiguous array; Python's math.exp does not, nor does numpy on a
reversed array. So each power and logarithm is numpy's, on contiguous arrays. Sums run in the order of the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

Link = Literal["identity", "sigmoid", "softmax"]


def sigmoid_of_row(margin: float) -> float:
    """Return 1 / (1 + exp(-margin)) without overflow."""
    small = float(np.exp(-abs(margin)))
    return (1.0 if margin >= 0.0 else small) / (1.0 + small)


def sigmoid(margins: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-margin)) of each margin without overflow."""
    small = np.exp(np.ascontiguousarray(-np.abs(margins)))
    return np.asarray(np.where(margins >= 0.0, 1.0, small) / (1.0 + small))


def softmax_of_row(margins: list[float]) -> list[float]:
    """Return the share of each class; all NaN where the margins are no finite numbers."""
    powers: list[float] = np.exp(np.array(_under_the_largest(margins))).tolist()
    total = powers[0]
    for power in powers[1:]:
        total += power
    return [power / total for power in powers]


def _under_the_largest(margins: list[float]) -> list[float]:
    largest = max(margins)
    return [margin - largest for margin in margins]


def softmax(margins: np.ndarray) -> np.ndarray:
    """Return the share of each class in each row, shape (rows, classes); all NaN where margins are not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        powers = np.exp(np.ascontiguousarray(margins - margins.max(axis=1, keepdims=True)))
    total = powers[:, 0].copy()
    for power in powers.T[1:]:
        total += power
    return np.asarray(powers / total[:, None])


def linked_row(link: Link) -> Callable[[list[float]], list[float]] | None:
    """Return the function from one row's margins to its answer; None where they are the answer already."""
    if link == "identity":
        return None
    return softmax_of_row if link == "softmax" else lambda margins: [sigmoid_of_row(margins[0])]


def linked(link: Link, margins: np.ndarray) -> np.ndarray:
    """Return the answers to margins of shape (rows, outputs), same shape."""
    if link == "identity":
        return margins
    return softmax(margins) if link == "softmax" else sigmoid(margins)
