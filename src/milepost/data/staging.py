"""Tables written once into the workspace as Parquet, named by what they were made from, then scanned lazily.

.milepost/staged/telco-3f9a….parquet    one file for each source and content; it never changes once it is there
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import polars as pl

from milepost.ground.files import canonical_json, hash_of_file, hash_of_text, whole_file

GROUP_ROWS = 32_768  # of what is staged: Polars reads several groups ahead, whole rows of text
READING = 2  # rises when the same source would be staged otherwise
_SMALL = 64 << 20  # bytes; up to this a file is known by its content, above by its path, size and time of change
_DISK_FULL = ("os error 28", "no space left", "os error 122", "os error 27", "file too large")  # quotas, limits


def source_key(paths: Sequence[Path], *how: object) -> str:
    """Return 16 hexadecimal digits that change when a file, or how it is read, changes."""
    return key_of([_identity(path) for path in paths], *how)


def key_of(*what: object) -> str:
    """Return 16 hexadecimal digits that say what something staged was made from."""
    return hash_of_text(canonical_json([READING, version("milepost"), *what]))[:16]


def _identity(path: Path) -> list[object]:
    state = path.stat()
    if state.st_size <= _SMALL:
        return [state.st_size, hash_of_file(path)]
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]


def staged_path(folder: Path, name: str, key: str) -> Path:
    """Return where a table of that name and key is staged."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-")[:40]
    return folder / f"{plain or 'table'}-{key}.parquet"


def write_parquet(frame: pl.LazyFrame, path: Path, *, group_rows: int = GROUP_ROWS) -> None:
    """Write frame to path in pieces, whole or not at all; what is read from may be larger than memory.

    Args:
        frame: the table.
        path: file to write.
        group_rows: rows in a row group; it bounds what a streaming reader holds.

    Raises:
        EnvironmentFault: the disk refused.
        polars.exceptions.PolarsError: the frame cannot be computed.
    """
    write_whole(path, lambda partial: frame.sink_parquet(partial, row_group_size=group_rows, engine="streaming"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let Polars write a file, whole or not at all.

    Args:
        path: file to write.
        write: writes to the temporary path that it is given.

    Raises:
        EnvironmentFault: the disk refused.
        polars.exceptions.PolarsError: what is to be written cannot be computed.
    """
    with whole_file(path) as partial:
        try:
            write(partial)
        except (pl.exceptions.PolarsError, OSError) as why:
            if is_disk_full(why, path):
                raise OSError(errno.ENOSPC, "No space left on device") from why
            raise


def stage_by_content(frame: pl.LazyFrame, folder: Path, name: str) -> tuple[Path, str]:
    """Write frame to a file that is named by its content; return the file and its key.

    For what cannot be known before it was read: the same rows are the same file, and a file that is there stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, unnamed = tempfile.mkstemp(dir=folder, prefix=".answer-", suffix=".parquet")
    os.close(handle)
    partial = Path(unnamed)
    try:
        write_parquet(frame, partial)
        key = key_of(hash_of_file(partial))
        path = staged_path(folder, name, key)
        if not path.exists():
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path, key


def is_disk_full(why: Exception, path: Path) -> bool:
    """Return whether a failed write means that the disk has no room left."""
    room = shutil.disk_usage(path.parent).free if path.parent.exists() else 1
    return room == 0 or any(word in str(why).lower() for word in _DISK_FULL)
