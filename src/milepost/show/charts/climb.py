"""The climb as a picture: what each rung gained, with its interval, beside what an answer costs."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from milepost.ground.text import share, span
from milepost.models.steps import Ladder, Step
from milepost.show.charts.drawing import (
    BELOW,
    ROW_HEIGHT,
    STRIP,
    WIDE,
    Chart,
    Row,
    altair,
    drawn,
    finished,
    good_side,
    names_above,
)
from milepost.show.theme import ink
from milepost.show.wording import one_line, percent

_TICKS = (-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100)  # percent
_FARTHEST = 100.0  # percent; what goes beyond ends there in an arrow
_DECISION = 60  # pixels kept for "not kept" beside a title
_LETTER = 7  # pixels of a letter of a title, bold
_DIGIT = 6.5  # pixels of a letter at the axis


def climb(ladder: Ladder, *, width: int = WIDE) -> Chart:
    """Return one row for each rung, simplest first: gain over the best simpler rung, and time for one answer."""
    alt = altair()
    gap = 20
    left = round(0.68 * (width - gap))
    rows = [_row(step, left) for step in ladder.steps]
    y = alt.Y("rung:N", sort=[row["rung"] for row in rows], axis=None, scale=alt.Scale(padding=0))
    panels = [_gains(rows, y, ladder.smallest_gain, left), _costs(rows, y, width - gap - left)]
    return finished(alt.hconcat(*panels, spacing=gap), "What each rung of the climb gained, and what its answers cost.")


def _row(step: Step, width: int) -> dict[str, Any]:
    most = (width - _DECISION) // _LETTER
    lines = textwrap.wrap(one_line(step.title, most=2 * most), most, max_lines=2, placeholder="…")
    row: dict[str, Any] = {"rung": step.rung, "title": "\n".join(lines), "kept": step.kept}
    row["cost"] = step.answer_us
    row["time"] = "" if step.answer_us is None else span(step.answer_us / 1e6)
    if step.failed is not None:
        return {**row, "says": "failed"}
    if step.gain is None:
        return {**row, "says": "start"}
    row["says"] = "kept" if step.kept else "not kept"
    if not math.isfinite(step.gain.relative):
        return {**row, "gain": 0.0, "lo": 0.0, "hi": 0.0}
    ends = {"gain": step.gain.relative, "lo": step.gain.relative_lo, "hi": step.gain.relative_hi}
    within = {key: max(-_FARTHEST, min(_FARTHEST, 100 * end)) for key, end in ends.items()}
    is_seen = within["gain"] == 100 * step.gain.relative
    if not is_seen:
        row["says"] += f" ({percent(step.gain.relative)})"
    goes_on = {"left": ends["lo"] < -_FARTHEST / 100, "right": ends["hi"] > _FARTHEST / 100, "seen": is_seen}
    return {**row, **within, **goes_on}


def _gains(rows: Sequence[Row], y: Any, smallest_gain: float, width: int) -> Chart:
    alt = altair()
    compared = [row for row in rows if "gain" in row]
    ends = [-1.0, 1.0, 100 * smallest_gain, *(row[key] for row in compared for key in ("lo", "hi"))]
    low, high = 1.3 * min(ends), 1.3 * max(ends)
    axis = alt.Axis(
        values=_ticks(low, high, 100 * smallest_gain, width),
        labelExpr="(datum.value > 0 ? '+' : datum.value < 0 ? '−' : '') + abs(datum.value) + ' %'",
        grid=False,
        labelOverlap=False,
        title="gain over the best simpler rung",
    )
    # stretched near zero, so that one percent and thirty can both be seen
    scale = alt.Scale(type="symlog", constant=1, domain=[low, high], nice=False)
    x = alt.X("gain:Q", axis=axis, scale=scale)
    at = alt.X("at:Q", axis=axis, scale=scale)
    worth = good_side([{"rung": row["rung"], "at": 100 * smallest_gain, "good": high} for row in compared], at, y)
    zeros = drawn([{"rung": row["rung"], "at": 0.0} for row in compared])
    zero = zeros.mark_tick(height=STRIP, thickness=1.5, yOffset=BELOW, color=ink("quiet"), opacity=1).encode(x=at, y=y)
    here = drawn(compared or [{"rung": row["rung"], "gain": None} for row in rows])
    bars = here.mark_rule(color=ink("model"), strokeWidth=2, yOffset=BELOW).encode(x=alt.X("lo:Q"), x2="hi:Q", y=y)
    seen = here.transform_filter("datum.seen !== false")
    dots = seen.mark_point(size=80, opacity=1, filled=True, stroke=ink("model"), strokeWidth=2, yOffset=BELOW).encode(
        x=x, y=y, fill=alt.condition("datum.kept", alt.value(ink("model")), alt.value(ink("paper")))
    )
    layers = [*worth, zero, bars, *_arrows(compared, scale, axis, y), dots, *names_above(rows, y, width)]
    return alt.layer(*layers).properties(width=width, height=ROW_HEIGHT * len(rows))


def _arrows(rows: Sequence[Row], scale: Any, axis: Any, y: Any) -> list[Chart]:
    """Return an arrow at each end where an interval goes on beyond what is drawn."""
    alt, found = altair(), []
    for side, end in (("left", "lo"), ("right", "hi")):
        cut = [{"rung": row["rung"], "end": row[end]} for row in rows if row.get(side)]
        if cut:
            x = alt.X("end:Q", axis=axis, scale=scale)
            arrow = drawn(cut).mark_point(shape=f"triangle-{side}", size=70, opacity=1, filled=True, yOffset=BELOW)
            found.append(arrow.encode(x=x, y=y, color=alt.value(ink("model"))))
    return found


def _ticks(low: float, high: float, limit: float, width: int) -> list[float]:
    """Return the ticks whose labels have room: the limit first, then zero, then the ends, then those between."""

    def place(value: float) -> float:
        stretched = [math.copysign(math.log1p(abs(one)), one) for one in (value, low, high)]
        return width * (stretched[0] - stretched[1]) / (stretched[2] - stretched[1])

    shown: list[float] = []
    for tick in (limit, *sorted(_TICKS, key=lambda tick: (tick != 0, abs(tick) not in (1, 10, 100), abs(tick)))):
        room = all(abs(place(tick) - place(other)) > _label_room(tick, other) for other in shown)
        if low <= tick <= high and room:
            shown.append(tick)
    return sorted(shown)


def _label_room(one: float, other: float) -> float:
    """Return how far apart the middles of two labels must be, in pixels."""
    return _DIGIT * (len(f"{one:+g} %") + len(f"{other:+g} %")) / 2 + 5


def _costs(rows: Sequence[Row], y: Any, width: int) -> Chart:
    alt = altair()
    timed = [row for row in rows if row["cost"]]
    costs = [row["cost"] for row in timed] or [1.0]
    low = 10.0 ** math.floor(math.log10(min(costs)) - 0.01)
    domain = [low, max(10 * low, 1.2 * max(costs))]
    axis = alt.Axis(
        values=[10.0**power for power in range(-3, 9)],
        labelExpr="format(datum.value, '~r') + ' µs'",
        title="time for one answer",
        grid=False,
    )
    x = alt.X("cost:Q", axis=axis, scale=alt.Scale(type="log", domain=domain, nice=False))
    here = drawn([{**row, "from": low} for row in timed] or [{"rung": row["rung"], "cost": None} for row in rows])
    stems = here.mark_rule(color=ink("hair"), strokeWidth=6, yOffset=BELOW).encode(x=alt.X("from:Q"), x2="cost:Q", y=y)
    dots = here.mark_circle(size=60, color=ink("quiet"), opacity=1, yOffset=BELOW).encode(x=x, y=y)
    words = names_above([{**row, "title": "", "says": row["time"]} for row in rows], y, width)[2:]
    return alt.layer(stems, dots, *words).properties(width=width, height=ROW_HEIGHT * len(rows))


def caption(ladder: Ladder) -> tuple[str, str]:
    """Return what the picture shows, and what follows from it."""
    far = _FARTHEST / 100
    is_cut = any(
        step.gain and max(abs(step.gain.relative_lo), abs(step.gain.relative_hi)) > far for step in ladder.steps
    )
    arrows = "An arrow at its end says that it goes on, beyond what is drawn. " if is_cut else ""
    shows = (
        "Each row is a rung, from simple to complex. The dot says how much less it loses than the best simpler rung "
        "kept so far; the bar is the 95 % interval of that, on a scale stretched near zero. A filled dot was kept, a "
        f"hollow one was not: a rung is kept if its dot lies on the tinted side ({share(ladder.smallest_gain)} or "
        f"more) and its whole bar right of the grey mark at zero. {arrows}The grey bars are what one answer costs in "
        "time."
    )
    return shows, ladder.ending
