import shutil
from pathlib import Path

import pytest

import milepost
from milepost.api.storing import store_of
from milepost.ground.errors import MilepostError
from telco import edit_contract


@pytest.fixture(scope="module")
def judged_twice_folder(judged_folder, tmp_path_factory):
    """Return a folder with a champion and a second bundle whose verdict is met; not to be changed."""
    folder = Path(shutil.copytree(judged_folder, tmp_path_factory.mktemp("judged-twice") / "telco"))
    problem = edit_contract(folder, 'sensitive = ["female", "senior_citizen"]', 'sensitive = ["female"]')
    assert milepost.train(problem).version == 2
    assert milepost.evaluate(problem=problem).outcome == "met"
    return folder


@pytest.fixture
def judged_waiting(judged_twice_folder, tmp_path):
    """Return a folder of one's own with a champion and a second bundle whose verdict is met."""
    return Path(shutil.copytree(judged_twice_folder, tmp_path / "waiting"))


def test_a_bundle_without_a_verdict_may_not_answer(trained):
    with pytest.raises(MilepostError, match="has no verdict yet") as caught:
        milepost.promote("churn:1", reason="because", problem=trained / "milepost.toml")
    assert "milepost evaluate churn:1" in caught.value.fix


def test_a_reason_is_kept_with_the_one_who_gave_it(trained, monkeypatch):
    monkeypatch.setenv("MILEPOST_WHO", "Ada")
    problem = edit_contract(trained, ">= 0.70", ">= 0.95")
    milepost.evaluate(problem=problem)
    promoted = milepost.promote("churn:1", reason="better than today's rule", problem=problem)
    (decision,) = [each for each in milepost.status(problem).decisions if each.kind == "promoted"]
    assert promoted.says == decision.says
    assert (decision.figures["who"], decision.figures["reason"]) == ("Ada", "better than today's rule")


def test_a_champion_is_not_promoted_twice(judged):
    problem = judged / "milepost.toml"
    before = milepost.status(problem, most_decisions=100).decisions
    assert "is the champion already" in milepost.promote("churn:1", problem=problem).says
    assert milepost.status(problem, most_decisions=100).decisions == before


def test_a_verdict_by_other_criteria_is_not_enough(judged_waiting):
    problem = edit_contract(judged_waiting, ">= 0.70", ">= 0.60")
    with pytest.raises(MilepostError, match="not of today") as caught:
        milepost.promote("churn:2", problem=problem)
    assert "accuracy >= 0.70, recall >= 0.40" in caught.value.what
    assert "accuracy >= 0.60, recall >= 0.40" in caught.value.what
    assert f"milepost evaluate churn:2 --problem {problem}" in caught.value.fix
    assert milepost.evaluate("churn:2", problem=problem).verdict.look == 2  # as before: no new look
    assert milepost.promote("churn:2", problem=problem).bundle_id


def test_with_a_reason_the_history_says_that_the_verdict_was_outdated(judged_waiting):
    problem = edit_contract(judged_waiting, ">= 0.70", ">= 0.60")
    says = milepost.promote("churn:2", reason="the easier aim is agreed", problem=problem).says
    assert "its verdict is 'met', but the bundle was held against accuracy >= 0.70" in says
    assert says.endswith("Reason: the easier aim is agreed")


def test_criteria_in_another_order_and_spelling_are_the_same(judged_waiting):
    problem = edit_contract(
        judged_waiting, 'accuracy = ">= 0.70"\nrecall = ">= 0.40"', 'recall = ">= 40%"\naccuracy = ">= 0.7"'
    )
    assert "but" not in milepost.promote("churn:2", problem=problem).says


def test_a_verdict_on_the_test_rows_of_an_earlier_training_is_not_enough(judged_waiting):
    problem = judged_waiting / "milepost.toml"
    store = store_of(milepost.read_problem(problem))
    (bundle_id,) = [version.bundle_id for version in store.versions() if version.number == 2]
    store.attach(bundle_id, "lineage", store.evidence(bundle_id, "lineage") | {"split": "0" * 64})
    with pytest.raises(MilepostError, match="other data or another split"):
        milepost.promote("churn:2", problem=problem)


def test_the_champion_may_be_named_again_whatever_the_criteria_are_now(judged):
    problem = edit_contract(judged, ">= 0.70", ">= 0.60")
    assert "is the champion already" in milepost.promote("churn:1", problem=problem).says
