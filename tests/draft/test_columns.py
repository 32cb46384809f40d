from __future__ import annotations

import pytest

from milepost.draft.columns import is_group, is_time_of_truth, prediction_time_fit, sensitive_of


@pytest.mark.parametrize(
    "name", ["female", "Gender", "SEX", "age", "senior_citizen", "MaritalStatus", "dateOfBirth_dob"]
)
def test_names_of_people_are_sensitive(name):
    assert sensitive_of(name) is not None


@pytest.mark.parametrize("name", ["average", "message", "house_age", "account_age", "percentage", "essex", "package"])
def test_names_that_only_sound_alike_or_speak_of_things_are_not_sensitive(name):
    assert sensitive_of(name) is None


def test_times_of_prediction_and_of_truth_are_told_apart_by_their_names():
    assert prediction_time_fit("snapshot_date") > 0 > prediction_time_fit("closed_at")
    assert prediction_time_fit("birth_date") < 0
    assert is_time_of_truth("confirmed_at")
    assert not is_time_of_truth("arrival_date")


def test_who_may_come_again_is_a_group():
    assert is_group("store_id")
    assert not is_group("tenure")
