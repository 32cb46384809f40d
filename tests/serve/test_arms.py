"""Shares hold within the limits of chance, groups are independent, and nobody changes groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency, kstest

from milepost.serve.arms import Arms, share_of

KEYS = [f"customer {number}" for number in range(100_000)]


@given(st.text(), st.text())
def test_a_share_lies_in_0_to_1_for_any_text_and_stays(key, salt):
    share = share_of(key, salt)
    assert 0 <= share < 1
    assert share_of(key, salt) == share


def test_half_a_character_is_a_key_as_any_other():
    assert 0 <= share_of("\ud800", "x") < 1


def test_the_hash_is_the_same_for_ever():
    """A change would move entities between the groups. The figures are those of b2sum -l 64 over salt, NUL and key."""
    assert [round(share_of(key, "telco-churn"), 6) for key in ("", "C00001", "Ω")] == [0.51159, 0.01785, 0.344092]


def test_shares_are_spread_evenly():
    assert kstest([share_of(key, "x") for key in KEYS[:20_000]], "uniform").pvalue > 1e-4


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.9])
def test_groups_have_their_shares_within_the_limits_of_chance(share):
    arms = Arms(share, 0.0, "telco-churn")
    control = sum(arm == "control" for arm, _ in arms.arms(KEYS))
    assert binomtest(control, len(KEYS), share).pvalue > 1e-4
    canary = sum(map(Arms(0.0, share, "telco-churn").is_canary, KEYS))
    assert binomtest(canary, len(KEYS), share).pvalue > 1e-4


def together(first: list[bool], second: list[bool]) -> float:
    """Return the p-value of the hypothesis that two groups are independent."""
    table = [[0, 0], [0, 0]]
    for one, other in zip(first, second, strict=True):
        table[one][other] += 1
    return float(chi2_contingency(table).pvalue)


def test_being_a_canary_says_nothing_about_being_in_the_control_group():
    arms = Arms(0.3, 0.3, "telco-churn")
    control = [arm == "control" for arm, _ in arms.arms(KEYS)]
    assert together(control, list(map(arms.is_canary, KEYS))) > 1e-4


def test_the_groups_of_another_problem_are_dealt_anew():
    here, there = (Arms(0.3, 0.0, salt).arms(KEYS) for salt in ("telco-churn", "telco-upsell"))
    assert together(*([arm == "control" for arm, _ in arms] for arms in (here, there))) > 1e-4


def test_whoever_is_in_a_small_group_is_in_a_larger_one():
    small, large = Arms(0.1, 0.1, "x"), Arms(0.3, 0.3, "x")
    keys = KEYS[:2_000]
    assert {key for key in keys if small.is_canary(key)} < {key for key in keys if large.is_canary(key)}
    assert {key for key in keys if small.arm(key)[0] == "control"} < {
        key for key in keys if large.arm(key)[0] == "control"
    }


def test_the_probability_is_that_of_the_arm():
    arms = Arms(0.2, 0.0, "x")
    assert {arms.arm(key) for key in KEYS[:200]} == {("act", 0.8), ("control", 0.2)}


def test_without_shares_everybody_is_acted_on_and_the_champion_answers():
    arms = Arms(0.0, 0.0, "x")
    assert (arms.arm("a"), arms.is_canary("a")) == (("act", 1.0), False)
    assert arms.arms(["a", "b"]) == [("act", 1.0)] * 2


@given(st.lists(st.text(), max_size=5), st.floats(0, 0.99), st.floats(0, 0.99))
def test_many_keys_get_what_each_of_them_gets(keys, control, canary):
    arms = Arms(control, canary, "x")
    assert arms.arms(keys) == [arms.arm(key) for key in keys]
