"""Everything that a person can get wrong: told in three lines, with exit code 2, and nothing is lost."""

import re
from pathlib import Path

import polars as pl
import pytest

from telco import files_in, telco_sample

CONTRACT = """\
[problem]
name = "churn"
target = "churn"
positive = "Yes"
[data]
source = "table.csv"
id = "customer"
[features]
x = "monthly_charges / (tenure + 1)"
[baseline]
rule = "tenure < 6"
[success]
accuracy = ">= 0.75"
recall = ">= 0.50"
[value]
true_positive = "monthly_charges"
"""
COLUMNS = ("customer", "churn", "tenure", "contract", "monthly_charges")
ROWS = 300


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return telco_sample().select(COLUMNS).head(ROWS)


@pytest.fixture
def refused(tmp_path, run):
    """Return a check that a command refuses: exit code 2, three lines, the user's files kept, nothing stored."""

    def check(what: str, *, where: str, fix: str = "", contract: str = CONTRACT, command: str = "train") -> None:
        (tmp_path / "milepost.toml").write_text(contract, encoding="utf-8")
        before = files_in(tmp_path)
        ran = run(*command.split(), "--quiet", folder=tmp_path)
        assert (ran.code, ran.out) == (2, ""), ran
        said, *places, cure = ran.err.splitlines()
        assert re.search(what, said), said
        assert places[0].startswith("  where: ")
        assert where in places[0]
        assert cure.startswith("  fix:   ")
        assert fix in cure
        after = files_in(tmp_path)
        assert {name: after[name] for name in before} == before
        assert {Path(name).parts[:2] for name in after.keys() - before.keys()} <= {
            (".milepost", "staged"),
            (".milepost", "splits"),
        }

    return check


def changed(old: str, new: str) -> str:
    assert old in CONTRACT
    return CONTRACT.replace(old, new)


# ---- the file


def test_a_missing_file(refused):
    refused("There is no file 'table.csv'", where="milepost.toml, line 6, data.source")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "not a table"),
        (bytes(range(256)) * 30, "not a table"),
        (b"<!doctype html><html><body>Not found</body></html>\n", "not a table"),
        (b"customer,churn,tenure\n", "header but no rows"),
        (b"churn,a,a\nYes,1,2\nNo,3,4\n", "'a' stands 2 times"),
        (b"churn,,a\nYes,1,2\nNo,3,4\n", "Column 2 of 3 has no name"),
        (b"churn,a\nYes,1\nNo,2,3\n", "3 cells where the header names 2 columns"),
    ],
    ids=["empty", "blank", "picture", "binary", "page", "header only", "names twice", "no name", "ragged"],
)
def test_a_file_that_is_no_table(refused, tmp_path, content, what):
    (tmp_path / "table.csv").write_bytes(content)
    refused(what, where="table.csv" if what != "header but no rows" else "data.source")


# ---- the target


@pytest.mark.parametrize(
    ("target", "what", "fix"),
    [
        (pl.lit("No"), "has the same value in every row", "another target"),
        (pl.lit(None, dtype=pl.String), "is missing in all 300 rows", "Name a column"),
        (
            pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("Yes")).otherwise(pl.lit("No")),
            "has a single row: 'Yes'",
            "Add rows",
        ),
    ],
    ids=["constant", "missing", "one positive"],
)
def test_a_target_that_cannot_be_learned(refused, table, tmp_path, target, what, fix):
    table.with_columns(churn=target).write_csv(tmp_path / "table.csv")
    refused(what, where="milepost.toml, line 3, problem.target", fix=fix)


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ("check", "milepost.toml, line 3, problem.target"),
        ("train", "milepost.toml, line 3, problem.target"),
        ("init table.csv --target code -p new.toml", "table.csv, column 'code'"),
    ],
)
def test_a_target_of_codes_that_begin_with_zeros(refused, table, tmp_path, command, where):
    codes = pl.Series("code", [f"{number:05}" for number in range(ROWS)])
    table.with_columns(codes).write_csv(tmp_path / "table.csv")
    contract = CONTRACT.replace('"churn"\npositive = "Yes"', '"code"')
    fix = 'write code = "is a number" in data.repairs'
    refused("'code' has 300 different values; at most 100", where=where, fix=fix, contract=contract, command=command)
    assert not (tmp_path / "new.toml").exists()


