from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from milepost.data.findings import Finding
from milepost.data.split import Split
from milepost.draft.sense import make_sense

DATA = '[data]\nsource = "x.csv"\n'


def split_of(development, test, folds_by):
    rows = np.arange(development + test)
    parts = (rows[development:], rows[:development], rows[:0])
    return Split("stratified", 0, *parts, (), (), folds_by, None, "", "", "")


def sense_of(case, text, *, test=1_000, folds_by="stratified", **known):
    given = case(text if "[data]" in text else DATA + text)
    split = split_of(3 * test, test, folds_by)
    return make_sense(
        given.problem, given.schema, split, given.frame, given.truth, derived=given.derived, rule=given.rule, **known
    )


def test_the_whole_says_what_is_free_what_is_there_and_what_is_asked(case):
    text = (
        'effect = { column = "churn", change = "-15%" }\n'
        + DATA
        + """
[baseline]
rule = "plan = 'monthly'"
[success]
accuracy = ">= 0.75"
recall = ">= 0.60"
[value]
true_positive = 50
false_positive = -10
"""
    )
    sense = sense_of(case, text, test=9_000)
    assert sense.says == (
        "27,000 development rows to learn from, 9,000 test rows kept closed. `churn` is 'Yes' in 30.0 % of the "
        "development rows.",
        "What comes without a model is measured on 1,000 of the 27,000 development rows, drawn at random.",
        "Without any model, always answering 'No' has an accuracy of about 70 %; today's rule has about 78 %.",
        f"accuracy >= 0.75: {sense.criteria[0].says}",
        f"recall >= 0.60: {sense.criteria[1].says}",
        "accuracy >= 0.75 and recall >= 0.60 together ask for a precision of at least 55 % and a specificity of at "
        "least 64 % as well.",
        "For 1,000 rows, always answering 'No' brings 0 units, always answering 'Yes' brings 8,000 units, today's rule "
        "brings 10,400 units.",
        "Acting pays, on average, where a row is 'Yes' with a chance of 16.7 % or more.",
        "The promised -15% of `churn` needs more than a model: at a recall of 60.0 %, acting must win over 25.0 % of "
        "those found.",
    )
    assert (sense.outcome, sense.is_verifiable) == ("ready to train", True)
    assert sense.next_step == "milepost train"


def test_a_criterion_that_cannot_be_verified_is_a_finding_and_no_reason_not_to_train(case):
    sense = sense_of(case, '[success]\naccuracy = ">= 0.80"', test=100)
    assert (sense.outcome, sense.is_verifiable) == ("ready to train", False)
    assert [finding.code for finding in sense.findings] == ["criterion-not-verifiable"]


def test_without_a_criterion_there_is_nothing_to_verify(case):
    sense = sense_of(case, "")
    assert (sense.outcome, sense.is_verifiable) == ("ready to train", False)


def test_a_finding_that_stops_is_to_be_mended_first(case):
    stop = Finding("bad", "stop", None, "This must be mended.")
    sense = sense_of(case, '[success]\naccuracy = ">= 0.80"', findings=[Finding("n", "note", None, "…"), stop])
    assert sense.outcome == "mend first"
    assert [finding.severity for finding in sense.findings] == ["stop", "note"]


def test_a_criterion_that_is_nearly_free_is_a_warning(case):
    sense = sense_of(case, '[success]\naccuracy = ">= 0.71"')
    assert sense.findings[0].code == "criterion-nearly-free"
    assert "always answering 'No' scores 70 %" in sense.findings[0].says


def test_rows_that_are_alike_need_more_of_them(case):
    alone = sense_of(case, '[success]\naccuracy = ">= 0.80"')
    alike = sense_of(case, '[success]\naccuracy = ">= 0.80"', folds_by="time", alike=10.0)
    assert alike.criteria[0].rows_needed == 10 * alone.criteria[0].rows_needed
    assert "Rows close in time are alike: the 1,000 test rows tell about as much as 100 independent ones." in alike.says


@pytest.mark.parametrize("rows", [500, 5_000])
def test_the_rows_are_counted(case, rows):
    sense = sense_of(case, '[success]\naccuracy = ">= 0.80"', test=rows)
    assert (sense.rows.labelled, sense.rows.development, sense.rows.test) == (4 * rows, 3 * rows, rows)
    assert sense.positives == pytest.approx(0.3)
    assert replace(sense.rows, left_out=0) == sense.rows
