import re
import shutil

import milepost
from milepost.ground.clock import wall_clock
from milepost.predlog.journal import HEAD, Journal
from milepost.predlog.records import Outcomes, encode
from telco import edit_contract


def done(status):
    return {milestone.step: milestone.is_done for milestone in status.milestones}


def test_an_empty_road_begins_with_a_check(telco):
    status = milepost.status(telco / "milepost.toml")
    assert done(status) == {"problem": True, "train": False, "evaluate": False, "champion": False}
    assert status.next_step.startswith("milepost check")
    assert not (telco / ".milepost").exists()


def test_a_trained_bundle_wants_to_be_judged(trained):
    status = milepost.status(trained / "milepost.toml")
    assert done(status)["train"]
    assert not done(status)["evaluate"]
    assert status.next_step.startswith("milepost evaluate")


def test_a_champion_can_answer(judged):
    status = milepost.status(judged / "milepost.toml", most_decisions=2)
    assert all(done(status).values())
    assert [decision.kind for decision in status.decisions] == ["verdict", "promoted"]
    assert status.log == ""
    assert status.next_step.startswith("milepost serve")
    assert "or for a table: milepost score churn@champion TABLE" in status.next_step


def test_where_answers_are_logged_it_tells_of_them_and_asks_for_the_truth(logged):
    status = milepost.status(logged / "milepost.toml")
    assert re.fullmatch(
        r"The log holds 300 predictions, the newest of \d{4}-\d\d-\d\d \d\d:\d\d UTC; 0 outcomes are known\.",
        status.log,
    )
    assert status.next_step.startswith("milepost outcomes TABLE")
    milepost.outcomes(logged / "truth.csv", problem=logged / "milepost.toml")
    status = milepost.status(logged / "milepost.toml")
    assert "150 outcomes are known" in status.log
    assert status.next_step.startswith("milepost log show")


def test_a_log_of_which_something_cannot_be_read_says_so(logged):
    (journals,) = logged.glob(".milepost/log/*/journals")
    journal = Journal(journals, durability="process", clock=wall_clock)
    path, sound = journal.path, journal.size
    for _ in range(2):
        journal.add(encode(Outcomes([])))
    journal.close()
    data = bytearray(path.read_bytes())
    data[sound + HEAD.size] ^= 0xFF
    path.write_bytes(data)
    assert milepost.status(logged / "milepost.toml").log.endswith("milepost log verify")


def test_a_log_that_cannot_be_read_stops_no_status(logged):
    edit_contract(logged, "[features]", '[serve]\ntables = "${NO_SUCH_STORE}"\n[features]')
    status = milepost.status(logged / "milepost.toml")
    assert status.log.startswith("The log cannot be read now: ")
    assert all(done(status).values())


def test_a_contract_that_would_teach_otherwise_wants_another_training(judged):
    edit_contract(judged, "charge_per_month = ", 'long = "tenure > 40"\ncharge_per_month = ')
    status = milepost.status(judged / "milepost.toml")
    (train,) = [milestone for milestone in status.milestones if milestone.step == "train"]
    assert train.is_done
    assert train.says.endswith("But features.long in the contract has changed since then.")
    assert status.next_step.startswith("milepost train")


def test_the_newest_bundle_is_what_must_be_judged(judged):
    edit_contract(judged, "charge_per_month = ", 'long = "tenure > 40"\ncharge_per_month = ')
    milepost.train(judged / "milepost.toml")
    status = milepost.status(judged / "milepost.toml")
    assert done(status) == {"problem": True, "train": True, "evaluate": False, "champion": True}


def test_a_verdict_by_other_criteria_wants_another_evaluation_and_no_training(judged):
    edit_contract(judged, ">= 0.70", ">= 0.60")
    status = milepost.status(judged / "milepost.toml")
    assert done(status) == {"problem": True, "train": True, "evaluate": False, "champion": True}
    (evaluate,) = [milestone for milestone in status.milestones if milestone.step == "evaluate"]
    assert "now asks for accuracy >= 0.60, recall >= 0.40" in evaluate.says
    assert status.next_step.startswith("milepost evaluate")
    assert milepost.evaluate(problem=judged / "milepost.toml").verdict.look == 1
    assert all(done(milepost.status(judged / "milepost.toml")).values())


def test_a_verdict_on_another_question_wants_another_training(judged):
    edit_contract(judged, 'positive = "Yes"', 'positive = "No"')
    status = milepost.status(judged / "milepost.toml")
    (evaluate,) = [milestone for milestone in status.milestones if milestone.step == "evaluate"]
    assert not evaluate.is_done
    assert evaluate.says.endswith("But problem.positive in the contract has changed since it was given.")
    assert status.next_step.startswith("milepost train")  # `evaluate` would refuse


def test_an_interrupted_climb_goes_on_with_train(telco, trained_folder):
    shutil.copytree(trained_folder / ".milepost" / "climbs", telco / ".milepost" / "climbs")
    status = milepost.status(telco / "milepost.toml")
    (train,) = [milestone for milestone in status.milestones if milestone.step == "train"]
    assert not train.is_done
    assert re.search(r"a part of a climb is kept \(\d+ folds fitted\)", train.says)
    assert status.next_step == f"milepost train --problem {telco / 'milepost.toml'}"


def test_single_rungs_do_not_crowd_out_the_decisions(judged):
    status = milepost.status(judged / "milepost.toml")
    assert [decision.kind for decision in status.decisions] == ["trained", "looked", "verdict", "promoted"]
