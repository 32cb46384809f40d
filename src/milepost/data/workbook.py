"""One sheet of an Excel workbook as a table of text, so that a stray word in a column of numbers is not lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from milepost.data.dialect import header_names
from milepost.data.findings import Finding
from milepost.data.formats import damaged
from milepost.ground.doors import door
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.text import counted, listed


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its table, every column text, and which of several it was."""

    table: pl.DataFrame
    findings: tuple[Finding, ...] = ()


def read_sheet(path: Path, name: str | None = None) -> Sheet:
    """Return a sheet of a workbook: the named one, or the first that is not empty.

    Raises:
        MilepostError: it is no workbook, all its sheets are empty, or the columns have no names.
        UnknownNameError: it has no sheet of that name.
    """
    with door("fastexcel"):
        import fastexcel
    try:
        names = fastexcel.read_excel(path).sheet_names
    except fastexcel.FastExcelError:
        raise damaged(path, "excel") from None
    if name is not None and name not in names:
        raise UnknownNameError("sheet", name, known=names, where=str(path))
    for sheet in [name] if name else names:
        cells = _cells(path, sheet)
        if cells.height:
            findings = (_chosen(sheet, names),) if name is None and len(names) > 1 else ()
            return Sheet(_table(cells, where=f"{path}, sheet {sheet}, row 1"), findings)
    what = "The workbook has no sheet." if not names else f"There is nothing in {listed([name] if name else names)}."
    raise MilepostError(what, where=str(path), fix="Name a workbook that has a sheet with a header and rows.")


def _cells(path: Path, sheet: str) -> pl.DataFrame:
    return pl.read_excel(
        path, sheet_name=sheet, has_header=False, read_options={"dtypes": "string"}, raise_if_empty=False
    )


def _table(cells: pl.DataFrame, *, where: str) -> pl.DataFrame:
    """Return the rows below the first, named by it; a midnight is left off, as dates of a workbook all have one."""
    names = header_names([cell or "" for cell in cells.row(0)], where=where)
    midnight = pl.all().str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", "$1")
    return cells.slice(1).rename(dict(zip(cells.columns, names, strict=True))).select(midnight)


def _chosen(sheet: str, names: list[str]) -> Finding:
    return Finding(
        "sheet-chosen",
        "note",
        None,
        f"The workbook has {counted(len(names), 'sheet')}; {sheet!r} was read.",
        {"sheets": len(names), "sheet": sheet},
        "Write FILE.xlsx#SHEET to read another one.",
    )
