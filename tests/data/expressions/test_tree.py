"""Literals and columns of trees."""

from __future__ import annotations

from datetime import UTC, date, datetime

from milepost.data.expressions.tree import columns_of, is_literal, literal_value


def test_literals_are_the_values_that_they_name():
    assert literal_value(3) == 3.0
    assert isinstance(literal_value(3), float)
    assert literal_value(True) is True
    assert literal_value("date") == "date"
    assert literal_value(["null", "text"]) is None
    assert literal_value(["date", "2024-02-29"]) == date(2024, 2, 29)
    assert literal_value(["datetime", "2024-02-29T12:00:00+00:00"]) == datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_columns_and_calls_are_no_literals():
    assert is_literal(["date", "2024-02-29"])
    assert is_literal("column")
    assert not is_literal(["column", "a", "number"])
    assert not is_literal(["+", 1.0, 2.0])


def test_columns_are_listed_once_in_the_order_of_the_text_and_constants_are_none():
    b, a = ["column", "b", "text"], ["column", "a", "text"]
    assert columns_of(["case", ["like", b, "column"], a, ["in", b, "a", None], a, ["left", b, 2]]) == ("b", "a")
    assert columns_of(1.0) == ()
