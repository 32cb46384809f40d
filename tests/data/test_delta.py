from __future__ import annotations

import polars as pl
import pytest

from milepost.data.delta import delta_version, scan_delta
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
