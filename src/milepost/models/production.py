"""The model in production form: the documents of a bundle, from which bundle_id follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milepost.data.repairs import Repair
from milepost.data.schema import Schema
from milepost.ground.files import canonical_json
from milepost.models.material import Material, input_names
from milepost.models.refit import Fitted
from milepost.predictor.predictor import EXPECTED, Predictor
from milepost.predictor.selftest import expected_answers


def model_document(
    material: Material,
    fitted: Fitted,
    calibration: dict[str, Any],
    decision: dict[str, Any],
    repairs: Sequence[Repair] = (),
) -> dict[str, Any]:
    """Return model.json: everything that decides an answer, but for the trees and the schema.

    Args:
        material: what the members were fitted on; it holds the derived features.
        fitted: members and their files.
        calibration: the predictor's calibration document.
        decision: the predictor's decision document.
        repairs: how cells as they come become the values that the model learned from.
    """
    used = _columns_read(fitted)
    derived = [
        {"name": name, "tree": expression.tree, "type": expression.type}
        for name, expression in material.derived.items()
        if name in used
    ]
    return {
        "task": material.task,
        "labels": list(material.labels),
        "derived": derived,
        "members": list(fitted.members),
        "calibration": calibration,
        "decision": decision,
        "timezone": material.zone,
        "repairs": [repair.to_json() for repair in repairs if repair.column in _inputs_of(material, fitted)],
    }


def bundle_documents(schema: Schema, material: Material, model: dict[str, Any], fitted: Fitted) -> dict[str, str]:
    """Return the bundle's files: name -> text.

    Args:
        schema: learned on the development rows.
        material: names the inputs.
        model: from model_document.
        fitted: brings the tree files.
    """
    known = schema.only(_inputs_of(material, fitted))
    expected = expected_answers(Predictor(known, model, fitted.files))
    return {
        "schema.json": canonical_json(known.to_json()),
        "model.json": canonical_json(model),
        EXPECTED: canonical_json(expected),
        **fitted.files,
    }


def _inputs_of(material: Material, fitted: Fitted) -> list[str]:
    return input_names(material, with_rule=any(member["rung"] == "rule" for member in fitted.members))


def _columns_read(fitted: Fitted) -> set[str]:
    return {block["column"] for member in fitted.members for block in member["encoding"]}
