from dataclasses import replace

import pytest

from milepost.evaluate.verdict import Judged
from milepost.metrics.measure import Measured
from milepost.problem.criteria import Criterion
from milepost.show.advice import advice
from milepost.stats.intervals import Interval, wilson
from milepost.stats.sample_size import proportion_rows_needed

ACCURACY = (Criterion("accuracy", ">=", 0.8),)


def verdict_of(telco, outcome, measured, criterion="accuracy >= 0.80", threshold=0.8, rows=1761):
    one = Judged(criterion, measured.metric, threshold, outcome, measured, {}, "")
    return replace(telco.verdict, overall=outcome, criteria=(one,), rows=rows)


def accuracy(value, rows=1761):
    return Measured("accuracy", value, wilson(value * rows, rows), rows, None, None, rows, "")


def test_before_the_verdict_there_is_nothing_to_decide():
    assert "still closed" in advice(None, ACCURACY)[0]


def test_a_contract_without_criteria_is_sent_back_to_whoever_ordered_the_model(telco):
    assert "Whoever ordered it decides" in advice(replace(telco.verdict, criteria=()), ())[1]
    assert "before its test rows are opened" in advice(None, ())[0]


def test_a_met_contract_says_whether_the_model_answers(telco):
    met = verdict_of(telco, "met", accuracy(0.85))
    assert "It is the champion" in advice(met, ACCURACY, is_champion=True)[1]
    assert "a person has to promote it" in advice(met, ACCURACY, is_champion=False)[1]


def test_a_missed_criterion_is_told_with_what_can_be_relied_on(telco):
    missed = verdict_of(telco, "not met", accuracy(0.75))
    told = advice(missed, ACCURACY)
    assert told[0] == ("accuracy >= 0.80 is out of this model's reach; what it can be relied on for is 72.9 % or more.")
    assert "for whoever ordered it to decide" in told[-1]


def test_a_missed_upper_bound_is_told_by_its_upper_end_in_the_unit_of_the_target(telco):
    error = Measured("mae", 14.2, Interval(13.1, 15.3), 800, None, None, 800, "")
    missed = verdict_of(telco, "not met", error, "mae < 12", 12.0)
    assert "15.3 minutes or less" in advice(missed, (), unit="minutes")[0]


@pytest.mark.parametrize(("value", "rows"), [(0.82, 400), (0.815, 1761), (0.78, 300)])
def test_the_rows_that_are_missing_are_those_that_planning_asks_for(telco, value, rows):
    told = advice(verdict_of(telco, "can't tell yet", accuracy(value, rows), rows=rows), ACCURACY)[0]
    about = int(told.split("about ")[1].split(" would")[0].replace(",", ""))
    assert about == pytest.approx(proportion_rows_needed(value, 0.8), rel=0.12)
    assert ("show that it is met" in told) == (value > 0.8)


def test_a_value_at_the_limit_promises_no_number_of_rows(telco):
    told = advice(verdict_of(telco, "can't tell yet", accuracy(0.8001)), ACCURACY)
    assert "hardly any number of rows would tell" in told[0]
    assert "Whoever ordered the model decides" in told[-1]


def test_without_an_interval_the_reason_is_told(telco):
    few = Measured("recall", 0.5, None, 40, 6, "Only 6 of 40 rows are Yes.", 6, "")
    told = advice(verdict_of(telco, "can't tell yet", few, "recall >= 0.60", 0.6, 40), ())
    assert told[0] == "Whether recall >= 0.60 holds can't be told: Only 6 of 40 rows are Yes."


def test_many_open_criteria_share_a_sentence(telco):
    [one] = verdict_of(telco, "can't tell yet", accuracy(0.82)).criteria
    three = replace(telco.verdict, overall="can't tell yet", criteria=(one, one, one))
    told = advice(three, ACCURACY)
    assert len(told) == 4
    assert told[2] == "The same holds for accuracy >= 0.80."
