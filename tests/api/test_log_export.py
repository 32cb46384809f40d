from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import milepost
from milepost.api import log_export as module
from milepost.ground.errors import MilepostError
from telco import files_in


@pytest.fixture
def known(logged):
    """Return a folder with a log that knows half of the truth."""
    milepost.outcomes(logged / "truth.csv", problem=logged / "milepost.toml")
    return logged


def export(folder, name="log.parquet", **others):
    return milepost.log_export(folder / name, problem=folder / "milepost.toml", **others)


def test_the_file_holds_what_was_asked_answered_and_true(known):
    done = export(known)
    rows = pl.read_parquet(done.path)
    asked = pl.read_csv(known / "asked.csv")
    assert (done.rows, done.outcomes, done.columns) == (300, 150, rows.width)
    same = rows.join(asked, left_on="entity", right_on="customer", suffix="_asked")
    assert (same["contract"] == same["contract_asked"]).all()
    assert (same["tenure"] == same["tenure_asked"]).all()
    truth = pl.read_csv(known / "truth.csv").join(rows, on="prediction_id")
    assert (truth["churn"] == truth["truth_label"]).all()


def test_rows_stand_in_the_order_of_time_however_many_are_held_at_once(known, monkeypatch):
    problem = known / "milepost.toml"
    for hour in (30, 1, 2):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        milepost.score("churn:1", known / "asked.csv", output=known / "a.csv", problem=problem, log=True,
                       clock=lambda at=at: at)  # fmt: skip
    whole = pl.read_parquet(export(known).path)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 250)
    parts = pl.read_parquet(export(known, "parts.parquet").path)
    assert whole["at"].is_sorted()
    assert whole["at"].n_unique() == 4
    assert parts.equals(whole)


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_text_says_the_same_as_parquet(known, name):
    rows, path = pl.read_parquet(export(known).path), export(known, name).path
    if name == "log.csv":
        text = pl.read_csv(path, infer_schema=False)
        assert text.columns == rows.columns
        assert text["probabilities"][0] == "; ".join(map(str, rows["probabilities"][0]))
    else:
        told = pl.read_ndjson(path, schema_overrides={"probabilities": pl.List(pl.Float64)})
        assert told["probabilities"].to_list() == rows["probabilities"].to_list()
        assert told["prediction_id"].equals(rows["prediction_id"])


def test_a_window_leaves_out_what_is_older_newer_or_not_known_then(known):
    at = milepost.log_show(problem=known / "milepost.toml", last=1).answers[0].at
    assert export(known, as_of=at).outcomes == 0
    with pytest.raises(MilepostError, match="Nothing is logged in this window"):
        export(known, "none.parquet", until=at)
    assert not (known / "none.parquet").exists()


def test_the_problem_and_its_table_are_never_written_over(known):
    before = files_in(known)
    for name in ("milepost.toml.csv", "telco.csv"):
        if name == "telco.csv":
            with pytest.raises(MilepostError, match="written over"):
                export(known, name)
    with pytest.raises(MilepostError, match="part of the Delta table"):
        export(known, ".milepost/log/churn/predictions/x.parquet")
    assert files_in(known) == before


def test_an_empty_log_cannot_be_exported(judged):
    with pytest.raises(MilepostError, match="Nothing is logged yet"):
        export(judged)


def test_the_progress_ends_with_all_that_is_written(known, monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 250)
    told = []
    export(known, listener=lambda event: told.append((event.message, event.done, event.total)))
    assert told[-1] == ("300 predictions written", told[-1][2], told[-1][2])


def test_an_ending_that_is_no_format_is_answered_with_one_of_a_log(known):
    with pytest.raises(MilepostError) as refused:
        export(known, "log.txt")
    assert "-o log.parquet" in refused.value.fix
    assert "answers" not in str(refused.value)
