"""What views are made of: plain text, paragraphs, facts, and tables that fit the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from milepost.ground.text import listed
from milepost.show.wording import clean

NARROW, MIDDLE, WIDE = 0, 76, 104  # columns of a terminal from which on a column of a table is shown


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of one column.

    Attributes:
        title: what stands above it.
        is_number: set to the right, on one line.
        may_fold: a number that may take two lines where space is short.
        is_whole: a text that takes one line, unless the terminal is narrow.
        from_width: columns of a terminal from which on it is shown.
    """

    title: str
    is_number: bool = False
    may_fold: bool = False
    is_whole: bool = False
    from_width: int = NARROW


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that leaves out columns where the terminal is narrow, and under 76 columns names them."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[str | Text, ...], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = [place for place, head in enumerate(self.headings) if options.max_width >= head.from_width]
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
        for place in shown:
            head = self.headings[place]
            table.add_column(
                head.title,
                justify="right" if head.is_number else "left",
                no_wrap=(head.is_whole and options.max_width >= MIDDLE) or (head.is_number and not head.may_fold),
                overflow="fold",
            )
        for row in self.rows:
            table.add_row(
                *(cell if isinstance(cell, Text) else plain(cell) for cell in (row[place] for place in shown))
            )
        yield table
        hidden = [head.title for place, head in enumerate(self.headings) if place not in shown]
        if hidden and options.max_width < MIDDLE:
            yield plain(f"Left out at this width: {listed(hidden)}.", "dim")


def plain(text: object, style: str = "") -> Text:
    """Return text that means what it says: no markup, nothing that steers a terminal."""
    return Text(clean(text), style=style)


def heading(text: str) -> Text:
    """Return a heading."""
    return plain(text, "bold")


def sentences(says: Iterable[str], *, mark: str = "") -> list[RenderableType]:
    """Return each sentence as a paragraph, with a mark before it and its lines set in."""
    if not mark:
        return [plain(sentence) for sentence in says]
    return [marked(mark, plain(sentence)) for sentence in says]


def marked(mark: str, text: Text) -> RenderableType:
    """Return text with a mark before it, its lines set in."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(plain(mark), text)
    return table


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """Return labels with their values, one pair a line."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, value in pairs:
        table.add_row(plain(label), plain(value))
    return table


def spaced(*parts: RenderableType | None) -> Group:
    """Return parts under each other with a line between; None is left out."""
    there = [part for part in parts if part is not None]
    return Group(*(Padding(part, (0, 0, 0 if part is there[-1] else 1, 0)) for part in there))
