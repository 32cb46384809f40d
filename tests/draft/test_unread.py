from __future__ import annotations

import pytest

from milepost.draft.sentence import understand
from milepost.draft.unread import unread_notes, unread_numbers


@pytest.mark.parametrize(
    ("statement", "unread"),
    [
        ("Predict churn with fewer than 5 false alarms per day", ["with fewer than 5 false alarms per day"]),
        ("Predict churn and contact the top 10% of customers", ["and contact the top 10% of customers"]),
        ("Predict churn with 80% accuracy within 30 days", []),
        ("Predict churn of covid-19 patients at 2nd street with x1", []),
        ("Predict churn by what plan 3 says", []),
    ],
)
def test_a_number_of_which_nothing_was_made_is_told(statement, unread):
    found = unread_numbers(understand(statement), ["churn", "plan 3"])
    assert [one.evidence["text"] for one in found] == unread
    assert {one.severity for one in found} <= {"warn"}


def test_the_notes_hold_the_words_and_the_doubts():
    notes = unread_notes(understand("Predict churn with 20% false alarms"), [])
    assert notes[0] == 'Not read from the sentence: "20% false alarms"'
    assert notes[1].startswith("In doubt: ")
