from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.data.schema import Column, Schema
from milepost.explore.beyond import about_beyond

MONTH = Column("month", "integer", "number", "feature", lo=1.0, hi=9.0)
PLAN = Column("plan", "text", "category", "feature", levels=("basic", "plus"))
SCHEMA = Schema((MONTH, PLAN, Column("y", "text", "category", "target")), "binary", ("No", "Yes"))


def found(months, plans) -> list[tuple[str | None, str]]:
    return [(one.column, one.says) for one in about_beyond(pl.DataFrame({"month": months, "plan": plans}), SCHEMA)]


def test_a_month_that_no_development_row_had_is_told():
    ((column, says),) = found([8, 10, 11, 12] * 25, ["basic"] * 100)
    assert column == "month"
    assert "`month` 75.0 %" in says
    assert "1 to 9 in development rows, 8 to 12 in test rows" in says


def test_labels_that_no_development_row_had_are_told():
    ((column, says),) = found([8] * 100, ["pro"] * 10 + ["basic"] * 90)
    assert (column, "`plan` 10.0 %" in says) == ("plan", True)


@pytest.mark.parametrize(
    ("months", "plans"),
    [
        ([10] * 5 + [9] * 95, ["pro"] * 5 + ["plus"] * 95),  # one in twenty is not yet often
        ([None] * 100, [None] * 100),
        ([12] * 10, ["pro"] * 10),  # too few rows to tell
    ],
)
def test_little_beyond_is_not_told(months, plans):
    frame = pl.DataFrame({"month": months, "plan": plans}, schema={"month": pl.Int64, "plan": pl.String})
    assert about_beyond(frame, SCHEMA) == []


def test_a_column_that_no_model_sees_is_not_looked_at():
    hidden = Schema((Column("month", "integer", "number", "excluded", lo=1.0, hi=9.0),), "binary")
    assert about_beyond(pl.DataFrame({"month": np.full(100, 12)}), hidden) == []
