"""Metrics of predicted numbers: how far off, on which side, and how much of the variation is explained."""

from __future__ import annotations

import math

import numpy as np

from milepost.ground.text import counted
from milepost.metrics.answers import Answers
from milepost.metrics.losses import row_losses
from milepost.metrics.reading import Reading, Settings, mean_reading, nothing
from milepost.stats.explained import explained, explained_interval
from milepost.stats.intervals import Interval
from milepost.stats.quantiles import quantile_interval


def rmse(answers: Answers, settings: Settings) -> Reading:
    """Return the square root of the mean squared error."""
    squares = mean_reading(_losses("squared", answers), answers.clusters, settings)

    def interval() -> Interval:
        inner = squares.interval()
        return Interval(math.sqrt(inner.lo), math.sqrt(inner.hi), inner.level)

    return Reading(math.sqrt(squares.value or 0.0), interval, f"square root of the: {squares.method}", why=squares.why)


def mae(answers: Answers, settings: Settings) -> Reading:
    """Return the mean absolute error."""
    return mean_reading(_losses("absolute", answers), answers.clusters, settings)


def median_ae(answers: Answers, settings: Settings) -> Reading:
    """Return the median absolute error: half of the rows are closer."""
    errors = _losses("absolute", answers)
    return Reading(
        float(np.median(errors)),
        lambda: quantile_interval(errors, 0.5, clusters=answers.clusters, level=settings.level),
        "Woodruff's interval of a median, for any distribution",
    )


def mape(answers: Answers, settings: Settings) -> Reading:
    """Return the mean absolute error as a share of the truth's size."""
    zeros = int((answers.truth == 0).sum())
    if zeros:
        return nothing(f"The truth is 0 in {counted(zeros, 'row')}, and no error is a share of 0.")
    return mean_reading(_losses("absolute", answers) / np.abs(answers.truth), answers.clusters, settings)


def r2(answers: Answers, settings: Settings) -> Reading:
    """Return the share of the variation of the truth that the predictions explain; below 0 a constant is better."""
    truth, prediction = answers.truth, answers.prediction
    value = explained(truth, prediction)
    if value is None:
        return nothing("The truth is the same in all rows, so there is no variation to explain.")
    return Reading(
        value,
        lambda: explained_interval(truth, prediction, clusters=answers.clusters, level=settings.level),
        "t interval of what is left unexplained, bent by the skewness (Hall)",
    )


def bias(answers: Answers, settings: Settings) -> Reading:
    """Return the mean of prediction minus truth."""
    return mean_reading(answers.prediction - answers.truth, answers.clusters, settings, positive=False)


def quantile_loss(answers: Answers, settings: Settings) -> Reading:
    """Return the mean quantile loss at the quantile of the settings."""
    return mean_reading(_losses(f"quantile:{settings.quantile!r}", answers), answers.clusters, settings)


def _losses(loss: str, answers: Answers) -> np.ndarray:
    return row_losses(loss, "regression", answers.truth, answers.prediction)
