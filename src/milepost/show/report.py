"""One offline page that tells a model's story: verdict first, then where to act, how it was earned, the data.

ReportMaterial (plain results) -> report_page -> HTML that fetches nothing, runs nothing, and escapes everything
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.evaluate.verdict import Verdict
from milepost.ground.doors import door
from milepost.models.steps import Ladder
from milepost.problem.spec import Problem
from milepost.show import counts, wording
from milepost.show.advice import advice
from milepost.show.charts import climb, confusion, criteria, curves, numbers, split, threshold
from milepost.show.charts.drawing import NARROW, WIDE, Chart, as_svg, unchecked
from milepost.show.charts.split import Part
from milepost.show.glossary import Entry, find
from milepost.show.theme import page_colours

_HASH = re.compile(r"[0-9a-f]{40,}")
_HASH_SHOWN = 16  # digits, as many as a bundle_id has


@dataclass(frozen=True, slots=True)
class ReportMaterial:
    """All that a page tells.

    Attributes:
        problem: the contract.
        schema: of the table.
        rows: of the table.
        findings: about the data, in any order.
        split_says: how rows were kept for the verdict, sentences.
        split_hash: names the split.
        ladder: the climb.
        threshold: where to act; None where the task has no threshold.
        calibration_says: what was done about the probabilities, or the interval of a number.
        verdict: None where the bundle was not judged yet.
        lineage: label -> value; what is needed to make the bundle again.
        next_step: the command to run next.
        parts: of the split, for its picture; empty where it is not drawn.
        trained_at, judged_at: when that was written into the history; None where the history does not say.
        is_champion: whether this bundle is the one that answers; None where that is not known.
    """

    problem: Problem
    schema: Schema
    rows: int
    findings: Sequence[Finding]
    split_says: Sequence[str]
    split_hash: str
    ladder: Ladder
    threshold: ThresholdChoice | None
    calibration_says: str
    verdict: Verdict | None
    lineage: Mapping[str, str]
    next_step: str
    parts: Sequence[Part] = ()
    trained_at: datetime | None = None
    judged_at: datetime | None = None
    is_champion: bool | None = None

    @property
    def dates(self) -> str:
        """Return when the bundle was trained and judged, in UTC; empty where that is not known."""
        done = {"trained": self.trained_at, "judged": self.judged_at if self.verdict else None}
        told = [f"{what} on {at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC" for what, at in done.items() if at]
        return ", ".join(told).capitalize().replace("utc", "UTC")

    @property
    def learned_from(self) -> int:
        """Return how many rows the last fit learned from; of many, the rungs were compared on a sample."""
        return next((part.rows for part in self.parts if part.name.startswith("development")), self.ladder.rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart on the page.

    Attributes:
        title: its heading.
        wide, narrow: the chart as SVG for a page and for a phone; the same text where one serves both.
        shows, follows: its caption.
    """

    title: str
    wide: str
    narrow: str
    shows: str
    follows: str


@dataclass(slots=True)
class Words:
    """The words that a page links to its glossary, as they come up."""

    used: dict[str, Entry] = field(default_factory=dict)

    def note(self, term: str) -> Entry | None:
        """Return the entry of a term and remember it for the end of the page."""
        entry = find(term)
        if entry:
            self.used[entry.term] = entry
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self.used.values(), key=lambda entry: entry.term.casefold()))


def report_page(material: ReportMaterial) -> str:
    """Return the page as HTML: one file that can be mailed, opened without a network, and printed."""
    words = Words()
    with unchecked():
        figures, hundred = _figures(material), _hundred(material)
    template = _environment(words).get_template("report.html.j2")
    page: str = template.render(
        m=material,
        problem=material.problem,
        schema=material.schema,
        verdict=material.verdict,
        ladder=material.ladder,
        threshold=material.threshold,
        noun=wording.noun_of_rows(material.problem.data.id),
        currency=wording.currency_of(material.problem),
        unit=wording.unit_of_target(material.problem),
        advised=_advised(material),
        findings=wording.by_severity(material.findings),
        titles={step.rung: step.title for step in material.ladder.steps},
        figures=figures,
        hundred=hundred,
        words=words,
        colours=page_colours(),
    )
    return page


def _advised(material: ReportMaterial) -> tuple[str, ...]:
    problem = material.problem
    unit = wording.unit_of_target(problem)
    return advice(material.verdict, problem.success, is_champion=material.is_champion, unit=unit)


