import json
import re
from pathlib import Path

import polars as pl
import pytest

import milepost
from logged import outcome, prediction, write
from milepost.ground.errors import MilepostError
from milepost.ground.records import as_document
from telco import edit_contract


@pytest.fixture(scope="module")
def folder(once, logged_folder):
    """Return a folder with a log that knows half of the truth."""

    def make(folder):
        import shutil

        shutil.copytree(logged_folder, folder, dirs_exist_ok=True)
        milepost.outcomes(folder / "truth.csv", problem=folder / "milepost.toml")

    return once("queried", make)


def ask(folder, sql, **others):
    return milepost.log_query(sql, problem=folder / "milepost.toml", **others)


def test_inputs_are_columns_beside_ours(folder):
    table = pl.read_csv(folder / "asked.csv")
    asked = ask(folder, "SELECT contract, COUNT(*) AS n, AVG(tenure) AS months FROM predictions GROUP BY contract")
    want = table.group_by("contract").agg(n=pl.len(), months=pl.col("tenure").mean())
    assert {row[0]: row[1] for row in asked.table.rows} == dict(want.select("contract", "n").iter_rows())
    assert {row[0]: round(row[2], 9) for row in asked.table.rows} == {
        name: round(months, 9) for name, months in want.select("contract", "months").iter_rows()
    }


def test_the_truth_stands_beside_each_prediction(folder):
    (row,) = ask(folder, "SELECT COUNT(*), COUNT(truth_label) FROM joined").table.rows
    assert row == (300, 150)
    assert ask(folder, "SELECT COUNT(*) FROM outcomes").table.rows == ((150,),)


def test_an_earlier_time_knows_less(folder):
    (first,) = ask(folder, "SELECT MIN(recorded_at) FROM outcomes").table.rows[0]
    before = ask(folder, "SELECT COUNT(*), COUNT(truth_label) FROM joined", as_of=first.replace(microsecond=0))
    assert before.table.rows in (((300, 0),), ((0, 0),))  # the same second may have seen both


def test_more_rows_than_asked_for_are_left_out_and_said(folder):
    asked = ask(folder, "SELECT entity FROM predictions ORDER BY entity", most=7)
    assert len(asked.table.rows) == 7
    assert "first 7 rows" in asked.says[0]
    assert ask(folder, "SELECT entity FROM predictions", most=300).says == ()


def test_lists_and_times_can_be_written_as_json(folder):
    asked = ask(folder, "SELECT at, probabilities, flags, CAST(1.5 AS DECIMAL(4, 2)) AS d FROM predictions LIMIT 1")
    (row,) = json.loads(json.dumps(as_document(asked)))["table"]["rows"]
    assert sum(row[1]) == pytest.approx(1)
    assert row[3] == 1.5


@pytest.mark.parametrize(
    ("sql", "what", "fix"),
    [
        ("DROP TABLE predictions", "begins with SELECT, not with DROP", "SELECT decision_label"),
        ("DELETE FROM predictions", "not with DELETE", "SELECT"),
        ("-- SELECT\nTRUNCATE TABLE predictions", "not with TRUNCATE", "SELECT"),
        ("", "not with nothing", "SELECT"),
        ("SELECT * FROM read_csv('telco.csv')", "reads no files: read_csv", "predictions, outcomes, joined"),
        ("SELECT tenur FROM predictions", "no column 'tenur'", "'tenure'"),
        ('SELECT * FROM predictions WHERE label = "Yes"', "single quotes: 'Yes'", "Choose one of"),
        ("SELECT * FROM prediction", "no table 'prediction'", "predictions"),
        ("SELECT 1; SELECT 2", "one (and only one) statement", "Write it like"),
        ("SELECT nofn(tenure) FROM predictions", "unsupported function 'nofn'", "Write it like"),
        ("SELECT COUNT( FROM predictions", "cannot be answered", "Write it like"),
    ],
)
def test_what_is_no_question_is_refused_in_three_lines(folder, sql, what, fix):
    with pytest.raises(MilepostError) as refused:
        ask(folder, sql)
    assert what in refused.value.what
    assert fix in refused.value.fix
    assert "\n" not in refused.value.what


def test_the_words_of_a_text_are_no_commands(folder):
    assert ask(folder, "SELECT COUNT(*) FROM predictions WHERE label = 'read_csv(' -- scan_x(").table.rows == ((0,),)


def test_an_empty_log_can_be_asked(judged_folder):
    assert ask(judged_folder, "SELECT COUNT(*) FROM joined").table.rows == ((0,),)


@pytest.fixture(scope="module")
def shadowed(once, logged_folder):
    """Return a folder whose log has a shadow's answer beside each of four answers, two of them otherwise."""

    def make(folder):
        import shutil

        from milepost.predlog.journal import Journal
        from milepost.predlog.places import LogPlace

        shutil.copytree(logged_folder, folder, dirs_exist_ok=True)
        log = folder / ".milepost" / "log" / "churn"
        place = LogPlace(log / "journals", str(log))
        answers = ["Yes", "Yes", "No", "No"]
        rows = [prediction(number, label="Yes") for number in range(4)]
        rows += [
            prediction(9 + number, label=label, role="shadow", bundle_id="b2", request=rows[number].prediction_id)
            for number, label in enumerate(answers)
        ]
        truth = [outcome(number, rows[number].prediction_id) for number in range(4)]
        write(place, rows, truth, journal=Journal(place.journals)).close()

    return once("shadowed", make)


def test_the_query_of_the_docs_compares_champion_and_shadow(shadowed):
    docs = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    sql = docs.partition("```sql\n")[2].partition("```")[0]
    (row,) = ask(shadowed, sql).table.rows
    assert row == (4, 1.0, 0.5)


def test_shadows_are_exported_where_they_are_asked_for(shadowed, tmp_path):
    problem = shadowed / "milepost.toml"
    plain = milepost.log_export(tmp_path / "a.parquet", problem=problem)
    both = milepost.log_export(tmp_path / "b.parquet", shadows=True, problem=problem)
    assert both.rows == plain.rows + 4
    rows = pl.read_parquet(both.path).filter(role="shadow")
    assert rows["truth_label"].to_list() == ["Yes"] * 4
    assert set(rows["request"]) <= set(pl.read_parquet(plain.path)["prediction_id"])


@pytest.mark.parametrize(
    ("column", "what", "fix"),
    [
        ("tenure_secret", "no column 'tenure_secret'", "Choose one of|Write"),
        ("phone_service", "left out of the log by [serve.redaction]", '"hash"'),
        ("customer", "calls 'customer' entity", "'entity'"),
        ("churn", "calls 'churn' the truth", "truth_label"),
    ],
)
def test_a_column_that_the_log_has_not_is_explained(judged, column, what, fix):
    edit_contract(judged, "[features]", '[serve.redaction]\nphone_service = "drop"\n[features]')
    with pytest.raises(MilepostError) as refused:
        ask(judged, f"SELECT {column} FROM predictions")
    assert what in refused.value.what
    assert re.search(fix, refused.value.fix)
