from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError
from milepost.predlog.given import REFUSALS, Truth, first_of, read_given, refusals_of, table_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHURN = Truth("binary", ("No", "Yes"))
PRICE = Truth("regression")


def read(columns: dict, truth: Truth = CHURN, **more) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = len(next(iter(columns.values())))
    return read_given(pl.DataFrame({"prediction_id": ["p"] * rows, **columns}), truth, now=NOW, **more)


def refusal(columns: dict, truth: Truth = CHURN, **more) -> tuple[str, str, str]:
    rows, refusals = read(columns, truth, **more)
    assert rows.is_empty()
    return refusals.select("what", "where", "fix").row(0)


@pytest.mark.parametrize("said", ["Yes", " Yes ", "yes", "YES", "'Yes'", "yes."])
def test_a_class_is_read_as_it_is_spelled_in_the_labels(said):
    assert read({"truth": [said]})[0]["label"].to_list() == ["Yes"]


@pytest.mark.parametrize(
    ("labels", "values", "dtype"),
    [
        (("0", "1"), [1], pl.Int64()),
        (("0", "1"), [1.0], pl.Float64()),
        (("false", "true"), [True], pl.Boolean()),
        (("a", "1"), ["1"], pl.Categorical()),
    ],
)
def test_classes_may_be_numbers_and_truths(labels, values, dtype):
    rows, _ = read({"truth": pl.Series(values, dtype=dtype)}, Truth("binary", labels))
    assert rows["label"].to_list() == [labels[1]]


def test_a_class_that_is_none_is_refused_with_what_it_may_be():
    what, where, fix = refusal({"truth": ["maybe"]})
    assert what == "truth is 'maybe', which is no class of the problem."
    assert where == "field 'truth'"
    assert fix == "Write one of: 'No', 'Yes'; or leave it empty."


def test_of_two_classes_that_are_spelled_alike_none_is_guessed():
    labels = Truth("multiclass", ("a.b", "New York", "NEW YORK"))
    rows, refusals = read({"truth": ["New York", "new york"]}, labels)
    assert rows["label"].to_list() == ["New York"]
    assert refusals["row"].to_list() == [1]


def test_a_class_may_be_called_like_a_missing_value():
    rows, _ = read({"truth": ["NA", "n/a"], "acted_on": [True, True]}, Truth("binary", ("NA", "EU")))
    assert rows["label"].to_list() == ["NA", None]


@pytest.mark.parametrize(("said", "number"), [(12, 12.0), ("12", 12.0), ("1,234.5", 1234.5), (-0.5, -0.5)])
def test_a_number_is_read_as_it_is_written(said, number):
    assert read({"truth": [said]}, PRICE)[0]["number"].to_list() == [number]


@pytest.mark.parametrize("said", ["dear", float("inf"), "1e999", True, date(2026, 1, 1)])
def test_what_is_no_finite_number_is_refused(said):
    what, _, fix = refusal({"truth": [said]}, PRICE)
    assert what.endswith("which is no finite number.")
    assert fix.startswith("Write a number")


def test_nothing_at_all_is_refused_and_acting_alone_is_taken():
    columns = {"truth": [None, "", "?", float("nan"), None], "acted_on": [None, None, None, None, True]}
    columns["truth"] = pl.Series([None, "", "?", None, None], dtype=pl.String())
    rows, refusals = read(columns)
    assert rows.select("row", "label", "acted_on").rows() == [(4, None, True)]
    assert set(refusals["what"]) == {"The row says nothing about its prediction."}


def test_nan_is_no_truth():
    _, refusals = read({"truth": [float("nan")]}, PRICE)
    assert refusals["what"].to_list() == ["The row says nothing about its prediction."]


@pytest.mark.parametrize(
    "said", ["2026-02-01T10:00:00Z", "2026-02-01 11:00:00+01:00", datetime(2026, 2, 1, 10, tzinfo=UTC),
             datetime(2026, 2, 1, 12, tzinfo=timezone(timedelta(hours=2)))],
)  # fmt: skip
def test_times_are_read_in_utc(said):
    rows, _ = read({"truth": ["Yes"], "recorded_at": [said]})
    assert rows["recorded_at"].to_list() == [datetime(2026, 2, 1, 10, tzinfo=UTC)]


@pytest.mark.parametrize("said", ["2026-02-01", date(2026, 2, 1), datetime(2026, 2, 1)])
def test_a_time_without_an_offset_is_one_of_the_zone(said):
    rows, _ = read({"truth": ["Yes"], "happened_at": [said]}, zone="Europe/Berlin")
    assert rows["happened_at"].to_list() == [datetime(2026, 1, 31, 23, tzinfo=UTC)]


