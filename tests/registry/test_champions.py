from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from milepost.registry.champions import (
    challenger,
    challenger_of,
    champion,
    champion_of,
    ever_champion,
    line_of_champions,
)
from milepost.registry.decisions import FIRST_PREVIOUS, Decision, Entry, decision_of, row_of
from milepost.registry.history import append, read_history

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def past(*steps: str, problem: str = "telco") -> list[Decision]:
    """Return decisions from "promoted A", "rolled_back B", "verdict C", one a minute."""
    rows = []
    for number, step in enumerate(steps, 1):
        kind, bundle_id = step.split()
        at = NOON + timedelta(minutes=number)
        rows.append(row_of(Entry(kind, problem, step, bundle_id), number=number, at=at, previous=FIRST_PREVIOUS))
    return [decision_of(row) for row in rows]


def test_the_champion_is_the_last_one_promoted_or_gone_back_to():
    assert champion_of([], "telco") is None
    assert champion_of(past("promoted A", "verdict B"), "telco") == "A"
    assert champion_of(past("promoted A", "promoted B", "rolled_back A"), "telco") == "A"


def test_problems_that_share_a_history_have_champions_of_their_own():
    both = past("promoted A") + past("promoted B", problem="iris")
    assert (champion_of(both, "telco"), champion_of(both, "iris")) == ("A", "B")


def test_a_rollback_takes_off_all_that_came_after():
    line = line_of_champions(past("promoted A", "promoted B", "promoted C", "rolled_back A"), "telco")
    assert line == ("A",)


def test_going_forward_again_by_rollback_adds_to_the_line():
    steps = past("promoted A", "promoted B", "rolled_back A", "rolled_back B")
    assert line_of_champions(steps, "telco") == ("A", "B")
    assert ever_champion(steps, "telco") == ("A", "B")


def test_the_challenger_is_the_newest_judged_bundle_that_was_never_champion():
    assert challenger_of(past("verdict A"), "telco") == "A"
    assert challenger_of(past("verdict A", "promoted A"), "telco") is None
    assert challenger_of(past("verdict A", "promoted A", "verdict B"), "telco") == "B"
    assert challenger_of(past("verdict A", "verdict B", "promoted B"), "telco") is None


def test_the_history_answers_who_answered_when(tmp_path, clock):
    for bundle in ("A", "B"):
        append(tmp_path, [Entry("promoted", "telco", "", bundle)], clock=clock)  # at 10:00 and 10:01
    start = datetime(2026, 1, 5, 10, tzinfo=UTC)
    asked = [start - timedelta(microseconds=1), start, start + timedelta(seconds=59), start + timedelta(minutes=1)]
    written = read_history(tmp_path)
    known = [[decision for decision in written if decision.at <= time] for time in asked]
    assert [champion_of(decisions, "telco") for decisions in known] == [None, "A", "A", "B"]
    assert champion(tmp_path, "telco") == "B"
    assert challenger(tmp_path, "telco") is None


@given(st.lists(st.tuples(st.sampled_from(["promoted", "rolled_back", "verdict"]), st.sampled_from("ABCD"))))
def test_the_line_of_champions_ends_with_the_champion(steps):
    decisions = past(*[f"{kind} {bundle}" for kind, bundle in steps])
    line = line_of_champions(decisions, "telco")
    assert (line[-1] if line else None) == champion_of(decisions, "telco")
    assert set(line) <= set(ever_champion(decisions, "telco"))
