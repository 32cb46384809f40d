from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.registry.history import read_history, verify_history
from milepost.registry.promote import promote
from milepost.registry.store import open_store


def test_promotion_is_written_and_the_alias_follows(road, recorded):
    bundle = recorded("{}")
    decision = road.promote(bundle)
    assert road.champion() == bundle.bundle_id
    assert decision.kind == "promoted"
    assert decision.figures == {"version": 1, "previous": None, "who": "ada", "reason": "", "verdict": "met"}
    assert decision.says == f"ada promoted bundle {bundle.bundle_id} (version 1); its verdict is “met”."


@pytest.mark.parametrize("verdict", ["not met", "can't tell yet"])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_verdict_that_is_not_met_needs_a_written_reason(road, recorded, verdict, reason):
    bundle = recorded("{}")
    with pytest.raises(MilepostError, match="may not answer yet"):
        road.promote(bundle, verdict, reason=reason)
    assert read_history(road.history) == ()


def test_the_reason_is_kept(road, recorded):
    decision = road.promote(recorded("{}"), "not met", reason=" recall matters less this month ")
    assert decision.figures["reason"] == "recall matters less this month"
    assert decision.says.endswith("Reason: recall matters less this month")


def test_promoting_the_champion_again_writes_nothing_and_mends_the_alias(road, store, recorded):
    bundle = recorded("{}")
    road.promote(bundle)
    store.set_alias("champion", None)
    assert road.promote(bundle) is None
    assert road.champion() == bundle.bundle_id
    assert len(read_history(road.history)) == 1


def test_a_bundle_that_the_registry_does_not_know_is_not_promoted(road, store):
    with pytest.raises(MilepostError, match="no version of bundle"):
        promote("0" * 16, verdict="met", who="ada", **road.stores)
    assert read_history(road.history) == ()


def test_the_first_bundle_whose_verdict_is_met_becomes_champion(road, store, recorded):
    weak, good, better = recorded("1"), recorded("2"), recorded("3")
    assert road.first(weak, "not met") is None
    assert (road.champion(), store.alias("challenger")) == (None, 1)
    assert road.first(good, "met").bundle_id == good.bundle_id
    assert (road.champion(), store.alias("challenger")) == (good.bundle_id, None)
    assert road.first(better, "met") is None
    assert (road.champion(), store.alias("challenger")) == (good.bundle_id, 3)


def test_a_verdict_that_is_met_with_hindsight_makes_no_first_champion(road, store, recorded):
    eased = recorded("1")
    assert road.first(eased, "met", by_hindsight=True) is None
    assert (road.champion(), store.alias("challenger")) == (None, 1)


def test_rollback_steps_down_the_line_of_champions(road, recorded):
    one, two, three = recorded("1"), recorded("2"), recorded("3")
    for bundle in (one, two, three):
        road.promote(bundle)
    assert road.rollback(reason="complaints").figures["previous"] == three.bundle_id
    assert road.champion() == two.bundle_id
    road.rollback()
    assert road.champion() == one.bundle_id
    with pytest.raises(MilepostError, match="no earlier champion"):
        road.rollback()


def test_rollback_goes_to_any_earlier_champion_by_name(road, recorded):
    one, two, never = recorded("1"), recorded("2"), recorded("3")
    road.promote(one)
    road.promote(two)
    road.rollback(one.bundle_id)
    assert road.champion() == one.bundle_id
    road.rollback(two.bundle_id)
    assert road.champion() == two.bundle_id
    for bundle in (never, two):
        with pytest.raises(UnknownNameError, match="earlier champion"):
            road.rollback(bundle.bundle_id)


def test_without_any_champion_there_is_nothing_to_roll_back(road, recorded):
    recorded("1")
    with pytest.raises(MilepostError, match="no earlier champion"):
        road.rollback()


def test_promotions_at_once_all_stand_and_the_alias_is_the_last_ones(road, workspace, recorded):
    bundles = [recorded(str(number)) for number in range(4)]

    def go(bundle):
        store = open_store(workspace, name="telco-churn")
        return promote(bundle.bundle_id, verdict="met", who="ada", store=store, history=road.history)

    with ThreadPoolExecutor(4) as pool:
        decisions = list(pool.map(go, bundles))
    last = max(decisions, key=lambda decision: decision.number)
    assert road.champion() == last.bundle_id
    assert sorted(decision.number for decision in decisions) == [1, 2, 3, 4]
    assert verify_history(road.history) is None
