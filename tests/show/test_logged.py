from dataclasses import replace
from datetime import UTC, datetime

import pytest

from milepost.predlog.forgetting import Remaining, Removed
from milepost.predlog.verifying import Flaw
from milepost.serve.parity import Difference
from milepost.show.console import text_of
from milepost.show.logged import (
    LoggedAnswer,
    RefusedRows,
    answers_view,
    differences_view,
    flaws_view,
    refused_view,
    remaining_view,
    removed_view,
)

AT = datetime(2026, 5, 1, 12, 30, 15, tzinfo=UTC)
CLASS = LoggedAnswer(AT, "0190f5d2-7c00-7abc-8def-0123456789ab", "c-81", "Yes", 0.757, None, None, 2, None, "No", "b1")
NUMBER = LoggedAnswer(
    AT, "0190f5d2-7c00-7abc-8def-0123456789ab", None, 12.5, None, 10.0, 15.0, 0, "control", None, "b1"
)


def test_an_answer_is_a_line_with_what_it_was_and_what_became_true():
    head, _, line = text_of(answers_view([CLASS])).splitlines()[:3]
    assert head.split() == ["when", "entity", "decision", "probability", "flags", "truth"]
    assert line.split() == ["2026-05-01", "12:30:15", "c-81", "Yes", "75.7", "%", "2", "No"]


def test_numbers_have_intervals_and_columns_without_values_are_left_out():
    head, _, line = text_of(answers_view([NUMBER])).splitlines()[:3]
    assert head.split() == ["when", "decision", "interval", "flags", "arm", "truth"]
    assert "10 to 15" in line
    assert line.rstrip().endswith("control  –")


def test_what_a_shadow_answered_stands_below_the_answer_with_role_and_bundle():
    shadow = replace(CLASS, decision="No", probability=0.6, truth=None, bundle_id="b2", role="shadow")
    head, _, answer, below = text_of(answers_view([replace(CLASS, shadows=(shadow,))]), width=120).splitlines()[:4]
    assert "role" in head.split()
    assert "bundle" in head.split()
    assert [one for one in answer.split() if one in ("champion", "Yes", "No")] == ["champion", "Yes", "No"]
    assert "b1" in answer.split()
    assert [word for word in below.split() if word in ("shadow", "Yes", "No", "b2")] == ["shadow", "No", "b2"]


@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_lines_fit_the_terminal(width):
    text = text_of(answers_view([CLASS, NUMBER]), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert (CLASS.prediction_id in text) == (width >= 104)
    assert ("Left out at this width" in text) == (width < 76)


def test_rows_refused_for_one_reason_are_told_once_with_their_numbers():
    text = text_of(
        refused_view([RefusedRows((3, *range(9, 20)), "churn is '?'.", "column 'churn'", "Write Yes or No.")])
    )
    assert text.splitlines() == [
        "12 rows, the first: churn is '?'.",
        "where:  rows 3, 9, 10, 11, 12 and 7 more, column 'churn'",
        "fix:    Write Yes or No.",
    ]
    text = text_of(refused_view([RefusedRows((3,), "churn is '?'.", "column 'churn'", "Write Yes or No.")]))
    assert text.splitlines()[:2] == ["churn is '?'.", "where:  row 3, column 'churn'"]


def test_of_many_reasons_the_rest_is_counted():
    reasons = [
        RefusedRows((number, number + 100), f"{number} is odd.", "column 'churn'", "Mend it.") for number in range(12)
    ]
    text = text_of(refused_view(reasons))
    assert text.count("Mend it.") == 10
    assert text.splitlines()[-1] == "4 rows for 2 other reasons: --json has them all."


def test_what_is_wrong_with_a_log_comes_with_the_worst_first():
    flaws = [
        Flaw("journal-torn", "note", "a", "A write was cut off."),
        Flaw("file-missing", "stop", "b", "Gone.", "Mend it."),
    ]
    lines = [line.strip() for line in text_of(flaws_view(flaws)).splitlines()]
    assert lines == ["stop Gone. Mend it. [file-missing]", "b", "note A write was cut off. [journal-torn]", "a"]


def test_what_was_removed_what_remains_and_what_differs_is_told():
    assert "predictions" in text_of(removed_view([Removed("log/predictions", 3)]))
    remains = text_of(remaining_view([Remaining("1 row is still there.", "a.journal", "Restart the service.")]))
    assert remains.splitlines()[0] == "1 row is still there."
    told = text_of(differences_view([Difference("raw", "alone", "decision", '"Yes"', '"No"', '{"a": 1}')]))
    assert "A raw row, asked alone: decision" in told
    assert 'offline:  "No"' in told
