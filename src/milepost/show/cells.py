"""The answer of a query: a table where it fits, a block for each of a few wide rows, else the columns that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

from milepost.ground.text import count, counted, listed
from milepost.show.logged import said
from milepost.show.terminal import Grid, Heading, facts, plain, spaced
from milepost.show.wording import one_line

FEW_ROWS = 3  # that are too wide for a table stand under each other, a line for each cell

_LONGEST_NAME = 40  # characters
_GAP = 2  # columns of a terminal between those of a table


@dataclass(frozen=True, slots=True)
class Cells:
    """What a query answers.

    Attributes:
        columns: their names.
        rows: a value for each column, in each row.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def cells_view(cells: Cells) -> RenderableType:
    """Return the answer of a query in a form that can be read at the width of the terminal."""
    return _Fitted(cells) if cells.columns else plain("The query names no column.")


@dataclass(frozen=True, slots=True)
class _Fitted:
    cells: Cells

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        names = [one_line(name, most=_LONGEST_NAME) for name in self.cells.columns]
        columns = list(zip(*([said(value) for value in row] for row in self.cells.rows), strict=True))
        columns = columns or [()] * len(names)  # no row at all
        widths = [max(map(cell_len, [name, *column])) for name, column in zip(names, columns, strict=True)]
        shown = _that_fit(widths, [_is_empty(self.cells, place) for place in range(len(names))], options.max_width)
        if len(shown) < len(names) and 0 < len(self.cells.rows) <= FEW_ROWS:
            yield _blocks(self.cells, names)
            return
        headings = tuple(
            Heading(names[place], is_number=_is_number(self.cells, place), may_fold=True) for place in shown
        )
        yield Grid(headings, tuple(tuple(said(row[place]) for place in shown) for row in self.cells.rows))
        if hidden := [names[place] for place in range(len(names)) if place not in shown]:
            yield plain(f"Left out at this width: {listed(hidden)}. Name columns in the query, or add --json.", "dim")


def _that_fit(widths: Sequence[int], are_empty: Sequence[bool], width: int) -> list[int]:
    """Return the places of columns that stand beside each other whole, in their order: those with values first."""
    if sum(widths) + _GAP * (len(widths) - 1) <= width:
        return list(range(len(widths)))
    shown: list[int] = []
    left = width + _GAP
    for place, (wide, is_empty) in enumerate(zip(widths, are_empty, strict=True)):
        if not is_empty and wide + _GAP <= left:
            shown.append(place)
            left -= wide + _GAP
    return shown or [0]  # which alone is too wide is folded


def _blocks(cells: Cells, names: Sequence[str]) -> RenderableType:
    """Return each row as a block with a line for each column that holds something there."""
    parts: list[RenderableType | None] = []
    for number, row in enumerate(cells.rows, start=1):
        if len(cells.rows) > 1:
            parts.append(plain(f"Row {count(number)}", "bold"))
        parts.append(
            facts((name, said(value)) for name, value in zip(names, row, strict=True) if not _is_nothing(value))
        )
        empty = [name for name, value in zip(names, row, strict=True) if _is_nothing(value)]
        parts.append(plain(f"Nothing in {counted(len(empty), 'column')}: {listed(empty)}.", "dim") if empty else None)
    return spaced(*parts)


def _is_number(cells: Cells, place: int) -> bool:
    return all(isinstance(row[place], int | float | None) and not isinstance(row[place], bool) for row in cells.rows)


def _is_empty(cells: Cells, place: int) -> bool:
    return all(_is_nothing(row[place]) for row in cells.rows)


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, list | tuple) and not value)