def _environment(words: Words) -> Any:
    with door("jinja2"):
        import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("milepost.show"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else wording.clean(value),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(svg=Markup, slug=_slug, signs=wording.signs, coded=_coded, hashed=_hashed)
    environment.globals.update(w=wording, word=words.note)
    return environment


def _coded(text: str) -> Any:
    """Return text for the page, with names of columns, which stand in backticks, as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(wording.clean(text)))))


def _hashed(value: str) -> Any:
    """Return a value of the lineage as code; a long hash by its first digits, whole where the pointer rests on it."""
    from markupsafe import Markup

    value = wording.clean(value)
    if not _HASH.fullmatch(value):
        return Markup("<code>{}</code>").format(value)
    return Markup('<code title="{}">{}…</code>').format(value, value[:_HASH_SHOWN])


def _slug(term: str) -> str:
    return "word-" + re.sub(r"[^a-z0-9]+", "-", term.casefold()).strip("-")


def _figures(material: ReportMaterial) -> dict[str, Figure]:
    """Return the charts that this material can carry, by name."""
    figures = {
        "climb": _figure(
            "What each rung gained, and what it costs", climb.caption(material.ladder), climb.climb, material.ladder
        )
    }
    if material.parts:
        figures["split"] = _figure(
            "Development and test rows", split.caption(material.parts), split.split, material.parts
        )
    if material.threshold:
        figures["threshold"] = _threshold_figure(material, material.threshold)
    if material.verdict:
        figures |= _verdict_figures(material, material.verdict)
    return figures


def _figure(title: str, caption: tuple[str, str], draw: Callable[..., Chart], *given: Any, **named: Any) -> Figure:
    wide, narrow = (as_svg(draw(*given, **named, width=width)) for width in (WIDE, NARROW))
    return Figure(title, wide, narrow, *caption)


def _square(title: str, caption: tuple[str, str], chart: Chart) -> Figure:
    svg = as_svg(chart)
    return Figure(title, svg, svg, *caption)


def _threshold_figure(material: ReportMaterial, choice: ThresholdChoice) -> Figure:
    success, currency = material.problem.success, wording.currency_of(material.problem)
    caption = threshold.caption(choice, success, currency)
    return _figure("What each threshold would bring", caption, threshold.threshold, choice, success, currency=currency)


def _verdict_figures(material: ReportMaterial, verdict: Verdict) -> dict[str, Figure]:
    figures, drawn, measures = {}, verdict.curves, verdict.measures
    if verdict.criteria:
        caption, money = criteria.caption(verdict.criteria, verdict.level), wording.currency_of(material.problem)
        figures["criteria"] = _figure(
            "Each criterion against its limit", caption, criteria.criteria, verdict.criteria, currency=money
        )
    if drawn.calibration:
        caption = curves.calibration_caption(drawn, material.calibration_says)
        figures["calibration"] = _square("Do the probabilities hold?", caption, curves.calibration(drawn))
    if drawn.roc and len(drawn.labels) == 2:
        caption = curves.roc_caption(measures.get("roc_auc"))
        figures["roc"] = _square("Are rows ordered well?", caption, curves.roc(drawn))
    if drawn.precision_recall and len(drawn.labels) == 2:
        caption = curves.precision_recall_caption(drawn, measures.get("average_precision"))
        figures["precision_recall"] = _square("What does finding more cost?", caption, curves.precision_recall(drawn))
    if drawn.confusion:
        figures["confusion"] = _figure(
            "What was right, what wrong?", confusion.caption(drawn), confusion.confusion, drawn
        )
    if drawn.residuals:
        unit = wording.unit_of_target(material.problem)
        chart = numbers.predicted(drawn, target=wording.one_line(material.problem.aim.target, most=30))
        figures["predicted"] = _square("How near are the predictions?", numbers.caption(measures, unit), chart)
    return figures


def _hundred(material: ReportMaterial) -> dict[str, Any] | None:
    """Return the decisions on test rows per hundred rows, in words and dots; None where the task is not binary."""
    if material.verdict is None or len(material.verdict.curves.confusion) != 2:
        return None
    cells = counts.out_of(material.verdict.curves.confusion)
    if cells is None:
        return None
    aim, noun = material.problem.aim, wording.noun_of_rows(material.problem.data.id)
    positive = material.schema.labels[-1] if material.schema.labels else aim.positive or "1"
    says = counts.found_and_missed(cells, noun, aim.target, positive)
    legend = [(name, getattr(cells, name), title) for name, (_, title) in confusion.CELLS.items()]
    return {
        "says": says,
        "cells": cells,
        "legend": legend,
        "svg": as_svg(confusion.hundred(cells)) if cells.of == 100 else None,
    }
