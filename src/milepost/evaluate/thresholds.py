"""Where to act: the threshold with the most money among those that meet every criterion out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from milepost.evaluate.value import Stakes
from milepost.ground.text import figure
from milepost.problem.criteria import Criterion

MOST_CANDIDATES = 2000
DRAWN = 200


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """One threshold and what it would bring, on development rows out of fold.

    Attributes:
        at: act where P(positive) >= at.
        role: why this row is shown ("chosen", "most money", "accuracy >= 0.80 just met", "0.5").
        figures: metric name -> value.
        value_per_row: money per row; None where no value is declared.
        meets: for each criterion in the contract's order whether it holds; None where no threshold changes it.
    """

    at: float
    role: str
    figures: dict[str, float]
    value_per_row: float | None
    meets: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """The threshold and why.

    Attributes:
        at: act where P(positive) >= at.
        meets_all: whether some threshold meets every criterion out of fold.
        says: the reason with its numbers.
        rows: the table of notable thresholds; where criteria collide it shows what each would cost.
        curve_at, curve_value, curve_figures: thresholds in 0..1 and what each would bring, for drawing.
    """

    at: float
    meets_all: bool
    says: str
    rows: tuple[ThresholdRow, ...]
    curve_at: tuple[float, ...]
    curve_value: tuple[float, ...]
    curve_figures: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Every candidate threshold at once; each array has shape (candidates,).

    Attributes:
        at: thresholds, falling.
        figures: metric name -> its value at each threshold.
        value: money per row; None where no value is declared.
    """

    at: np.ndarray
    figures: dict[str, np.ndarray]
    value: np.ndarray | None

    @property
    def objective(self) -> np.ndarray:
        """Return what is most wanted: money, or accuracy where no money is declared."""
        return self.figures["accuracy"] if self.value is None else self.value


def choose_threshold(
    probability: np.ndarray,
    truth: np.ndarray,
    *,
    criteria: Sequence[Criterion],
    stakes: Stakes | None,
    most_positives: float | None = None,
    currency: str = "",
) -> ThresholdChoice:
    """Return the threshold with the most money among those that meet every criterion that depends on it.

    Where none meets them all, it is the one with the most money, and the rows show what each criterion would cost.
    Without declared money, the threshold that clears the criteria by the most is chosen; without criteria too,
    the one with the highest accuracy.

    Args:
        probability: out-of-fold P(positive), shape (rows,).
        truth: 0 or 1, shape (rows,).
        criteria: the contract's; those that no threshold changes (roc_auc) are passed over.
        stakes: money of each cell for each row; None where no value is declared.
        most_positives: largest share of rows that can be acted on; None where there is no limit.
        currency: for the sentence.
    """
    sweep = _sweep(probability, truth, stakes)
    meets = [_met(criterion, sweep) for criterion in criteria]
    allowed = np.ones(len(sweep.at), dtype=bool)
    if most_positives is not None:
        allowed &= sweep.figures["positive_rate"] <= most_positives
    depends = [met for met in meets if met is not None]
    moved = [criterion for criterion, met in zip(criteria, meets, strict=True) if met is not None]
    all_met = np.logical_and.reduce([allowed, *depends]) if depends else allowed
    meets_all = bool(all_met.any())
    wanted = sweep.objective if sweep.value is not None or not depends else _clearance(criteria, sweep)
    chosen = _best(wanted, all_met if meets_all else allowed)
    rows = _notable(chosen, sweep, criteria, meets, allowed)
    drawn = _drawn(sweep)
    return ThresholdChoice(
        at=float(sweep.at[chosen]),
        meets_all=meets_all,
        says=_sentence(rows[0], moved, meets_all, currency, sweep.value is not None),
        rows=tuple(rows),
        curve_at=tuple(sweep.at[drawn].tolist()),
        curve_value=() if sweep.value is None else tuple(sweep.value[drawn].tolist()),
        curve_figures={name: tuple(values[drawn].tolist()) for name, values in sweep.figures.items()},
    )


def _sweep(probability: np.ndarray, truth: np.ndarray, stakes: Stakes | None) -> _Sweep:
    """Return every figure at every candidate, from one sort and cumulative sums."""
    order = np.argsort(-probability, kind="stable")
    p, y = probability[order], truth[order].astype(float)
    last = np.append(np.nonzero(np.diff(p))[0], len(p) - 1)  # last row of each run of equal probabilities
    if len(last) > MOST_CANDIDATES:
        last = last[np.linspace(0, len(last) - 1, MOST_CANDIDATES).round().astype(int)]
    at = np.append(np.nextafter(p[0], np.inf), p[last])  # the first candidate acts on nobody
    acted = np.append(0, last + 1).astype(float)
    caught = np.append(0.0, np.cumsum(y)[last])
    figures = _figures(caught, acted - caught, y.sum(), len(y))
    return _Sweep(at, figures, _value_curve(order, last, truth, stakes))


