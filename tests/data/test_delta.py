from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from milepost.data.delta import append_delta, delta_version, scan_delta
from milepost.ground.errors import EnvironmentFault, MilepostError


def rows(n: int) -> pl.DataFrame:
    return pl.DataFrame({"n": [n], "t": ["x"]})


def test_rows_are_added_and_each_addition_is_a_version(tmp_path):
    assert delta_version(tmp_path / "t") == -1
    assert [append_delta(tmp_path / "t", rows(n)) for n in range(3)] == [0, 1, 2]
    assert sorted(scan_delta(tmp_path / "t").collect()["n"]) == [0, 1, 2]


def test_a_scan_stays_at_its_version(tmp_path):
    append_delta(tmp_path / "t", rows(0))
    before = scan_delta(tmp_path / "t")
    append_delta(tmp_path / "t", rows(1))
    assert (before.collect().height, scan_delta(tmp_path / "t", version=0).collect().height) == (1, 1)


def test_writers_at_once_lose_nothing(tmp_path):
    append_delta(tmp_path / "t", rows(-1))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: append_delta(tmp_path / "t", rows(n)), range(8)))
    assert sorted(scan_delta(tmp_path / "t").collect()["n"]) == list(range(-1, 8))


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(MilepostError, match="no Delta table"):
        scan_delta(tmp_path / "nope")
    append_delta(tmp_path / "t", rows(0))
    with pytest.raises(MilepostError, match="at version 9"):
        scan_delta(tmp_path / "t", version=9)


def test_a_place_that_cannot_be_written_is_a_fault_of_the_environment(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFault):
        append_delta(tmp_path / "file" / "t", rows(0))
