from __future__ import annotations

import json

from milepost.data.schema import Schema
from milepost.models.production import bundle_documents, model_document
from milepost.models.refit import refit
from milepost.predictor.predictor import Predictor

SETTLED = {"linear": 1.0, "boosted": 30.0}


def test_the_last_fit_is_the_same_again(make_material):
    material = make_material("binary")
    first, second = (
        refit(material, {"linear": 0.4, "boosted": 0.6}, SETTLED, compared_rows=400, seed=1) for _ in range(2)
    )
    assert first == second


def test_members_keep_their_weights(make_material):
    fitted = refit(make_material("binary"), {"boosted": 0.6, "linear": 0.4}, SETTLED, compared_rows=400, seed=1)
    assert [(member["rung"], member["weight"]) for member in fitted.members] == [("linear", 0.4), ("boosted", 0.6)]
    assert set(fitted.files) == {"trees/boosted.txt"}


def test_the_documents_of_a_bundle_answer(make_material):
    material = make_material("binary")
    fitted = refit(material, {"linear": 0.4, "boosted": 0.6}, SETTLED, compared_rows=400, seed=1)
    schema = Schema(material.columns, "binary", material.labels)
    model = model_document(material, fitted, {"kind": "none"}, {"kind": "threshold", "at": 0.3})
    documents = bundle_documents(schema, material, model, fitted)
    predictor = Predictor(
        Schema.from_json(json.loads(documents["schema.json"])), json.loads(documents["model.json"]), documents
    )
    answer = predictor.answer({"amount": 1.0, "age": None, "plan": "pro"})
    assert answer["decision"] in ("no", "yes")
    assert sum(answer["probabilities"].values()) == 1.0


def test_trees_of_the_last_fit_grow_as_they_did_in_the_folds(make_material):
    # more rows than were compared must not change how trees are grown: the settled rounds belong to that growth
    material = make_material("binary")
    few, many = (
        refit(material, {"boosted": 1.0}, SETTLED, compared_rows=rows, seed=1).files["trees/boosted.txt"]
        for rows in (400, 30_000)
    )
    assert "shrinkage=0.05" in few
    assert "shrinkage=0.1" in many