@pytest.mark.parametrize("name", ["happened_at", "recorded_at", "time"])
@pytest.mark.parametrize("said", ["soon", "2026-02-30", 1_767_225_600])
def test_what_is_no_time_is_refused(name, said):
    what, where, fix = refusal({"truth": ["Yes"], name: [said]})
    assert what == f"{name} is '{said}', which is no time."
    assert where == f"field '{name}'"
    assert "2026-05-31T10:00:00Z" in fix


@pytest.mark.parametrize("name", ["happened_at", "recorded_at"])
def test_what_knows_the_future_is_refused_but_clocks_may_differ_a_little(name):
    ahead = [NOW + timedelta(minutes=5), NOW + timedelta(minutes=5, microseconds=1)]
    rows, refusals = read({"truth": ["Yes", "Yes"], name: ahead})
    assert rows["row"].to_list() == [0]
    assert refusals["what"].str.ends_with("which is not yet.").to_list() == [True]


@pytest.mark.parametrize(("said", "acted"), [(True, True), (0, False), (1.0, True), ("no", False), ("TRUE", True)])
def test_acting_is_read_from_truths_numbers_and_words(said, acted):
    assert read({"acted_on": [said]})[0]["acted_on"].to_list() == [acted]


def test_acting_that_cannot_be_read_is_refused():
    assert refusal({"acted_on": ["perhaps"]})[0] == "acted_on is 'perhaps', which is neither true nor false."


def test_a_row_names_its_prediction_in_one_way():
    columns = {
        "prediction_id": ["P", "p", None, None, None],
        "entity": [None, 81, 81, 81, None],
        "time": [None, "2026-01-01", "2026-01-01", None, "2026-01-01"],
    }
    rows, refusals = read({**columns, "truth": ["Yes"] * 5})
    assert rows.select("row", "prediction_id", "entity").rows() == [(0, "p", None), (2, None, "81")]
    assert refusals["row"].to_list() == [1, 3, 4]
    assert refusals["what"][0].startswith("The prediction is named in two ways")
    assert set(refusals["what"][1:]) == {"The row does not say which prediction it is about."}


def test_an_entity_is_text_as_people_write_it():
    columns = {"prediction_id": [None], "time": ["2026-01-01"], "truth": ["Yes"]}
    assert [read({**columns, "entity": [one]})[0]["entity"][0] for one in (81, 81.0, " 81 ")] == ["81"] * 3


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["prediction_id", "thruth"], "Rename 'thruth' to 'truth'."),
        (["prediction_id"], "Call the column that says what turned out to be true 'truth'."),
        (["truth"], "Add the column 'prediction_id', or both 'entity' and 'time'."),
        (["truth", "entity"], "Add the column 'prediction_id', or both 'entity' and 'time'."),
    ],
)
def test_a_table_without_what_every_row_needs_is_refused_whole(names, says):
    with pytest.raises(MilepostError) as caught:
        read_given(pl.DataFrame({name: ["x"] for name in names}), CHURN, now=NOW)
    assert caught.value.fix == says


def test_other_columns_are_left_alone():
    assert read({"truth": ["Yes"], "notes": [["a", "b"]]})[0].height == 1


def test_long_values_are_shown_in_part():
    assert len(refusal({"truth": ["x" * 10_000]})[0]) < 120


def test_of_many_refusals_the_first_counts_for_each_row():
    rows = pl.DataFrame({"row": [2, 1]}, schema={"row": pl.UInt32})
    first = first_of(refusals_of(rows, "a", "first", "do"), refusals_of(rows, "b", "second", "do"))
    assert first.rows() == [(1, "first", "a", "do"), (2, "first", "a", "do")]
    assert first.schema == REFUSALS


def test_rows_of_json_are_a_table_whatever_their_types():
    rows = [{"prediction_id": "p", "truth": 1, "note": "x"}, {"prediction_id": "q", "truth": "Yes"}, {"truth": True}]
    table = table_of([*rows, {"truth": 2.0}, {"truth": 10**30}, {"truth": ["Yes"]}, {}])
    assert table.columns == ["prediction_id", "truth"]
    assert table["truth"].to_list() == ["1", "Yes", "true", "2", str(10**30), "['Yes']", None]
    assert table["prediction_id"].to_list() == ["p", "q", None, None, None, None, None]
    assert table_of([{"truth": 1.5}, {"truth": 2}])["truth"].to_list() == [1.5, 2]


CELLS = st.none() | st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.booleans() | st.binary()
TABLES = st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=4)


@given(TABLES)
@settings(max_examples=60)
def test_whatever_is_given_each_row_is_read_or_refused_once(rows):
    names = ["prediction_id", "entity", "time", "truth", "happened_at", "recorded_at", "acted_on"]
    columns = {name: pl.Series(name, [row[at] for row in rows], strict=False) for at, name in enumerate(names)}
    read_rows, refusals = read_given(pl.DataFrame(columns), CHURN, now=NOW)
    assert sorted([*read_rows["row"], *refusals["row"]]) == list(range(len(rows)))
    assert refusals.null_count().sum_horizontal()[0] == 0
