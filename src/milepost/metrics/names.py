"""The names of all metrics and what they promise, readable without numpy: what a problem file may write.

accuracy  title "accuracy"  binary, multiclass  higher is better  share in 0..1  needs the decision
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import Literal

from milepost.ground.errors import UnknownNameError
from milepost.ground.text import nearest

Task = Literal["binary", "multiclass", "regression"]
Unit = Literal["share", "target", "nats", "money", "none"]
Needs = Literal["decision", "prediction", "value"]

ALL: tuple[Task, ...] = ("binary", "multiclass", "regression")
CLASSES: tuple[Task, ...] = ("binary", "multiclass")
NUMBERS: tuple[Task, ...] = ("regression",)


@dataclass(frozen=True, slots=True)
class MetricName:
    """What is known of a metric before anything is measured.

    Attributes:
        name: how problem files, tables and logs call it.
        title: how sentences and charts call it.
        tasks: the tasks that it can judge.
        higher_is_better: the good direction; None where neither is (a rate, a bias).
        unit: "share" is 0..1, "target" the target's own unit, "money" the problem's currency.
        lowest, highest: the values that it can take; -inf and inf where there is no bound.
        needs: what it is computed from beside the truth.
        also: other spellings, lower case, words joined by underscores.
    """

    name: str
    title: str
    tasks: tuple[Task, ...]
    higher_is_better: bool | None
    unit: Unit
    lowest: float
    highest: float
    needs: Needs
    also: tuple[str, ...] = ()


# fmt: off
_ROWS = (
    MetricName("accuracy", "accuracy", CLASSES, True, "share", 0, 1, "decision",
               ("accurate", "acc", "hit_ratio", "share_correct")),
    MetricName("balanced_accuracy", "balanced accuracy", CLASSES, True, "share", 0, 1, "decision",
               ("balanced_acc", "mean_recall", "macro_recall")),
    MetricName("precision", "precision", CLASSES, True, "share", 0, 1, "decision",
               ("ppv", "positive_predictive_value")),
    MetricName("recall", "recall", CLASSES, True, "share", 0, 1, "decision",
               ("sensitivity", "tpr", "true_positive_rate", "hit_rate", "detection_rate")),
    MetricName("specificity", "specificity", ("binary",), True, "share", 0, 1, "decision",
               ("tnr", "true_negative_rate", "selectivity")),
    MetricName("f1", "F1 score", CLASSES, True, "none", 0, 1, "decision",
               ("f1_score", "f_1", "f_score", "f_measure", "f1_measure")),
    MetricName("mcc", "Matthews correlation", CLASSES, True, "none", -1, 1, "decision",
               ("matthews", "matthews_correlation", "matthews_correlation_coefficient", "phi_coefficient")),
    MetricName("positive_rate", "share called positive", ("binary",), None, "share", 0, 1, "decision",
               ("selection_rate", "alert_rate", "predicted_positive_rate")),
    MetricName("roc_auc", "area under the ROC curve", CLASSES, True, "none", 0, 1, "prediction",
               ("auc", "auroc", "auc_roc", "roc", "c_statistic", "c_index", "area_under_the_curve",
                "area_under_the_roc_curve", "area_under_curve")),
    MetricName("average_precision", "average precision", ("binary",), True, "none", 0, 1, "prediction",
               ("pr_auc", "auprc", "auc_pr", "aucpr")),
    MetricName("log_loss", "log loss", CLASSES, False, "nats", 0, inf, "prediction",
               ("logloss", "cross_entropy", "logistic_loss")),
    # the sum of squares over the classes: at most 1 for two classes counted once, at most 2 for several
    MetricName("brier", "Brier score", CLASSES, False, "none", 0, 2, "prediction",
               ("brier_score", "brier_loss")),
    MetricName("calibration_error", "calibration error", CLASSES, False, "share", 0, 1, "prediction",
               ("ece", "expected_calibration_error")),
    MetricName("value", "money per 1,000 rows", ALL, True, "money", -inf, inf, "value",
               ("money", "profit", "total_value")),
    MetricName("value_per_row", "money per row", ALL, True, "money", -inf, inf, "value",
               ("value_per_decision", "profit_per_row")),
    MetricName("rmse", "root mean squared error", NUMBERS, False, "target", 0, inf, "prediction",
               ("root_mean_squared_error", "root_mean_square_error", "rms_error")),
    MetricName("mae", "mean absolute error", NUMBERS, False, "target", 0, inf, "prediction",
               ("mean_absolute_error", "average_absolute_error", "mean_error", "average_error", "avg_error")),
    MetricName("median_ae", "median absolute error", NUMBERS, False, "target", 0, inf, "prediction",
               ("median_absolute_error", "medae", "median_error", "typical_error")),
    MetricName("mape", "mean absolute percentage error", NUMBERS, False, "share", 0, inf, "prediction",
               ("mean_absolute_percentage_error", "mean_absolute_percent_error", "percentage_error",
                "percent_error", "relative_error", "mean_relative_error")),
    MetricName("r2", "share of variance explained (R²)", NUMBERS, True, "none", -inf, 1, "prediction",
               ("r²", "r_2", "r^2", "r_squared", "rsquared", "r2_score", "variance_explained", "explained_variance")),
    MetricName("bias", "mean of prediction minus truth", NUMBERS, None, "target", -inf, inf, "prediction",
               ("mean_bias", "mean_bias_error", "systematic_error")),
    MetricName("quantile_loss", "quantile loss", NUMBERS, False, "target", 0, inf, "prediction",
               ("pinball_loss", "pinball")),
)
# fmt: on

METRIC_NAMES: dict[str, MetricName] = {row.name: row for row in _ROWS}
_BY_SPELLING: dict[str, MetricName] = {spelling: row for row in _ROWS for spelling in (row.name, *row.also)}


def metric_name(text: str, *, where: str) -> MetricName:
    """Return the metric that text names, in its own or another common spelling.

    Raises:
        UnknownNameError: no metric is called so.

    >>> metric_name("AUC", where="here").name, metric_name("Balanced accuracy", where="here").name
    ('roc_auc', 'balanced_accuracy')
    """
    spelling = re.sub(r"[\s_-]+", "_", text.strip()).casefold()
    if spelling in _BY_SPELLING:
        return _BY_SPELLING[spelling]
    names = list(METRIC_NAMES)
    others = [other for other in _BY_SPELLING if other not in METRIC_NAMES]
    by_other = nearest(spelling, names) is None and nearest(spelling, others) is not None
    raise UnknownNameError("metric", text, known=others if by_other else names, where=where)


def metrics_for(task: Task) -> tuple[MetricName, ...]:
    """Return the metrics that can judge a task, in the table's order."""
    return tuple(row for row in _ROWS if task in row.tasks)
