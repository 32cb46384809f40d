from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from milepost.data.answer_files import answer_file
from milepost.ground.errors import MilepostError

ANSWERS = pl.DataFrame(
    {
        "id": [1, 2],
        "at": [datetime(2024, 1, 1, tzinfo=UTC), None],
        "prediction": ["Yes", None],
        "flags": [["a is missing", "b is missing"], []],
    }
)


def write(path, answers=ANSWERS):
    file = answer_file(path)
    file.write(file.shaped(answers).lazy())
    return path


def test_csv_holds_the_flags_of_a_row_in_one_cell(tmp_path):
    lines = write(tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "id,at,prediction,flags"
    assert lines[1].startswith("1,2024-01-01T00:00:00")
    assert lines[1].endswith(",Yes,a is missing; b is missing")
    assert lines[2] == "2,,,"


@pytest.mark.parametrize("name", ["a.jsonl", "a.NDJSON"])
def test_json_lines_hold_one_object_for_each_row(tmp_path, name):
    found = pl.read_ndjson(write(tmp_path / name))
    assert found["flags"].to_list() == [["a is missing", "b is missing"], []]
    assert found["prediction"].to_list() == ["Yes", None]


def test_the_schema_is_that_of_what_is_written(tmp_path):
    for name in ("a.parquet", "a.csv", "a.jsonl"):
        file = answer_file(tmp_path / name)
        assert file.schema(ANSWERS.schema) == file.shaped(ANSWERS).schema


def test_other_lists_can_be_named(tmp_path):
    more = ANSWERS.with_columns(shares=pl.Series([[0.25, 0.75], None]))
    csv, jsonl = answer_file(tmp_path / "a.csv"), answer_file(tmp_path / "a.jsonl")
    lists = ("flags", "shares")
    assert csv.shaped(more, lists=lists)["shares"].to_list() == ["0.25; 0.75", None]
    assert jsonl.shaped(more, lists=lists).equals(more)
    assert csv.schema(more.schema, lists=lists) == csv.shaped(more, lists=lists).schema


def test_a_file_takes_its_place_after_what_has_to_come_before(tmp_path):
    file = answer_file(tmp_path / "a.parquet")
    there = []
    file.write(ANSWERS.lazy(), before=lambda: there.append(file.path.exists()))
    assert there == [False]
    assert file.path.exists()


def test_what_fails_before_leaves_no_file(tmp_path):
    file = answer_file(tmp_path / "a.parquet")

    def fail():
        raise MilepostError("No.", where="here", fix="Nothing.")

    with pytest.raises(MilepostError):
        file.write(ANSWERS.lazy(), before=fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("kept", [[b"x", b"y"], [timedelta(1), None], [[1], [2]]])
def test_a_column_that_text_cannot_hold_is_refused(tmp_path, name, kept):
    with pytest.raises(MilepostError, match="cannot hold the column 'kept'") as caught:
        answer_file(tmp_path / name).shaped(ANSWERS.with_columns(kept=pl.Series(kept)))
    assert caught.value.fix == "Write: -o answers.parquet"


def test_parquet_holds_everything(tmp_path):
    answers = ANSWERS.with_columns(kept=pl.Series([timedelta(1), None]))
    assert pl.read_parquet(write(tmp_path / "a.parquet", answers)).equals(answers)


@pytest.mark.parametrize("name", ["a", "a.xlsx", "a.csv.gz"])
def test_an_ending_that_names_no_format_is_refused(tmp_path, name):
    with pytest.raises(MilepostError, match=r"\.parquet, \.csv, \.jsonl"):
        answer_file(tmp_path / name)
