from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.predictor.manifest import verify
from milepost.registry.bundles import BundleRef, is_whole, write_bundle

DOCUMENTS = {"model.json": "{}", "schema.json": '{"columns":[]}', "trees/boosted.txt": "tree\r\né\n"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_bundle_is_a_verified_folder_named_by_its_id(tmp_path):
    bundle = write_bundle(tmp_path / "bundles", DOCUMENTS)
    assert bundle.path == tmp_path / "bundles" / bundle.bundle_id
    assert verify(bundle.path).bundle_id == bundle.bundle_id
    assert contents(bundle.path)["trees/boosted.txt"] == "tree\r\né\n".encode()


def test_writing_a_bundle_again_touches_nothing(tmp_path):
    first = write_bundle(tmp_path, DOCUMENTS)
    before = (first.path / "manifest.json").stat()
    assert write_bundle(tmp_path, dict(reversed(DOCUMENTS.items()))) == first
    assert (first.path / "manifest.json").stat() == before
    assert [path.name for path in tmp_path.iterdir()] == [first.bundle_id]


def test_a_damaged_copy_is_written_anew(tmp_path):
    bundle = write_bundle(tmp_path, DOCUMENTS)
    (bundle.path / "model.json").write_text("{} ")
    (bundle.path / "stranger.txt").write_text("")
    assert not is_whole(bundle)
    assert is_whole(write_bundle(tmp_path, DOCUMENTS))


def test_a_whole_bundle_under_another_name_is_not_that_bundle(tmp_path):
    bundle = write_bundle(tmp_path, DOCUMENTS)
    moved = bundle.path.rename(tmp_path / "0123456789abcdef")
    assert not is_whole(BundleRef("0123456789abcdef", moved))


def test_a_name_that_leaves_the_folder_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(MilepostError, match="may not be the name"):
        write_bundle(tmp_path, {"../model.json": "{}"})
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_leaves_no_half_bundle(tmp_path):
    (tmp_path / "bundles").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentFault, match="disk refused"):
        write_bundle(tmp_path / "bundles", DOCUMENTS)
    assert [path.name for path in tmp_path.iterdir()] == ["bundles"]


@given(st.dictionaries(st.sampled_from(["model.json", "schema.json", "trees/a.txt"]), st.text(), min_size=1))
def test_the_same_documents_give_the_same_bytes_and_id_anywhere(tmp_path_factory, documents):
    one, other = (write_bundle(tmp_path_factory.mktemp("bundles"), documents) for _ in range(2))
    assert one.bundle_id == other.bundle_id
    assert contents(one.path) == contents(other.path)
    assert {name: text.encode() for name, text in documents.items()}.items() <= contents(one.path).items()
