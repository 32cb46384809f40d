import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import milepost
from milepost.api import outcomes as module
from milepost.ground.errors import MilepostError
from milepost.predlog.journal import journals_in
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_outcomes
from telco import edit_contract

LATER = datetime.now(UTC) + timedelta(hours=1)  # within the horizon of what was just answered


def take(folder, table="truth.csv", **others):
    return milepost.outcomes(folder / table, problem=folder / "milepost.toml", **others)


def place_in(folder):
    log = folder / ".milepost" / "log" / "churn"
    return LogPlace(log / "journals", str(log))


def test_a_table_with_the_names_of_the_problem_is_taken_and_folded(logged):
    taken = take(logged)
    assert (taken.rows, taken.outcomes["taken"], taken.refused) == (150, 150, ())
    place = place_in(logged)
    assert pl.scan_delta(place.outcomes).select(pl.len()).collect().item() == 150
    assert journals_in(place.journals) == []


def test_the_same_table_can_be_given_again(logged):
    take(logged)
    assert take(logged).outcomes == {"taken": 0, "corrected": 0, "known already": 150, "refused": 0}


def test_an_entity_and_a_time_find_the_prediction_whose_horizon_holds_it(logged):
    truth = pl.read_parquet(logged / "answers.parquet").head(3).select("customer", churn=pl.lit("No"))
    truth.with_columns(time=pl.lit(LATER)).write_parquet(logged / "late.parquet")
    assert take(logged, "late.parquet").outcomes["taken"] == 3


def test_the_problems_own_columns_do_not_contradict_a_prediction_id(logged):
    answers = pl.read_parquet(logged / "answers.parquet").head(2)
    named = answers.select("customer", "prediction_id", churn=pl.lit("No"), time=pl.lit(None, pl.String))
    by_entity = pl.DataFrame(
        {"customer": ["C-unknown"], "prediction_id": None, "churn": ["No"], "time": ["2026-01-01"]}
    )
    pl.concat([named, by_entity.select(named.columns).cast(named.schema)]).write_parquet(logged / "both.parquet")
    assert take(logged, "both.parquet").outcomes == {"taken": 2, "corrected": 0, "known already": 0, "refused": 1}


def test_refused_rows_are_told_by_their_row_and_column_in_the_table(logged):
    truth = pl.read_csv(logged / "truth.csv")
    truth = truth.with_columns(
        pl.when(pl.int_range(pl.len()) < 20).then(pl.lit("perhaps")).otherwise("churn").alias("churn")
    )
    truth.write_csv(logged / "odd.csv")
    taken = take(logged, "odd.csv")
    (refused,) = taken.refused
    assert taken.outcomes == {"taken": 130, "corrected": 0, "known already": 0, "refused": 20}
    assert refused.rows == tuple(range(1, 21))
    assert refused.what == "churn is 'perhaps', which is no class of the problem."
    assert refused.where == "column 'churn'"
    assert "'No', 'Yes'" in refused.fix


def test_a_table_of_which_nothing_is_taken_is_a_mistake(logged):
    pl.DataFrame({"prediction_id": ["x", "y"], "churn": ["No", "No"]}).write_csv(logged / "odd.csv")
    with pytest.raises(MilepostError, match=r"None of the 2 outcomes was taken\. No prediction in the log") as refused:
        take(logged, "odd.csv")
    assert refused.value.where.endswith("odd.csv, row 1, column 'prediction_id'")


def test_a_table_without_the_truth_is_refused_before_anything_is_written(logged):
    pl.DataFrame({"prediction_id": ["x"], "chrun": ["No"]}).write_csv(logged / "odd.csv")
    with pytest.raises(MilepostError, match="no column 'truth'"):
        take(logged, "odd.csv")
    assert journals_in(place_in(logged).journals) == []


