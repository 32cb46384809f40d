from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError
from milepost.predictor.manifest import FORMAT, Manifest, bundle_id_of, read_manifest, verify


def written(folder: Path, **contents: str) -> Path:
    """Write a small bundle; a double underscore in a name stands for a slash."""
    files = {}
    for key, text in ({"model": "{}", "trees__boosted": "tree"} | contents).items():
        path = folder / (key.replace("__", "/") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        files[path.relative_to(folder).as_posix()] = hashlib.sha256(text.encode()).hexdigest()
    manifest = Manifest(FORMAT, bundle_id_of(files), "0.1.0", files)
    (folder / "manifest.json").write_text(json.dumps(manifest.to_json()))
    return folder


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_an_untouched_bundle_verifies(tmp_path):
    manifest = verify(written(tmp_path))
    assert manifest == read_manifest(tmp_path)
    assert set(manifest.files) == {"model.json", "trees/boosted.json"}


def test_the_id_is_the_hash_of_format_and_sorted_files():
    digest = hashlib.sha256(b'[2,[["a","1"],["b","2"]]]').hexdigest()
    assert bundle_id_of({"b": "2", "a": "1"}) == digest[:16]


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text("0123456789abcdef", min_size=1), min_size=1)
)
def test_the_id_depends_on_every_file_and_not_on_their_order(files):
    assert bundle_id_of(files) == bundle_id_of(dict(reversed(files.items())))
    name = next(iter(files))
    assert bundle_id_of(files) != bundle_id_of(files | {name: files[name] + "0"})


@pytest.mark.parametrize("name", ["model.json", "trees/boosted.json"])
def test_a_changed_byte_is_refused_by_name(tmp_path, name):
    path = written(tmp_path) / name
    path.write_bytes(path.read_bytes()[:-1] + b"~")
    with pytest.raises(MilepostError, match=f"'{name}' was changed"):
        verify(tmp_path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    (written(tmp_path) / "model.json").unlink()
    with pytest.raises(MilepostError, match=r"'model.json' is missing"):
        verify(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "trees/other.json", ".hidden"])
def test_an_added_file_is_refused_by_name(tmp_path, name):
    (written(tmp_path) / name).write_text("x")
    with pytest.raises(MilepostError, match=f"'{name}' was added"):
        verify(tmp_path)


def test_an_added_folder_is_refused(tmp_path):
    (written(tmp_path) / "code").mkdir()
    with pytest.raises(MilepostError, match="'code' was added"):
        verify(tmp_path)


def test_a_link_is_refused_even_to_the_same_bytes(tmp_path):
    path = written(tmp_path / "bundle") / "model.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(MilepostError, match="is a link"):
        verify(tmp_path / "bundle")


def test_a_linked_folder_is_refused(tmp_path):
    bundle = written(tmp_path / "bundle")
    (bundle / "trees").rename(tmp_path / "trees")
    (bundle / "trees").symlink_to(tmp_path / "trees")
    with pytest.raises(MilepostError, match="'trees' is a link"):
        verify(bundle)


@pytest.mark.parametrize(
    "name", ["../model.json", "/etc/passwd", "a/../../b", "a\\b", "C:x", "", "a//b", ".x", "manifest.json"]
)
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path, name):
    written(tmp_path)
    edit_manifest(tmp_path, files={name: "0" * 64})
    with pytest.raises(MilepostError, match="may not be the name"):
        verify(tmp_path)


def test_a_newer_format_asks_for_an_upgrade(tmp_path):
    written(tmp_path)
    edit_manifest(tmp_path, format=FORMAT + 1, files="something else")
    with pytest.raises(MilepostError, match="Upgrade Milepost"):
        read_manifest(tmp_path)


def test_a_bundle_of_an_older_format_keeps_its_id_and_verifies(tmp_path):
    folder = written(tmp_path)
    files = dict(read_manifest(folder).files)
    old = hashlib.sha256(b"[1," + json.dumps(sorted(files.items()), separators=(",", ":")).encode() + b"]").hexdigest()
    edit_manifest(folder, format=1, bundle_id=old[:16])
    assert (verify(folder).format, verify(folder).bundle_id) == (1, old[:16])


@pytest.mark.parametrize(
    "changes",
    [{"format": "1"}, {"format": True}, {"format": 0}, {"files": []}, {"files": {}}, {"files": {"a": 1}},
     {"bundle_id": "0" * 16}, {"milepost": None}],
)  # fmt: skip
def test_a_damaged_manifest_is_refused(tmp_path, changes):
    written(tmp_path)
    edit_manifest(tmp_path, **changes)
    with pytest.raises(MilepostError, match="bundle"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff"])
def test_a_manifest_that_is_not_json_is_refused(tmp_path, text):
    written(tmp_path)
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(MilepostError, match="damaged"):
        read_manifest(tmp_path)


def test_a_folder_without_a_bundle_is_said_to_be_none(tmp_path):
    with pytest.raises(MilepostError, match="no bundle here"):
        read_manifest(tmp_path / "nowhere")
