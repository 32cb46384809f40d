import shutil
from pathlib import Path

import pytest

import milepost
from milepost.api.storing import store_of
from milepost.ground.errors import MilepostError
from serving import write_other_machine
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


def test_no_reason_lets_a_bundle_answer_that_the_service_answers_otherwise(judged_waiting, tmp_path, monkeypatch):
    problem = judged_waiting / "milepost.toml"
    before = milepost.status(problem, most_decisions=100).decisions
    with monkeypatch.context() as other:
        other.setenv("PYTHONPATH", write_other_machine(tmp_path / "other"))
        with pytest.raises(MilepostError, match="rows are answered otherwise than in memory") as caught:
            milepost.promote("churn:2", reason="we need it", problem=problem)
    assert "milepost parity" in caught.value.fix
    assert milepost.status(problem, most_decisions=100).decisions == before
    milepost.promote("churn:2", reason="we need it", problem=problem)
    newest = milepost.status(problem, most_decisions=1).decisions[0]
    assert (newest.kind, newest.figures["parity_rows"]) == ("promoted", 200)


def test_a_champion_is_not_promoted_twice(judged):
    problem = judged / "milepost.toml"
    before = milepost.status(problem, most_decisions=100).decisions
    assert "is the champion already" in milepost.promote("churn:1", problem=problem).says
    assert milepost.status(problem, most_decisions=100).decisions == before


def test_a_verdict_by_other_criteria_is_not_enough(judged_waiting):
    problem = edit_contract(judged_waiting, ">= 0.70", ">= 0.71")
    with pytest.raises(MilepostError, match="not of today") as caught:
        milepost.promote("churn:2", problem=problem)
    assert "accuracy >= 0.70, recall >= 0.40" in caught.value.what
    assert "accuracy >= 0.71, recall >= 0.40" in caught.value.what
    assert f"milepost evaluate churn:2 --problem {problem}" in caught.value.fix
    assert milepost.evaluate("churn:2", problem=problem).verdict.look == 2  # as before: no new look
    assert milepost.promote("churn:2", problem=problem).bundle_id


def test_a_limit_that_was_lowered_after_the_rows_were_seen_needs_a_reason(judged_waiting):
    problem = edit_contract(judged_waiting, ">= 0.70", ">= 0.60")
    assert milepost.evaluate("churn:2", problem=problem).outcome == "met"
    with pytest.raises(MilepostError, match="“met” with hindsight only") as caught:
        milepost.promote("churn:2", problem=problem)
    assert "--reason" in caught.value.fix
    says = milepost.promote("churn:2", reason="60 % is what the desk can bear", problem=problem).says
    assert "changed after the test rows had been seen (before: accuracy >= 0.70, recall >= 0.40)" in says
    assert says.endswith("Reason: 60 % is what the desk can bear")


def test_with_a_reason_the_history_says_that_the_verdict_was_outdated(judged_waiting):
    problem = edit_contract(judged_waiting, ">= 0.70", ">= 0.60")
    says = milepost.promote("churn:2", reason="the easier aim is agreed", problem=problem).says
    assert "its verdict is “met”, but the bundle was held against accuracy >= 0.70" in says
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


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('positive = "Yes"', 'positive = "No"', "problem.positive in the contract has"),
        ('source = "telco.csv"', 'source = "other.csv"', "data.source in the contract has"),
        (
            "[climb]",
            "[split]\ntest = 0.5\nstrategy = 'stratified'\n[climb]",
            "split.test, split.strategy in the contract have",
        ),
    ],
)
def test_a_verdict_on_another_question_or_other_rows_is_not_enough(judged_waiting, old, new, changed):
    problem = edit_contract(judged_waiting, old, new)
    with pytest.raises(MilepostError, match="not of today") as caught:
        milepost.promote("churn:2", problem=problem)
    assert f"{changed} changed since it was given" in caught.value.what
    assert caught.value.fix.startswith("Run: milepost train")  # `evaluate` would refuse


def test_money_counts_where_a_criterion_is_about_money(judged_waiting):
    problem = edit_contract(judged_waiting, 'recall = ">= 0.40"', 'recall = ">= 0.40"\nvalue = ">= -100_000"')
    assert milepost.evaluate("churn:2", problem=problem).outcome == "met"
    edit_contract(judged_waiting, "false_positive = -40", "false_positive = -41")
    with pytest.raises(MilepostError, match=r"value\.false_positive in the contract has changed since"):
        milepost.promote("churn:2", problem=problem)


def test_what_says_nothing_about_the_test_rows_may_change(judged_waiting):
    edit_contract(judged_waiting, "false_positive = -40", "false_positive = -41")
    edit_contract(judged_waiting, "tenure < 6", "tenure < 7")
    problem = edit_contract(judged_waiting, "total_charges / nullif(tenure, 0)", "total_charges / 2")
    assert "but" not in milepost.promote("churn:2", problem=problem).says


def test_a_verdict_that_was_cut_off_before_its_question_was_kept_is_not_enough(judged_waiting):
    problem = judged_waiting / "milepost.toml"
    for asked in judged_waiting.glob(".milepost/artifacts/*/artifacts/evidence/asked.json"):
        asked.unlink()
    with pytest.raises(MilepostError, match="does not say which question"):
        milepost.promote("churn:2", problem=problem)


def test_the_champion_may_be_named_again_whatever_the_criteria_are_now(judged):
    problem = edit_contract(judged, ">= 0.70", ">= 0.60")
    assert "is the champion already" in milepost.promote("churn:1", problem=problem).says
