"""A bundle folder written by hand, as the registry writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from milepost.data.schema import Schema
from milepost.ground.files import canonical_json, hash_of_file
from milepost.predictor.manifest import FORMAT, Manifest, bundle_id_of

WriteBundle = Callable[..., Path]


@pytest.fixture
def write_bundle(tmp_path: Path) -> WriteBundle:
    def write(schema: Schema, model: Mapping[str, Any], files: Mapping[str, str]) -> Path:
        folder = tmp_path / "bundle"
        texts = {"schema.json": canonical_json(schema.to_json()), "model.json": canonical_json(model), **files}
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        hashes = {name: hash_of_file(folder / name) for name in texts}
        manifest = Manifest(FORMAT, bundle_id_of(hashes), "0.1.0", hashes)
        (folder / "manifest.json").write_text(canonical_json(manifest.to_json()))
        return folder

    return write
