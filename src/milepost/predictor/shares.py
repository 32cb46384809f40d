"""From what inputs add to the margins of one member to what they add to its answer for one class, exactly in sum.

A probability is no sum over inputs, but its margins are. The difference between the probability of a row and that of
the base is shared out in proportion to what each input adds to the logarithm of the probability, where the logarithm of
the classes' total is shared out in the same way among the classes.

Source: Ang 2004, "Decomposition analysis for policymaking in energy" (the logarithmic mean Divisia index); for two
classes it is the straight line between base and answer, as in Shrikumar et al. 2017, DeepLIFT's rescale rule.
"""

from __future__ import annotations

import numpy as np

from milepost.predictor.contributions import Contributions


def on_answers(one: Contributions, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the base, shape (rows,), and what each input adds, shape (rows, inputs), on the scale of the answer.

    Args:
        one: contributions of a member.
        of: index of the class that is told of in each row, int64, shape (rows,); of no use where there is one output.
    """
    if one.link == "identity":
        return picked(np.broadcast_to(one.base, (len(of), len(one.base))), of), picked(one.parts, of)
    after, parts = one.margins, one.parts
    before = np.tile(one.base, (len(of), 1))
    if one.link == "sigmoid":  # two classes, the margin of the first is always 0
        before, after, parts = (np.concatenate([np.zeros_like(each), each], axis=-1) for each in (before, after, parts))
        of = np.ones(len(of), dtype=np.int64)
    return _shared_out(before, after, parts, of)


def picked(numbers: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return the numbers of one output in each row: shape (rows, …, outputs) becomes (rows, …).

    Args:
        numbers: one for each output.
        of: which output in each row, shape (rows,); where there is only one, that one.
    """
    if numbers.shape[-1] == 1:
        return numbers[..., 0]
    place = of.reshape(-1, *[1] * (numbers.ndim - 1))
    return np.take_along_axis(numbers, place, axis=-1)[..., 0]


def _shared_out(
    before: np.ndarray, after: np.ndarray, parts: np.ndarray, of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability at the base and what each input adds to it; margins have shape (rows, classes)."""
    largest = np.maximum(before, after).max(axis=1, keepdims=True)
    before, after = before - largest, after - largest
    totals = _log_total(before), _log_total(after)
    own = picked(before, of) - totals[0], picked(after, of) - totals[1]
    growth = _log_mean(before, after) / _log_mean(*totals)[:, None]
    of_total = np.zeros(parts.shape[:2])
    for place in range(parts.shape[2]):
        of_total += growth[:, place, None] * parts[:, :, place]
    return np.exp(own[0]), _log_mean(*own)[:, None] * (picked(parts, of) - of_total)


def _log_total(margins: np.ndarray) -> np.ndarray:
    powers = np.exp(np.ascontiguousarray(margins))
    total = np.zeros(len(margins))
    for place in range(margins.shape[1]):
        total += powers[:, place]
    return np.log(total)


def _log_mean(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the logarithmic mean (a - b) / ln(a / b) of numbers whose logarithms are given; that of equals is a."""
    gap = np.ascontiguousarray(np.abs(one - other))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(gap > 0.0, -np.expm1(-gap) / gap, 1.0)
    return np.asarray(np.exp(np.ascontiguousarray(np.maximum(one, other))) * ratio)
