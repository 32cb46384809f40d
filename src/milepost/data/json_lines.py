"""JSON Lines, one object on each line, or one list of objects, as a lazy table; a key that a line lacks is missing."""

from __future__ import annotations

import gzip
import json
from codecs import BOM_UTF8
from pathlib import Path

import polars as pl

from milepost.ground.errors import MilepostError
from milepost.ground.text import listed


def scan_json(path: Path) -> pl.LazyFrame:
    """Return the objects of a file as rows, types as found in all of them.

    Raises:
        MilepostError: a line is no object.
    """
    try:
        frame = pl.read_json(path).lazy() if _is_list(path) else pl.scan_ndjson(_source(path), infer_schema_length=None)
        types = frame.collect_schema()
    except pl.exceptions.PolarsError as why:
        raise _first_bad_line(path, why) from None
    if all(dtype.is_nested() for dtype in types.values()):
        holds = f"only lists and objects: {listed([repr(name) for name in types])}" if len(types) else "no keys at all"
        raise MilepostError(
            f"The objects of {path.name} hold {holds}; no column comes of that.",
            where=str(path),
            fix="Write one object for each row, with one value under each key, and each object on a line of its own.",
        )
    return frame


def _source(path: Path) -> Path | bytes:
    """Return what Polars reads lines from: the file, or its content where a mark stands before the first line."""
    with gzip.open(path, "rb") if _is_packed(path) else path.open("rb") as lines:
        if lines.read(len(BOM_UTF8)) != BOM_UTF8:
            return path
        return lines.read()


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _is_list(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


def _first_bad_line(path: Path, why: Exception) -> MilepostError:
    """Return the error for the first line that is no object; a second look in Python finds it."""
    with gzip.open(path, "rb") if _is_packed(path) else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(BOM_UTF8) if number == 1 else line
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
