"""Success criteria: a metric, a side, a threshold; and which of them cannot all hold.

"accuracy" and ">= 0.80"  ->  Criterion(metric="accuracy", sense=">=", threshold=0.8)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from milepost.ground.errors import MilepostError
from milepost.metrics.names import METRIC_NAMES, MetricName, metric_name
from milepost.problem.written import SMALLEST_PERCENT, shown

Sense = Literal[">=", "<=", ">", "<"]

_SENSES = {">=": ">=", "≥": ">=", "=>": ">=", "<=": "<=", "≤": "<=", "=<": "<=", ">": ">", "<": "<"}
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)?(?:\.\d+)?(?:[eE][+-]?\d+)?"
_WRITTEN = re.compile(rf"\s*([<>=≥≤](?:\s*[<>=])?)\s*({_NUMBER})\s*(%?)\s*", re.ASCII)
_ANY_NUMBER = re.compile(r"[+-]?\d[\d,_]*(?:\.\d+)?\s*%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One bound that the model must keep.

    Attributes:
        metric: a name of milepost.metrics.names.
        sense: on which side of the threshold success lies.
        threshold: in the metric's unit; shares are 0..1.
    """

    metric: str
    sense: Sense
    threshold: float

    @classmethod
    def parse(cls, metric: str, bound: object, *, where: str) -> Criterion:
        """Return the criterion that a line of [success] says.

        Args:
            metric: its name or another common spelling ("auc").
            bound: what stands after the equals sign, such as ">= 0.80". A percentage is understood for metrics that
                are shares or lie in 0..1, and kept as the share.
            where: place of the line.

        Raises:
            UnknownNameError: no metric is called so.
            MilepostError: the bound is not understood, or the metric can never be there.

        >>> Criterion.parse("accuracy", ">= 80%", where="here").text
        'accuracy >= 0.80'
        """
        known = metric_name(metric, where=where)
        match = _WRITTEN.fullmatch(bound) if isinstance(bound, str) else None
        sense = _SENSES.get(re.sub(r"\s", "", match[1])) if match else None
        if match is None or sense is None or not any(letter.isdigit() for letter in match[2]):
            raise _not_understood(known, bound, where)
        number = Decimal(match[2].replace(",", "").replace("_", ""))
        if match[3] and not _takes_percent(known):
            raise _no_percentage(known, bound, where)
        found = cls(known.name, cast(Sense, sense), float(number / 100 if match[3] else number))
        if not known.lowest <= found.threshold <= known.highest:
            raise _out_of_range(known, bound, found, where)
        if not found._reachable():
            raise _impossible(known, bound, where)
        return found

    @property
    def bound(self) -> str:
        """Return what a problem file writes behind the metric: ">= 0.80"."""
        return f"{self.sense} {_digits(self.threshold, METRIC_NAMES.get(self.metric))}"

    @property
    def text(self) -> str:
        """Return the criterion as people read it: "accuracy >= 0.80"."""
        return f"{self.metric} {self.bound}"

    @property
    def is_lower_bound(self) -> bool:
        return self.sense in (">=", ">")

    def holds(self, value: float) -> bool:
        """Return whether value is on the good side; never for NaN."""
        match self.sense:
            case ">=":
                return value >= self.threshold
            case "<=":
                return value <= self.threshold
            case ">":
                return value > self.threshold
            case "<":
                return value < self.threshold

    def _reachable(self) -> bool:
        known = METRIC_NAMES[self.metric]
        best = known.highest if self.is_lower_bound else known.lowest
        return self.holds(best)


def contradiction(criteria: Sequence[Criterion]) -> str | None:
    """Return one sentence on two criteria of one metric that cannot both hold, or say the same; None if all can."""
    for position, first in enumerate(criteria):
        for second in criteria[position + 1 :]:
            if first.metric != second.metric:
                continue
            if first.is_lower_bound == second.is_lower_bound:
                return f"{first.text} and {second.text} bound {first.metric} twice on one side."
            if not _both_can_hold(first, second):
                return f"{first.text} and {second.text} can never both hold."
    return None


