"""Which format a file has: by its first bytes, and by its name where the bytes say nothing.

telco.csv that begins with PAR1  ->  "parquet"
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Literal

from milepost.data.dialect import not_a_table
from milepost.ground.errors import MilepostError

Format = Literal["delimited", "json", "parquet", "arrow", "excel"]

_BY_MARK: tuple[tuple[bytes, Format], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xd0\xcf\x11\xe0", "excel"),  # .xls
)
_BY_NAME: dict[str, Format] = {
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "excel",
}  # fmt: skip
_OTHERS = (  # what people hand over instead of a table
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"FEA1", "a Feather file of the first version"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x80\x05\x95", "a Python pickle"),
    (b"RDX", "an R data file"),
)
_DAMAGE: dict[Format, str] = {"parquet": "a Parquet file", "arrow": "an Arrow file", "excel": "a workbook"}


def format_of(path: Path) -> Format:
    """Return the format of a file.

    Raises:
        MilepostError: it is empty, or no table.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    if not head.strip():
        raise MilepostError(f"{path.name} is empty.", where=str(path), fix="Name a file with a header and rows.")
    for mark, found in _BY_MARK:
        if head.startswith(mark):
            return found
    _refuse_others(head, path)
    if head.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    named = next((_BY_NAME[suffix] for suffix in reversed(suffixes) if suffix in _BY_NAME), None)
    if named in _DAMAGE:
        raise damaged(path, named)
    return named or ("json" if _begins_an_object(head, path) else "delimited")


def damaged(path: Path | str, found: Format) -> MilepostError:
    """Return the error for a file that is not what its name or its beginning says."""
    return MilepostError(
        f"This is not {_DAMAGE.get(found, 'a table')}, or it is cut off or damaged.",
        where=str(path),
        fix="Write or copy the file again; compare its size with the original's.",
    )


def _refuse_others(head: bytes, path: Path) -> None:
    for mark, what in _OTHERS:
        if head.startswith(mark):
            raise not_a_table(what, where=str(path))
    if head.startswith(b"SQLite format 3"):
        raise MilepostError(
            "This is a SQLite database; it holds many tables.",
            where=str(path),
            fix=f'Write source = {{ uri = "sqlite:///{path.name}", query = "select * from …" }}.',
        )
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise not_a_table("a page of HTML or XML", where=str(path))


def _zip_format(path: Path) -> Format:
    """Return "excel" for a workbook, which is a ZIP archive with a certain file in it."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise damaged(path, "excel") from None
    if any(name.startswith("xl/") or name == "content.xml" for name in names):
        return "excel"
    raise not_a_table("a ZIP archive", where=str(path))


def _begins_an_object(head: bytes, path: Path) -> bool:
    if head.startswith(b"\x1f\x8b"):
        with gzip.open(path, "rb") as stream:
            head = stream.read(512)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b'{"')
