"""What criteria mean together: which recalls and precisions of a yes-or-no model keep all of them at once.

accuracy >= 0.80 and recall >= 0.60, with 26.5 % positives  ->  precision is at least 0.57
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from milepost.problem.criteria import Criterion

STEPS = 400  # of recall and of specificity
SLACK = 0.02  # by which a criterion may be missed: the share of positives is only known roughly


@dataclass(frozen=True, slots=True)
class Together:
    """What every model that keeps all criteria must reach.

    Attributes:
        possible: whether even a model that errs only where it is allowed to can keep all of them.
        least: metric -> the least value (precision, recall, specificity); empty where impossible.
        most_called: the greatest share of rows that may be called positive.
        least_called: the smallest.
    """

    possible: bool
    least: dict[str, float]
    least_called: float = 0.0
    most_called: float = 1.0


def together(criteria: Sequence[Criterion], positives: float, *, most_called: float | None = None) -> Together:
    """Return what criteria on the decisions of a yes-or-no model mean together.

    Args:
        criteria: of a problem; those that are not about decisions are passed over.
        positives: share of rows that are positive, above 0 and below 1.
        most_called: share of rows that can be acted upon; None where there is no limit.
    """
    figures = _figures(positives)
    kept = _kept(criteria, figures, most_called, slack=0.0)
    if not kept.any():
        return Together(bool(_kept(criteria, figures, most_called, slack=SLACK).any()), {})
    called = figures["positive_rate"][kept]
    least = {name: float(np.nanmin(figures[name][kept])) for name in ("precision", "recall", "specificity")}
    return Together(True, least, float(called.min()), float(called.max()))


def _figures(positives: float) -> dict[str, np.ndarray]:
    """Return every metric of decisions for each recall and specificity, shape (steps, steps)."""
    ends = np.linspace(0, 1, STEPS + 1)
    recall, specificity = np.meshgrid(ends, ends, indexing="ij")
    right, wrong = positives * recall, (1 - positives) * (1 - specificity)
    called = right + wrong
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = right / called
        spread = np.sqrt(called * (1 - called) * positives * (1 - positives))
        mcc = np.where(spread > 0, (right - positives * called) / spread, 0.0)
    return {
        "accuracy": right + (1 - positives) * specificity,
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": precision,
        "recall": recall,
        "specificity": specificity,
        "f1": 2 * right / (positives + called),
        "mcc": mcc,
        "positive_rate": called,
    }


def _kept(
    criteria: Sequence[Criterion], figures: dict[str, np.ndarray], most_called: float | None, *, slack: float
) -> np.ndarray:
    """Return for which recalls and specificities all criteria hold, give or take slack."""
    kept = np.ones((STEPS + 1, STEPS + 1), dtype=bool)
    for criterion in criteria:
        values = figures.get(criterion.metric)
        if values is None:
            continue
        eased = slack + 1e-9  # the sums behind a corner such as accuracy 1 are rounded
        bound = criterion.threshold
        kept &= values >= bound - eased if criterion.is_lower_bound else values <= bound + eased
    if most_called is not None:
        kept &= figures["positive_rate"] <= most_called + slack
    return kept
