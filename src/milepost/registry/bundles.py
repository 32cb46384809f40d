"""Write a bundle: the model in production form, a folder of data files that is named by its own hash.

bundles/
└── 9f3a…/           bundle_id
    ├── manifest.json
    ├── model.json, schema.json
    └── trees/boosted.txt
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.files import hash_of_text, whole_folder
from milepost.predictor.manifest import FORMAT, MANIFEST, Manifest, bundle_id_of, verify


@dataclass(frozen=True, slots=True)
class BundleRef:
    """A bundle and where it lies.

    Attributes:
        bundle_id: hash of what decides its answers, 16 hexadecimal digits.
        path: its folder.
    """

    bundle_id: str
    path: Path


def write_bundle(folder: Path, documents: Mapping[str, str]) -> BundleRef:
    """Return the bundle of these documents, written whole below folder; writing it again changes nothing.

    Args:
        folder: where bundles live; the bundle's own folder is called by its bundle_id.
        documents: file name with forward slashes -> text ("model.json", "trees/boosted.txt").

    Raises:
        MilepostError: a name could point outside the bundle.
        EnvironmentFault: the disk refused.
    """
    files = {name: hash_of_text(text) for name, text in documents.items()}
    manifest = Manifest(FORMAT, bundle_id_of(files), version("milepost"), files)
    bundle = BundleRef(manifest.bundle_id, folder / manifest.bundle_id)
    if is_whole(bundle):
        return bundle
    try:
        with whole_folder(bundle.path) as partial:
            for name, text in documents.items():
                _write(partial / name, text)
            _write(partial / MANIFEST, json.dumps(manifest.to_json(), indent=1) + "\n")
    except EnvironmentFault:
        if not is_whole(bundle):  # another process may have finished the same bundle in the meantime
            raise
    return bundle


def is_whole(bundle: BundleRef) -> bool:
    """Return whether the folder holds this very bundle, every byte of it."""
    try:
        return verify(bundle.path).bundle_id == bundle.bundle_id
    except MilepostError:
        return False


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))  # bytes, so that no system turns line ends
