"""Splits kept in the workspace, so that the same request gets the same rows again.

splits/<first 16 of request>.parquet   part: one of "test", "development", "left out" for each row of the table
splits/<first 16 of request>.json      what was asked, what was said, and the hashes of both
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.keys import SplitRequest
from milepost.data.split import Split, make_split, split_hash, split_key
from milepost.ground.errors import MilepostError
from milepost.ground.files import canonical_json, hash_of_file, hash_of_text, whole_file, write_text
from milepost.ground.records import as_document, from_document
from milepost.ground.workspace import Workspace

_FORMAT = 1
_PARTS = pl.Enum(["test", "development", "left out"])
_PLAIN = ("strategy", "seed", "says", "folds_by", "together", "fingerprint", "request", "hash")


def open_split(
    keys: pl.DataFrame, request: SplitRequest, *, workspace: Workspace, seed: int, fingerprint: str
) -> Split:
    """Return the split that was saved for this request and table; where there is none, make it and save it.

    Args:
        keys: as split_keys gives them.
        request: what the problem asks.
        workspace: where splits are kept.
        seed: decides what chance decides.
        fingerprint: of the table.

    Raises:
        MilepostError: the table cannot be split, or a saved split has changed.
        EnvironmentFault: the disk refused.
    """
    kept = find_split(workspace, split_key(request, seed=seed, fingerprint=fingerprint))
    if kept:
        return kept
    split = make_split(keys, request, seed=seed, fingerprint=fingerprint)
    save_split(workspace, split)
    return split


def save_split(workspace: Workspace, split: Split) -> Path:
    """Write split into workspace, whole or not at all; return the path of its description.

    Raises:
        EnvironmentFault: the disk refused.
    """
    rows_path, path = _paths(workspace, split.request)
    part = np.empty(split.rows, dtype=np.uint8)
    for code, rows in enumerate((split.test, split.development, split.left_out)):
        part[rows] = code
    with whole_file(rows_path) as partial:
        pl.DataFrame({"part": _PARTS.categories.gather(part).cast(_PARTS)}).write_parquet(partial)
    document = {name: as_document(getattr(split, name)) for name in _PLAIN}
    document |= {
        "format": _FORMAT,
        "findings": as_document(split.findings),
        "rows_sha256": hash_of_file(rows_path),
    }
    write_text(path, json.dumps(document | {"seal": _seal(document)}, indent=1, ensure_ascii=False))
    return path


def find_split(workspace: Workspace, request: str) -> Split | None:
    """Return the saved split that was asked for in the same words; None if there is none.

    Args:
        workspace: where splits are saved.
        request: as split_key gives it.

    Raises:
        MilepostError: a file of that split has changed.
    """
    rows_path, path = _paths(workspace, request)
    if not path.exists():
        return None
    split = _read(path, rows_path)
    if split.request != request:
        raise _changed(path)
    return split


def _paths(workspace: Workspace, request: str) -> tuple[Path, Path]:
    stem = workspace.splits / request[:16]
    return stem.with_suffix(".parquet"), stem.with_suffix(".json")


def _read(path: Path, rows_path: Path) -> Split:
    document = _document(path)
    if not rows_path.is_file() or hash_of_file(rows_path) != document["rows_sha256"]:
        raise _changed(rows_path)
    part = pl.read_parquet(rows_path)["part"].cast(_PARTS).to_physical().to_numpy()
    test, development, left_out = parts = [np.flatnonzero(part == code) for code in range(3)]
    logic = (document["folds_by"], document["together"])
    found = split_hash(document["strategy"], document["seed"], document["fingerprint"], parts, logic=logic)
    if found != document["hash"]:
        raise _changed(path)
    return Split(
        document["strategy"],
        document["seed"],
        test,
        development,
        left_out,
        says=tuple(document["says"]),
        findings=tuple(from_document(Finding, finding) for finding in document["findings"]),
        folds_by=document["folds_by"],
        together=document["together"],
        fingerprint=document["fingerprint"],
        request=document["request"],
        hash=document["hash"],
    )


def _document(path: Path) -> dict[str, Any]:
    """Return a split's description as it was written."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise _changed(path) from None
    if not isinstance(document, dict) or document.pop("seal", None) != _seal(document):
        raise _changed(path)
    if document["format"] > _FORMAT:
        raise MilepostError(
            f"The split was saved in format {document['format']}; this version reads up to {_FORMAT}.",
            where=str(path),
            fix="Run: pip install --upgrade milepost",
        )
    return document


def _seal(document: dict[str, Any]) -> str:
    return hash_of_text(canonical_json(document))


def _changed(path: Path) -> MilepostError:
    names = " and ".join(path.with_suffix(suffix).name for suffix in (".json", ".parquet"))
    return MilepostError(
        "A saved split has changed since it was written.",
        where=str(path),
        fix=f"Delete {names}, then run: milepost train",
    )
