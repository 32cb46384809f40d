"""CSV and its kin as columns of text: fast where the file is plain, patiently where it is odd, never cut or shifted.

telco.csv  ->  staged/telco-3f9a….parquet, every column text, an empty cell missing
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import polars as pl

from milepost.data.dialect import HEAD, Dialect, single_byte, sniff, sniff_text
from milepost.data.findings import Finding
from milepost.data.staging import is_disk_full, write_parquet
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.text import counted, listed, nearest

_SUSPECTS = 10_000  # lines that look short and are looked at again
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def stage_delimited(paths: Sequence[Path], target: Path) -> tuple[Finding, ...]:
    """Write delimited files of the same columns to target as one table of text; return what was odd about them.

    Raises:
        MilepostError: a file is no table, its rows have different lengths, or its columns differ from the first's.
        EnvironmentFault: the disk refused.
    """
    dialects = [_sniffed(path) for path in paths]
    _agree(paths, dialects)
    try:
        if all(dialect.is_plain for dialect in dialects):
            write_parquet(
                _together([_scan(path, d) for path, d in zip(paths, dialects, strict=True)], dialects), target
            )
            _refuse_short_rows(paths, dialects, target)
            return ()
    except pl.exceptions.PolarsError:
        target.unlink(missing_ok=True)  # read again below, row by row: either it works or it says which row is wrong
    return _stage_patiently(paths, dialects, target)


def scan_delimited_uri(uri: str, *, where: str) -> pl.LazyFrame:
    """Return a delimited file in the cloud as a lazy table of text; UTF-8 only.

    Raises:
        MilepostError: its first row does not name its columns.
    """
    lines = pl.scan_lines(uri).head(500).collect(engine="streaming").to_series().to_list()
    dialect = sniff_text("\n".join(line or "" for line in lines), where=where)
    return _scan(uri, dialect)


def _sniffed(path: Path) -> Dialect:
    with _opened(path) as stream:
        head = stream.read(HEAD)
    if not head.strip():
        raise MilepostError(f"{path.name} is empty.", where=str(path), fix="Name a file with a header and rows.")
    return sniff(head, where=str(path))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, through gzip or zstandard where it is packed."""
    with path.open("rb") as stream:
        mark = stream.read(4)
    if mark == _ZSTD:
        lines = pl.scan_lines(path).collect(engine="streaming").to_series()
        yield io.BytesIO("\n".join(line or "" for line in lines).encode())
    elif mark[:2] == _GZIP:
        with gzip.open(path, "rb") as packed:
            yield packed  # type: ignore[misc]
    else:
        with path.open("rb") as stream:
            yield stream


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[IO[str]]:
    with _opened(path) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        yield text


def _agree(paths: Sequence[Path], dialects: Sequence[Dialect]) -> None:
    """Refuse a file whose columns are not those of the first."""
    first = dialects[0].names
    for path, dialect in zip(paths, dialects, strict=True):
        lacks = [name for name in first if name not in dialect.names]
        extra = [name for name in dialect.names if name not in first]
        if lacks or extra:
            raise columns_differ(paths[0].name, path, lacks, extra)


def columns_differ(first: str, path: Path, lacks: Sequence[str], extra: Sequence[str]) -> MilepostError:
    """Return the error for a file of a glob whose columns are not those of the first file."""
    parts = [f"lacks {listed([repr(name) for name in lacks])}"] if lacks else []
    parts += [f"has {listed([repr(name) for name in extra])} beside them"] if extra else []
    near = nearest(extra[0], lacks) if lacks and extra else None
    fix = f"Rename {extra[0]!r} to {near!r} in it" if near else "Give all files the same columns"
    return MilepostError(
        f"{path.name} does not have the columns of {first}: it {' and '.join(parts)}.",
        where=str(path),
        fix=f"{fix}, or leave the file out of the glob.",
    )


def _scan(path: Path | str, dialect: Dialect) -> pl.LazyFrame:
    names, mark, quote = list(dialect.names), dialect.delimiter, dialect.quote
    return pl.scan_csv(
        path, separator=mark, quote_char=quote, infer_schema=False, with_column_names=lambda _: names
    )  # fmt: skip


def _together(frames: Sequence[pl.LazyFrame], dialects: Sequence[Dialect]) -> pl.LazyFrame:
    return pl.concat([frame.select(dialects[0].names) for frame in frames])


def _refuse_short_rows(paths: Sequence[Path], dialects: Sequence[Dialect], target: Path) -> None:
    """Refuse a row with fewer cells than there are columns: Polars would fill it up without a word.

    Such a row has an empty last cell, so most files are cleared by a look at the last column alone.
    """
    names = dialects[0].names
    last = pl.scan_parquet(target).select(pl.col(dialects[0].names[-1]).null_count())
    if len(names) == 1 or last.collect(engine="streaming").item() == 0:
        return
    for path, dialect in zip(paths, dialects, strict=True):
        short = _first_short_line(path, dialect)
        if short:
            target.unlink(missing_ok=True)
            raise _ragged(path, *short, len(names))