def test_a_target_that_is_not_there(refused, table, tmp_path):
    table.write_csv(tmp_path / "table.csv")
    refused(
        "No column is called 'chrun'", where="milepost.toml, line 3, problem.target", fix="Write 'churn' instead.",
        contract=changed('target = "churn"', 'target = "chrun"'),
    )  # fmt: skip


def test_a_positive_class_that_does_not_occur(refused, table, tmp_path):
    table.write_csv(tmp_path / "table.csv")
    refused(
        "The positive class 'yes!' does not occur", where="line 4, problem.positive", fix="'Yes'",
        contract=changed('"Yes"', '"yes!"'),
    )  # fmt: skip


def test_text_where_the_target_is_said_to_be_a_number(refused, table, tmp_path):
    table.write_csv(tmp_path / "table.csv")
    contract = changed('positive = "Yes"', 'task = "regression"').split("[success]")[0]
    refused("'churn' is said to be a number, but 300 values", where="line 3, problem.target", contract=contract)


def test_text_where_a_column_is_said_to_be_a_number(refused, table, tmp_path):
    some = pl.when(pl.int_range(pl.len()) == 41).then(pl.lit("a lot")).otherwise(pl.col("tenure").cast(pl.String))
    table.with_columns(tenure=some).write_csv(tmp_path / "table.csv")
    refused(
        "'tenure' is said to be a number, but 1 value", where="data.repairs.tenure",
        contract=changed('id = "customer"', 'id = "customer"\nrepairs = { tenure = "is a number" }'),
    )  # fmt: skip


# ---- time


@pytest.mark.parametrize(
    ("at", "what"),
    [
        (pl.lit("soon"), "cannot be read so; the first is in row 1"),
        (pl.lit("2024-05-01"), "All rows have the same time"),
        (pl.lit(None, dtype=pl.String), "holds no time in any row"),
    ],
    ids=["unparsable", "all equal", "missing"],
)
def test_a_time_that_is_none(refused, table, tmp_path, at, what):
    table.with_columns(at=at).write_csv(tmp_path / "table.csv")
    contract = changed('id = "customer"', 'id = "customer"\ntime = "at"')
    refused(what, where="milepost.toml, line 8, data.time", contract=contract)


def test_a_horizon_longer_than_the_history(refused, table, tmp_path):
    hours = pl.datetime(2024, 1, 1) + pl.duration(hours=pl.int_range(pl.len()))
    table.with_columns(at=hours).write_csv(tmp_path / "table.csv")
    contract = changed('id = "customer"', 'id = "customer"\ntime = "at"').replace("[data]", 'horizon = "30d"\n[data]')
    refused("No answer was known when the test rows begin", where="problem.horizon", contract=contract)


# ---- expressions


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("tenur + 1", "No column is called 'tenur'"),
        ("contract + 1", "'contract' is text"),
        ("tenure +", "ends too early"),
        ("(select max(tenure) from self)", "is a subquery"),
        ("read_csv('/etc/passwd')", "reads files"),
        ("avg(tenure)", "is an aggregate"),
        ("tenure / sum(tenure) over ()", "is an aggregate"),
        ("row_number() over (order by tenure)", "window|row"),
        ("now()", "is the clock"),
        ("current_date", "is the clock"),
        ("random()", "is chance"),
        ("case when churn = 'Yes' then 1 else 0 end", "reads 'churn', which no model may see"),
    ],
)
def test_an_expression_that_cannot_be_a_feature(refused, table, tmp_path, expression, what):
    table.write_csv(tmp_path / "table.csv")
    refused(what, where="line 9, features.x", contract=changed("monthly_charges / (tenure + 1)", expression))


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ('"tenure < 6"', '"tenur < 6"', "No column is called 'tenur'", "line 11, baseline.rule"),
        ('"tenure < 6"', "\"churn = 'Yes'\"", "Today's rule reads 'churn'", "line 11, baseline.rule"),
        ('"monthly_charges"', '"monthly_chrges"', "No column is called 'monthly_chrges'", "value.true_positive"),
        ('"monthly_charges"', '"contract"', "gives a text, not a number", "line 16, value.true_positive"),
        ('id = "customer"', 'id = "custmer"', "No column is called 'custmer'", "line 7, data.id"),
        ('id = "customer"', 'sensitive = ["femal"]', "No column is called 'femal'", "line 7, data.sensitive"),
    ],
)
def test_a_part_of_the_contract_that_does_not_fit_the_table(refused, table, tmp_path, old, new, what, where):
    table.write_csv(tmp_path / "table.csv")
    refused(what, where=where, contract=changed(old, new))


