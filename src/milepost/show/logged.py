"""Rows of the log, and of what is sent to it, as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from milepost.ground.text import count, counted, figure, listed, share
from milepost.predlog.forgetting import Remaining, Removed
from milepost.predlog.verifying import Flaw
from milepost.serve.parity import Difference
from milepost.show.terminal import MIDDLE, WIDE, Grid, Heading, facts, marked, plain
from milepost.show.wording import SEVERITIES, one_line

_MOST_REASONS = 10  # for which rows were refused are shown
_ROWS_NAMED = 5  # of those that were refused for one reason
_LONGEST_CELL = 40  # characters of a cell of a person's own query


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """One answer in the log.

    Attributes:
        at: when it was answered, UTC.
        prediction_id: by which outcomes are sent.
        entity: that it is about; None where the row named none.
        decision: what was to be acted on; None where a guard took it away, or there was no answer.
        probability: of the class that is the decision; None for numbers.
        lo, hi: of the interval of a number.
        flags: how many remarks there were about the row.
        arm: "act" or "control"; None where nobody is left alone.
        truth: what turned out to be true; None where it is not known yet.
        bundle_id: that answered.
        role: of that bundle: "champion", "canary" or "shadow".
        shadows: what challengers would have answered in its place.
    """

    at: datetime
    prediction_id: str
    entity: str | None
    decision: str | float | None
    probability: float | None
    lo: float | None
    hi: float | None
    flags: int
    arm: str | None
    truth: str | float | None
    bundle_id: str
    role: str = "champion"
    shadows: tuple[LoggedAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """Rows of a table that were not taken for the same reason.

    Attributes:
        rows: their numbers, from 1.
        what: what is wrong with the first of them.
        where: in which column.
        fix: what to do.
    """

    rows: tuple[int, ...]
    what: str
    where: str
    fix: str


def answers_view(answers: Sequence[LoggedAnswer]) -> RenderableType:
    """Return answers as a table, newest first, each with its shadows below; columns that hold nothing are left out."""
    lines = [line for one in answers for line in (one, *one.shadows)]
    shown = [column for column in _COLUMNS if any(_is_there(column.name, one) for one in lines)]
    headings = tuple(column.heading for column in shown)
    return Grid(headings, tuple(tuple(_cell(column.name, one) for column in shown) for one in lines))


def refused_view(reasons: Sequence[RefusedRows]) -> RenderableType:
    """Return each reason with the number of rows that were refused for it, and the first of these."""
    parts: list[RenderableType] = []
    for one in reasons[:_MOST_REASONS]:
        first = listed([count(row) for row in one.rows[:_ROWS_NAMED]])
        rest = len(one.rows) - _ROWS_NAMED
        rows = f"row {first}" if len(one.rows) == 1 else f"rows {first}{f' and {count(rest)} more' if rest > 0 else ''}"
        what = one.what if len(one.rows) == 1 else f"{counted(len(one.rows), 'row')}, the first: {one.what}"
        parts += [plain(what, "bold"), facts((("where:", f"{rows}, {one.where}"), ("fix:", one.fix)))]
    if more := reasons[_MOST_REASONS:]:
        alike = sum(len(one.rows) for one in more)
        parts.append(plain(f"{counted(alike, 'row')} for {counted(len(more), 'other reason')}: --json has them all."))
    return Group(*parts)


def remaining_view(remaining: Sequence[Remaining]) -> RenderableType:
    """Return what forgetting could not do now, with what to do."""
    parts: list[RenderableType] = []
    for one in remaining:
        parts += [plain(one.what, "bold"), facts((("where:", one.where), ("fix:", one.fix)))]
    return Group(*parts)


def removed_view(removed: Sequence[Removed]) -> RenderableType:
    """Return how many rows are gone where."""
    headings = (Heading("rows", is_number=True), Heading("where"))
    return Grid(headings, tuple((count(one.rows), one.where) for one in removed))


def flaws_view(flaws: Sequence[Flaw]) -> RenderableType:
    """Return what is wrong with a log, the worst first, each with its code, its place and what to do."""
    worst_first = sorted(flaws, key=lambda flaw: list(SEVERITIES).index(flaw.severity))
    parts: list[RenderableType] = []
    for flaw in worst_first:
        do = f" {flaw.do}" if flaw.do else ""
        said = Text.assemble(plain(flaw.says), plain(do, "bold"), plain(f" [{flaw.code}]", "dim"))
        parts += [marked(f"{flaw.severity:<4}", said), marked("    ", plain(flaw.where, "dim"))]
    return Group(*parts)


def differences_view(differences: Sequence[Difference]) -> RenderableType:
    """Return rows that a service answers otherwise than its bundle does."""
    parts: list[RenderableType] = []
    for one in differences:
        parts.append(plain(f"A {one.kind} row, asked {one.way}: {one.field}", "bold"))
        parts.append(facts((("service:", one.service), ("offline:", one.offline), ("row:", one.row))))
    return Group(*parts)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    heading: Heading


_COLUMNS = (
    _Column("at", Heading("when", is_whole=True)),
    _Column("entity", Heading("entity")),
    _Column("role", Heading("role")),
    _Column("decision", Heading("decision")),
    _Column("probability", Heading("probability", is_number=True)),
    _Column("lo", Heading("interval", is_number=True, may_fold=True, from_width=MIDDLE)),
    _Column("flags", Heading("flags", is_number=True, from_width=MIDDLE)),
    _Column("arm", Heading("arm", from_width=MIDDLE)),
    _Column("truth", Heading("truth")),
    _Column("bundle_id", Heading("bundle", is_whole=True, from_width=WIDE)),
    _Column("prediction_id", Heading("prediction id", is_whole=True, from_width=WIDE)),
)
_ALWAYS = ("at", "decision", "flags", "truth", "prediction_id")


def _is_there(name: str, answer: LoggedAnswer) -> bool:
    if name in ("role", "bundle_id"):  # where the champion alone answers, they say nothing
        return answer.role != "champion"
    return name in _ALWAYS or getattr(answer, name) is not None


def _cell(name: str, answer: LoggedAnswer) -> str | Text:
    value = getattr(answer, name)
    if name == "at":
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if name == "lo":
        return "–" if answer.lo is None or answer.hi is None else f"{figure(answer.lo)} to {figure(answer.hi)}"
    if name == "probability":
        return "–" if value is None else share(value)
    if name == "flags":
        return count(value)
    return said(value)


def said(value: object) -> str:
    """Return one value as the cell of a table; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return figure(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        return one_line(listed([said(item) for item in value]), most=_LONGEST_CELL) or "–"
    return one_line(value, most=_LONGEST_CELL)
