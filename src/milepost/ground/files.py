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


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal (full disk, no permission) into an error with a cure."""
    try:
        yield
    except OSError as why:
        raise EnvironmentFault(
            f"The disk refused to write: {why.strerror or why}.",
            where=str(path),
            fix="Free some space or choose a folder that you may write to, then run the same command again.",
        ) from why


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside path; it takes path's place when the block ends well.

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
            partial.chmod(0o644)
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
            aside = partial.with_suffix(".old")
            if path.exists():
                path.replace(aside)  # a kill between the two renames loses nothing: the old folder lies aside
            partial.replace(path)
            shutil.rmtree(aside, ignore_errors=True)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


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
