import pytest

import milepost
from milepost.ground.errors import MilepostError
from telco import edit_contract


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
