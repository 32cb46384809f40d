from __future__ import annotations

import polars as pl
import pytest

from milepost.data.delta import delta_version, said_by_store, scan_delta
from milepost.ground.errors import MilepostError


def append(path, n: int) -> None:
    pl.DataFrame({"n": [n], "t": ["x"]}).write_delta(path, mode="append")


def test_each_addition_is_a_version(tmp_path):
    assert delta_version(tmp_path / "t") == -1
    for n in range(3):
        append(tmp_path / "t", n)
        assert delta_version(tmp_path / "t") == n
    assert sorted(scan_delta(tmp_path / "t").collect()["n"]) == [0, 1, 2]


def test_a_scan_stays_at_its_version(tmp_path):
    append(tmp_path / "t", 0)
    before = scan_delta(tmp_path / "t")
    append(tmp_path / "t", 1)
    assert (before.collect().height, scan_delta(tmp_path / "t", version=0).collect().height) == (1, 1)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(MilepostError, match="no Delta table"):
        scan_delta(tmp_path / "nope")
    append(tmp_path / "t", 0)
    with pytest.raises(MilepostError, match="at version 9"):
        scan_delta(tmp_path / "t", version=9)


def test_what_a_store_says_is_one_line_without_its_causes_between():
    why = OSError(
        "Kernel error -> S3 error\n   \x1b[31m↳\x1b[0m Error at http://store\n  \x1b[31m↳\x1b[0m Connection refused"
    )
    assert said_by_store(why) == "Kernel error -> S3 error: Connection refused"
    assert said_by_store(OSError("No space left")) == "No space left"
    assert said_by_store(TimeoutError()) == "TimeoutError"
    assert len(said_by_store(OSError("x" * 5_000 + "\n" + "y" * 5_000))) < 500


def test_credentials_that_a_store_repeats_are_hidden(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "minio-key-of-ann")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
    said = said_by_store(
        OSError("refused: <AWSAccessKeyId>minio-key-of-ann</AWSAccessKeyId>\nsigned by hunter2hunter2")
    )
    assert "minio-key-of-ann" not in said
    assert "hunter2hunter2" not in said