def _both_can_hold(first: Criterion, second: Criterion) -> bool:
    lower, upper = (first, second) if first.is_lower_bound else (second, first)
    if lower.threshold == upper.threshold:
        return lower.sense == ">=" and upper.sense == "<="
    return lower.threshold < upper.threshold


def _takes_percent(known: MetricName) -> bool:
    return known.unit == "share" or (known.lowest, known.highest) == (0, 1)


def _digits(threshold: float, known: MetricName | None) -> str:
    """Return the shortest exact digits, at least two decimals for what lies in 0..1."""
    text = repr(float(threshold))
    if "e" in text or "n" in text:
        return text
    whole, _, decimals = text.partition(".")
    if known is not None and (known.highest <= 1 or known.unit == "share"):
        return f"{whole}.{decimals.ljust(2, '0')}"
    return whole if decimals == "0" else text


def _suggestion(known: MetricName, bound: object) -> str:
    """Return the line that was probably meant, from the first number found in bound."""
    sense = "<=" if known.higher_is_better is False else ">="
    text = str(bound)
    if isinstance(bound, str):
        low = text.casefold()
        if any(sign in low for sign in ("<", "≤", "at most", "below", "under", "less than", "max")):
            sense = "<="
        elif any(sign in low for sign in (">", "≥", "at least", "above", "over", "more than", "min")):
            sense = ">="
    number = _ANY_NUMBER.search(text)
    value = 0.8 if known.highest <= 1 else 1000.0
    if number and not isinstance(bound, bool):
        value = float(number[0].rstrip("% ").replace(",", "").replace("_", ""))
        if known.highest == 1 and value > 1 and value / 100 <= 1:
            value /= 100
    if not known.lowest <= value <= known.highest:
        value = 0.8
    return f'{known.name} = "{sense} {_digits(value, known)}"'


def _not_understood(known: MetricName, bound: object, where: str) -> MilepostError:
    is_number = isinstance(bound, int | float) and not isinstance(bound, bool)
    why = "a bare number, which does not say on which side success lies" if is_number else "no bound"
    return MilepostError(
        f"{known.name} is {shown(bound)}: {why}.",
        where=where,
        fix=f"Write {_suggestion(known, bound)}; allowed are >=, <=, > and < with a number, "
        f"and a list of two such texts for both sides.",
    )


def _no_percentage(known: MetricName, bound: object, where: str) -> MilepostError:
    says = {"target": "the target's own unit", "money": "money", "nats": "nats"}.get(known.unit, "a plain number")
    other = " A percentage fits mape." if known.unit == "target" else ""
    return MilepostError(
        f"{known.name} is {shown(bound)}, a percentage; {known.name} is measured in {says}.",
        where=where,
        fix=f"Write {known.name} as {says} without the % sign.{other}",
    )


def _out_of_range(known: MetricName, bound: object, found: Criterion, where: str) -> MilepostError:
    said = f"{known.name} is {shown(bound)}, but {known.name} is always {_range(known)}."
    if known.highest == 1 and SMALLEST_PERCENT <= found.threshold <= 100:
        meant = Criterion(known.name, found.sense, float(Decimal(repr(found.threshold)) / 100))
        return MilepostError(said, where=where, fix=f'Did you mean {known.name} = "{meant.bound}"?')
    return MilepostError(said, where=where, fix=f"Write a number {_range(known)}.")


def _impossible(known: MetricName, bound: object, where: str) -> MilepostError:
    return MilepostError(
        f"{known.name} is {shown(bound)}, which nothing can reach: {known.name} is always {_range(known)}.",
        where=where,
        fix=f"Write a bound that can be reached, such as {_suggestion(known, None)}.",
    )


def _range(known: MetricName) -> str:
    lowest, highest = (_digits(end, None) for end in (known.lowest, known.highest))
    if lowest == "-inf":
        return f"{highest} or less"
    return f"{lowest} or more" if highest == "inf" else f"between {lowest} and {highest}"
