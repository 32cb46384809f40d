"""The prediction log in an object store, through the store's own protocol, while it is there and while it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import milepost
from milepost.api.serving import prepare
from milepost.ground.errors import EnvironmentFault
from milepost.predlog.fold import fold
from milepost.predlog.read import read_predictions
from milepost.problem.read import read_problem
from milepost.serve.keeper import FOLD_S, Keeper
from milepost.serve.service import Service
from object_store import KEY_ID, SECRET, ObjectStore, object_store
from program import run_program
from serving import ask, bundle_in, served, usual_row
from telco import edit_contract

TABLES = "s3://company-models/churn-log"


@pytest.fixture
def store(monkeypatch) -> Iterator[ObjectStore]:
    """Run an object store that this process and its children find."""
    with object_store() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        yield store


@pytest.fixture
def problem(store, judged: Path) -> Path:
    """Return a problem whose log is in the store."""
    return edit_contract(judged, "[climb]", '[serve]\ntables = "s3://${LOG_BUCKET}/churn-log"\n[climb]')


def _rows(problem: Path, number: int) -> list[dict[str, object]]:
    return [{"customer": f"c-{place}", **usual_row(bundle_in(problem.parent))} for place in range(number)]


def test_the_whole_loop_of_the_log_works_in_an_object_store(problem):
    with served(problem) as asked:
        answers = [asked("/predict", row) for row in _rows(problem, 3)]
        [sent] = asked("/outcomes", {"prediction_id": answers[0]["prediction_id"], "truth": "Yes"})["outcomes"]
        assert sent["status"] == "taken"
    assert not list((problem.parent / ".milepost" / "log").rglob("*.journal"))
    assert not list((problem.parent / ".milepost" / "log").rglob("*.parquet"))

    truth = problem.parent / "truth.csv"
    pl.DataFrame({"prediction_id": [answers[1]["prediction_id"]], "truth": ["No"]}).write_csv(truth)
    milepost.outcomes(truth, problem=problem)
    exported = milepost.log_export(problem.parent / "log.parquet", problem=problem)
    assert (exported.rows, exported.outcomes) == (3, 2)
    assert milepost.log_verify(problem=problem).outcome == "sound"
    removed = milepost.log_forget("c-0", problem=problem).removed
    assert {(one.where.rpartition("/")[2], one.rows) for one in removed} == {("predictions", 1), ("outcomes", 1)}
    left = pl.scan_parquet(f"{TABLES}/predictions/day=*/*.parquet", hive_partitioning=False).collect()
    assert sorted(left["entity"]) == ["c-1", "c-2"]


def test_a_store_that_goes_away_stops_no_answer_and_loses_none(problem, store, caplog):
    settings, now = prepare(read_problem(problem), bundle_in(problem.parent).name).settings, [0.0]
    service = Service(settings)
    keeper = Keeper(settings, history=problem.parent, state=lambda: None, seconds=lambda: now[0])

    def answered() -> list[str]:
        return [ask(service, "POST", "/predict", row).json["prediction_id"] for row in _rows(problem, 3)]

    def fold_in_time() -> str:
        caplog.clear()
        now[0] += FOLD_S
        keeper.step()
        return caplog.text

    ids = answered()
    assert fold_in_time() == ""
    store.go_away()
    ids += answered()
    said = fold_in_time()
    assert "The prediction log can't be read or written" in said
    assert "Connection refused" in said
    refused = ask(service, "POST", "/outcomes", {"prediction_id": ids[0], "truth": "Yes"})
    assert refused.status == 503
    for text in (said, refused.body.decode()):
        assert KEY_ID not in text
        assert SECRET not in text
    ids += answered()
    store.come_back()
    assert fold_in_time() == ""
    assert ask(service, "POST", "/outcomes", {"prediction_id": ids[0], "truth": "Yes"}).status == 200
    for _ in range(2):
        assert sorted(read_predictions(settings.place).collect()["prediction_id"]) == sorted(ids)
        keeper.fold()
    service.commits.close()


@pytest.mark.parametrize("words", [("log", "show"), ("log", "verify"), ("log", "query", "select count(*) from joined")])
def test_a_store_that_is_away_is_said_in_three_lines(problem, store, words):
    store.go_away()
    ran = run_program(*words, "--problem", problem, folder=problem.parent)
    assert ran.code == 5
    assert "Connection refused" in ran.err
    assert f"where: {TABLES}" in ran.err
    assert not any(secret in ran.err + ran.out for secret in (KEY_ID, SECRET, "Traceback"))


def test_a_refusal_of_the_store_shows_no_credentials(problem, monkeypatch):
    monkeypatch.setenv("LOG_BUCKET", "nobody-made-this-one")
    service = Service(prepare(read_problem(problem), bundle_in(problem.parent).name).settings)
    ask(service, "POST", "/predict", _rows(problem, 1)[0])
    with pytest.raises(EnvironmentFault) as caught:
        fold(service.settings.place)
    assert not any(secret in str(caught.value) for secret in (KEY_ID, SECRET))
    service.commits.close()