def test_large_tables_are_taken_in_parts_with_the_same_result(logged, monkeypatch):
    truth = pl.read_csv(logged / "truth.csv")
    twice = pl.concat(
        [truth, truth.head(1).with_columns(churn=pl.lit("Yes")), truth.head(1).with_columns(churn=pl.lit("No"))]
    )
    twice.write_csv(logged / "twice.csv")
    other = shutil.copytree(logged, logged.with_name("other"))
    whole = take(logged, "twice.csv", clock=lambda: LATER)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 17)
    parts = take(other, "twice.csv", clock=lambda: LATER)
    assert parts.outcomes == whole.outcomes
    assert parts.refused == whole.refused
    assert whole.outcomes["refused"] > 1  # two words at one moment: nobody knows which is meant
    truths = [
        read_outcomes(place_in(one)).select("prediction_id", "label").collect().sort("prediction_id")
        for one in (logged, other)
    ]
    assert truths[0].equals(truths[1])


def test_a_correction_needs_no_more_than_a_later_word(logged):
    take(logged)
    truth = pl.read_csv(logged / "truth.csv").head(5)
    other = pl.when(pl.col("churn") == "Yes").then(pl.lit("No")).otherwise(pl.lit("Yes"))
    truth.with_columns(churn=other).write_csv(logged / "other.csv")
    assert take(logged, "other.csv").outcomes["corrected"] == 5


def test_entities_are_found_by_their_hash(judged):
    edit_contract(judged, "[climb]", '[serve]\nredaction = { customer = "hash" }\n[climb]')
    problem = judged / "milepost.toml"
    milepost.score("churn@champion", judged / "telco.csv", output=judged / "a.parquet", problem=problem, log=True)
    pl.DataFrame({"customer": ["C05717"], "time": [LATER], "truth": ["No"]}).write_parquet(judged / "late.parquet")
    assert take(judged, "late.parquet").outcomes["taken"] == 1
    (answer,) = milepost.log_show(entity="C05717", problem=problem).answers
    assert (answer.truth, len(answer.entity)) == ("No", 16)
    told = place_in(judged)
    assert "C05717" not in str(pl.scan_delta(told.predictions).collect().to_dicts())


def test_a_database_can_be_asked(logged):
    rows = pl.read_csv(logged / "truth.csv").rows()
    with sqlite3.connect(logged / "crm.db") as database:
        database.execute("create table closed (prediction_id text, left_us text)")
        database.executemany("insert into closed values (?, ?)", rows)
    database.close()
    query = "select prediction_id, left_us as truth from closed limit 10"
    assert take(logged, "crm.db", query=query).outcomes["taken"] == 10
    with pytest.raises(MilepostError, match="no such column"):
        take(logged, "crm.db", query="select missing from closed")
    with pytest.raises(MilepostError, match="something to ask"):
        take(logged, "crm.db", query=" ")


def test_without_any_bundle_nobody_knows_what_can_be_true(telco):
    pl.DataFrame({"prediction_id": ["x"], "truth": ["No"]}).write_csv(telco / "truth.csv")
    with pytest.raises(MilepostError, match="No bundle has been trained yet"):
        take(telco)


@pytest.mark.parametrize("table", ["sqlite:///t.db", "t.db", "postgresql://shop@host/churn"])
def test_a_database_wants_a_query(logged, table):
    with pytest.raises(MilepostError, match="This is a database, not a table") as refused:
        milepost.outcomes(table, problem=logged / "milepost.toml")
    assert "--query 'SELECT" in refused.value.fix


def test_every_refused_row_is_named_by_its_number_under_its_reason(logged):
    truth = pl.read_csv(logged / "truth.csv").select("prediction_id", "churn")
    odd = pl.DataFrame({"prediction_id": ["x", "y", truth["prediction_id"][0]], "churn": ["No", "No", "perhaps"]})
    pl.concat([odd.head(1), truth, odd.tail(2)]).write_csv(logged / "odd.csv")
    taken = take(logged, "odd.csv")
    assert [one.rows for one in taken.refused] == [(1, 152), (153,)]
    assert taken.outcomes["refused"] == sum(len(one.rows) for one in taken.refused)
