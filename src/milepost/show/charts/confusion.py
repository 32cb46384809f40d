"""What the decisions were right and wrong about: a heat table of counts, and a hundred rows as dots."""

from __future__ import annotations

import json

from milepost.evaluate.curves import Curves
from milepost.ground.text import count, share
from milepost.show.charts.drawing import WIDE, Chart, altair, drawn, finished
from milepost.show.counts import OutOf
from milepost.show.theme import ink
from milepost.show.wording import one_line

_MOST_WRITTEN = 12  # classes whose counts are written into the cells
CELLS = {
    "found": ("model", "found"),
    "missed": ("second", "missed"),
    "false_alarms": ("third", "false alarms"),
    "left_alone": ("hair", "rightly left alone"),
}


def confusion(curves: Curves, *, width: int = WIDE) -> Chart:
    """Return the counts of truth (rows) by decision (columns); the deeper a cell, the larger its share of the truth."""
    alt = altair()
    labels = [one_line(label, most=18) for label in curves.labels]
    rows = [
        {
            "truth": t,
            "decision": d,
            "n": cell,
            "share": cell / (sum(cells) or 1),
            "says": count(cell),
            "of": share(cell / (sum(cells) or 1)),
        }
        for t, cells in enumerate(curves.confusion)
        for d, cell in enumerate(cells)
    ]
    axis = {
        "labelExpr": f"{json.dumps(labels)}[datum.value]",
        "labelLimit": 110,
        "domain": False,
        "ticks": False,
        "grid": False,
    }
    edge = min(110, max(50, 7 * max((len(label) for label in labels), default=0) + 16))
    side = min(96, (width - edge - 24) // max(len(labels), 1))
    x = alt.X(
        "decision:O",
        axis=alt.Axis(title="what the model decides", orient="top", labelAngle=0 if side > 60 else -90, **axis),
    )
    y = alt.Y("truth:O", axis=alt.Axis(title="what turned out", minExtent=edge, maxExtent=edge, **axis))
    here = drawn(rows)
    alike = alt.condition("datum.truth == datum.decision", alt.value(ink("model")), alt.value(ink("second")))
    deep = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.6]), legend=None)
    layers = [here.mark_rect(stroke=ink("paper"), strokeWidth=2).encode(x=x, y=y, fill=alike, opacity=deep)]
    if len(labels) <= _MOST_WRITTEN:
        layers.append(here.mark_text(fontSize=14, fontWeight="bold", dy=-8).encode(x=x, y=y, text="says:N"))
        layers.append(here.mark_text(color=ink("text"), fontSize=11, dy=10).encode(x=x, y=y, text="of:N"))
    size = {"width": side * len(labels), "height": min(side, 64) * len(labels)}
    return finished(alt.layer(*layers).properties(**size), "The confusion: what turned out against what was decided.")


def hundred(cells: OutOf, *, width: int = 240) -> Chart:
    """Return a hundred rows as dots, ten by ten: found, missed, false alarms, left alone, each in shape and colour.

    Args:
        cells: counted out of 100.
        width: pixels.
    """
    alt = altair()
    names = [name for name in CELLS for _ in range(getattr(cells, name))]
    rows = [{"x": place % 10, "y": place // 10, "cell": name} for place, name in enumerate(names)]
    x, y = (alt.X("x:O", axis=None), alt.Y("y:O", axis=None))
    colours = alt.Scale(domain=list(CELLS), range=[ink(tone) for tone, _ in CELLS.values()])
    shapes = alt.Scale(domain=list(CELLS), range=["circle", "diamond", "square", "circle"])
    dots = drawn(rows).mark_point(filled=True, size=0.42 * (width / 10) ** 2, opacity=1)
    chart = dots.encode(
        x=x,
        y=y,
        color=alt.Color("cell:N", scale=colours, legend=None),
        shape=alt.Shape("cell:N", scale=shapes, legend=None),
    )
    return finished(
        chart.properties(width=width, height=width), "A hundred rows as dots: found, missed, false alarms, left alone."
    )


def caption(curves: Curves) -> tuple[str, str]:
    """Return what the confusion shows, and what follows from it."""
    shows = (
        "Rows are what turned out, columns what the model decides; each cell counts test rows, with its share of the "
        "row. Blue cells are right, orange cells are wrong."
    )
    wrong = [
        (cell, curves.labels[t], curves.labels[d], sum(cells))
        for t, cells in enumerate(curves.confusion)
        for d, cell in enumerate(cells)
        if t != d and cell
    ]
    if not wrong:
        return shows, "No test row was decided wrongly."
    most, truth, decision, of = max(wrong)
    mistaken = f"{count(most)} of {count(of)} {one_line(truth)} are taken for {one_line(decision)}"
    return shows, f"The most frequent mistake: {mistaken}."
