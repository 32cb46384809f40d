"""How many rows a criterion needs to be verified, before there is a model.

The interval of n rows lies wholly beyond the threshold with 80 % chance if the true value is beyond it by
(1.96 spread(threshold) + 0.84 spread(value)) / sqrt(n), where spread is the metric's standard deviation per row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from milepost.metrics.answers import Task
from milepost.stats.intervals import normal_quantile, wilson
from milepost.stats.sample_size import chance_to_tell, proportion_rows_needed
from milepost.stats.spread import spread as pulls_spread

LEVEL, POWER = 0.95, 0.80
ALIKE = 1.2  # rows for one independent row; less is as good as none
FEWEST = 10  # events, non-events, and rows in a denominator: with fewer no interval is shown


@dataclass(frozen=True, slots=True)
class Population:
    """What is known of the rows before there is a model, from development rows.

    Attributes:
        task: which kind of target.
        shares: of the classes in index order (binary: negative, positive); empty for regression.
        called: share of rows that a model is expected to call positive; binary only.
        scatter: how much a row's loss scatters as a multiple of its mean, by metric.
        money: standard deviation of what one decision brings.
        sizes: standard deviation of the target; regression only.
        alike: how many rows tell as much as one independent row, 1 or more: rows of one group or time are alike.
    """

    task: Task
    shares: tuple[float, ...] = ()
    called: float = 0.5
    scatter: dict[str, float] | None = None
    money: float = 0.0
    sizes: float = 0.0
    alike: float = 1.0

    @property
    def positives(self) -> float:
        """Return the share of positives; binary only."""
        return self.shares[1]


# ---- shares: exact, by the binomial


def denominator(metric: str, population: Population) -> float | None:
    """Return which share of the rows a proportion is a proportion of; None where the metric is no proportion."""
    if metric == "accuracy":
        return 1.0
    if population.task != "binary":
        return None
    of: dict[str, float] = {
        "positive_rate": 1.0,
        "recall": population.positives,
        "specificity": 1 - population.positives,
        "precision": population.called,
    }
    return of.get(metric)


def rows_needed(metric: str, value: float, threshold: float, population: Population) -> int | None:
    """Return how many rows verify with 80 % chance that a metric whose true value is value lies beyond a threshold.

    Args:
        metric: its name.
        value: the true value that is hoped for.
        threshold: of the criterion.
        population: the rows that will come.

    Returns:
        Rows of the table (not of the denominator); None where no number suffices or none can be told.
    """
    share = denominator(metric, population)
    if share is not None:
        needed = proportion_rows_needed(value, threshold, power=POWER, level=LEVEL) if 0 <= value <= 1 else None
        return None if needed is None or share <= 0 else _at_least(needed * population.alike / share, population)
    here, there = spread(metric, threshold, population), spread(metric, value, population)
    if here is None or there is None or value == threshold:
        return None
    reach = normal_quantile(LEVEL) * here + float(special.ndtri(POWER)) * there
    return _at_least(population.alike * (reach / (value - threshold)) ** 2, population)


def _at_least(rows: float, population: Population) -> int:
    return max(math.ceil(rows), fewest_rows(population))


def fewest_rows(population: Population) -> int:
    """Return how many rows are expected to hold ten of the rarer answers and ten of the others."""
    if population.task == "regression" or not population.shares:
        return FEWEST
    rarer = 1 - max(population.shares) if population.task == "multiclass" else min(population.shares)
    return math.ceil(FEWEST / max(min(rarer, 1 - rarer), 1e-9))


def tellable(metric: str, threshold: float, best: float, rows: int, population: Population) -> float | None:
    """Return from which true value on so many rows verify with 80 % chance that it lies beyond the threshold.

    Args:
        metric: its name.
        threshold: of the criterion.
        best: the end of the metric on the criterion's good side.
        rows: of the table.
        population: the rows that will come.

    Returns:
        A value between threshold and best; None where even the best is not enough.
    """
    if rows < fewest_rows(population):
        return None
    share, counted = denominator(metric, population), 0
    if share is not None:
        counted = int(rows * share / population.alike)
        if counted < FEWEST:
            return None

    def enough(value: float) -> bool:
        if share is not None:
            return chance_to_tell(value, threshold, counted, level=LEVEL) >= POWER
        needed = rows_needed(metric, value, threshold, population)
        return needed is not None and needed <= rows

    if not enough(best):
        return None
    near, far = threshold, best
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (near, middle) if enough(middle) else (middle, far)
    return far


def at_least(metric: str, value: float, rows: int, population: Population, *, higher: bool) -> float | None:
    """Return what a measured value truly is at least, or at most: the cautious end of its interval, roughly.

    Args:
        metric: its name.
        value: as measured.
        rows: of the table on which it was measured.
        population: these rows.
        higher: whether higher is better, so that the lower end is the cautious one.

    Returns:
        A value; None where too few rows were measured, or nothing can be said of their spread.
    """
    share = denominator(metric, population)
    if share is not None:
        trials = rows * share / population.alike
        if trials < FEWEST:
            return None
        interval = wilson(value * trials, trials, level=LEVEL)
        return interval.lo if higher else interval.hi
    per_row = spread(metric, value, population)
    if per_row is None or rows < fewest_rows(population):
        return None
    margin = normal_quantile(LEVEL) * per_row * math.sqrt(population.alike / rows)
    return value - margin if higher else value + margin


# ---- the others: a standard deviation per row


def spread(metric: str, value: float, population: Population) -> float | None:
    """Return a metric's standard deviation per row at a value, roughly; None where nothing can be said beforehand.

    Source: roc_auc: Hanley and McNeil 1982. average_precision: the binomial of the positives (Boyd, Eng and Page
    2013). f1: the share that is both among the rows that are or are called positive. Means of losses: their scatter.
    """
    if population.task == "regression":
        return _of_numbers(metric, value, population)
    if metric in ("value", "value_per_row"):
        return population.money * (1000.0 if metric == "value" else 1.0) or None
    if metric in ("log_loss", "brier"):
        return value * (population.scatter or {}).get(metric, 1.0)
    if metric == "calibration_error":
        # the gaps of ten bins are as wide as chance makes them
        rarest = 1 - max(population.shares)
        return math.sqrt(rarest * (1 - rarest)) * math.sqrt(10) / (normal_quantile(LEVEL) + float(special.ndtri(POWER)))
    if metric == "mcc":
        return max(1 - value**2, 0.05) * math.sqrt(
            0.25 / max(1 - max(population.shares), 1e-9) / max(population.shares)
        )
    return _of_each_class(metric, min(max(value, 0.0), 1.0), population)


def _of_each_class(metric: str, value: float, population: Population) -> float | None:
    """Return the spread of a metric that is taken for each class, or for the positive one."""
    shares = population.shares[1:] if population.task == "binary" else population.shares
    shares = tuple(share for share in shares if share > 0)
    if metric == "balanced_accuracy" or (population.task == "multiclass" and metric in ("recall", "precision")):
        sides = [share for share in population.shares if share > 0]
        return math.sqrt(value * (1 - value) * sum(1 / share for share in sides)) / len(sides)
    of: dict[str, Callable[[float, float], float]] = {
        "roc_auc": _auc_variance,
        "average_precision": lambda value, share: value * (1 - value) / share,
        "f1": _f1_variance,
    }
    if metric not in of:
        return None
    return math.sqrt(sum(of[metric](value, share) for share in shares)) / len(shares)


def _auc_variance(auc: float, share: float) -> float:
    """Return the variance per row of the area under the ROC curve, for exponential scores."""
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return (one - auc**2) / (1 - share) + (two - auc**2) / share if share < 1 else (two - auc**2) / share


def _f1_variance(f1: float, share: float) -> float:
    """Return the variance per row of F1 where precision and recall are alike."""
    both, either = f1 / (2 - f1), min(share * (2 - f1), 1.0)
    return (2 / (1 + both) ** 2) ** 2 * both * (1 - both) / either


def _of_numbers(metric: str, value: float, population: Population) -> float | None:
    if metric in ("value", "value_per_row"):
        return population.money * (1000.0 if metric == "value" else 1.0) or None
    scatter = population.scatter or {}
    if metric == "bias":
        return population.sizes or None
    if metric == "r2":
        return (1 - value) * scatter["rmse"]
    if metric == "rmse":
        return value * scatter["rmse"] / 2
    return value * scatter[metric] if metric in scatter else None


def losses_of_nothing(truth: np.ndarray, task: Task) -> np.ndarray:
    """Return the loss of each row where the middle or most common answer is always given, shape (rows,)."""
    if task == "regression":
        return np.asarray(np.abs(truth - np.median(truth)))
    return np.asarray(truth != np.bincount(truth).argmax(), dtype=float)


def alike_rows(losses: np.ndarray, clusters: np.ndarray | None) -> float:
    """Return how many rows tell as much as one independent row: the design effect of the mean loss, 1 or more.

    Args:
        losses: of answering without a model, shape (rows,). A model explains some of what rows of one cluster share,
            so this is rather too many than too few.
        clusters: unit of each row; None = independent rows.
    """
    if clusters is None or len(losses) < 2 or losses.min() == losses.max():
        return 1.0
    pulls = (losses - losses.mean()) / len(losses)
    together, alone = pulls_spread(pulls, clusters), pulls_spread(pulls)
    if together.units < 2:
        return float(len(losses))
    rows = (together.error / alone.error) ** 2
    return rows if rows >= ALIKE else 1.0


def scatter_of_numbers(truth: np.ndarray) -> dict[str, float]:
    """Return how much a row's loss scatters as a multiple of its mean, judged by the errors of always the median.

    Errors of a model scatter much like those around the median: in units of their size.
    """
    off = np.abs(truth - np.median(truth))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(truth - np.median(truth)) / np.abs(truth)
    found = {
        "mae": _scatter(off),
        "rmse": _scatter(off**2),
        "median_ae": 1.2,  # of a half-normal distribution: 0.5 / density at its median, over its median
        "quantile_loss": _scatter(off),
    }
    return found | ({"mape": _scatter(relative)} if np.isfinite(relative).all() else {})


def scatter_of_classes(shares: tuple[float, ...]) -> dict[str, float]:
    """Return how much log loss and Brier score scatter over the rows, judged by always answering the shares."""
    known = np.array([share for share in shares if share > 0])
    log = -np.log(known)
    squared = 1 - 2 * known + float(known @ known)
    found = {}
    for name, losses, least in (("log_loss", log, 1.1), ("brier", squared, 1.4)):
        mean = float(known @ losses)
        found[name] = max(math.sqrt(float(known @ (losses - mean) ** 2)) / mean, least)
    return found


def _scatter(losses: np.ndarray) -> float:
    mean = float(losses.mean())
    return float(losses.std()) / mean if mean > 0 else 1.0
