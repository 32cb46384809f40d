"""Every candidate threshold at once: what each would bring, from one sort and cumulative sums."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from milepost.evaluate.value import Stakes
from milepost.problem.criteria import Criterion

MOST_CANDIDATES = 2000
MONEY = ("value", "value_per_row")  # metrics: per 1,000 rows, per row


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What each candidate threshold would bring; each array has shape (candidates,).

    Attributes:
        at: thresholds, falling; the first acts on nobody.
        figures: metric name -> its value at each threshold, NaN where it does not exist.
        value: money per row whose money is known; None where no value is declared or none is known.
    """

    at: np.ndarray
    figures: dict[str, np.ndarray]
    value: np.ndarray | None

    @property
    def objective(self) -> np.ndarray:
        """Return what is most wanted: money, or accuracy where there is no money."""
        return self.figures["accuracy"] if self.value is None else self.value

    def of(self, metric: str) -> np.ndarray | None:
        """Return a metric at each threshold; None where it does not depend on the threshold."""
        if metric in MONEY:
            return None if self.value is None else self.value * (1000.0 if metric == "value" else 1.0)
        return self.figures.get(metric)

    def meets(self, criterion: Criterion) -> np.ndarray | None:
        """Return where a criterion holds, bool; None where it does not depend on the threshold."""
        values = self.of(criterion.metric)
        return None if values is None else np.array([criterion.holds(value) for value in values.tolist()], dtype=bool)

    def clearance(self, criterion: Criterion) -> np.ndarray | None:
        """Return by how much a criterion is cleared, below 0 where it is missed; None where nothing changes it.

        Shares count as they are. Money counts in shares of what the thresholds make of it, from the least to the most,
        so that no currency decides between a criterion of money and one of recall.
        """
        values = self.of(criterion.metric)
        if values is None:
            return None
        sign = 1.0 if criterion.is_lower_bound else -1.0
        margin = np.asarray(sign * (np.nan_to_num(values, nan=0.0) - criterion.threshold))
        return margin / (np.ptp(values) or 1.0) if criterion.metric in MONEY else margin


def sweep(probability: np.ndarray, truth: np.ndarray, stakes: Stakes | None) -> Sweep:
    """Return every figure at every candidate threshold; the order of the rows changes no bit of it.

    Args:
        probability: P(positive), shape (rows,), at least one.
        truth: 0 or 1, shape (rows,).
        stakes: money of each cell for each row; None where no value is declared.
    """
    gain, waiting, known = _money(truth, stakes)
    order = np.lexsort((gain, -probability))  # of equal probabilities the smallest gain first: sums in one order
    p, y = probability[order], truth[order].astype(float)
    last = np.append(np.nonzero(np.diff(p))[0], len(p) - 1)  # last row of each run of equal probabilities
    if len(last) > MOST_CANDIDATES:
        last = last[np.linspace(0, len(last) - 1, MOST_CANDIDATES).round().astype(int)]
    at = np.append(np.nextafter(p[0], np.inf), p[last])
    acted = np.append(0, last + 1).astype(float)
    caught = np.append(0.0, np.cumsum(y)[last])
    gained = np.append(0.0, np.cumsum(gain[order])[last])
    return Sweep(at, _figures(caught, acted - caught, y.sum(), len(y)), (waiting + gained) / known if known else None)


def _money(truth: np.ndarray, stakes: Stakes | None) -> tuple[np.ndarray, float, int]:
    """Return what acting adds for each row, what waiting brings in all, and for how many rows that is known."""
    if stakes is None:
        return np.zeros(len(truth)), 0.0, 0
    known, waiting = stakes.known, stakes.of_waiting(truth)
    gain = np.where(known, stakes.of_acting(truth) - waiting, 0.0)
    return gain, math.fsum(waiting[known].tolist()), int(known.sum())


def _figures(tp: np.ndarray, fp: np.ndarray, positives: float, rows: int) -> dict[str, np.ndarray]:
    negatives = rows - positives
    fn, tn = positives - tp, negatives - fp
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, specificity = tp / positives, tn / negatives
        precision = tp / (tp + fp)
        spread = np.sqrt((tp + fp) * positives * negatives * (tn + fn))
        return {
            "accuracy": (tp + tn) / rows,
            "precision": precision,
            "recall": recall,
            "specificity": specificity,
            "f1": 2 * tp / (2 * tp + fp + fn),
            "balanced_accuracy": (recall + specificity) / 2,
            "mcc": np.where(spread > 0, (tp * tn - fp * fn) / spread, 0.0),
            "positive_rate": (tp + fp) / rows,
        }
