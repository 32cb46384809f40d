"""Answers whose truth is known: what every metric, threshold and verdict is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milepost.metrics.names import Task as Task


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered about rows whose truth is known.

    Attributes:
        task: which kind of target.
        truth: shape (rows,). Binary: 0 or 1, 1 = positive. Multiclass: class index. Regression: the value.
        prediction: binary: P(positive), shape (rows,). Multiclass: shape (rows, classes), rows sum to 1.
            Regression: shape (rows,).
        decision: shape (rows,). Binary: 0 or 1. Multiclass: class index. Regression: the prediction.
        labels: class names in index order; binary: (negative, positive); empty for regression.
        value: money gained by the decision for each row, shape (rows,); None where no value is declared.
        clusters: the unit that each row belongs to (group or block of time), int, shape (rows,);
            None where rows are independent.
    """

    task: Task
    truth: np.ndarray
    prediction: np.ndarray
    decision: np.ndarray
    labels: tuple[str, ...] = ()
    value: np.ndarray | None = None
    clusters: np.ndarray | None = None
