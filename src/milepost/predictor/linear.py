"""Linear models: an intercept, then one product for each encoded column, added in column order without BLAS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from milepost.predictor.links import linked, linked_row
from milepost.predictor.model import OfMatrix, OfNumbers


def linear_row(document: Mapping[str, Any]) -> OfNumbers:
    """Return the function from one encoded row to its answer."""
    parts = [
        (float(b) + 0.0, list(map(float, c)))
        for b, c in zip(document["intercept"], document["coefficients"], strict=True)
    ]
    link = linked_row(document["link"])

    def answer(row: list[float]) -> list[float]:
        margins = []
        for total, coefficients in parts:
            for coefficient, number in zip(coefficients, row, strict=True):
                total += coefficient * number
            margins.append(total)
        return link(margins) if link else margins

    return answer


def linear_table(document: Mapping[str, Any]) -> OfMatrix:
    """Return the function from encoded rows, shape (rows, columns), to their answers, shape (rows, outputs)."""
    intercept = np.array(document["intercept"], dtype=np.float64) + 0.0  # no sum that begins at -0.0 could be cut short
    coefficients = [list(map(float, row)) for row in document["coefficients"]]

    def answers(matrix: np.ndarray, threads: int) -> np.ndarray:  # noqa: ARG001  one thread is enough
        margins = np.empty((len(matrix), len(intercept)))
        with np.errstate(over="ignore", invalid="ignore"):
            for output, row in enumerate(coefficients):
                total = np.full(len(matrix), intercept[output])
                for column, coefficient in enumerate(row):
                    total += coefficient * matrix[:, column]
                margins[:, output] = total
        return linked(document["link"], margins)

    return answers
