import pytest

from milepost.data.leak_names import afterwards, is_beforehand, shared_word, words_of


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


@pytest.mark.parametrize("name", ["sched_arr_time", "PlannedArrival", "previous_delay", "booking_fee", "reserved_room"])
def test_a_plan_or_the_past_is_heard_in_the_name(name):
    assert is_beforehand(name)
    assert not is_beforehand("arr_delay")
