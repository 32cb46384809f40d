"""Metrics of predicted probabilities: how well they rank, how well they come true."""

from __future__ import annotations

import numpy as np

from milepost.ground.seeds import derived
from milepost.metrics.answers import Answers
from milepost.metrics.decisions import label_of
from milepost.metrics.losses import row_losses
from milepost.metrics.reading import Reading, Settings, mean_reading, nothing
from milepost.stats.calibration import calibration_error as gap_of
from milepost.stats.calibration import calibration_error_interval, gaps
from milepost.stats.precision_recall import average_precision as precision_over_recall
from milepost.stats.precision_recall import average_precision_interval
from milepost.stats.roc import auc, auc_interval, average_auc, average_auc_interval


def roc_auc(answers: Answers, settings: Settings) -> Reading:
    """Return the area under the ROC curve; several classes: the average of each against the rest."""
    present = np.unique(answers.truth)
    if len(present) < 2:
        return nothing(f"All rows are {label_of(answers, int(present[0]))}, so there is nothing to rank.")
    truth, score, clusters, level = answers.truth, answers.prediction, answers.clusters, settings.level
    method = "DeLong's interval on the logit scale"
    if answers.task == "binary":
        return Reading(
            auc(truth, score),
            lambda: auc_interval(truth, score, clusters=clusters, level=level),
            f"{method}, not inside Newcombe's below 200 rows of each class",
        )
    sizes = np.bincount(truth.astype(np.int64))
    rarest = int(present[np.argmin(sizes[present])])
    return Reading(
        average_auc(truth, score),
        lambda: average_auc_interval(truth, score, clusters=clusters, level=level),
        f"{method} of each class against the rest, averaged",
        truth == rarest,
        f"rows that are {label_of(answers, rarest)}",
    )


def average_precision(answers: Answers, settings: Settings) -> Reading:
    """Return the mean precision at the score of each positive."""
    truth, score = answers.truth, answers.prediction
    positive = truth == 1
    if not positive.any():
        return nothing(f"No row is {label_of(answers, 1)}.", counted=positive)
    return Reading(
        precision_over_recall(truth, score),
        lambda: average_precision_interval(truth, score, clusters=answers.clusters, level=settings.level),
        "t interval on the logit scale, error from the rows' pulls",
        positive,
        f"rows that are {label_of(answers, 1)}",
    )


def log_loss(answers: Answers, settings: Settings) -> Reading:
    """Return the mean of -log of the probability given to what happened."""
    return _mean_loss("log", answers, settings)


def brier(answers: Answers, settings: Settings) -> Reading:
    """Return the mean squared distance between probabilities and what happened, summed over several classes."""
    return _mean_loss("squared", answers, settings)


def calibration_error(answers: Answers, settings: Settings) -> Reading:
    """Return the mean gap between predicted and observed shares, less what chance adds.

    Several classes: of the greatest probability of each row, and whether that class came true.
    """
    happened, probability = said(answers)
    seen = gaps(happened, probability, clusters=answers.clusters)
    seed = derived(settings.seed, "calibration_error")
    return Reading(
        gap_of(seen),
        lambda: calibration_error_interval(seen, level=settings.level, seed=seed),
        "the errors under which the gaps of ten bins are not surprising, by simulation",
    )


def said(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Return what was said with which probability: did it happen, and how likely it was called, each (rows,).

    Binary: the positive class. Several classes: the likeliest class of each row.
    """
    if answers.task == "binary":
        return answers.truth, answers.prediction
    return (answers.prediction.argmax(axis=1) == answers.truth).astype(np.int64), answers.prediction.max(axis=1)


def _mean_loss(loss: str, answers: Answers, settings: Settings) -> Reading:
    losses = row_losses(loss, answers.task, answers.truth, answers.prediction)
    return mean_reading(losses, answers.clusters, settings)
