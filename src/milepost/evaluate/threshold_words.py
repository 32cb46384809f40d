"""Why a threshold was chosen, in sentences that promise no more than rows which did not choose it support."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from milepost.ground.text import figure, share
from milepost.metrics.measure import Measured
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion

_PER = {"value": " per 1,000 rows", "value_per_row": " per row"}  # metrics of money: what it is counted by

UNMEASURED = (
    "What it brings to development rows that did not choose it is unknown: too few answers were known when a fold "
    "begins to choose a threshold for it. Only the test rows can tell."
)


def sentences(
    at: float,
    moved: Sequence[tuple[Criterion, bool]],
    figures: Mapping[str, Measured],
    *,
    meets_all: bool,
    has_money: bool,
    currency: str,
    most_positives: float | None = None,
) -> str:
    """Return the reason for a threshold with its numbers.

    Args:
        at: act where P(positive) >= at.
        moved: the criteria that depend on the threshold, each with whether the measured value holds it.
        figures: metric name -> what was measured on rows that did not choose; "value" is money per 1,000 rows.
        meets_all: whether some threshold meets every criterion on all out-of-fold answers.
        has_money: whether money decided.
        currency: of the money.
        most_positives: largest share of rows that can be acted on; None where there is no limit.
    """
    names = _joined([criterion.text for criterion, _ in moved])
    told = [_why(f"Act where the probability is at least {figure(at)}", names, len(moved), meets_all, has_money)]
    if most_positives is not None:
        told.append(
            f"The capacity lets it flag at most {share(most_positives)} of the rows; only such were considered."
        )
    if any(seen.rows for seen in figures.values()):
        told.append(_measured(moved, figures, currency))
        told += _doubts(moved, figures) if meets_all else []
    else:
        told.append(UNMEASURED)
    return " ".join(told)


def _why(act: str, names: str, criteria: int, meets_all: bool, has_money: bool) -> str:
    if not criteria:
        return f"{act}: out of fold that brings {'the most money' if has_money else 'the highest accuracy'}."
    if meets_all:
        best = "brings the most money" if has_money else "clears the criteria by the most"
        return f"{act}: of all thresholds that meet {names} out of fold, it {best}."
    best = "the one with the most money" if has_money else "the one that misses by the least"
    at_once = " at once" if criteria > 1 else ""
    return f"No threshold meets {names}{at_once} out of fold. {act}, {best}; the table shows what each would cost."


def _measured(moved: Sequence[tuple[Criterion, bool]], figures: Mapping[str, Measured], currency: str) -> str:
    """Return what it brought on rows that did not choose it: what the criteria ask, and money, in one unit."""
    asked = [one.metric for one, _ in moved]
    wanted = dict.fromkeys([*asked, *(["value"] if "value" in figures and "value_per_row" not in asked else [])])
    names = [name for name in wanted if name in figures] or ["accuracy"]
    told = [_said(figures[name], currency, is_first=place == 0) for place, name in enumerate(names)]
    return f"On development rows that did not choose it: {_joined(told)}."


def _doubts(moved: Sequence[tuple[Criterion, bool]], figures: Mapping[str, Measured]) -> Iterator[str]:
    """Give what stands against relying on the criteria that the threshold was chosen to meet."""
    missed = [criterion.text for criterion, held in moved if not held]
    if missed:
        them = "them" if len(missed) > 1 else "it"
        yield f"So do not count on {_joined(missed)}: that a threshold seemed to meet {them} was partly luck."
        return
    near = [criterion.text for criterion, _ in moved if _lies_inside(criterion, figures.get(criterion.metric))]
    if near:
        inside = "the limits lie inside the intervals" if len(near) > 1 else "the limit lies inside the interval"
        yield f"It is close for {_joined(near)}: {inside}, so only the test rows can tell."


def _lies_inside(criterion: Criterion, measured: Measured | None) -> bool:
    interval = measured.interval if measured else None
    return interval is not None and interval.lo < criterion.threshold < interval.hi


def _said(measured: Measured, currency: str, *, is_first: bool) -> str:
    """Return a measured value with its interval, or with the count of rows behind it where there is none."""
    known = METRIC_NAMES[measured.metric]
    title = "" if measured.metric in _PER else f"{known.title} "
    tail = f" {currency}".rstrip() + _PER[measured.metric] if measured.metric in _PER else ""
    if measured.value is None:
        return f"{title}{'money ' if not title else ''}unknown ({(measured.why or '').rstrip('.')})"
    if measured.interval is None:
        return f"{title}{_written(measured.metric, measured.value)}{tail} (of {figure(measured.denominator)} rows)"
    ends = " to ".join(_written(measured.metric, end) for end in (measured.interval.lo, measured.interval.hi))
    opening = f"{share(measured.interval.level, digits=0)} interval " if is_first else ""
    return f"{title}{_written(measured.metric, measured.value)}{tail} ({opening}{ends})"


def _written(metric: str, value: float) -> str:
    return share(value) if METRIC_NAMES[metric].unit == "share" else figure(value, digits=4)


def _joined(texts: Sequence[str]) -> str:
    """Return texts as a clause: "a", "a and b", "a, b and c"."""
    return " and ".join([*([", ".join(texts[:-1])] if len(texts) > 1 else []), *texts[-1:]])
