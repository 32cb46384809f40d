from __future__ import annotations

import random

import pytest

from milepost.registry.aliases import are_behind, repair_aliases
from milepost.registry.decisions import Entry
from milepost.registry.history import append
from milepost.registry.store import open_store
from promotions import POINTS, faults_of_promotions, kill_promotion, record_bundles
from survival import Told


def test_an_alias_moved_by_hand_is_moved_back_and_said(road, store, recorded):
    one, _ = recorded("1"), recorded("2")
    road.promote(one)
    store.set_alias("champion", 2)
    [says] = repair_aliases(**road.stores)
    assert says == "The alias 'champion' of telco-churn pointed to version 2; the history says 1."
    assert road.champion() == one.bundle_id
    assert repair_aliases(**road.stores) == ()


def test_a_history_that_says_nothing_about_champions_moves_no_alias(road, store, recorded):
    recorded("1")
    store.set_alias("champion", 1)
    append(road.history, [Entry("rung", "telco-churn", "kept")])
    assert repair_aliases(**road.stores) == ()
    assert store.alias("champion") == 1


def test_aliases_are_behind_from_a_decision_until_they_follow_it(road, store, recorded):
    append(road.history, [Entry("rung", "telco-churn", "kept")])
    assert not are_behind(**road.stores)
    road.promote(recorded("1"))
    assert not are_behind(**road.stores)
    append(road.history, [Entry("verdict", "telco-churn", "It is met.", recorded("2").bundle_id)])
    assert are_behind(**road.stores)
    repair_aliases(**road.stores)
    assert not are_behind(**road.stores)
    assert store.alias("challenger") == 2


def test_aliases_of_another_registry_are_behind(road, workspace, recorded):
    road.promote(recorded("1"))
    other = open_store(workspace, name="telco-churn", uri="https://mlflow.example.org")
    assert are_behind(store=other, history=road.history)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_promotion_leaves_one_champion_which_all_follow(point, workspace):
    told = Told()
    record_bundles(workspace)
    kill_promotion(workspace, point, told, random.Random(point))
    assert told.killed == 1
    assert faults_of_promotions(workspace, told) == []