def _first_short_line(path: Path, dialect: Dialect) -> tuple[int, int] | None:
    """Return the first line with too few cells, counted from 1, and how many it has; None if there is none."""
    line, quote = pl.col("line"), re.escape(dialect.quote)
    unquoted = line.str.replace_all(f"{quote}[^{quote}]*{quote}", "")
    marks = unquoted.str.count_matches(dialect.delimiter, literal=True)
    short = (marks < len(dialect.names) - 1) & (line.str.strip_chars() != "")
    whole = ~unquoted.str.contains(dialect.quote, literal=True)  # else its last cell goes on in the next line
    lines = pl.scan_lines(path, name="line").with_row_index("number", offset=1)
    found = lines.filter(short & whole).select("number", cells=marks + 1).head(_SUSPECTS).collect(engine="streaming")
    return _first_outside_quotes(path, dialect, dict(found.iter_rows()))


def _first_outside_quotes(path: Path, dialect: Dialect, suspects: dict[int, int]) -> tuple[int, int] | None:
    """Return the first of some lines that does not lie inside a quoted cell of several lines."""
    if not suspects:
        return None
    is_open = False
    with _text(path, dialect.encoding) as text:
        for number, line in enumerate(text, 1):
            if number in suspects and not is_open:
                return number, suspects[number]
            is_open ^= line.count(dialect.quote) % 2 == 1
    return None


def _ragged(path: Path, line: int, cells: int, columns: int) -> MilepostError:
    return MilepostError(
        f"A row has {counted(cells, 'cell')} where the header names {counted(columns, 'column')}.",
        where=f"{path}, line {line}",
        fix="Mend that row: put a cell that holds the delimiter into quotes, and write empty cells out.",
    )


def _stage_patiently(paths: Sequence[Path], dialects: Sequence[Dialect], target: Path) -> tuple[Finding, ...]:
    """Write the files to target by way of plain copies, made row by row; the copies are deleted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".plain-") as folder:
        copies, encodings = [], set()
        for number, (path, dialect) in enumerate(zip(paths, dialects, strict=True)):
            copies.append(Path(folder) / f"{number}.csv")
            encodings.add(_copy(path, dialect, copies[-1]))
        plain = [Dialect("utf-8", ",", '"', dialect.names, is_plain=True) for dialect in dialects]
        write_parquet(_together([_scan(copy, d) for copy, d in zip(copies, plain, strict=True)], plain), target)
    guessed = sorted(encodings & {"cp1252", "latin-1"})
    return tuple(_guessed(name) for name in guessed[:1])


def _copy(path: Path, dialect: Dialect, copy: Path) -> str:
    """Write a file again as plain CSV; return the encoding that it turned out to have."""
    encoding = dialect.encoding
    try:
        _copy_rows(path, dialect, encoding, copy)
    except UnicodeDecodeError:
        if encoding not in ("utf-8", "utf-8-sig"):
            raise MilepostError(
                f"{path.name} is not written in {encoding} throughout.",
                where=str(path),
                fix=f"Save it again as UTF-8, or run: iconv -f {encoding} -t UTF-8 -c {path.name}",
            ) from None
        with _opened(path) as stream:
            encoding = single_byte(stream.read())
        _copy_rows(path, dialect, encoding, copy)
    return encoding


def _copy_rows(path: Path, dialect: Dialect, encoding: str, copy: Path) -> None:
    try:
        with _text(path, encoding) as text, copy.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(_rows(path, dialect, text))
    except OSError as why:
        if is_disk_full(why, copy):
            raise EnvironmentFault(
                "The disk has no room for a plain copy of the file.", where=str(copy.parent), fix="Free some space."
            ) from why
        raise


def _rows(path: Path, dialect: Dialect, text: IO[str]) -> Iterator[list[str]]:
    """Give the rows of a file, all of one length, without empty lines.

    Raises:
        MilepostError: a row is longer or shorter than the header, or a quote is never closed.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (line.replace("\r\n", "\n").replace("\r", "\n") for line in text)
    reader = csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True, strict=True)
    width, start = len(dialect.names), 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as why:
            what = "A quote is opened and never closed." if "end of data" in str(why) else f"A row has {why}."
            raise MilepostError(
                what.replace("has ',' expected", "needs a delimiter"),
                where=f"{path}, line {start}",
                fix=f"Close the quote ({dialect.quote}) in that row, or double it where it belongs to the text.",
            ) from None
        if row is None:
            return
        if row and len(row) != width:
            raise _ragged(path, start, len(row), width)
        if row or width == 1:
            yield row or [""]
        start = reader.line_num + 1


def _guessed(encoding: str) -> Finding:
    return Finding(
        "encoding-guessed",
        "note",
        None,
        "The file is not UTF-8; it was read as Windows-1252, which Western European letters are written in.",
        {"encoding": encoding},
        "Look whether letters with accents came out right; if not, save the file as UTF-8.",
    )
