"""How well answers are ordered and how far they can be believed: ROC, precision against recall, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.evaluate.curves import Curves
from milepost.ground.text import counted, share
from milepost.metrics.measure import Measured
from milepost.show.charts.drawing import PERCENT, Chart, altair, drawn, finished
from milepost.show.theme import ink
from milepost.show.wording import reading

SQUARE = 330
_FEWEST_FOR_BAND = 4  # groups; between fewer a band would say more than is known
_TELLS = 0.25  # mean width of the groups' intervals, a share; wider ones hold nearly everything


def roc(curves: Curves, *, width: int = SQUARE) -> Chart:
    """Return the share found against the share of false alarms, over all thresholds, and the point where it acts."""
    chance = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]
    (left_alone, false_alarms), (missed, found) = curves.confusion
    act = _shares(false_alarms, false_alarms + left_alone), _shares(found, found + missed)
    titles = "share of the others called positive", "share found (recall)"
    return _curve(curves.roc, chance, act, titles, "The ROC curve.", width)


def precision_recall(curves: Curves, *, width: int = SQUARE) -> Chart:
    """Return the precision against the recall, over all thresholds, and the point where it acts."""
    (left_alone, false_alarms), (missed, found) = curves.confusion
    rate = _shares(found + missed, found + missed + false_alarms + left_alone) or 0.0
    chance = [{"x": 0.0, "y": rate}, {"x": 1.0, "y": rate}]
    act = _shares(found, found + missed), _shares(found, found + false_alarms)
    titles = "share found (recall)", "positive calls that are right (precision)"
    return _curve(curves.precision_recall, chance, act, titles, "Precision against recall.", width)


def _shares(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _curve(
    points: Sequence[tuple[float, float]],
    chance: Sequence[dict[str, float]],
    act: tuple[float | None, float | None],
    titles: tuple[str, str],
    says: str,
    width: int,
) -> Chart:
    x, y = _share_axes(*titles)
    line = drawn([{"x": point[0], "y": point[1], "order": place} for place, point in enumerate(points)])
    curve = line.mark_line(color=ink("model"), strokeWidth=2.5).encode(x=x, y=y, order="order:Q")
    guess = drawn(chance).mark_line(color=ink("quiet"), strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y)
    layers = [guess, curve]
    if None not in act:
        here = drawn([{"x": act[0], "y": act[1], "text": "acts here"}])
        falls = min(points)[1] > max(points)[1]  # the free side of a falling curve is at its left
        side = {"align": "right", "dx": -10} if falls else {"align": "left", "dx": 10}
        words = here.mark_text(**side, dy=12, color=ink("second"), fontWeight="bold").encode(x=x, y=y, text="text:N")
        layers += [here.mark_circle(color=ink("second"), size=120, opacity=1).encode(x=x, y=y), words]
    return _square(layers, width, says)


def calibration(curves: Curves, *, width: int = SQUARE) -> Chart:
    """Return the share that came true against the probability that was said, with an interval for each bin."""
    alt = altair()
    x, y = _share_axes("probability that was said", "share that came true")
    rows = [dict(zip(("x", "y", "lo", "hi", "rows"), point, strict=True)) for point in curves.calibration]
    here = drawn(rows)
    perfect = drawn([{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}])
    band = here.mark_area(color=ink("model"), opacity=0.15).encode(x=x, y=alt.Y("lo:Q"), y2="hi:Q")
    bars = here.mark_rule(color=ink("model"), strokeWidth=1.5).encode(x=x, y=alt.Y("lo:Q"), y2="hi:Q")
    size = alt.Size(
        "rows:Q", scale=alt.Scale(domain=[0, max(row["rows"] for row in rows)], range=[20, 90]), legend=None
    )
    layers = [
        perfect.mark_line(color=ink("quiet"), strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y),
        *([band] if len(rows) >= _FEWEST_FOR_BAND and _tells(curves) else []),
        bars,
        here.mark_circle(color=ink("model"), opacity=1).encode(x=x, y=y, size=size),
    ]
    return _square(layers, width, "Calibration: what was said against what came true.")


def _tells(curves: Curves) -> bool:
    """Return whether the groups have rows enough for their intervals to tell something."""
    widths = [hi - lo for _, _, lo, hi, _ in curves.calibration]
    return sum(widths) <= _TELLS * len(widths)


def _too_few(curves: Curves) -> str:
    """Return that so few rows can't tell whether the probabilities hold."""
    rows = [int(point[-1]) for point in curves.calibration]
    each = f"{min(rows)} to {max(rows)}" if min(rows) < max(rows) else f"{rows[0]}"
    return (
        f"{counted(sum(rows), 'test row')}, {each} in a group, can't tell whether the probabilities hold: the bars are "
        "so long that nearly anything would lie within. Nothing speaks against the probabilities, and little for them."
    )


