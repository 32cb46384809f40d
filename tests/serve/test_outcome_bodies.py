from __future__ import annotations

from typing import Any

import pytest

from milepost.serve.outcome_bodies import told_of
from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits
from serving import ask, usual_row

OWN = {"entity": "customer", "target": "churn"}
GOOD = {"prediction_id": "0190f5d2-7c1e-7b3a-8f00-5d2c9a4e6b71", "truth": "Yes"}


@pytest.fixture
def settings(make_settings):
    return make_settings(**OWN, limits=Limits(rows=5))


def test_the_problem_s_own_names_mean_entity_and_truth(settings):
    told = told_of([{"customer": "c-81", "time": "2026-05-01", "churn": "No"}], settings)
    (row,) = told.table.to_dicts()
    assert (row["entity"], row["time"], row["truth"]) == ("c-81", "2026-05-01", "No")


def test_beside_a_prediction_id_the_problem_s_own_id_says_nothing(settings):
    assert told_of({**GOOD, "customer": "c-81"}, settings).table.to_dicts() == [GOOD]


@pytest.mark.parametrize(
    ("bad", "what", "fix"),
    [
        (7, "no object", "prediction_id"),
        (None, "no object", "prediction_id"),
        ({"custmer": "c-1", "truth": "No"}, "no 'custmer'", "Write 'customer'"),
        ({**GOOD, "truth": ["Yes"]}, "a list", "prediction_id"),
        ({**GOOD, "churn": "Yes"}, "twice", "not both"),
    ],
)
def test_a_row_that_is_no_outcome_is_refused_alone_and_the_others_are_read(settings, bad, what, fix):
    told = told_of({"rows": [GOOD, bad, GOOD]}, settings)
    (refused,) = told.refused
    assert (refused["row"], refused["status"], told.places) == (1, "refused", [0, 2])
    assert what in refused["what"]
    assert fix in refused["fix"]
    assert told.table.height == 2


@pytest.mark.parametrize("document", [7, None, "x", [], {"rows": []}, {"rows": GOOD}, {"truth": {}}, {"other": 1}])
def test_a_body_without_an_outcome_is_refused_whole(settings, document):
    with pytest.raises(Refusal) as refusal:
        told_of(document, settings)
    assert refusal.value.status == 400


def test_too_many_outcomes_are_refused(settings):
    with pytest.raises(Refusal) as refusal:
        told_of([GOOD] * 6, settings)
    assert refusal.value.status == 413


def test_each_row_of_a_request_is_acknowledged_or_refused(make_service, bundles):
    service = make_service(**OWN, horizon_s=86_400.0)
    row: dict[str, Any] = {"customer": "c-1", **usual_row(bundles("binary"))}
    answer = ask(service, "POST", "/predict", row).json
    now = service.clock().isoformat()
    by_id = {"prediction_id": answer["prediction_id"], "truth": "Yes"}
    by_entity = {"customer": "c-1", "time": now, "churn": "Yes"}
    rows = [7, by_id, {"customer": "c-9", "time": now, "churn": "No"}, {"truth": "No"}, by_entity]
    got = ask(service, "POST", "/outcomes", {"rows": rows})
    assert got.status == 200
    assert [one["row"] for one in got.json["outcomes"]] == [0, 1, 2, 3, 4]
    statuses = [one["status"] for one in got.json["outcomes"]]
    assert [statuses[place] for place in (0, 2, 3)] == ["refused"] * 3
    assert {statuses[1], statuses[4]} <= {"taken", "known already"}
    assert got.json["counts"]["refused"] == 3
    assert "'c-9' is not in the log" in got.json["outcomes"][2]["what"]


def test_rows_that_are_all_no_outcomes_touch_no_log(make_service):
    got = ask(make_service(), "POST", "/outcomes", [7, {"x": 1}])
    assert got.json["counts"] == {"taken": 0, "corrected": 0, "known already": 0, "refused": 2}
