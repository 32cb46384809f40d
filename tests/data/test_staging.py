from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from milepost.data.staging import source_key, stage_by_content, staged_path, write_parquet
from milepost.ground.errors import EnvironmentFault


def test_a_key_follows_the_content_and_how_it_is_read(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    one, other = [tmp_path / "a"], [tmp_path / "b"]
    assert source_key(one) == source_key(other) != source_key(one, "sheet")
    (tmp_path / "b").write_text("y")
    assert source_key(one) != source_key(other)


def test_a_large_file_is_known_by_its_time_of_change(tmp_path, monkeypatch):
    monkeypatch.setattr("milepost.data.staging._SMALL", 0)
    path = tmp_path / "a"
    path.write_text("x")
    before = source_key([path])
    os.utime(path, ns=(1, 1))
    assert source_key([path]) != before


def test_a_staged_name_is_plain():
    assert staged_path(Path("w"), "my data (new).csv", "k").name == "my-data-new-k.parquet"


def test_the_same_rows_are_the_same_file(tmp_path):
    frame = pl.DataFrame({"x": [1, 2]}).lazy()
    assert stage_by_content(frame, tmp_path, "t") == stage_by_content(frame, tmp_path, "t")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_table_that_cannot_be_computed_leaves_nothing_behind(tmp_path):
    with pytest.raises(pl.exceptions.PolarsError):
        write_parquet(
            pl.DataFrame({"x": ["a"]}).lazy().with_columns(pl.col("x").cast(pl.Int64)), tmp_path / "t.parquet"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_fault_of_the_environment_and_leaves_nothing_behind(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode
    ):
        pytest.skip("only root may mount a small disk")
    try:
        with pytest.raises(EnvironmentFault, match="No space left"):
            write_parquet(pl.DataFrame({"x": range(200_000)}).lazy().select(pl.col("x").hash()), disk / "t.parquet")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)
