"""Which rows were learned from and which were kept for the verdict: bars of rows, or a line of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from milepost.ground.text import counted
from milepost.show.charts.drawing import BELOW, SHORT, WIDE, Chart, altair, drawn, finished, names_above
from milepost.show.theme import ink

_ROW = 40


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split.

    Attributes:
        name: "development rows", "embargo", "test rows".
        rows: how many.
        start, end: first and last time of its rows, UTC; None where the split is not by time.
    """

    name: str
    rows: int
    start: datetime | None = None
    end: datetime | None = None


def split(parts: Sequence[Part], *, width: int = WIDE) -> Chart:
    """Return a bar for each part: along time where all parts have one, else one after the other by rows."""
    alt = altair()
    timed = all(part.start is not None and part.end is not None for part in parts)
    rows, before = [], 0
    for part, tone in zip(parts, _tones(parts), strict=True):
        if timed:
            assert part.start is not None
            assert part.end is not None
            ends = {"from": part.start.timestamp() * 1000, "to": part.end.timestamp() * 1000}
            says = f"{part.start:%Y-%m-%d} to {part.end:%Y-%m-%d}" if width < WIDE else _span_of(part)
        else:
            ends, says = {"from": before, "to": before + part.rows}, counted(part.rows, "row")
        before += part.rows
        rows.append({"title": part.name, "says": says, "tone": tone, **ends})
    y = alt.Y("title:N", sort=[part.name for part in parts], axis=None, scale=alt.Scale(padding=0))
    labels = {"format": "%Y-%m-%d"} if timed else {"labelExpr": SHORT}
    axis = alt.Axis(title=None, tickCount=4, grid=False, labelOverlap="greedy", **labels)
    scale = alt.Scale(type="utc", nice=False) if timed else alt.Scale(nice=False, zero=True)
    x = alt.X("from:T" if timed else "from:Q", axis=axis, scale=scale)
    bars = (
        drawn(rows)
        .mark_bar(height=12, yOffset=BELOW)
        .encode(x=x, x2="to:T" if timed else "to:Q", y=y, color=alt.Color("tone:N", scale=None))
    )
    chart = alt.layer(bars, *names_above(rows, y, width)).properties(width=width, height=_ROW * len(rows))
    return finished(chart, "The parts of the split.")


def _span_of(part: Part) -> str:
    return f"{part.start:%Y-%m-%d} to {part.end:%Y-%m-%d}, {counted(part.rows, 'row')}"


def _tones(parts: Sequence[Part]) -> list[str]:
    return [
        ink("second") if "test" in part.name else ink("model") if "development" in part.name else ink("hair")
        for part in parts
    ]


def caption(parts: Sequence[Part]) -> tuple[str, str]:
    """Return what the split shows, and what follows from it."""
    timed = any(part.start is not None for part in parts)
    shows = "The rows that the model was made from, and the rows kept for the verdict" + (
        ", along time." if timed else "."
    )
    follows = "No number of the verdict comes from a row that helped to make the model"
    return shows, follows + (
        ", and every test row is later than what was learned from, as in real use." if timed else "."
    )
