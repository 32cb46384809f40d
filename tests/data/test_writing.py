from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from milepost.data.writing import MISSING_TOKENS, MISSING_WORDS, date_of, number_of, time_of, truth_of


@pytest.mark.parametrize("text", ["", "NA", "na", "N/A", "NaN", "NULL", "?", "-", "\\N", "#N/A"])
def test_texts_without_a_value_are_known(text):
    assert text in MISSING_TOKENS


def test_sodium_namibia_and_none_are_told_apart():
    assert "Na" not in MISSING_TOKENS
    assert "None" in MISSING_WORDS - MISSING_TOKENS


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" -1.5 ", -1.5),
        ("1,234,567.8", 1234567.8),
        ("1'234", 1234),
        ("€ 12", 12),
        ("12 €", 12),
        ("-$5", -5),
        ("50%", 50),
        ("12,5", None),
        ("1,23,4", None),
        ("1e400", None),
        ("nan", None),
        ("0x1F", None),
        ("1_000", None),
        ("٣", None),
        ("", None),
    ],
)
def test_numbers_are_what_people_write(text, number):
    assert number_of(text) == number


def test_truths_are_two_words():
    assert [truth_of(text) for text in ("True", " FALSE ", "yes", "1")] == [True, False, None, None]


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2024-03-01T10:00:00.123456Z", "", datetime(2024, 3, 1, 10, 0, 0, 123456)),
        ("2024-03-01 10:00-05:00", "", datetime(2024, 3, 1, 15)),
        ("1/3/2024 9:05 PM", "day/month/year", datetime(2024, 3, 1, 21, 5)),
        ("3/1/24", "month/day/year", datetime(2024, 3, 1)),
        ("1/3/69", "day/month/year", datetime(1969, 3, 1)),
        ("12:00 2024-01-01", "", None),
        ("1/3/2024", "", None),
        ("2024-01-01 24:00", "", None),
        ("2024-01-01 13:00 PM", "", None),
        ("2024-13-01", "", None),
    ],
)
def test_times_come_out_in_utc_or_not_at_all(text, form, expected):
    assert time_of(text, form) == (expected.replace(tzinfo=UTC) if expected else None)


def test_a_date_is_the_one_that_stands_there_wherever_the_clock_is():
    assert date_of("2024-03-01T23:30:00-05:00") == date(2024, 3, 1)
    assert time_of("2024-03-01 00:30", zone="Europe/Berlin") == datetime(2024, 2, 29, 23, 30, tzinfo=UTC)
