"""From a bundle folder to a predictor; a changed byte is refused, and nothing in the folder is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from milepost.data.schema import Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.manifest import read_verified
from milepost.predictor.predictor import Predictor


def load_predictor(folder: Path | str) -> Predictor:
    """Return the predictor of the bundle in folder.

    Raises:
        MilepostError: folder holds no bundle, a file was changed, or this Milepost does not understand it.
        EnvironmentFault: a file cannot be read, or LightGBM's library is missing.
    """
    manifest, contents = read_verified(Path(folder))
    try:
        texts = {name: content.decode("utf-8") for name, content in contents.items()}
        schema, model = (_document(texts, name, folder) for name in ("schema.json", "model.json"))
        return Predictor(Schema.from_json(schema), model, texts, bundle_id=manifest.bundle_id)
    except MilepostError:
        raise
    except Exception as why:  # every byte is as it was written, so this Milepost is not the one to read it
        raise MilepostError(
            f"Milepost {manifest.milepost} wrote bundle {manifest.bundle_id}; this Milepost does not understand it "
            f"({type(why).__name__}).",
            where=str(folder),
            fix="Upgrade Milepost: pip install --upgrade milepost   (or train the bundle again: milepost train)",
        ) from why


def _document(texts: dict[str, str], name: str, folder: Path | str) -> Any:
    if name not in texts:
        raise MilepostError(
            f"The bundle has no {name!r}.", where=str(folder), fix="Fetch the bundle again from the registry."
        )
    return json.loads(texts.pop(name))
