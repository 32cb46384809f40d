"""Predicted numbers against what turned out: dots, or a grid of counts where there are many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from milepost.evaluate.curves import Curves
from milepost.metrics.measure import Measured
from milepost.show.charts.drawing import SHORT, Chart, altair, drawn, finished, padded
from milepost.show.theme import ink
from milepost.show.wording import amount, between, reading, value_of

_MOST_DOTS = 500
_CELLS = 36  # of the grid, along each side
SQUARE = 440


def predicted(curves: Curves, *, target: str = "the truth", width: int = SQUARE) -> Chart:
    """Return what turned out (up) against what was predicted (right), with the line where both agree."""
    alt = altair()
    points = [{"x": prediction, "y": truth} for prediction, truth in curves.residuals]
    ends = padded([value for pair in curves.residuals for value in pair])
    scale = alt.Scale(domain=ends, nice=False, zero=False)
    axis = {"labelExpr": SHORT, "tickCount": 5}
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(title=f"predicted {target}", **axis))
    y = alt.Y("y:Q", scale=scale, axis=alt.Axis(title="what turned out", minExtent=46, maxExtent=46, **axis))
    equal = drawn([{"x": ends[0], "y": ends[0]}, {"x": ends[1], "y": ends[1]}])
    diagonal = equal.mark_line(color=ink("text"), strokeDash=[4, 3], strokeWidth=1.5).encode(x=x, y=y)
    if len(points) <= _MOST_DOTS:
        marks = drawn(points).mark_circle(color=ink("model"), size=24, opacity=0.45).encode(x=x, y=y)
    else:
        marks = _grid(curves, ends, x, y)
    side = width - 70
    return finished(alt.layer(marks, diagonal).properties(width=side, height=side), "Predicted against true.")


def _grid(curves: Curves, ends: list[float], x: Chart, y: Chart) -> Chart:
    """Return counts in equal cells, for dots that would lie on top of each other."""
    alt, size = altair(), (ends[1] - ends[0]) / _CELLS
    counts: dict[tuple[int, int], int] = {}
    for pair in curves.residuals:
        cell = tuple(min(_CELLS - 1, int((value - ends[0]) / size)) for value in pair)
        counts[cell[0], cell[1]] = counts.get((cell[0], cell[1]), 0) + 1
    rows = [
        {
            "x": ends[0] + across * size,
            "x2": ends[0] + (across + 1) * size,
            "y": ends[0] + up * size,
            "y2": ends[0] + (up + 1) * size,
            "n": n,
        }
        for (across, up), n in sorted(counts.items())
    ]
    deep = alt.Opacity("n:Q", scale=alt.Scale(type="sqrt", range=[0.12, 1]), legend=None)
    return drawn(rows).mark_rect(color=ink("model")).encode(x=x, x2="x2:Q", y=y, y2="y2:Q", opacity=deep)


def caption(measures: Mapping[str, Measured], unit: str = "") -> tuple[str, str]:
    """Return what predicted against true shows, and what follows from it.

    Args:
        measures: of the test rows.
        unit: of the target, where it is known.
    """
    shows = (
        "Each mark is a test row (or several, the deeper the more): what was predicted (right) against what turned out "
        "(up). On the dashed line both agree; above it the model guessed too low, under it too high."
    )
    follows = []
    half, mean, bias = (measures.get(name) for name in ("median_ae", "mae", "bias"))
    if half is not None and half.value is not None:
        follows.append(f"Half of the predictions are within {amount(half.value, 'median_ae', unit=unit)} of the truth.")
    if mean is not None and mean.value is not None:
        follows.append(f"The mean distance from the truth is {reading(mean, unit=unit)}.")
    if bias is not None and bias.value is not None:
        follows.append(_bias(bias, unit))
    return shows, " ".join(follows) or "The closer to the line, the better."


def _bias(bias: Measured, unit: str) -> str:
    """Return by how much predictions are too high or too low on average, and whether that is more than chance."""
    assert bias.value is not None
    side = "above" if bias.value >= 0 else "below"
    if bias.interval is None or bias.interval.lo <= 0 <= bias.interval.hi:
        said = f"On average the prediction is {amount(abs(bias.value), 'bias', unit=unit)} {side} the truth"
        return f"{said}, which may be chance." if bias.interval else f"{said}."
    lo, hi = sorted(abs(end) for end in (bias.interval.lo, bias.interval.hi))
    size = replace(bias, value=abs(bias.value), interval=replace(bias.interval, lo=lo, hi=hi))
    return f"On average the prediction is {value_of(size, unit=unit)} {side} the truth ({between(size)})."
