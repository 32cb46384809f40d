"""Why a model answered as it did: what each input adds to its answer, exactly in sum.

margin    base + contributions of all inputs, on the scale on which the model adds up
          log-odds     one model of two classes: ln p - ln(1 - p), before calibration
          log-ratio    one model of more classes: ln p minus the mean of ln p over all classes, before calibration
          probability  a tree of shares, a rule, or a weighted sum of models: p, before calibration
          target       a prediction of numbers
change    an illustration: by how much the calibrated probability is higher than without this one contribution

Contributions say what the model used, not what causes what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from milepost.predictor.answer import shares_of
from milepost.predictor.calibrate import calibrated
from milepost.predictor.contributions import Contributions
from milepost.predictor.links import linked
from milepost.predictor.shares import on_answers, picked

Scale = Literal["log-odds", "log-ratio", "probability", "target"]
Weighted = tuple[float, Contributions]
SCALES: tuple[Scale, ...] = ("log-odds", "log-ratio", "probability", "target")
MOST = 5  # are listed where nobody says how many

NO_INPUT = -1  # where a row has fewer reasons than others


@dataclass(frozen=True, slots=True)
class Reasons:
    """What inputs add to the answers to rows.

    Attributes:
        scale: of base, contributions, others and total.
        inputs: names of all inputs, derived features and rules.
        of: index of the class whose probability is told of, shape (rows,); None for numbers.
        places: which input each reason is, the largest contribution first, shape (rows, most); -1 where there is none.
        contributions: of each reason, shape (rows, most).
        changes: of each reason, in probability or in the target's unit, shape (rows, most).
        base: the margin of which nothing is known, shape (rows,).
        others: what all other inputs add, shape (rows,).
        total: base, each reason in order, others, added in this order, shape (rows,); NaN where there is no answer.
    """

    scale: Scale
    inputs: tuple[str, ...]
    of: np.ndarray | None
    places: np.ndarray
    contributions: np.ndarray
    changes: np.ndarray
    base: np.ndarray
    others: np.ndarray
    total: np.ndarray


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is no number has no reasons
def find_reasons(
    members: Sequence[Weighted], response: np.ndarray, calibration: Mapping[str, Any], *, is_class: bool, most: int
) -> Reasons:
    """Return the reasons of the answers to rows.

    Args:
        members: of the model, each with its weight.
        response: the calibrated answers, shape (rows, outputs).
        calibration: the document.
        is_class: whether classes are predicted: the reasons are those of the most probable class, of two classes always
            those of the second, positive one.
        most: how many reasons of each row.
    """
    shares = shares_of(response) if is_class else response
    of = _class_of(shares) if is_class else np.zeros(len(response), dtype=np.int64)
    scale, base, inputs, parts = _on_one_scale(members, of, is_class=is_class)
    places = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :most]  # NaN comes last
    listed = np.take_along_axis(parts, places, axis=1)
    others = _others(parts, places)
    total = base.copy()
    for place in range(listed.shape[1]):
        total += listed[:, place]
    total = np.where(np.isfinite(shares).all(axis=1), total + others, np.nan)
    changes = listed.copy()  # of a number
    if is_class:
        known = [[inputs.index(name) for name in one.inputs] for _, one in members]
        for place in range(listed.shape[1]):
            without = _without(members, known, places[:, place], calibration)
            changes[:, place] = picked(shares, of) - np.clip(picked(without, of), 0.0, 1.0)
    told = np.where((listed != 0.0) & np.isfinite(total)[:, None], places, NO_INPUT)
    return Reasons(scale, inputs, of if is_class else None, told, listed, changes, base, others, total)


# on one scale


def _class_of(shares: np.ndarray) -> np.ndarray:
    if shares.shape[1] == 2:
        return np.ones(len(shares), dtype=np.int64)
    return np.asarray(shares.argmax(axis=1), dtype=np.int64)


def _on_one_scale(
    members: Sequence[Weighted], of: np.ndarray, *, is_class: bool
) -> tuple[Scale, np.ndarray, tuple[str, ...], np.ndarray]:
    """Return the scale, the base of each row, the names of the inputs, and what each adds, shape (rows, inputs)."""
    (weight, one), *more = members
    if not more and weight == 1.0 and one.link != "identity":
        base, parts = np.tile(one.base, (len(of), 1)), one.parts
        if one.link == "sigmoid":
            return "log-odds", base[:, 0], one.inputs, parts[:, :, 0]
        return "log-ratio", picked(_centred(base), of), one.inputs, picked(_centred(parts), of)
    inputs = tuple(dict.fromkeys(name for _, each in members for name in each.inputs))
    total, summed = np.zeros(len(of)), np.zeros((len(of), len(inputs)))
    for weight, each in members:
        base, parts = on_answers(each, of)
        total += weight * base
        for place, name in enumerate(each.inputs):
            summed[:, inputs.index(name)] += weight * parts[:, place]
    return "probability" if is_class else "target", total, inputs, summed


def _centred(numbers: np.ndarray) -> np.ndarray:
    """Return numbers less their mean over the classes: what is added to all margins alike changes no probability."""
    total = np.zeros(numbers.shape[:-1])
    for place in range(numbers.shape[-1]):
        total += numbers[..., place]
    return np.asarray(numbers - (total / numbers.shape[-1])[..., None])


def _others(parts: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the sum of what is not listed, in the order of the inputs, shape (rows,)."""
    rest = parts.copy()
    np.put_along_axis(rest, places, 0.0, axis=1)
    total = np.zeros(len(parts))
    for place in range(parts.shape[1]):
        total += rest[:, place]
    return total


def _without(
    members: Sequence[Weighted], known: Sequence[Sequence[int]], gone: np.ndarray, calibration: Mapping[str, Any]
) -> np.ndarray:
    """Return the probability of each class without what one input adds, shape (rows, classes).

    Args:
        members: of the model, each with its weight.
        known: number of each input of each member.
        gone: number of the input that is taken away in each row, shape (rows,).
        calibration: the document.
    """
    response: np.ndarray | None = None
    for (weight, one), numbers in zip(members, known, strict=True):
        margins = one.margins
        for place, number in enumerate(numbers):
            margins -= np.where((gone == number)[:, None], one.parts[:, place], 0.0)
        part = weight * linked(one.link, margins)
        response = part if response is None else response + part
    assert response is not None  # a model has a member
    return shares_of(calibrated(response, calibration))
