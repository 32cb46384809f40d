import pytest

from milepost.data.leak_names import afterwards, shared_word


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
