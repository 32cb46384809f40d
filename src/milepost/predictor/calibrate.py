"""Correct raw answers by what was learned about their errors, for one row and for many: the same bits.

{"kind": "none"}
{"kind": "platt", "slope", "offset"}       p = sigmoid(slope * ln(p / (1 - p)) + offset)          Platt 1999
{"kind": "beta", "a", "b", "c"}            p = sigmoid(a * ln p - b * ln(1 - p) + c)              Kull et al. 2017
{"kind": "isotonic", "x", "y"}             straight lines between the points, level beyond them
{"kind": "temperature", "temperature"}     p = softmax(ln p / temperature)                        Guo et al. 2017
{"kind": "conformal", "level", "lo", "hi"} numbers stay; their interval is prediction + lo .. prediction + hi

With "least" no class is given a smaller share: {"kind": "none", "least": 0.0001}.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from milepost.predictor.links import sigmoid, sigmoid_of_row, softmax, softmax_of_row
from milepost.predictor.model import OfNumbers

Document = Mapping[str, Any]

SMALLEST_SHARE = 1e-6  # probabilities are held this far from 0 and 1 before a logarithm is taken
_LARGEST_SHARE = 1.0 - SMALLEST_SHARE


def calibrated(answers: np.ndarray, document: Document) -> np.ndarray:
    """Return corrected answers, shape (rows, outputs).

    Args:
        answers: raw answers, shape (rows, outputs).
        document: a calibration as above.
    """
    found, least = _TABLES[document["kind"]](np.asarray(answers, dtype=np.float64), document), document.get("least")
    return found if least is None else _at_least(found, float(least))


def calibrated_row(document: Document) -> OfNumbers | None:
    """Return the function from one raw answer to the corrected one; None where nothing is corrected."""
    correct, least = _ROWS[document["kind"]](document), document.get("least")
    if least is None:
        return correct
    hold = _at_least_row(float(least))
    return (lambda answers: hold(correct(answers))) if correct else hold


def interval_of(document: Document) -> tuple[float, float] | None:
    """Return what to add to a prediction for the ends of its interval; None where the calibration has none."""
    return (float(document["lo"]), float(document["hi"])) if document["kind"] == "conformal" else None


def _at_least(shares: np.ndarray, least: float) -> np.ndarray:
    """Return shares of which none is below least; several classes are divided by their sum again."""
    if shares.shape[-1] == 1:
        return np.asarray(np.clip(shares, least, 1.0 - least))
    held = np.maximum(shares, least)
    total = held[..., 0].copy()
    for of_class in range(1, held.shape[-1]):
        total += held[..., of_class]
    return np.asarray(held / total[..., None])


def _at_least_row(least: float) -> OfNumbers:
    most = 1.0 - least

    def hold(shares: list[float]) -> list[float]:
        if len(shares) == 1:
            share = shares[0]
            return [least if share < least else most if share > most else share]
        held = [least if share < least else share for share in shares]
        total = held[0]
        for share in held[1:]:
            total += share
        return [share / total for share in held]

    return hold


def _same(document: Document) -> None:
    """Return nothing to do."""


def _platt(answers: np.ndarray, document: Document) -> np.ndarray:
    p = _held(answers)
    return sigmoid(document["slope"] * np.log(p / (1.0 - p)) + document["offset"])


def _platt_row(document: Document) -> OfNumbers:
    slope, offset = float(document["slope"]), float(document["offset"])

    def answer(answers: list[float]) -> list[float]:
        p = _held_of_row(answers[0])
        return [sigmoid_of_row(slope * float(np.log(p / (1.0 - p))) + offset)]

    return answer


def _beta(answers: np.ndarray, document: Document) -> np.ndarray:
    p = _held(answers)
    return sigmoid(document["a"] * np.log(p) - document["b"] * np.log1p(-p) + document["c"])


def _beta_row(document: Document) -> OfNumbers:
    a, b, c = (float(document[name]) for name in "abc")

    def answer(answers: list[float]) -> list[float]:
        p = _held_of_row(answers[0])
        return [sigmoid_of_row(a * float(np.log(p)) - b * float(np.log1p(-p)) + c)]

    return answer


def _slopes(document: Document) -> list[float]:
    """Return the slope after each point; the last point's is level."""
    points = list(zip(document["x"], document["y"], strict=True))
    rises = [(y1 - y0) / (x1 - x0) if x1 > x0 else 0.0 for (x0, y0), (x1, y1) in pairwise(points)]
    return [*rises, 0.0]


def _isotonic(answers: np.ndarray, document: Document) -> np.ndarray:
    x, y, slope = (np.array(part, dtype=np.float64) for part in (document["x"], document["y"], _slopes(document)))
    p = np.clip(answers, x[0], x[-1])
    at = np.minimum(np.searchsorted(x, p, side="right") - 1, len(x) - 1)  # NaN sorts last and stays NaN below
    return np.asarray(y[at] + slope[at] * (p - x[at]))


def _isotonic_row(document: Document) -> OfNumbers:
    x, y, slope = [float(v) for v in document["x"]], [float(v) for v in document["y"]], _slopes(document)

    def answer(answers: list[float]) -> list[float]:
        p = min(max(answers[0], x[0]), x[-1])
        if p != p:
            return answers
        at = bisect_right(x, p) - 1
        return [y[at] + slope[at] * (p - x[at])]

    return answer


def _temperature(answers: np.ndarray, document: Document) -> np.ndarray:
    return softmax(np.log(_held(answers)) / document["temperature"])


def _temperature_row(document: Document) -> OfNumbers:
    temperature = float(document["temperature"])

    def answer(answers: list[float]) -> list[float]:
        logs = np.log(np.array([_held_of_row(p) for p in answers])).tolist()
        return softmax_of_row([log / temperature for log in logs])

    return answer


def _held(answers: np.ndarray) -> np.ndarray:
    """Return probabilities held away from 0 and 1, contiguous, so that logarithms have the bits of one row's."""
    return np.ascontiguousarray(np.clip(answers, SMALLEST_SHARE, _LARGEST_SHARE))


def _held_of_row(share: float) -> float:
    if share < SMALLEST_SHARE:
        return SMALLEST_SHARE
    return _LARGEST_SHARE if share > _LARGEST_SHARE else share


_TABLES: dict[str, Callable[[np.ndarray, Document], np.ndarray]] = {
    "none": lambda answers, document: answers,  # noqa: ARG005
    "platt": _platt,
    "beta": _beta,
    "isotonic": _isotonic,
    "temperature": _temperature,
    "conformal": lambda answers, document: answers,  # noqa: ARG005
}
_ROWS: dict[str, Callable[[Document], OfNumbers | None]] = {
    "none": _same,
    "platt": _platt_row,
    "beta": _beta_row,
    "isotonic": _isotonic_row,
    "temperature": _temperature_row,
    "conformal": _same,
}
