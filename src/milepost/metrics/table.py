"""The table of metrics: each name with the function that reads it off some answers."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.metrics import decisions, money, numbers, probabilities
from milepost.metrics.names import METRIC_NAMES, MetricName, metric_name
from milepost.metrics.reading import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric(MetricName):
    """A metric that can be measured.

    Attributes:
        read: gives value, denominator and interval for some answers.
    """

    read: Read


_READ: dict[str, Read] = {
    "accuracy": decisions.accuracy,
    "balanced_accuracy": decisions.balanced_accuracy,
    "precision": decisions.precision,
    "recall": decisions.recall,
    "specificity": decisions.specificity,
    "f1": decisions.f1,
    "mcc": decisions.mcc,
    "positive_rate": decisions.positive_rate,
    "roc_auc": probabilities.roc_auc,
    "average_precision": probabilities.average_precision,
    "log_loss": probabilities.log_loss,
    "brier": probabilities.brier,
    "calibration_error": probabilities.calibration_error,
    "value": money.value,
    "value_per_row": money.value_per_row,
    "rmse": numbers.rmse,
    "mae": numbers.mae,
    "median_ae": numbers.median_ae,
    "mape": numbers.mape,
    "r2": numbers.r2,
    "bias": numbers.bias,
    "quantile_loss": numbers.quantile_loss,
}


def _joined(promise: MetricName, read: Read) -> Metric:
    return Metric(
        promise.name,
        promise.title,
        promise.tasks,
        promise.higher_is_better,
        promise.unit,
        promise.lowest,
        promise.highest,
        promise.needs,
        promise.also,
        read=read,
    )


METRICS: dict[str, Metric] = {name: _joined(METRIC_NAMES[name], read) for name, read in _READ.items()}


def metric(name: str, *, where: str) -> Metric:
    """Return the metric that name means, in its own or another common spelling.

    Raises:
        UnknownNameError: no metric is called so.

    >>> metric("AUC", where="here").title
    'area under the ROC curve'
    """
    return METRICS[metric_name(name, where=where).name]
