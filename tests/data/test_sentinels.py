from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from milepost.data.schema import Column
from milepost.data.sentinels import find_sentinels


def suspected(values: list) -> str | None:
    """Return the suspected values of a column, or None."""
    is_time = isinstance(values[0], date)
    column = Column("x", "date" if is_time else "integer", "time" if is_time else "number", "feature")
    found = find_sentinels(pl.DataFrame({"x": values}), [column], len(values))
    return str(found[0].evidence["values"]) if found else None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([999] * 96 + list(range(28)), "999"),
        ([-1] * 6 + list(range(50)), "-1"),
        ([998] * 5 + [999] * 9 + list(range(50)), "999, 998"),
        ([-999.0] * 5 + [0.5, 1.5, -2.5] * 9, "-999"),
        ([2147483647] * 5 + list(range(99)), "2147483647"),
        ([date(1900, 1, 1)] * 5 + [date(2020, 1, 1) + timedelta(n) for n in range(99)], "1900-01-01"),
        ([date(9999, 12, 31)] * 9 + [date(2020, 1, 1) + timedelta(n) for n in range(99)], "9999-12-31"),
    ],
)
def test_made_up_values_far_outside_that_come_often_are_suspected(values, expected):
    assert suspected(values) == expected


@pytest.mark.parametrize(
    "values",
    [[99] * 9 + list(range(98)), [999, *range(50)], [-1] * 9 + list(range(-50, 50)), [1000] * 9 + list(range(50)),
     [999] * 50, [date(2000, 1, 1)] * 9 + [date(2020, 1, 1)] * 9],
)  # fmt: skip
def test_ages_rare_outliers_and_ordinary_values_are_not(values):
    assert suspected(values) is None


def test_the_finding_says_what_to_write():
    column = Column("pdays", "integer", "number", "feature")
    (found,) = find_sentinels(pl.DataFrame({"pdays": [998] * 5 + [999] * 9 + list(range(50))}), [column], 64)
    assert 'pdays = "999 and 998 are missing"' in found.do
