"""Each success criterion as a picture: its interval against its limit, and the baselines under it."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.evaluate.verdict import Judged, Outcome
from milepost.metrics.measure import Measured
from milepost.metrics.names import METRIC_NAMES
from milepost.show.charts.drawing import (
    BELOW,
    PERCENT,
    SHORT,
    WIDE,
    Chart,
    altair,
    drawn,
    finished,
    good_side,
    names_above,
    padded,
)
from milepost.show.theme import OUTCOME_INKS, ink
from milepost.show.wording import BASELINES, compact, level_title, one_line, signs, unit_of

_ROW = 42


def criteria(judged: Sequence[Judged], *, currency: str = "", width: int = WIDE) -> Chart:
    """Return a panel for each criterion; two beside each other where the page is wide enough."""
    alt, gap = altair(), 36
    across = 2 if width > 500 and len(judged) > 1 else 1
    panels = [_panel(one, currency, (width - gap * (across - 1)) // across) for one in judged]
    chart = alt.concat(*panels, columns=across, spacing=gap)
    return finished(
        chart.resolve_scale(x="independent", y="independent"), "Each criterion's interval against its limit."
    )


def _panel(judged: Judged, currency: str, width: int) -> Chart:
    alt, metric, tone = altair(), judged.metric, ink(OUTCOME_INKS[judged.outcome])
    measured = judged.measured
    seen = {"this model": measured, **{BASELINES.get(rung, rung): other for rung, other in judged.beside.items()}}
    seen = {who: one for who, one in seen.items() if one.value is not None or who == "this model"}
    spans = [_ends(one) for one in seen.values()]
    known = METRIC_NAMES.get(metric)
    bounds = {"lowest": known.lowest, "highest": known.highest} if known else {}
    domain = padded([judged.threshold, *(end for span in spans for end in span)], **bounds)
    rows = [
        {
            "title": one_line(who, most=26),
            "value": one.value,
            "lo": None if lo is None else max(lo, domain[0]),
            "hi": None if hi is None else min(hi, domain[1]),
            "says": compact(one, currency),
            "quiet": who != "this model",
        }
        for (who, one), (lo, hi) in zip(seen.items(), spans, strict=True)
    ]
    axis = alt.Axis(title=None, tickCount=4, grid=False, **_format(metric), labelOverlap="greedy", labelSeparation=6)
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    x = alt.X("value:Q", axis=axis, scale=scale)
    y = alt.Y("title:N", sort=[row["title"] for row in rows], axis=None, scale=alt.Scale(padding=0))
    good = domain[1] if ">" in judged.criterion else domain[0]
    sides = good_side(
        [{"title": row["title"], "at": judged.threshold, "good": good} for row in rows],
        alt.X("at:Q", axis=axis, scale=scale),
        y,
    )
    here, others = drawn(rows[:1]), drawn(rows[1:])
    bar = here.mark_rule(color=tone, strokeWidth=5, opacity=0.4, yOffset=BELOW).encode(x=alt.X("lo:Q"), x2="hi:Q", y=y)
    dot = here.mark_circle(color=tone, size=110, opacity=1, yOffset=BELOW).encode(x=x, y=y)
    spread = others.mark_rule(color=ink("quiet"), strokeWidth=2, opacity=0.6, yOffset=BELOW)
    diamond = others.mark_point(shape="diamond", filled=True, color=ink("quiet"), size=70, opacity=1, yOffset=BELOW)
    beside = [spread.encode(x=alt.X("lo:Q"), x2="hi:Q", y=y), diamond.encode(x=x, y=y)] if rows[1:] else []
    layers = [*sides, *beside, *([bar] if measured.interval else []), dot]
    title = f"{signs(one_line(judged.criterion, most=30))}: {judged.outcome}"
    return alt.layer(*layers, *names_above(rows, y, width)).properties(
        width=width, height=_ROW * len(rows), title=title
    )


def _ends(measured: Measured) -> tuple[float | None, float | None]:
    """Return the ends of a measure's interval; its value twice where it has none."""
    return (measured.interval.lo, measured.interval.hi) if measured.interval else (measured.value, measured.value)


def _format(metric: str) -> dict[str, str]:
    unit = unit_of(metric)
    return (
        {"labelExpr": PERCENT if unit == "share" else SHORT}
        if unit in ("share", "money", "target")
        else {"format": "~g"}
    )


def caption(judged: Sequence[Judged], level: float) -> tuple[str, str]:
    """Return what the picture shows, and what follows from it."""
    shows = (
        "The tinted side is where success lies, by the limit of the contract. The round dot is this model on the test "
        f"rows, the bar its {level_title(level)} interval: where the truth may lie. Diamonds are simpler answers to "
        "the same rows, with thin bars of the same kind."
    )
    by_outcome: dict[Outcome, list[str]] = {"met": [], "not met": [], "can't tell yet": []}
    for one in judged:
        by_outcome[one.outcome].append(one.criterion)
    follows = {
        "met": "the whole bar lies on the good side",
        "not met": "the whole bar lies on the wrong side",
        "can't tell yet": "the bar crosses the limit, or there is none; more test rows make it shorter",
    }
    told = [f"{', '.join(names)}: {outcome}, for {follows[outcome]}." for outcome, names in by_outcome.items() if names]
    return shows, " ".join(told)