def _value_curve(order: np.ndarray, last: np.ndarray, truth: np.ndarray, stakes: Stakes | None) -> np.ndarray | None:
    if stakes is None:
        return None
    waiting = stakes.of_waiting(truth)
    gain_of_acting = np.cumsum((stakes.of_acting(truth) - waiting)[order])
    return np.asarray((waiting.sum() + np.append(0.0, gain_of_acting[last])) / len(truth))


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


def _values_of(metric: str, sweep: _Sweep) -> np.ndarray | None:
    if metric in ("value", "value_per_row"):
        scale = 1000.0 if metric == "value" else 1.0
        return None if sweep.value is None else sweep.value * scale
    return sweep.figures.get(metric)


def _met(criterion: Criterion, sweep: _Sweep) -> np.ndarray | None:
    """Return whether the criterion holds at each threshold; None where it does not depend on the threshold."""
    values = _values_of(criterion.metric, sweep)
    return None if values is None else np.array([criterion.holds(value) for value in values])


def _clearance(criteria: Sequence[Criterion], sweep: _Sweep) -> np.ndarray:
    """Return by how much the tightest criterion is cleared at each threshold."""
    margins = []
    for criterion in criteria:
        values = _values_of(criterion.metric, sweep)
        if values is not None:
            sign = 1.0 if criterion.sense.startswith(">") else -1.0
            margins.append(sign * (np.nan_to_num(values, nan=0.0) - criterion.threshold))
    return np.asarray(np.min(margins, axis=0))


def _best(wanted: np.ndarray, allowed: np.ndarray) -> int:
    return int(np.argmax(np.where(allowed, wanted, -np.inf)))


def _notable(
    chosen: int, sweep: _Sweep, criteria: Sequence[Criterion], meets: Sequence[np.ndarray | None], allowed: np.ndarray
) -> list[ThresholdRow]:
    """Return the chosen threshold, the best without criteria, for each criterion the best of the others, and 0.5."""
    places = [(chosen, "chosen")]
    places.append((_best(sweep.objective, allowed), "most money" if sweep.value is not None else "highest accuracy"))
    for criterion, met in zip(criteria, meets, strict=True):
        if met is not None and met.any():
            others = [
                other for other in criteria if other is not criterion and _values_of(other.metric, sweep) is not None
            ]
            wanted = _clearance(others, sweep) if others else sweep.objective
            places.append((_best(wanted, met), f"best with {criterion.text}"))
    places.append((int(np.argmin(np.abs(sweep.at - 0.5))), "0.5"))
    rows: dict[int, ThresholdRow] = {}
    for place, role in places:
        if place in rows:
            continue
        figures = {name: float(values[place]) for name, values in sweep.figures.items()}
        value = None if sweep.value is None else float(sweep.value[place])
        here = tuple(None if met is None else bool(met[place]) for met in meets)
        rows[place] = ThresholdRow(float(sweep.at[place]), role, figures, value, here)
    return list(rows.values())


def _drawn(sweep: _Sweep) -> np.ndarray:
    return np.unique(np.linspace(0, len(sweep.at) - 1, DRAWN).round().astype(int))


def _sentence(chosen: ThresholdRow, moved: Sequence[Criterion], meets_all: bool, currency: str, has_value: bool) -> str:
    act = f"Act where the probability is at least {figure(chosen.at)}"
    worth = f", worth {figure(1000 * (chosen.value_per_row or 0))} {currency} per 1,000 rows" if has_value else ""
    if not moved:
        best = "the most money" if has_value else "the highest accuracy"
        return f"{act}: it brings {best} out of fold{worth}."
    names = " and ".join(criterion.text for criterion in moved)
    if meets_all:
        best = "brings the most money" if has_value else "clears them by the most"
        return f"{act}: of all thresholds that meet {names} out of fold, it {best}{worth}."
    best = "the one with the most money" if has_value else "the one that misses by the least"
    return (
        f"No threshold meets {names} at once out of fold. {act}, {best}{worth}; the table shows what each would cost."
    )
