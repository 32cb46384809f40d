"""JSON Lines, one object on each line, or one list of objects, as a lazy table; a key that a line lacks is missing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl

from milepost.ground.errors import MilepostError


def scan_json(path: Path) -> pl.LazyFrame:
    """Return the objects of a file as rows, types as found in all of them.

    Raises:
        MilepostError: a line is no object.
    """
    try:
        frame = pl.read_json(path).lazy() if _is_list(path) else pl.scan_ndjson(path, infer_schema_length=None)
        frame.collect_schema()
    except pl.exceptions.PolarsError as why:
        raise _first_bad_line(path, why) from None
    return frame


def _is_list(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


def _first_bad_line(path: Path, why: Exception) -> MilepostError:
    """Return the error for the first line that is no object; a second look in Python finds it."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                is_object = not line.strip() or isinstance(json.loads(line), dict)
            except ValueError:
                is_object = False
            if not is_object:
                return MilepostError(
                    "A line is no JSON object.", where=f"{path}, line {number}", fix="Write one object on each line."
                )
    return MilepostError(
        f"The file cannot be read as JSON: {str(why).splitlines()[0]}.", where=str(path), fix="Write one object a line."
    )