def _share_axes(x_title: str, y_title: str) -> tuple[Chart, Chart]:
    alt = altair()
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = {"labelExpr": PERCENT, "values": [0, 0.25, 0.5, 0.75, 1]}
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(title=x_title, **axis))
    return x, alt.Y("y:Q", scale=scale, axis=alt.Axis(title=y_title, minExtent=38, maxExtent=38, **axis))


def _square(layers: Sequence[Chart], width: int, says: str) -> Chart:
    side = width - 62
    return finished(altair().layer(*layers).properties(width=side, height=side), says)


def roc_caption(measured: Measured | None) -> tuple[str, str]:
    """Return what the ROC curve shows, and what follows from it."""
    shows = (
        "Each point of the line is one threshold: how many of those to be found are found (up), at the price of how "
        "many false alarms (right). The dashed line is guessing; the corner at the top left would be perfect."
    )
    if measured is None or measured.value is None:
        return shows, "The orange point is where this model acts."
    follows = (
        f"The area under the line is {reading(measured)}: of one row to be found and one other, the model gives the "
        f"higher probability to the right one in {share(measured.value, digits=0)} of the cases (0.5 is guessing)."
    )
    return shows, follows


def precision_recall_caption(curves: Curves, measured: Measured | None) -> tuple[str, str]:
    """Return what precision against recall shows, and what follows from it."""
    (left_alone, false_alarms), (missed, found) = curves.confusion
    rate = _shares(found + missed, found + missed + false_alarms + left_alone) or 0.0
    shows = (
        "Each point is one threshold: the more are found (right), the fewer of those called positive are right (up). "
        f"The dashed line is calling rows at random: {share(rate)} would be right."
    )
    called, recall = found + false_alarms, _shares(found, found + missed) or 0.0
    follows = "Where it acts, it calls no row positive."
    if called:
        right = f"{share(found / called)} of the {counted(called, 'row')} called positive are right"
        follows = f"Where it acts, {right} and {share(recall)} of those to be found are found."
    if measured is not None and measured.value is not None:
        follows += f" Average precision is {reading(measured)}."
    return shows, follows


def calibration_caption(curves: Curves, says: str) -> tuple[str, str]:
    """Return what calibration shows, and what follows from it.

    Args:
        curves: of the test rows.
        says: what was done about the probabilities on development rows.
    """
    shows = (
        "Rows with similar probabilities are taken together: what the model said (right) against how many of them came "
        "true (up). On the dashed line the two agree. Bars are intervals; larger dots stand for more rows."
    )
    apart = sum(1 for said, _, lo, hi, _ in curves.calibration if not lo <= said <= hi)
    bins = len(curves.calibration)
    if not bins:
        return shows, says
    told = f"In {bins - apart} of {bins} groups the interval holds what was said: "
    if apart <= bins * 0.2 and not _tells(curves):
        return shows, f"{_too_few(curves)} {says}".strip()
    if apart == 0:
        told += "a probability of 30 % can be read as 30 of 100."
    elif apart <= bins * 0.2:
        told += "the probabilities can mostly be taken at their word."
    else:
        told += "use the probabilities to order rows, not as they read."
    return shows, f"{told} {says}".strip()
