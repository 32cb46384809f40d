from __future__ import annotations

import pytest

from milepost.draft.sentence import understand


def criteria(statement: str, **known: str) -> list[str]:
    return [criterion.text for criterion in understand(statement, **known).criteria]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("Which customers will leave? At least 95% correct.", ["accuracy >= 0.95"]),
        ("We want 95% right", ["accuracy >= 0.95"]),
        ("Predict churn; right in 8 out of 10 cases", ["accuracy >= 0.80"]),
        ("Predict churn and be right 8 times out of 10", ["accuracy >= 0.80"]),
        ("Predict churn. 8 out of 10 correct", ["accuracy >= 0.80"]),
        ("Predict churn; be wrong in no more than 1 in 20 cases", ["accuracy >= 0.95"]),
        ("Predict churn, catching 7 of 10 leavers", ["recall >= 0.70"]),
        ("Catch 8 out of 10 leavers", ["recall >= 0.80"]),
        ("Find half of the churners", ["recall >= 0.50"]),
        ("At least two thirds of the leavers must be caught", ["recall >= 0.6667"]),
        ("Predict churn and miss no more than 10% of the leavers", ["recall >= 0.90"]),
        ("Predict churn, miss no more than 10%", ["recall >= 0.90"]),
        ("Predict churn; we must not miss more than one in ten", ["recall >= 0.90"]),
        ("Predict churn; fewer than 10% of leavers may be missed", ["recall > 0.90"]),
        ("Predict churn; no more than 20% of the alarms may be false", ["precision >= 0.80"]),
        ("Predict churn; at least 80% of the alarms must be right", ["precision >= 0.80"]),
        ("Predict churn with false alarms of at most 5% among those who stay", ["specificity >= 0.95"]),
        ("Predict churn with no more than 20% false alarms among the flagged customers", ["precision >= 0.80"]),
        ("Predict house prices to within 10% on average", ["mape <= 0.10"]),
        ("Predict house prices; on average within 15,000 euros", ["mae <= 15000"]),
        ("Predict house prices, half of the houses within 15000", ["median_ae <= 15000"]),
        ("Predict prices, off by less than $15k in half of the cases", ["median_ae < 15000"]),
        ("Predict delay, 50% of flights within 5 minutes", ["median_ae <= 5"]),
    ],
)
def test_everyday_words_are_read_as_criteria(statement, found):
    assert criteria(statement) == found
    assert understand(statement).unread_numbers() == ()


def test_false_alarms_without_more_words_are_a_doubt_that_names_both_readings():
    found = understand("Catch 7 of 10 leavers with no more than 20% false alarms")
    assert [one.text for one in found.criteria] == ["recall >= 0.70"]
    (doubt,) = found.doubts
    assert "precision >= 0.80" in doubt
    assert "specificity >= 0.80" in doubt
    assert found.unread_numbers() == ("no more than 20% false alarms",)


@pytest.mark.parametrize("rate", ["false alarm rate", "false positive rate"])
def test_a_rate_of_false_alarms_is_a_known_figure(rate):
    assert criteria(f"Predict churn with a {rate} below 20%") == ["specificity > 0.80"]


@pytest.mark.parametrize(
    ("statement", "doubt"),
    [
        ("Forecast sales, 90% of the forecasts within 10%", "no metric says in how many rows"),
        ("Predict price. No more than 5% of them off by over 20000", "no metric says in how many rows"),
        ("Forecast sales to within 10%", "on average (mape <= 0.10)"),
        ("How late is a flight, to within 15 minutes?", "half of them (median_ae <= 15)"),
    ],
)
def test_a_distance_that_no_metric_asks_for_is_doubted(statement, doubt):
    found = understand(statement, task="regression")
    assert found.criteria == ()
    assert doubt in found.doubts[0]


@pytest.mark.parametrize(
    "statement",
    [
        "Today we catch 6 of 10 leavers",
        "Predict the right channel for 20% of customers",
        "Find 3 of 5 segments by class",
        "10% missing values",
        "Predict which customers leave right after 30 days",
    ],
)
def test_other_shares_ask_for_nothing(statement):
    assert criteria(statement, task="multiclass" if "segments" in statement else "binary") == []
