from __future__ import annotations

from dataclasses import dataclass

import pytest

from milepost.data.schema import Schema
from milepost.ground.errors import MilepostError
from milepost.registry.reading import needed_evidence, read_evidence


@dataclass(frozen=True, slots=True)
class Judged:
    beside: dict[str, tuple[float, float]]


@pytest.fixture
def bundle_id(recorded) -> str:
    return recorded("{}").bundle_id


def test_evidence_comes_back_as_what_it_was(store, bundle_id):
    judged = Judged({"dummy": (0.25, 0.5)})
    store.attach(bundle_id, "verdict", judged)
    assert read_evidence(store, bundle_id, "verdict", Judged) == judged
    assert needed_evidence(store, bundle_id, "verdict", Judged) == judged


@pytest.mark.parametrize(
    ("name", "cure"),
    [("verdict", "milepost evaluate {}"), ("asked", "milepost evaluate {}"), ("climb", "milepost train")],
)
def test_evidence_of_another_shape_says_how_to_make_it_anew(store, bundle_id, name, cure):
    store.attach(bundle_id, name, {"beside": {"dummy": 0.25}})
    with pytest.raises(MilepostError, match=f"The '{name}' that the registry holds of bundle {bundle_id}") as caught:
        read_evidence(store, bundle_id, name, Judged)
    assert caught.value.fix.endswith(cure.format(bundle_id))


def test_evidence_that_is_made_by_a_function_is_checked_too(store, bundle_id):
    store.attach(bundle_id, "schema", {"task": "binary"})
    with pytest.raises(MilepostError, match="can't be read"):
        read_evidence(store, bundle_id, "schema", Schema, build=Schema.from_json)


@pytest.mark.parametrize("content", [b"{", b"\xff"])
def test_a_damaged_document_is_no_bug(workspace, store, bundle_id, content):
    store.attach(bundle_id, "climb", {"beside": {}})
    [place] = workspace.artifacts.glob("*/artifacts/evidence/climb.json")
    place.write_bytes(content)
    with pytest.raises(MilepostError, match="it is damaged"):
        read_evidence(store, bundle_id, "climb", Judged)


def test_evidence_that_is_needed_and_not_there_is_refused(store, bundle_id):
    assert read_evidence(store, bundle_id, "verdict", Judged) is None
    with pytest.raises(MilepostError, match="holds no 'verdict'") as caught:
        needed_evidence(store, bundle_id, "verdict", Judged)
    assert caught.value.fix == f"Judge it again: milepost evaluate {bundle_id}"
