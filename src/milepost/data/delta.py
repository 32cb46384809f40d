"""The door to Delta tables: folders of Parquet with a log of versions. A table is scanned at one version, so it stays.

churn/_delta_log/00000000000000000007.json  ->  version 7
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import polars as pl

from milepost.ground.doors import door
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.problem.secrets import hide_secrets

if TYPE_CHECKING:
    from deltalake import DeltaTable


_ODD = re.compile(r"[\[\]^|\\\x00-\x1f]|%[0-9A-Fa-f]{2}")  # what deltalake's URLs do not carry over
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|↳|^\s*\d+:\s|^Caused by:$")  # of lines of an error of deltalake or Polars
_LONGEST = 200  # characters of what a store says

# An object store that is away is found out within seconds, not minutes: who asked tries again by itself, or says so.
_PATIENCE = {"max_retries": "2", "retry_timeout": "10s", "connect_timeout": "5s"}
_CREDENTIALS = " ".join(
    f"${{{name}}}"
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_CLIENT_SECRET", "AZURE_STORAGE_SAS_TOKEN", "GOOGLE_SERVICE_ACCOUNT_KEY",
    )
)  # fmt: skip


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


def store_options(place: str | Path) -> dict[str, str] | None:
    """Return how deltalake asks an object store; None for a folder. Credentials are in the environment."""
    return dict(_PATIENCE) if "://" in str(place) else None


def scan_files(uris: Iterable[str], **options: Any) -> pl.LazyFrame:
    """Return the rows of files of a Delta table, which are named as deltalake names them.

    Args:
        uris: of Parquet files, all in one place.
        options: of polars.scan_parquet.
    """
    # local paths come back as URIs, with blanks and accents encoded; Polars takes them as they are written
    places = [unquote(uri) if uri.startswith("/") else uri for uri in uris]
    patience = {"max_retries": 2} if any("://" in place for place in places) else None
    return pl.scan_parquet(places, glob=False, storage_options=patience, **options)


def said_by_store(why: BaseException) -> str:
    r"""Return what a store said, in one line and without credentials: the first and the last line of its error.

    >>> said_by_store(OSError("Generic S3 error\n  \x1b[31m↳\x1b[0m client error\n  ↳ Connection refused"))
    'Generic S3 error: Connection refused'
    """
    lines = [_DECORATION.sub("", line.strip()).strip() for line in str(why).splitlines()]
    lines = [line for line in lines if line] or [type(why).__name__]
    first, last = lines[0], lines[-1]
    first = first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"
    return hide_secrets(first if len(lines) == 1 else f"{first}: {last[:_LONGEST]}", _CREDENTIALS)


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
