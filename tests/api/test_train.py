import json
import os

import polars as pl
import pytest

import milepost
from milepost.ground.events import Event
from milepost.models.resume import MOST_CLIMBS
from telco import edit_contract, few_rows, files_in, write_few, write_waves


@pytest.fixture
def train_few(tmp_path):
    """Return a trainer of the few rows, or of other rows of their kind, in a folder of their own."""

    def train(table: pl.DataFrame | None = None, **how):
        return milepost.train(write_few(tmp_path, table), **how)

    return train


def bundle_of(folder):
    (manifest,) = folder.glob(".milepost/bundles/*/manifest.json")
    return manifest.parent


# ---- the same in, the same out


def test_any_number_of_workers_earns_the_same_bundle(telco, trained_folder):
    one = milepost.train(telco / "milepost.toml", workers=1)
    assert one.bundle_id == bundle_of(trained_folder).name
    assert files_in(one.path) == files_in(bundle_of(trained_folder))


def test_another_place_and_name_of_the_table_change_nothing(few_folder, tmp_path):
    problem = write_few(tmp_path)
    (tmp_path / "few.csv").rename(tmp_path / "moved.csv")
    edit_contract(tmp_path, "few.csv", "moved.csv")
    assert milepost.train(problem).bundle_id == bundle_of(few_folder).name


def test_other_data_is_another_bundle(train_few, few_folder):
    more = pl.when(pl.int_range(pl.len()) == 1).then(pl.col("monthly_charges") + 50).otherwise("monthly_charges")
    assert train_few(few_rows().with_columns(monthly_charges=more)).bundle_id != bundle_of(few_folder).name


def test_the_targets_of_test_rows_do_not_matter(train_few, few_folder):
    table, is_test = few_rows(), pl.col("part") == "test"
    shuffled = table.filter(is_test)["churn"].shuffle(seed=3)
    places = table.with_row_index().filter(is_test)["index"]
    churn = table["churn"].clone().scatter(places, shuffled)
    assert not churn.equals(table["churn"])
    assert train_few(table.with_columns(churn)).bundle_id == bundle_of(few_folder).name


# ---- what it leaves


def test_a_bundle_is_data_and_never_code(tmp_path):
    trained = milepost.train(write_waves(tmp_path))
    assert trained.ladder.chosen in ("additive", "boosted", "boosted_deep", "ensemble")
    files = files_in(trained.path)
    trees = [name for name in files if name.startswith("trees/")]
    assert set(files) - set(trees) == {"manifest.json", "model.json", "schema.json", "expected.json"}
    assert trees
    assert all(files[name].startswith(b"tree\nversion=") for name in trees)
    assert all(isinstance(json.loads(files[name]), dict) for name in files if name.endswith(".json"))
    assert milepost.evaluate(problem=tmp_path / "milepost.toml").outcome == "met"


def test_a_bundle_can_be_traced(judged):
    from milepost.api.storing import store_of

    problem = judged / "milepost.toml"
    contract, bundle_id = milepost.read_problem(problem), bundle_of(judged).name
    store = store_of(contract)
    lineage = store.evidence(bundle_id, "lineage")
    assert {"data", "split", "problem", "seed", "commit", "parent"} <= set(lineage)
    assert store.evidence(bundle_id, "problem") == contract.text
    assert store.evidence(bundle_id, "environment")["packages"]["milepost"]
    promoted = milepost.status(problem).decisions[-1]
    assert (promoted.kind, promoted.bundle_id) == ("promoted", bundle_id)


def test_a_second_training_reuses_the_folds_and_stores_no_second_version(trained):
    folds = {path: path.stat().st_mtime_ns for path in trained.glob(".milepost/climbs/*/*")}
    again = milepost.train(trained / "milepost.toml")
    assert (again.version, again.bundle_id) == (1, bundle_of(trained).name)
    assert {path: path.stat().st_mtime_ns for path in folds} == folds


def test_training_sweeps_away_what_older_climbs_left(few):
    old = few / ".milepost" / "climbs" / "old"
    old.mkdir()
    os.utime(old, (0, 0))
    milepost.train(few / "milepost.toml")
    assert not old.exists()
    assert list(few.glob(".milepost/climbs/*/*"))


def test_training_takes_its_own_climb_however_many_are_newer(few):
    climbs = few / ".milepost" / "climbs"
    [own] = climbs.iterdir()
    folds = {path: path.stat().st_mtime_ns for path in own.iterdir()}
    os.utime(own, (0, 0))
    for number in range(MOST_CLIMBS):
        (climbs / f"newer{number}").mkdir()
    milepost.train(few / "milepost.toml")
    assert {path: path.stat().st_mtime_ns for path in folds} == folds
    assert len(list(climbs.iterdir())) == MOST_CLIMBS


def test_progress_is_told_in_steps_that_count(train_few):
    heard: list[Event] = []
    train_few(listener=heard.append)
    climb = [event for event in heard if event.step == "climb"]
    assert [event.done for event in climb] == sorted(event.done for event in climb)
    assert {"read", "split", "learn", "explore", "climb", "refit", "store"} <= {event.step for event in heard}


def test_no_secret_and_no_id_of_a_row_leaves_the_table(tmp_path, monkeypatch, capfd):
    problem = write_few(tmp_path)
    edit_contract(tmp_path, '"few.csv"', '"${WHERE}.csv"')
    (tmp_path / "few.csv").rename(tmp_path / "hunter2.csv")
    monkeypatch.setenv("WHERE", "hunter2")
    trained = milepost.train(problem)
    milepost.evaluate(problem=problem)
    told = capfd.readouterr()
    kept = files_in(tmp_path / ".milepost" / "artifacts") | files_in(tmp_path / ".milepost" / "history")
    kept |= files_in(trained.path) | {"database": (tmp_path / ".milepost" / "mlflow.db").read_bytes()}
    customer = few_rows()["customer"][0].encode()
    for name, content in kept.items():
        assert b"hunter2" not in content, name
        assert customer not in content, name
    assert "hunter2" not in told.out + told.err


# ---- what goes wrong


def test_a_feature_with_the_name_of_a_column_is_refused(telco):
    edit_contract(telco, "charge_per_month =", "tenure =")
    with pytest.raises(milepost.MilepostError, match="'tenure' has the name of a column"):
        milepost.train(telco / "milepost.toml")
    assert not (telco / ".milepost" / "bundles").exists()


def test_a_rung_that_cannot_be_fitted_is_recorded_and_the_climb_goes_on(train_few):
    # a single development row of one class leaves no fold to fit on for some rungs, but an answer for all
    table = few_rows()
    rare = table.filter((pl.col("part") == "test") | (pl.col("churn") == "No") | (pl.col("tenure") < 2))
    trained = train_few(rare)
    assert trained.ladder.steps[0].rung == "dummy"
    assert all(step.failed is None or step.says for step in trained.ladder.steps)
