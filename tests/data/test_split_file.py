import json

import numpy as np
import polars as pl
import pytest

from milepost.data.keys import SplitRequest
from milepost.data.split import make_split, split_key
from milepost.data.split_file import find_split, open_split, save_split
from milepost.ground.errors import MilepostError
from milepost.ground.workspace import Workspace

REQUEST = SplitRequest("binary", "y", group="g")
KEYS = pl.DataFrame({"y": [n % 3 == 0 for n in range(300)], "g": [n % 50 if n % 7 else None for n in range(300)]})


@pytest.fixture
def kept(tmp_path):
    split = make_split(KEYS, REQUEST, seed=0, fingerprint="f")
    workspace = Workspace(tmp_path)
    return workspace, split, save_split(workspace, split)


def test_a_split_comes_back_as_it_was(kept):
    workspace, split, _ = kept
    for again in [find_split(workspace, split.request)]:
        assert [getattr(again, name).tolist() for name in ("test", "development", "left_out")] == [
            getattr(split, name).tolist() for name in ("test", "development", "left_out")
        ]
        assert (again.says, again.findings, again.hash, again.together) == (
            split.says, split.findings, split.hash, split.together
        )  # fmt: skip


def test_only_the_same_question_about_the_same_table_finds_it(kept):
    workspace, split, _ = kept
    assert find_split(workspace, split_key(REQUEST, seed=0, fingerprint="f")).hash == split.hash
    assert find_split(workspace, split_key(REQUEST, seed=1, fingerprint="f")) is None
    assert find_split(workspace, split_key(REQUEST, seed=0, fingerprint="g")) is None


def test_the_rows_can_be_read_without_us(kept):
    _, split, path = kept
    part = pl.read_parquet(path.with_suffix(".parquet"))["part"]
    assert np.flatnonzero((part == "test").to_numpy()).tolist() == split.test.tolist()


@pytest.mark.parametrize("suffix", [".json", ".parquet"])
def test_a_changed_byte_is_refused(kept, suffix):
    workspace, split, path = kept
    file = path.with_suffix(suffix)
    content = file.read_bytes()
    for at in np.linspace(0, len(content) - 1, 40).astype(int):
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(MilepostError, match="has changed since it was written"):
            find_split(workspace, split.request)
    file.write_bytes(content)
    assert find_split(workspace, split.request).hash == split.hash


def test_a_newer_format_is_refused(kept):
    from milepost.ground.files import canonical_json, hash_of_text

    workspace, split, path = kept
    document = json.loads(path.read_text())
    document.pop("seal")
    document["format"] = 99
    path.write_text(json.dumps(document | {"seal": hash_of_text(canonical_json(document))}))
    with pytest.raises(MilepostError, match="format 99"):
        find_split(workspace, split.request)


def test_a_foreign_or_changed_file_does_not_block_other_questions(kept):
    workspace, split, path = kept
    (workspace.splits / "notes.json").write_text("not ours")
    (workspace.splits / f"{'0' * 16}.json").write_text("{}")
    assert find_split(workspace, split.request).hash == split.hash
    path.write_text("changed")
    assert find_split(workspace, split_key(REQUEST, seed=1, fingerprint="f")) is None


def test_a_file_under_the_name_of_another_question_is_refused(kept):
    workspace, _, path = kept
    other = split_key(REQUEST, seed=1, fingerprint="f")
    for suffix in (".json", ".parquet"):
        (workspace.splits / f"{other[:16]}{suffix}").write_bytes(path.with_suffix(suffix).read_bytes())
    with pytest.raises(MilepostError, match="has changed since it was written"):
        find_split(workspace, other)


def test_the_same_question_gets_the_saved_rows(tmp_path):
    first = open_split(KEYS, REQUEST, workspace=Workspace(tmp_path), seed=0, fingerprint="f")
    again = open_split(KEYS.head(0), REQUEST, workspace=Workspace(tmp_path), seed=0, fingerprint="f")
    assert again.hash == first.hash
    assert len(list(Workspace(tmp_path).splits.glob("*.json"))) == 1
