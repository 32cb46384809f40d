"""Rows as CSV, as MLflow's servers take them: commas, a header, UTF-8. Values are texts, which the schema understands.

tenure,contract          line 1: the header
12,One year              line 2: the first row
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from milepost.data.schema import Schema
from milepost.predictor.inputs import refuse_missing
from milepost.serve.bodies import Asked, too_many_rows
from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits

MOST_COLUMNS = 10_000
_HEADER = "line 1, the header"
_FIX = "Send a header and rows, with commas between values and quotes around those that hold commas."
_ROW = re.compile(r"row (\d+), ")


def is_csv(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a request says that its body is CSV."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"text/csv"


def asked_by_csv(body: bytes, limits: Limits, schema: Schema) -> Asked:
    """Return what a body asks.

    Args:
        body: CSV with a header.
        limits: of requests.
        schema: of the inputs, each of which has to be a column; other columns are ignored.

    Raises:
        Refusal: it is no such CSV, or has too many rows.
        MilepostError: columns are absent.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        line = body.count(b"\n", 0, why.start) + 1
        raise Refusal(400, "The body is no UTF-8.", where=f"line {line}", fix="Send UTF-8.") from None
    records = _records(text)
    _, names = next(records, (1, []))
    _check_header(names)
    if len(names) == 1 and ";" in names[0]:
        what = "The header has no commas, but semicolons."
        raise Refusal(400, what, where=_HEADER, fix="Send commas between values, and points in numbers.")
    refuse_missing(schema, names, where=_HEADER)
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    for line, cells in records:
        if len(cells) != len(names):
            what = f"The line has {len(cells):,} values where the header has {len(names):,}."
            raise Refusal(400, what, where=f"line {line}", fix=_FIX)
        rows.append(dict(zip(names, cells, strict=True)))
        lines.append(line)
        if len(rows) > limits.rows:
            raise too_many_rows(f"more than {limits.rows:,}", limits)
    return Asked(rows, False, lines=lines)


def place_in_lines(where: str, lines: Sequence[int]) -> str:
    """Return the place of an error in CSV.

    Args:
        where: as rows are counted, from 0; without a row where there is only one.
        lines: on which each row begins.

    >>> place_in_lines("row 1, field 'tenure'", [2, 5]), place_in_lines("field 'tenure'", [2])
    ("line 5, column 'tenure'", "line 2, column 'tenure'")
    """
    found = _ROW.match(where)
    row, rest = (int(found[1]), where[found.end() :]) if found else (0, where)
    return f"line {lines[row]}, {rest.replace('field ', 'column ', 1) if rest.startswith('field ') else rest}"


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the line on which each record begins, and its cells; empty lines are none."""
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as why:
        raise Refusal(400, f"The body is not CSV: {why}.", where=f"line {line}", fix=_FIX) from None


def _check_header(names: Sequence[str]) -> None:
    if not names:
        raise Refusal(400, "The body has no header.", where=_HEADER, fix=_FIX)
    if len(names) > MOST_COLUMNS:
        what, fix = f"The header has {len(names):,} columns.", f"Send the columns of /schema; {MOST_COLUMNS:,} at most."
        raise Refusal(413, what, where=_HEADER, fix=fix)
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Refusal(400, f"Two columns are called {name!r}.", where=_HEADER, fix="Send each column once.")
        seen.add(name)
