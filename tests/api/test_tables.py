import polars as pl
import pytest

from milepost.api.tables import called, opened_table
from milepost.ground.errors import MilepostError
from milepost.ground.events import silent
from milepost.problem.spec import SqlSource


def test_a_table_of_text_is_staged_beside_and_does_not_stay(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n2\n")
    with opened_table(tmp_path / "t.csv", beside=tmp_path / "out.parquet", listener=silent) as scanned:
        assert scanned.frame.collect().to_dicts() == [{"a": "1"}, {"a": "2"}]
        assert list(tmp_path.glob(".out.parquet-*"))
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_table_that_is_damaged_behind_its_beginning_is_a_mistake(tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": ["x" * 100] * 10_000}).write_parquet(path, compression="uncompressed")
    content = bytearray(path.read_bytes())
    content[40:400] = b"\xff" * 360
    path.write_bytes(content)
    opened = opened_table(path, beside=tmp_path / "o.csv", listener=silent)
    with pytest.raises(MilepostError, match=r"t\.parquet"), opened as scanned:
        scanned.frame.collect()


def test_people_call_a_query_a_query():
    assert called(SqlSource(uri="sqlite://x.db", query="select 1")) == "the query"
    assert called("t.csv") == "t.csv"
