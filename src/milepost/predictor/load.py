"""From a bundle folder to a predictor; a changed byte is refused, and nothing in the folder is run."""

from __future__ import annotations

import json
from pathlib import Path

from milepost.data.schema import Schema
from milepost.predictor.manifest import read_verified
from milepost.predictor.predictor import Predictor


def load_predictor(folder: Path | str) -> Predictor:
    """Return the predictor of the bundle in folder.

    Raises:
        MilepostError: folder holds no bundle, a file was changed, or a newer Milepost wrote it.
        EnvironmentFault: a file cannot be read, or LightGBM's library is missing.
    """
    manifest, contents = read_verified(Path(folder))
    texts = {name: content.decode("utf-8") for name, content in contents.items()}
    schema, model = (json.loads(texts.pop(name)) for name in ("schema.json", "model.json"))
    return Predictor(Schema.from_json(schema), model, texts, bundle_id=manifest.bundle_id)