def test_a_division_by_zero_is_missing_and_reported(table, tmp_path, run):
    table.with_columns(zeros=pl.int_range(pl.len()) % 3).write_csv(tmp_path / "table.csv")
    contract = changed("monthly_charges / (tenure + 1)", "tenure / zeros")
    (tmp_path / "milepost.toml").write_text(contract, encoding="utf-8")
    ran = run("check", "--json", folder=tmp_path)
    assert ran.code == 0
    (finding,) = [each for each in ran.document["findings"] if each["code"] == "feature-undefined"]
    assert finding["column"] == "x"
    assert finding["evidence"]["share"] == pytest.approx(1 / 3, abs=0.06)


# ---- criteria


@pytest.mark.parametrize(
    ("criterion", "what"),
    [
        ('accuracy = [">= 0.9", "<= 0.8"]', "can never both hold"),
        ('accuracy = ">= 1.2"', "always between 0 and 1"),
        ('accuracy = ">= 80"', "always between 0 and 1"),
        ('acuracy = ">= 0.8"', "No metric is called 'acuracy'"),
        ('accuracy = "high"', "no bound"),
        ('rmse = "<= 5"', "does not fit a binary task"),
    ],
)
def test_a_criterion_that_cannot_be_met(refused, table, tmp_path, criterion, what):
    table.write_csv(tmp_path / "table.csv")
    refused(what, where="line 13, success.", contract=changed('accuracy = ">= 0.75"', criterion))


# ---- the problem file itself


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("", "is empty", "milepost.toml"),
        ("churn prediction", "This is not TOML", "milepost.toml, line 1"),
        ('[problem]\nname = "churn"\ntargt = "churn"\n', "No key of .problem. is called 'targt'", "line 3"),
        ('[problem]\nname = "churn"\ntarget = "churn"\n', r"table \[data\] is missing", "milepost.toml"),
    ],
)
def test_a_problem_file_that_is_none(refused, text, what, where):
    refused(what, where=where, contract=text)


# ---- scoring


def test_a_table_without_an_input_of_the_model(judged, run):
    pl.read_csv(judged / "telco.csv").drop("contract").write_csv(judged / "new.csv")
    ran = run("score", "churn:1", "new.csv", "-o", "answers.parquet", "-q", folder=judged)
    assert (ran.code, ran.out) == (2, "")
    assert "'contract'" in ran.err.splitlines()[0]
    assert "new.csv" in ran.err.splitlines()[1]
    assert not (judged / "answers.parquet").exists()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("churn:7", "7"),
        ("churn@champ", "champ"),
        ("chrun:1", "No problem is called 'chrun'"),
        ("nowhere/", "no bundle"),
    ],
)
def test_a_bundle_that_is_not_there(judged, run, name, what):
    ran = run("score", name, "telco.csv", "-o", "answers.parquet", "-q", folder=judged)
    assert (ran.code, ran.out) == (2, "")
    assert what in ran.err.splitlines()[0]


# ---- the table changed


def test_a_table_that_changed_is_not_judged(trained, run):
    path = trained / "telco.csv"
    pl.read_csv(path).head(1_400).write_csv(path)
    ran = run("evaluate", "-q", folder=trained)
    assert (ran.code, ran.out) == (2, "")
    assert "was trained on other data or another split" in ran.err
    assert "milepost train" in ran.err.splitlines()[2]
