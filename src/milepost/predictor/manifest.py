"""What a bundle folder consists of, and the check that not a byte of it has changed.

manifest.json  {"format": 2, "bundle_id": "9f…", "milepost": "0.1.0", "files": {"model.json": "sha256…", …}}

format 1  the first
       2  the encoding "saturating", "least" in a calibration, expected.json
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.files import canonical_json, hash_of_text

FORMAT = 2  # raised with whatever an older Milepost would not understand, so that it asks for an upgrade
MANIFEST = "manifest.json"

# Letters, digits, dots, dashes and underscores between slashes, no part starting with a dot: such a name cannot leave
# the folder and is the same name on every file system.
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The table of contents of a bundle.

    Attributes:
        format: version of the bundle's layout; this package reads up to FORMAT.
        bundle_id: hash of what decides the answers, 16 hexadecimal digits.
        milepost: version of the package that wrote the bundle.
        files: SHA-256 (64 hexadecimal digits) of each file by its name relative to the folder, with forward slashes.
    """

    format: int
    bundle_id: str
    milepost: str
    files: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "bundle_id": self.bundle_id,
            "milepost": self.milepost,
            "files": dict(sorted(self.files.items())),
        }


def bundle_id_of(files: Mapping[str, str], format: int = FORMAT) -> str:
    """Return the id of a bundle with these files, 16 hexadecimal digits; the manifest itself has no say in it.

    Args:
        files: SHA-256 of each file by its name, without the manifest.
        format: version of the bundle's layout.

    Raises:
        MilepostError: a name could point outside the folder.
    """
    for name in files:
        _check_name(name, where=MANIFEST)
    return hash_of_text(canonical_json([format, sorted(files.items())]))[:16]


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the bundle in folder; the files themselves are not looked at.

    Raises:
        MilepostError: folder holds no bundle, its manifest is damaged, or a newer Milepost wrote it.
        EnvironmentFault: the manifest cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file() or path.is_symlink():
        raise MilepostError(
            f"There is no bundle here: {MANIFEST} is missing.",
            where=str(folder),
            fix="Name the folder of a bundle, NAME@champion or NAME:VERSION.",
        )
    try:
        document = json.loads(_bytes_of(path))
    except (ValueError, RecursionError):
        raise _damaged(path, "it is not JSON") from None
    return _manifest(document, path)


def verify(folder: Path) -> Manifest:
    """Return the manifest of the bundle in folder after holding every file against its hash.

    Raises:
        MilepostError: a file was changed, removed or added, or read_manifest refuses.
    """
    return read_verified(folder)[0]


def read_verified(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the bytes of each file: the very bytes that were held against the hashes.

    Raises:
        MilepostError: a file was changed, removed or added, or read_manifest refuses.
    """
    manifest = read_manifest(folder)
    _refuse_strangers(folder, manifest)
    contents = {}
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise _broken(f"The bundle's file {name!r} is missing.", path)
        contents[name] = _bytes_of(path)
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise _broken(f"The bundle's file {name!r} was changed after it was written.", path)
    return manifest, contents


def _manifest(document: Any, path: Path) -> Manifest:
    """Return the manifest after checking each field, the format first: a newer one may have other fields."""
    version = document.get("format") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged(path, "it names no format")
    if version > FORMAT:
        raise MilepostError(
            f"The bundle has format {version}; this Milepost reads formats up to {FORMAT}.",
            where=str(path),
            fix="Upgrade Milepost: pip install --upgrade milepost",
        )
    files, bundle_id, writer = document.get("files"), document.get("bundle_id"), document.get("milepost")
    if not isinstance(files, dict) or not files or not isinstance(writer, str):
        raise _damaged(path, "it names no files")
    for name, digest in files.items():
        _check_name(name, where=str(path))
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise _damaged(path, f"the hash of {name!r} is no SHA-256")
    if bundle_id != bundle_id_of(files, version):
        raise _broken(f"The bundle's id {bundle_id!r} does not belong to its files.", path)
    return Manifest(version, bundle_id, writer, files)


def _refuse_strangers(folder: Path, manifest: Manifest) -> None:
    for path in _everything_in(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise _broken(f"{name!r} is a link; a bundle holds plain files only.", path)
        if path.is_dir():
            known = any(file.startswith(f"{name}/") for file in manifest.files)
        else:
            known = name == MANIFEST or name in manifest.files
        if not known:
            raise _broken(f"{name!r} was added to the bundle after it was written.", path)


def _everything_in(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, followlinks=False):
        yield from (Path(place) / name for name in sorted(folders + files))


def _check_name(name: str, *, where: str) -> None:
    if not _SAFE_NAME.fullmatch(name) or name == MANIFEST:
        raise MilepostError(
            f"{name!r} may not be the name of a file in a bundle.",
            where=where,
            fix="Use letters, digits, '.', '-' and '_', with '/' between folders.",
        )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise EnvironmentFault(
            f"The bundle's file {path.name!r} cannot be read: {why.strerror or why}.",
            where=str(path),
            fix="Check the disk and the permissions of the file, then try again.",
        ) from why


def _damaged(path: Path, why: str) -> MilepostError:
    return _broken(f"The bundle's manifest is damaged: {why}.", path)


def _broken(what: str, path: Path) -> MilepostError:
    return MilepostError(what, where=str(path), fix="Fetch the bundle again from the registry, or train it again.")
