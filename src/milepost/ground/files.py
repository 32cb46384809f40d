"""Files that are written whole or not at all, and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from milepost.ground.errors import EnvironmentFault

# what the names of files do, and the network, but no disk
_NAMES = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)
_NETWORK = (ConnectionError, TimeoutError)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write path (full disk, no permission) into an error with a cure.

    What goes wrong in the block with other files, as one that is read and not there, stays what it is.
    """
    try:
        yield
    except OSError as why:
        if not _is_about(why, path):
            raise
        raise EnvironmentFault(
            f"The disk refused to write: {why.strerror or why}.",
            where=str(path),
            fix="Free some space or choose a folder that you may write to, then run the same command again.",
        ) from why


def _is_about(why: OSError, path: Path) -> bool:
    """Return whether an error is about path, a folder above it, what is below it, or its temporary neighbour."""
    names = [name for name in (why.filename, why.filename2) if isinstance(name, str | bytes)]
    if not names:
        return not isinstance(why, _NAMES + _NETWORK)
    place = path.absolute()
    neighbour = str(place.with_name(f".{place.name}"))
    return any(
        place == other or place in other.parents or other in place.parents or str(other).startswith(neighbour)
        for other in (Path(os.fsdecode(name)).absolute() for name in names)
    )


@contextmanager
def whole_file(path: Path, *, mode: int = 0o644) -> Iterator[Path]:
    """Give a temporary path beside path; it takes path's place, with this mode, when the block ends well.

    Raises:
        EnvironmentFault: the disk refused.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.chmod(mode)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty temporary folder beside path; it becomes path when the block ends well.

    An existing path is replaced.

    Raises:
        EnvironmentFault: the disk refused.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        try:
            yield partial
            partial.chmod(0o755)
            _take_place(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _take_place(partial: Path, path: Path) -> None:
    """Rename a folder to path; the one that is there is moved aside, and back where the new one cannot come."""
    if not path.exists():
        partial.replace(path)
        return
    aside = partial.with_name(f"{partial.name}.old")
    path.replace(aside)  # a kill between the two renames loses nothing: the old folder lies aside
    try:
        partial.replace(path)
    except OSError:
        if not path.exists():
            aside.replace(path)
        raise
    finally:
        if path.exists():  # else what lies aside is the only copy
            shutil.rmtree(aside, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write text to path, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def canonical_json(document: object) -> str:
    """Return JSON that is the same for equal documents: sorted keys, shortest exact floats, no NaN.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def hash_of_text(text: str) -> str:
    """Return the SHA-256 of text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def hash_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
