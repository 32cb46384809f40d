import pytest

from milepost.data.column_names import (
    afterwards,
    has_code_name,
    has_id_name,
    is_beforehand,
    is_group,
    is_named_alike,
    is_time_of_truth,
    prediction_time_fit,
    sensitive_of,
    shared_word,
    words_of,
)


@pytest.mark.parametrize(
    "name", ["cancel_reason", "churn_date", "ChurnReason", "loanOutcome", "date_resolved", "RECOVERIES"]
)
def test_what_is_written_down_afterwards_is_heard_in_the_name(name):
    assert afterwards(name)


@pytest.mark.parametrize(
    "name",
    ["previous_cancellations", "tenure", "cancellation_policy", "last_churn_contact", "monthly_charges", "causal"],
)
def test_what_was_known_before_is_not(name):
    assert afterwards(name) is None


@pytest.mark.parametrize(
    "name",
    ["feedback_reason", "feeling_outcome", "planeResignation", "plant_cancelled", "every_refund", "priority_outcome",
     "lasting_recovery", "pastry_refund", "booklet_outcome", "preventive_reason", "reservoir_outcome"],
)  # fmt: skip
def test_a_word_that_only_begins_like_a_plan_does_not_hide_what_comes_afterwards(name):
    assert not is_beforehand(name)
    assert afterwards(name)


def test_a_word_that_only_begins_like_a_plan_does_not_hide_the_targets_word():
    assert shared_word("plane_delay", "arr_delay") == "delay"
    assert is_named_alike("plane_delay", "arr_delay")


def test_a_telling_word_of_the_target_is_heard():
    assert shared_word("dep_delay", "arr_delay") == "delay"
    assert shared_word("ChurnedOn", "churn_flag") is None or shared_word("ChurnedOn", "churned") == "churned"
    assert shared_word("total_amount", "total_value") is None


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("SalePrice", ("sale", "price")),
        ("sale_price", ("sale", "price")),
        ("customerID", ("customer", "id")),
        ("HTTPStatus", ("http", "status")),
        ("worst radius (mm)", ("worst", "radius", "mm")),
        ("größe", ("größe",)),
        ("", ()),
    ],
)
def test_a_name_is_parted_by_case_digits_and_signs(name, parts):
    assert words_of(name) == parts


@pytest.mark.parametrize(
    "name",
    ["sched_arr_time", "PlannedArrival", "previous_delay", "booking_fee", "reserved_room", "fees2", "priorDelay"],
)
def test_a_plan_or_the_past_is_heard_in_the_name(name):
    assert is_beforehand(name)
    assert not is_beforehand("arr_delay")


@pytest.mark.parametrize(
    "name", ["female", "Gender", "SEX", "age", "senior_citizen", "MaritalStatus", "dateOfBirth_dob"]
)
def test_names_of_people_are_sensitive(name):
    assert sensitive_of(name) is not None


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("account_holder_age", "age"), ("car_driver_age", "age"), ("age_of_policy_holder", "age"),
        ("customer_gender_policy", "sex"), ("account_owner_nationality", "origin"), ("policy_senior", "age"),
    ],
)  # fmt: skip
def test_a_thing_in_the_name_excuses_nothing_but_its_own_age(name, what):
    assert sensitive_of(name) == what


@pytest.mark.parametrize("name", ["house_median_age", "HouseAge", "age_of_car", "account_age_days", "ageOfTheBuilding"])
def test_the_age_of_a_thing_is_not_sensitive(name):
    assert sensitive_of(name) is None


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


def test_ids_and_codes_are_heard_in_the_name():
    assert all(map(has_id_name, ["customer_id", "customerID", "rownames", "order_no", "uuid"]))
    assert not any(map(has_id_name, ["paid", "valid", "tenure", "zip_code"]))
    assert has_code_name("zip_code")


def test_a_name_like_the_targets_shares_a_word_of_three_letters_that_says_something():
    assert is_named_alike("arr_time", "arr_delay")
    assert not is_named_alike("sched_arr_time", "arr_delay")  # a plan
    assert not is_named_alike("avg_age", "avg_price")
