import re

import pytest

import milepost
from milepost.api.outdated import (
    asked_of,
    changed_since_training,
    criteria_changed,
    learned_by,
    needs_training,
    other_criteria,
    why_outdated,
)
from milepost.registry.decisions import Entry
from telco import edit_contract


@pytest.mark.parametrize(
    ("held", "clause"),
    [
        (["accuracy >= 0.70", "recall >= 0.40"], ""),
        (["recall >= 0.40", "accuracy >= 0.70"], ""),
        (["accuracy >= 0.70"], "held against accuracy >= 0.70, and the contract now asks for accuracy >= 0.70, recall"),
        ([], "held against no criterion, and"),
    ],
)
def test_the_same_criteria_in_any_order_are_of_today(telco_folder, held, clause):
    said = other_criteria(held, milepost.read_problem(telco_folder / "milepost.toml"))
    assert bool(said) == bool(clause)
    assert clause in said


def test_a_verdict_by_the_contract_as_it_is_stands(telco_folder):
    contract = milepost.read_problem(telco_folder / "milepost.toml")
    assert why_outdated([criterion.text for criterion in contract.success], asked_of(contract), contract) == ""


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('target = "churn"', 'target = "phone_service"', "problem.target in the contract has changed"),
        ('horizon = "30d"', 'horizon = "60d"', "problem.horizon in the contract has changed"),
        ('id = "customer"', 'id = "customer"\ngroup = "contract"', "data.group in the contract has changed"),
        (
            "[features]",
            '[data.repairs]\ntenure = "0 is missing"\n[features]',
            "data.repairs in the contract has changed",
        ),
        ("[climb]", "[split]\ntest = 0.25\n[climb]", ""),
        ("[climb]", '[climb]\nloss = "squared"', ""),
        ('budget = "small"', 'budget = "large"', ""),
    ],
)
def test_what_decides_the_meaning_of_a_verdict_is_told_by_its_key(telco, old, new, changed):
    before = milepost.read_problem(telco / "milepost.toml")
    today = milepost.read_problem(edit_contract(telco, old, new))
    said = why_outdated([criterion.text for criterion in today.success], asked_of(before), today)
    assert (said == "") == (changed == "")
    assert changed in said


def test_no_value_of_the_contract_is_kept_with_the_verdict(telco):
    contract = milepost.read_problem(telco / "milepost.toml")
    assert all(re.fullmatch("[0-9a-f]{16}", value) for value in asked_of(contract).values())


@pytest.mark.parametrize(
    ("old", "new", "needed"),
    [
        ('target = "churn"', 'target = "phone_service"', True),
        ('source = "telco.csv"', 'source = "newer.csv"', True),
        ("[climb]", "[split]\ntest = 0.5\n[climb]", True),
        ('horizon = "30d"', 'horizon = "60d"', False),
        (">= 0.70", ">= 0.60", False),
        ("false_positive = -40", "false_positive = -41", False),
    ],
)
def test_only_another_question_or_other_rows_need_a_training(telco, old, new, needed):
    before = asked_of(milepost.read_problem(telco / "milepost.toml"))
    today = milepost.read_problem(edit_contract(telco, old, new))
    assert needs_training(before, today) is needed


def test_with_a_time_another_horizon_makes_other_test_rows_and_needs_a_training(telco):
    before = milepost.read_problem(edit_contract(telco, 'id = "customer"', 'id = "customer"\ntime = "signed_up"'))
    today = milepost.read_problem(edit_contract(telco, 'horizon = "30d"', 'horizon = "60d"'))
    assert needs_training(asked_of(before), today)


def verdict_by(contract, **other):
    held = {"criteria": [criterion.text for criterion in contract.success], "asked": asked_of(contract)}
    return Entry("verdict", contract.aim.name, "judged", "b", held | other)


def test_other_money_under_the_same_limit_is_another_criterion(telco):
    before = milepost.read_problem(edit_contract(telco, 'recall = ">= 0.40"', 'value = ">= 10"'))
    today = milepost.read_problem(edit_contract(telco, "false_positive = -40", "false_positive = -4"))
    assert criteria_changed([verdict_by(before)], before) is None
    changed = criteria_changed([verdict_by(before)], today)
    assert not changed.is_harmless
    assert "other value.false_positive" in changed.says


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('positive = "Yes"', 'positive = "No"', "problem.positive"),
        ('horizon = "30d"', 'horizon = "60d"', "problem.horizon"),
        ('target = "churn"', 'target = "phone_service"', "problem.target"),
    ],
)
def test_another_question_under_the_same_limit_is_another_criterion(telco, old, new, key):
    before = milepost.read_problem(telco / "milepost.toml")
    changed = criteria_changed([verdict_by(before)], milepost.read_problem(edit_contract(telco, old, new)))
    assert not changed.is_harmless
    assert f"and other {key})" in changed.says


def test_of_another_problem_verdicts_on_another_target_were_no_view_of_this_one(telco):
    before = milepost.read_problem(telco / "milepost.toml")
    edit_contract(telco, 'name = "churn"', 'name = "phones"')
    edit_contract(telco, ">= 0.70", ">= 0.60")
    same_target = milepost.read_problem(telco / "milepost.toml")
    assert criteria_changed([verdict_by(before)], same_target) is not None
    today = milepost.read_problem(edit_contract(telco, 'target = "churn"', 'target = "phone_service"'))
    assert criteria_changed([verdict_by(before)], today) is None
    assert criteria_changed([verdict_by(before, asked=None)], today) is not None  # of an earlier version: unknown


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('id = "customer"', 'id = "customer"\nexclude = ["tenure"]', ("data.exclude",)),
        ("charge_per_month = ", 'long = "tenure > 40"\ncharge_per_month = ', ("features.long",)),
        ('horizon = "30d"', 'horizon = "60d"', ()),
        (">= 0.70", ">= 0.60", ()),
    ],
)
def test_what_a_bundle_learned_from_is_told_from_what_judges_it(telco, old, new, changed):
    before = learned_by(milepost.read_problem(telco / "milepost.toml"))
    edit_contract(telco, old, new)
    now = milepost.read_problem(telco / "milepost.toml")
    assert changed_since_training(before, now) == changed
    assert changed_since_training(None, now) == ()  # of a bundle that did not keep it
