"""The loss of each row: what the climb compares, and what the means among the metrics are means of.

log           -log of the probability given to what happened          classification
squared       (prediction - truth)²; for classes summed over classes  all tasks
absolute      |prediction - truth|                                    regression
quantile:0.9  0.9 of a shortfall, 0.1 of an excess                    regression
"""

from __future__ import annotations

import math

import numpy as np

from milepost.ground.errors import MilepostError
from milepost.metrics.answers import Task

_LEAST = float(np.finfo(np.float64).eps)  # a probability of 0 for what happened costs 36 nats, not infinity


def default_loss(task: Task) -> str:
    """Return the loss that a task is judged by when the problem names none."""
    return "squared" if task == "regression" else "log"


def row_losses(loss: str, task: Task, truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return the loss of each row, shape (rows,); less is better.

    Args:
        loss: "log", "squared", "absolute", or "quantile:Q" with Q in 0..1.
        task: which kind of target.
        truth: as in Answers: 0 or 1, class index, or value.
        prediction: as in Answers: P(positive), (rows, classes), or value.

    Raises:
        MilepostError: the loss does not exist, or not for this task.

    >>> row_losses("log", "binary", np.array([1, 0]), np.array([0.8, 0.1])).round(3).tolist()
    [0.223, 0.105]
    """
    if task == "regression":
        return _number_losses(loss, truth, prediction)
    if loss not in ("log", "squared"):
        raise _unfit(loss, task, "log or squared")
    if task == "binary":
        if loss == "squared":
            return np.asarray(np.square(prediction - truth))
        given = np.where(truth == 1, prediction, 1 - prediction)
    else:
        given = prediction[np.arange(len(truth)), truth.astype(np.int64)]
        if loss == "squared":
            return np.asarray(np.square(prediction).sum(axis=1) - np.square(given) + np.square(1 - given))
    return np.asarray(-np.log(np.clip(given, _LEAST, 1.0)))


def _number_losses(loss: str, truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    short = truth - prediction
    if loss == "squared":
        return np.asarray(np.square(short))
    if loss == "absolute":
        return np.asarray(np.abs(short))
    share = quantile_of(loss)
    if share is None:
        raise _unfit(loss, "regression", "squared, absolute or quantile:Q with Q between 0 and 1")
    return np.asarray(np.where(short >= 0, share * short, (share - 1) * short))


def quantile_of(loss: str) -> float | None:
    """Return Q of "quantile:Q", or None if loss is not of that form."""
    kind, _, text = loss.partition(":")
    try:
        share = float(text)
    except ValueError:
        return None
    return share if kind == "quantile" and math.isfinite(share) and 0 < share < 1 else None


def centre_of(loss: str) -> float:
    """Return the quantile that has the smallest loss: Q of "quantile:Q", the median for "absolute"."""
    share = quantile_of(loss)
    return 0.5 if share is None else share


def _unfit(loss: str, task: Task, choices: str) -> MilepostError:
    return MilepostError(f"The loss {loss!r} cannot judge a {task} task.", where="climb.loss", fix=f"Write {choices}.")
