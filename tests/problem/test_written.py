from __future__ import annotations

from datetime import date

from milepost.problem.written import kind_of, shown


def test_values_are_shown_as_the_file_writes_them():
    assert shown("a") == '"a"'
    assert shown({"trials": 3, "on": True}) == "{ trials = 3, on = true }"
    assert shown([date(2024, 1, 31), 0.5]) == "[2024-01-31, 0.5]"


def test_long_values_are_cut_and_secrets_are_hidden():
    assert shown("x" * 100) == f'"{"x" * 60}…"'
    assert "geheim" not in shown(["postgresql://ann:geheim@db/churn"])


def test_a_truth_value_is_not_called_a_number():
    assert (kind_of(True), kind_of(1), kind_of(1.5)) == ("a truth value", "a whole number", "a number")
    assert (kind_of("x"), kind_of([]), kind_of({}), kind_of(date(2024, 1, 1))) == (
        "text",
        "a list",
        "a table",
        "a date or time",
    )
