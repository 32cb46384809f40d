from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.files import hash_of_text
from milepost.predlog import delta_tables
from milepost.predlog.delta_tables import (
    FEWEST_FILES,
    Mark,
    append,
    check_types,
    days_to_merge,
    delete_before,
    merge_files,
    open_or_make,
    open_table,
    types_of,
    vacuum,
    watermark,
)

COLUMNS = pl.Schema({"prediction_id": pl.String(), "number": pl.Int64(), "day": pl.Date()})
DAY = date(2026, 3, 10)


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Return the place of a table that is there, and empty."""
    open_or_make(str(tmp_path), COLUMNS)
    return str(tmp_path)


def rows(*names: str, day: date = DAY) -> pl.DataFrame:
    return pl.DataFrame([(name, 1, day) for name in names], COLUMNS, orient="row")


def names_in(place: str) -> list[str]:
    return sorted(pl.scan_delta(place).select("prediction_id").collect().to_series().to_list())


def stored(place: str) -> pl.DataFrame:
    """Return the rows of a table whose path may hold anything, as they are in its files."""
    table = DeltaTable(place)
    files = [unquote(uri) for uri in table.file_uris()]
    types = pl.Schema({name: dtype for name, dtype in types_of(table).items() if name != "day"})
    rows = pl.scan_parquet(files, schema=types, missing_columns="insert", glob=False, hive_partitioning=False)
    return rows.sort("prediction_id").collect()


def many_files(place: str, count: int = 9, day: date = DAY) -> None:
    for number in range(count):
        append(place, rows(f"{day}-{number}", day=day), {})


def test_no_table_opens_as_none_and_its_watermarks_are_before_the_first_frame(tmp_path):
    assert open_table(str(tmp_path / "none")) is None
    assert not (tmp_path / "none").exists()
    assert watermark(None, "journal") == -1


def test_a_table_is_made_once(place):
    assert open_or_make(place, COLUMNS).version() == 0
    assert types_of(open_or_make(place, COLUMNS)) == COLUMNS


def test_rows_move_the_watermarks_of_their_journals(place):
    assert append(place, rows("a"), {"one": Mark(-1, 7), "two": Mark(-1, 2)})
    assert append(place, rows("b"), {"one": Mark(7, 9)})
    table = open_table(place)
    assert [watermark(table, name) for name in ("one", "two", "three")] == [9, 2, -1]
    assert names_in(place) == ["a", "b"]


def test_rows_whose_watermark_was_moved_meanwhile_are_not_written(place):
    append(place, rows("a"), {"one": Mark(-1, 7)})
    assert not append(place, rows("a"), {"one": Mark(-1, 7)})
    assert not append(place, rows("a"), {"one": Mark(5, 9), "two": Mark(-1, 3)})
    assert names_in(place) == ["a"]


def test_watermarks_move_without_rows(place):
    assert append(place, rows(), {"one": Mark(-1, 7)})
    assert watermark(open_table(place), "one") == 7


def test_a_commit_that_lost_a_race_is_tried_behind_the_winner(place, monkeypatch):
    stale = [open_table(place)]
    append(place, rows("a"), {"one": Mark(-1, 7)})
    newest = delta_tables.open_table
    monkeypatch.setattr(delta_tables, "open_table", lambda place: stale.pop() if stale else newest(place))
    assert append(place, rows("b"), {"two": Mark(-1, 1)})
    assert names_in(place) == ["a", "b"]


def test_a_race_for_one_journal_has_one_winner(place, monkeypatch):
    stale = [open_table(place)]
    append(place, rows("a"), {"one": Mark(-1, 7)})
    newest = delta_tables.open_table
    monkeypatch.setattr(delta_tables, "open_table", lambda place: stale.pop() if stale else newest(place))
    assert not append(place, rows("a"), {"one": Mark(-1, 7)})
    assert names_in(place) == ["a"]


def test_watermarks_outlive_checkpoints_merges_and_vacuums(place):
    append(place, rows("a"), {"one": Mark(-1, 7)})
    many_files(place)
    merge_files(place, DAY)
    DeltaTable(place).create_checkpoint()
    for path in sorted(Path(place, "_delta_log").glob("*.json"))[:-1]:
        path.unlink()
    vacuum(place, keep=timedelta(0))
    assert watermark(open_table(place), "one") == 7


def test_a_column_that_the_table_does_not_have_is_added(place):
    append(place, rows("a").with_columns(pl.struct(x=pl.lit(1.5)).alias("inputs_0")), {})
    append(place, rows("b"), {})
    assert types_of(DeltaTable(place))["inputs_0"] == pl.Struct({"x": pl.Float64()})
    assert pl.scan_delta(place).sort("prediction_id").collect()["inputs_0"].to_list() == [{"x": 1.5}, None]


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Int32, pl.String, pl.Boolean, pl.List(pl.Int64)])
def test_a_column_of_another_type_is_refused(place, dtype):
    with pytest.raises(MilepostError, match="'number' of the log is Int64"):
        append(place, pl.DataFrame(schema={**COLUMNS, "number": dtype}), {})
    assert DeltaTable(place).version() == 0


def test_deltalake_alone_would_store_a_part_of_a_number(place):
    """The reason why types are compared: were it gone, so could the comparison be."""
    write_deltalake(place, rows("a").with_columns(pl.lit(1.7).alias("number")), mode="append")
    assert pl.scan_delta(place).collect()["number"].to_list() == [1]


def test_types_inside_structs_and_lists_are_compared():
    table = pl.Schema({"inputs": pl.Struct({"x": pl.Float64(), "y": pl.List(pl.String())})})
    check_types(table, table, where="here")
    for other in (pl.Struct({"x": pl.Int64(), "y": pl.List(pl.String())}), pl.Struct({"x": pl.Float64()})):
        with pytest.raises(MilepostError, match="'inputs' of the log"):
            check_types(pl.Schema({"inputs": other}), table, where="here")


def test_small_files_of_a_day_become_one(place):
    many_files(place)
    many_files(place, 2, day=DAY + timedelta(days=1))
    assert days_to_merge(open_table(place)) == (DAY,)
    before = names_in(place)
    assert merge_files(place, DAY) == 8
    assert merge_files(place, DAY) == 0
    assert names_in(place) == before


def test_rows_that_come_during_a_merge_are_kept(place, monkeypatch):
    many_files(place)
    stale = [open_table(place)]
    append(place, rows("late"), {"one": Mark(-1, 3)})
    newest = delta_tables.open_table
    monkeypatch.setattr(delta_tables, "open_table", lambda place: stale.pop() if stale else newest(place))
    assert merge_files(place, DAY) == 9
    assert len(names_in(place)) == 10
    assert watermark(open_table(place), "one") == 3


def test_two_merges_of_the_same_files_double_nothing(place, monkeypatch):
    many_files(place)
    stale = [open_table(place)]
    merge_files(place, DAY)
    newest = delta_tables.open_table
    monkeypatch.setattr(delta_tables, "open_table", lambda place: stale.pop() if stale else newest(place))
    merge_files(place, DAY)
    assert len(names_in(place)) == 9


def test_deltalake_alone_would_double_the_rows_of_two_merges(place):
    """The reason why merges are written by hand: were it gone, so could they be."""
    many_files(place)
    first, second = DeltaTable(place), DeltaTable(place)
    for table in (first, second):
        table.optimize.compact(commit_properties=CommitProperties(max_commit_retries=0))
    assert len(names_in(place)) == 18


def test_a_merge_brings_no_deleted_row_back(place, monkeypatch):
    many_files(place)
    stale = [open_table(place)]
    assert delete_before(place, DAY + timedelta(days=1)) == 1
    newest = delta_tables.open_table
    monkeypatch.setattr(delta_tables, "open_table", lambda place: stale.pop() if stale else newest(place))
    assert merge_files(place, DAY) == 0
    assert names_in(place) == []


def test_a_merge_changes_no_row_and_no_type(tmp_path):
    place = str(tmp_path / "größe 100% é")
    struct = pl.Struct({"x": pl.Float64(), "t": pl.Datetime("us", "UTC")})
    columns = pl.Schema({**COLUMNS, "flags": pl.List(pl.String())})
    open_or_make(place, columns)
    moment = datetime(2026, 3, 10, 12, 0, 0, 123457, tzinfo=UTC)
    for number in range(9):
        flags = pl.Series("flags", [[None, "a"][:number]], pl.List(pl.String()))
        inputs = pl.Series("inputs_0", [{"x": None, "t": moment} if number % 2 else None], struct)
        append(place, rows(str(number)).with_columns(flags, *([inputs] if number > 4 else [])), {})
    types, before = types_of(DeltaTable(place)), stored(place)
    assert merge_files(place, DAY) == 8
    assert types_of(DeltaTable(place)) == types
    assert stored(place).equals(before)


def test_large_files_are_merged_only_when_half_as_much_is_new(place, monkeypatch):
    monkeypatch.setattr(delta_tables, "_FILE_BYTES", 4000)  # a file of one row is small then
    append(place, rows(*(hash_of_text(str(number)) for number in range(400))), {})
    many_files(place, FEWEST_FILES)
    table = open_table(place)
    sizes = pl.DataFrame(table.get_add_actions())["size_bytes"].sort().to_list()
    assert sizes[-2] < 2000
    assert sum(sizes[:-1]) < sizes[-1] / 2
    assert days_to_merge(table) == ()
    many_files(place, FEWEST_FILES)
    assert days_to_merge(open_table(place)) == (DAY,)


def test_days_before_one_are_deleted_whole(place):
    for number in range(3):
        append(place, rows(str(number), day=DAY + timedelta(days=number)), {})
    assert delete_before(place, DAY + timedelta(days=2)) == 2
    assert names_in(place) == ["2"]
    assert delete_before(place, DAY + timedelta(days=2)) == 0


def test_files_that_nobody_committed_are_removed_when_they_are_old(place):
    append(place, rows("a"), {})
    young, old = (Path(place, f"day={DAY}", f"{name}.parquet") for name in ("young", "old"))
    for path in (young, old):
        path.write_bytes(b"half a file")
    os.utime(old, (time.time() - 7200,) * 2)
    assert vacuum(place, keep=timedelta(hours=1)) == 1
    assert young.exists()
    assert not old.exists()
    assert names_in(place) == ["a"]


def test_an_older_version_can_be_read_within_an_hour(place):
    many_files(place)
    version = DeltaTable(place).version()
    merge_files(place, DAY)
    assert vacuum(place, keep=timedelta(hours=1)) == 0
    assert pl.scan_delta(place, version=version).collect().height == 9
    assert vacuum(place, keep=timedelta(0)) == 9


def test_a_damaged_table_is_told_with_a_cure(place):
    Path(place, "_delta_log", f"{0:020}.json").write_text("{")
    with pytest.raises(EnvironmentFault, match="can't be read or written") as error:
        open_table(place)
    assert "copy" in error.value.fix
