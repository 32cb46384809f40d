"""The door to Delta tables: folders of Parquet with a log of versions. A table is scanned at one version, so it stays.

churn/_delta_log/00000000000000000007.json  ->  version 7
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from milepost.ground.doors import door
from milepost.ground.errors import EnvironmentFault, MilepostError

if TYPE_CHECKING:
    from deltalake import DeltaTable


_ODD = re.compile(r"[\[\]^|\\\x00-\x1f]|%[0-9A-Fa-f]{2}")  # what deltalake's URLs do not carry over


def table_uri(place: str | Path, *, called: str) -> str:
    """Return where a table is, as deltalake wants it: a URI as it is, a folder whole.

    Args:
        place: folder, or URI in an object store.
        called: what the table holds, for the error.

    Raises:
        EnvironmentFault: deltalake would end up in another folder, or panic.
    """
    if "://" in str(place):
        return str(place)
    path = str(Path(place).resolve())
    if odd := _ODD.search(path):
        raise EnvironmentFault(
            f"The {called} cannot live in a folder whose path holds {odd.group()!r}.",
            where=path,
            fix=r"Use a folder without [ ] ^ | \ and percent codes in its path.",
        )
    return path


def is_delta(path: str | Path) -> bool:
    """Return whether a local folder is a Delta table."""
    return (Path(path) / "_delta_log").is_dir()


def scan_delta(path: str | Path, *, version: int | None = None) -> pl.LazyFrame:
    """Return the rows of a Delta table at a version; the newest when absent, fixed at the time of the call.

    Raises:
        MilepostError: there is no such table or version.
    """
    table = _opened(path, version)
    return pl.scan_delta(table)


def delta_version(path: str | Path) -> int:
    """Return the newest version of a Delta table, counted from 0; -1 if there is no table yet."""
    if not is_delta(path):
        return -1
    return _opened(path, None).version()


def _opened(path: str | Path, version: int | None) -> DeltaTable:
    with door("deltalake"):
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError
    try:
        return DeltaTable(path, version=version)
    except (TableNotFoundError, FileNotFoundError):
        raise MilepostError(
            "There is no Delta table.", where=str(path), fix="Name the folder that holds _delta_log."
        ) from None
    except (DeltaError, ValueError) as why:
        asked = "" if version is None else f" at version {version}"
        raise MilepostError(
            f"The Delta table cannot be read{asked}: {_first_line(why)}.",
            where=str(path),
            fix="Name a version that it has, or restore the files that its log lists.",
        ) from why


def _first_line(why: Exception) -> str:
    return (str(why).strip() or type(why).__name__).splitlines()[0].rstrip(".")
