"""What each threshold would bring: money, then each criterion's metric, and where the bundle acts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from milepost.evaluate.thresholds import ThresholdChoice
from milepost.ground.text import counted, figure
from milepost.problem.criteria import Criterion
from milepost.show.charts.drawing import PERCENT, SHORT, WIDE, Chart, Row, altair, drawn, finished
from milepost.show.theme import ink
from milepost.show.wording import clean, metric_title, signs, unit_of

_EDGE = 46  # pixels kept for the labels of the vertical axis
_MONEY, _METRIC = 140, 84  # heights of panels
_MOST_PANELS = 5


def threshold(
    choice: ThresholdChoice, criteria: Sequence[Criterion], *, currency: str = "", width: int = WIDE
) -> Chart:
    """Return money and the criteria's metrics against the threshold; where each criterion holds is tinted.

    Args:
        choice: with its curves.
        criteria: the contract's; those that no threshold changes are not drawn.
        currency: of the money.
        width: pixels.
    """
    wanted = [(one.metric, one) for one in criteria if one.metric in choice.curve_figures][:_MOST_PANELS]
    plain = [(name, None) for name in ("accuracy", "recall", "precision") if name in choice.curve_figures]
    metrics: list[tuple[str, Criterion | None]] = [*(wanted or ([] if choice.curve_value else plain))]
    panels = [_money(choice, currency, width, is_last=not metrics)] if choice.curve_value else []
    for name, criterion in metrics:
        panels.append(_metric(choice, name, criterion, width, is_last=name == metrics[-1][0]))
    return finished(
        altair().vconcat(*panels, spacing=16), "What each threshold would bring, and where the bundle acts."
    )


def _money(choice: ThresholdChoice, currency: str, width: int, *, is_last: bool) -> Chart:
    alt = altair()
    points = [{"at": at, "value": 1000 * value} for at, value in zip(choice.curve_at, choice.curve_value, strict=True)]
    y = alt.Y("value:Q", axis=alt.Axis(title=None, labelExpr=SHORT, tickCount=4, minExtent=_EDGE, maxExtent=_EDGE))
    line = drawn(points).mark_line(color=ink("model"), strokeWidth=2.5).encode(x=_across(labels=is_last), y=y)
    zero = drawn([{"value": 0.0}]).mark_rule(color=ink("quiet")).encode(y=y)
    layers = [zero, line, *_chosen(choice, _MONEY, named=is_last)]
    title = f"{clean(currency)} per 1,000 rows".strip()
    return alt.layer(*layers).properties(width=width - _EDGE - 12, height=_MONEY, title=title)


def _metric(choice: ThresholdChoice, name: str, criterion: Criterion | None, width: int, *, is_last: bool) -> Chart:
    alt = altair()
    pairs = zip(choice.curve_at, choice.curve_figures[name], strict=True)
    points = [{"at": at, "value": value} for at, value in pairs if math.isfinite(value)]
    axis = alt.Axis(title=None, labelExpr=PERCENT, values=[0, 0.5, 1], minExtent=_EDGE, maxExtent=_EDGE)
    y = alt.Y(
        "value:Q", axis=axis, scale=alt.Scale(domain=[min(0.0, *(p["value"] for p in points), 0.0), 1], nice=False)
    )
    line = drawn(points).mark_line(color=ink("model"), strokeWidth=2.5).encode(x=_across(labels=is_last), y=y)
    layers = [line, *_chosen(choice, _METRIC, named=is_last)]
    if criterion:
        layers = [*_holds(criterion, points, y, is_last, choice.at if choice.meets_all else None), *layers]
    title = signs(criterion.text) if criterion else metric_title(name)
    return alt.layer(*layers).properties(width=width - _EDGE - 12, height=_METRIC, title=title)


def _holds(criterion: Criterion, points: Sequence[Row], y: Chart, is_last: bool, kept_at: float | None) -> list[Chart]:
    """Return the tint over the thresholds where the criterion holds, and its limit as a line.

    Args:
        criterion: one that depends on the threshold.
        points: of the curve.
        y: axis of the panel.
        is_last: whether the panel stands lowest.
        kept_at: a threshold that is known to hold it, though it may lie between two points that do not.
    """
    across = [{"at": kept_at, "value": criterion.threshold}] if kept_at is not None else []
    runs: list[dict[str, float]] = []
    was_met = False
    for point in sorted([*points, *across], key=lambda point: float(point["at"])):
        is_met = point in across or criterion.holds(point["value"])
        if is_met and not was_met:
            runs.append({"from": point["at"], "to": point["at"]})
        elif is_met:
            runs[-1]["to"] = point["at"]
        was_met = is_met
    x = _across(labels=is_last, field="from")
    limit = drawn([{"value": criterion.threshold}]).mark_rule(color=ink("good"), strokeDash=[4, 3]).encode(y=y)
    return [*([drawn(runs).mark_rect(color=ink("good"), opacity=0.16).encode(x=x, x2="to:Q")] if runs else []), limit]


def _across(*, labels: bool, field: str = "at") -> Chart:
    alt = altair()
    title = "threshold: act where the probability is at least…" if labels else None
    axis = alt.Axis(title=title, labelExpr=PERCENT, labels=labels, tickCount=5)
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=axis)


def _chosen(choice: ThresholdChoice, height: int, *, named: bool) -> list[Chart]:
    """Return the line at the chosen threshold, and at the last panel's foot its name."""
    alt = altair()
    at = min(max(choice.at, 0.0), 1.0)
    here = drawn([{"at": at, "text": f"acts from {figure(choice.at)}"}])
    line = here.mark_rule(color=ink("text"), strokeWidth=1.5).encode(x=_across(labels=named))
    if not named:
        return [line]
    side = {"align": "right", "dx": -6} if at > 0.6 else {"align": "left", "dx": 6}
    words = here.mark_text(**side, dy=-9, fontWeight="bold").encode(
        x=_across(labels=True), y=alt.value(height), text="text:N"
    )
    return [line, words]


def caption(choice: ThresholdChoice, criteria: Sequence[Criterion], currency: str) -> tuple[str, str]:
    """Return what the chart shows, and what follows from it."""
    shows = "Each panel asks the same: if the model acted from this threshold on, what would come of it? "
    if choice.curve_value:
        shows += f"The first is money ({clean(currency)} per 1,000 rows). "
    if any(one.metric in choice.curve_figures for one in criteria):
        shows += "A dashed line is a criterion's limit, the tint marks the thresholds where it holds. "
    swept = counted(choice.swept, "development row")
    shows += f"The upright line is the threshold in use. All of it on {swept}, out of fold."
    follows = (
        "The best place on a curve looks better than it is, for it was found on these very rows: the figures in the "
        "table were measured on rows that did not choose."
    )
    moved = any(one.metric in choice.curve_figures or unit_of(one.metric) == "money" for one in criteria)
    if choice.meets_all:
        where = "where every criterion that depends on it holds" if moved else "at the best place"
        return shows, f"The threshold {figure(choice.at)} stands {where}. {follows}"
    return shows, (
        "No threshold is tinted in every panel: the criteria pull against each other. Which one matters more is a "
        f"decision for people; the table shows what each choice would cost. {follows}"
    )
