from __future__ import annotations

import pytest

from milepost.evaluate.threshold_words import sentences
from milepost.metrics.measure import Measured
from milepost.stats.intervals import Interval
from out_of_fold_answers import criteria_of


def _seen(metric, value, lo, hi):
    return Measured(metric, value, Interval(lo, hi), 5282, 1400, None, 5282, "")


FIGURES = {
    "accuracy": _seen("accuracy", 0.8, 0.789, 0.81),
    "recall": _seen("recall", 0.638, 0.61, 0.66),
    "value": _seen("value", 41349.0, 38600.0, 44150.0),
}


def _says(*, held=(True, True), meets_all=True, **more):
    moved = list(zip(criteria_of(accuracy=">= 0.8", recall=">= 0.6"), held, strict=True))
    return sentences(0.431, moved, FIGURES, meets_all=meets_all, has_money=True, currency="EUR", **more)


def test_the_reason_comes_with_what_was_measured_on_other_rows():
    assert _says() == (
        "Act where the probability is at least 0.431: of all thresholds that meet accuracy >= 0.80 and recall >= 0.60 "
        "out of fold, it brings the most money. On development rows that did not choose it: accuracy 80.0 % "
        "(95 % interval 78.9 % to 81.0 %), recall 63.8 % (61.0 % to 66.0 %) and 41,349 EUR per 1,000 rows "
        "(38,600 to 44,150). It is close for accuracy >= 0.80: the limit lies inside the interval, so only the test "
        "rows can tell."
    )


def test_a_criterion_that_is_missed_on_other_rows_is_not_promised():
    assert _says(held=(False, True)).endswith(
        "So do not count on accuracy >= 0.80: that a threshold seemed to meet it was partly luck."
    )


def test_a_collision_points_to_the_table():
    says = _says(held=(False, True), meets_all=False)
    assert says.startswith("No threshold meets accuracy >= 0.80 and recall >= 0.60 at once out of fold. Act where")
    assert "the one with the most money; the table shows" in says
    assert "luck" not in says


def test_money_per_row_is_doubted_under_its_own_name():
    (wanted,) = criteria_of(value_per_row=">= 40")
    figures = {"value_per_row": _seen("value_per_row", 41.349, 38.6, 44.15), "value": FIGURES["value"]}
    says = sentences(0.2, [(wanted, True)], figures, meets_all=True, has_money=True, currency="EUR")
    assert "did not choose it: 41.35 EUR per row (95 % interval 38.6 to 44.15). It is close for value_per_row" in says
    assert "1,000 rows" not in says


def test_where_no_row_can_tell_nothing_is_said_of_luck():
    none = {name: Measured(name, None, None, 0, 0, "There are no rows to judge.", 0, "") for name in FIGURES}
    moved = [(one, False) for one in criteria_of(accuracy=">= 0.8")]
    says = sentences(0.2, moved, none, meets_all=True, has_money=True, currency="EUR")
    assert says.endswith("Only the test rows can tell.")
    assert "luck" not in says


def test_a_capacity_is_told():
    assert "flag at most 7.1 % of the rows; only such were considered." in _says(most_positives=500 / 7000)


@pytest.mark.parametrize("has_money", [True, False])
def test_without_criteria_the_best_is_told(has_money):
    figures = FIGURES if has_money else {"accuracy": FIGURES["accuracy"]}
    says = sentences(0.2, [], figures, meets_all=True, has_money=has_money, currency="EUR")
    assert ("that brings the most money" in says) == has_money
    assert ("41,349 EUR per 1,000 rows (95 % interval 38,600 to 44,150)" in says) == has_money
    assert ("accuracy 80.0 % (95 % interval" in says) != has_money


def test_where_there_is_no_interval_the_rows_are_counted():
    few = Measured("recall", 0.5, None, 40, 6, "Only 6 of 40 rows are Yes; an interval needs at least 10.", 6, "")
    moved = [(criteria_of(recall=">= 0.6")[0], False)]
    says = sentences(0.5, moved, {"recall": few}, meets_all=False, has_money=False, currency="")
    assert "recall 50.0 % (of 6 rows)" in says
    assert says.startswith("No threshold meets recall >= 0.60 out of fold.")
