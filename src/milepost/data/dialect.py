"""How a delimited text file is written, sniffed from its beginning: encoding, delimiter, quotes, names of columns.

id;net / 1;'2,5' / …  ->  encoding "utf-8-sig", delimiter ";", quote "'", names ("id", "net")
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from milepost.data.writing import PLAIN, SPACES
from milepost.ground.errors import MilepostError
from milepost.ground.text import listed

HEAD = 1 << 20  # bytes of a file that are looked at
_RECORDS = 500
_DELIMITERS = (",", ";", "\t", "|")  # the first of equals wins
_MARKS = (  # a longer mark before the shorter one that begins it
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written.

    Attributes:
        encoding: Python's name of it.
        delimiter, quote: one character each.
        names: the names of the columns, without outer spaces.
        is_plain: Polars reads it as it is: UTF-8, lines that end in a newline, quotes only around whole cells.
    """

    encoding: str
    delimiter: str
    quote: str
    names: tuple[str, ...]
    is_plain: bool


def sniff(head: bytes, *, where: str) -> Dialect:
    """Return how a file is written that begins with head.

    Args:
        head: at most HEAD bytes.
        where: the file, for errors.

    Raises:
        MilepostError: it is no text, or its first row does not name its columns.
    """
    encoding = encoding_of(head, where=where)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    if len(head) >= HEAD and "\n" in text:
        text = text[: text.rindex("\n") + 1]  # the last line may be cut
    return sniff_text(text, where=where, encoding=encoding)


def sniff_text(text: str, *, where: str, encoding: str = "utf-8") -> Dialect:
    """Return how a decoded text is written; `sniff` for one whose encoding is known."""
    lines = re.split("\r\n|\r|\n", text)
    quote = _quote(lines)
    delimiter = max(_DELIMITERS, key=lambda mark: _consistency(lines, mark, quote))
    if not any(_consistency(lines, mark, quote)[1] for mark in _DELIMITERS):
        _refuse_title(lines, quote, where=where)
    first = next((record for record in _records(lines, delimiter, quote) if any(record)), [])
    odd = not lines[0].strip() or ("\r" in text and "\n" not in text) or f"{delimiter} {quote}" in text
    return Dialect(
        encoding,
        delimiter,
        quote,
        header_names(first, where=f"{where}, line 1"),
        is_plain=encoding in ("utf-8", "utf-8-sig") and not odd and not _has_stray_quote(lines),
    )


def encoding_of(head: bytes, *, where: str) -> str:
    """Return the encoding of a text: by its mark, as UTF-16 by its zero bytes, as UTF-8 if it is, else Windows-1252.

    Raises:
        MilepostError: it is no text.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _utf16(head, where=where)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = single_byte(head)
    _refuse_garbage(head.decode(encoding, errors="replace" if encoding == "latin-1" else "ignore"), where=where)
    return encoding


def single_byte(head: bytes) -> str:
    """Return the encoding of a Western text of one byte for each letter."""
    return "latin-1" if any(byte in head for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"


def header_names(cells: list[str], *, where: str) -> tuple[str, ...]:
    """Return the names of columns from the cells of a first row, without outer spaces.

    Raises:
        MilepostError: a name is empty or stands twice, or the row holds numbers.
    """
    names = [cell.strip(SPACES) for cell in cells]
    if names and all(re.fullmatch(PLAIN, name) for name in names):
        raise MilepostError(
            f"The first row holds numbers, not names: {listed(names, most=4)}.",
            where=where,
            fix="Add a first row with the name of each column.",
        )
    return checked_names(names, where=where)


def checked_names(names: list[str], *, where: str) -> tuple[str, ...]:
    """Return the names of columns, each there and each once.

    Raises:
        MilepostError: a name is empty, stands twice, or holds a zero character, at which stores of tables end a name.
    """
    for number, name in enumerate(names, 1):
        if "\0" in name:
            raise MilepostError(
                f"The name of column {number}, {name!r}, holds a zero character at position {name.index(chr(0)) + 1}.",
                where=where,
                fix="Give the column a name without it.",
            )
    empty = [number for number, name in enumerate(names, 1) if not name]
    if empty or not names:
        index = " (pandas writes such a column unless index=False)" if empty == [1] else ""
        raise MilepostError(
            f"Column {listed(empty)} of {len(names)} has no name.",
            where=where,
            fix=f"Give it a name, or delete the column{index}.",
        )
    twice = {name: times for name, times in Counter(names).items() if times > 1}
    if twice:
        many = listed([f"{name!r} stands {times} times" for name, times in twice.items()])
        raise MilepostError(
            f"Several columns have the same name: {many}.",
            where=where,
            fix="Give each column a name of its own.",
        )
    return tuple(names)


def not_a_table(what: str, *, where: str) -> MilepostError:
    """Return the error for a file that is something else."""
    return MilepostError(
        f"This is {what}, not a table.",
        where=where,
        fix="Name a CSV, JSON Lines, Parquet, Arrow or Excel file, a Delta table, or { uri, query }.",
    )


def _utf16(head: bytes, *, where: str) -> str:
    """Return which UTF-16 it is by the places of its zero bytes: Latin letters have one in each pair."""
    even, odd, half = head[0::2].count(0), head[1::2].count(0), len(head) / 2
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    raise not_a_table("binary data", where=where)


def _refuse_garbage(text: str, *, where: str) -> None:
    if len(_CONTROL.findall(text)) > 0.002 * len(text) + 1:
        raise not_a_table("binary data", where=where)


def _quote(lines: list[str]) -> str:
    """Return the single quote where values stand in single quotes and none in double ones."""
    some = [line for line in lines[:_RECORDS] if line]
    if any('"' in line for line in some):
        return '"'
    quoted = sum(re.search(r"(?:^|[,;\t|])\s?'[^']*'\s?(?:$|[,;\t|])", line) is not None for line in some)
    return "'" if quoted > len(some) / 2 else '"'


def _records(lines: list[str], delimiter: str, quote: str) -> list[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    try:
        return list(islice(reader, _RECORDS))
    except csv.Error:  # one field of more than 128 kB: an open quote, said later with its line
        return [line.split(delimiter) for line in lines[:_RECORDS]]


def _consistency(lines: list[str], delimiter: str, quote: str) -> tuple[float, int]:
    """Return how well a delimiter fits: share of records with as many fields as the first, then how many those are."""
    sizes = [len(record) for record in _records(lines, delimiter, quote) if record]
    if not sizes or sizes[0] < 2:
        return 0.0, 0
    return round(sizes.count(sizes[0]) / len(sizes), 2), sizes[0]


def _refuse_title(lines: list[str], quote: str, *, where: str) -> None:
    """Refuse a first line of one cell above lines of several: a title or a comment, no header."""
    for mark in _DELIMITERS:
        sizes = [len(record) for record in _records(lines, mark, quote) if record]
        usual = max(set(sizes[1:]), key=sizes[1:].count, default=1)
        if len(sizes) > 2 and sizes[0] == 1 < usual and sizes[1:].count(usual) > len(sizes[1:]) / 2:
            number = next(number for number, line in enumerate(lines, 1) if line.strip())
            raise MilepostError(
                f"Line {number} is no header: it has one cell, but most lines have {usual}.",
                where=f"{where}, line {number}",
                fix="Delete the lines above the one that names the columns.",
            )


def _has_stray_quote(lines: list[str]) -> bool:
    """Return whether a double quote stands inside an unquoted cell, which Polars refuses."""
    return any(re.search(r'(?:^|[,;\t|])[^",;\t|]+"', line) for line in lines if '"' in line)
