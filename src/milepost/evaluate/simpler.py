"""A simpler model that does better on the test rows than the bundle does: by how much, and whether it may be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from milepost.ground.text import counted, figure, share
from milepost.metrics.answers import Answers
from milepost.metrics.losses import row_losses
from milepost.metrics.measure import Measured
from milepost.metrics.money import PER_ROWS
from milepost.metrics.names import METRIC_NAMES
from milepost.stats.paired import Gain, paired_gain
from milepost.stats.spread import FEWEST_UNITS

_NAMES = {"dummy": "the same answer for every row", "rule": "today's rule", "linear": "a plain linear model"}
_TRADED = ("precision", "recall", "specificity")  # one is had for the other, so more of one alone is not better


def simpler_is_better(
    metrics: Sequence[str],
    measures: Mapping[str, Measured],
    beside: Mapping[str, Mapping[str, Measured]],
    answers: Answers,
    baselines: Mapping[str, Answers],
    *,
    level: float,
    quantile: float = 0.5,
    currency: str = "",
) -> tuple[str, ...]:
    """Return a sentence for each metric in which a simpler model does better on the same rows than the bundle.

    The difference has an interval, from the rows' differences, where the metric is a mean over rows; else the two
    intervals are compared. Precision, recall and specificity are told only where the simpler model is worse in none of
    the metrics.

    Args:
        metrics: what counts: those of the criteria, and money.
        measures: of the bundle, by metric.
        beside: of each simpler model, by rung and metric.
        answers: of the bundle.
        baselines: of each simpler model to the same rows.
        level: of the intervals; that of a difference is higher, as the best of several simpler models is told.
        quantile: which one "quantile_loss" judges, 0..1.
        currency: of money.
    """
    said = []
    level_of_best = 1 - (1 - level) / max(1, len(beside))
    for metric in metrics:
        leads = {rung: _lead(metric, measures, theirs) for rung, theirs in beside.items()}
        better = [rung for rung, lead in leads.items() if lead > 0 and _counts(metric, metrics, measures, beside[rung])]
        if better:
            best = max(better, key=leads.__getitem__)
            ours, theirs = measures[metric], beside[best][metric]
            costs = [_costs(metric, given, quantile) for given in (answers, baselines[best])]
            gain = _gain(costs[0], costs[1], answers.clusters, level_of_best)
            said.append(_sentence(metric, best, ours, theirs, currency) + _doubt(metric, ours, theirs, gain, currency))
    return tuple(said)


def _lead(metric: str, measures: Mapping[str, Measured], theirs: Mapping[str, Measured]) -> float:
    """Return how much better the simpler model is, in the metric's unit; 0 where neither direction is good."""
    ours, other, direction = measures[metric].value, theirs[metric].value, METRIC_NAMES[metric].higher_is_better
    if ours is None or other is None or direction is None:
        return 0.0
    return other - ours if direction else ours - other


def _counts(
    metric: str, metrics: Sequence[str], measures: Mapping[str, Measured], theirs: Mapping[str, Measured]
) -> bool:
    return metric not in _TRADED or all(_lead(other, measures, theirs) >= 0 for other in metrics)


def _sentence(metric: str, rung: str, ours: Measured, theirs: Measured, currency: str) -> str:
    """Return the sentence without its end, which says how sure that is."""
    values = [_written(metric, one.value or 0.0) for one in (theirs, ours)]
    return (
        f"On these rows {_NAMES.get(rung, rung)} does better: "
        f"{METRIC_NAMES[metric].title} {values[0]} against {values[1]}{_money(metric, currency)}"
    )


def _doubt(metric: str, ours: Measured, theirs: Measured, gain: Gain | None, currency: str) -> str:
    """Return the end of the sentence, and whether the lead may be chance."""
    if ours.interval is None or theirs.interval is None:
        fewest = min(one.denominator for one in (ours, theirs) if one.interval is None)
        return f" ({counted(fewest, 'row')}; too few to say whether that is chance)."
    if gain is None or gain.units < FEWEST_UNITS:
        apart = max(ours.interval.lo, theirs.interval.lo) > min(ours.interval.hi, theirs.interval.hi)
        return ". The two intervals do not overlap." if apart else "; the intervals overlap: that may be chance."
    mean, lo, hi = (_points(metric, edge) for edge in (gain.mean, gain.lo, gain.hi))
    unit = " points" if METRIC_NAMES[metric].unit == "share" else _money(metric, currency)
    return (
        f". The difference is {mean}{unit}, and with {figure(100 * gain.level, digits=4)} % confidence between {lo} "
        f"and {hi}{': that may be chance.' if gain.lo <= 0 else ': that is hardly chance.'}"
    )


def _gain(ours: np.ndarray | None, theirs: np.ndarray | None, clusters: np.ndarray | None, level: float) -> Gain | None:
    """Return how much less the simpler model costs per row; None where the metric is no mean over rows."""
    if ours is None or theirs is None:
        return None
    counts = np.isfinite(ours) & np.isfinite(theirs)
    if not counts.any():
        return None
    return paired_gain(
        ours[counts], theirs[counts], clusters=None if clusters is None else clusters[counts], level=level
    )


def _costs(metric: str, given: Answers, quantile: float) -> np.ndarray | None:
    """Return what each row adds to the metric, less is better, NaN where it does not count; None if it is no mean."""
    truth, decision = given.truth, given.decision
    one_side = {"recall": 1, "specificity": 0}.get(metric)
    if metric == "accuracy":
        return np.asarray(decision != truth, dtype=np.float64)
    if one_side is not None and given.task == "binary":
        return np.where(truth == one_side, (decision != truth).astype(np.float64), np.nan)
    if metric in ("value", "value_per_row") and given.value is not None:
        return np.asarray(-given.value * (PER_ROWS if metric == "value" else 1))
    loss = {"log_loss": "log", "brier": "squared", "mae": "absolute", "mape": "absolute"}.get(metric)
    loss = f"quantile:{quantile!r}" if metric == "quantile_loss" else loss
    if loss is None:
        return None
    losses = row_losses(loss, given.task, truth, given.prediction)
    return losses / np.abs(truth) if metric == "mape" else losses


def _written(metric: str, value: float) -> str:
    return share(value) if METRIC_NAMES[metric].unit == "share" else figure(value, digits=4)


def _points(metric: str, value: float) -> str:
    return figure(100 * value) if METRIC_NAMES[metric].unit == "share" else figure(value)


def _money(metric: str, currency: str) -> str:
    return f" {currency}" if currency and METRIC_NAMES[metric].unit == "money" else ""
