from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.predictor.times import part_of_column, part_of_value

PARTS = ["year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year", "days"]
ZONES = [None, "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
moments = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))


def by_value(values, part, zone):
    read = part_of_value(part, zone)
    return [math.nan if value is None else read(value) for value in values]


@settings(max_examples=60)
@given(st.lists(st.none() | moments, max_size=12), st.sampled_from(PARTS), st.sampled_from(ZONES))
def test_a_moment_has_the_same_parts_alone_and_in_a_column(values, part, zone):
    column = part_of_column(pl.Series(values, dtype=pl.Datetime("us", "UTC")), part, zone)
    assert np.array_equal(column, by_value(values, part, zone), equal_nan=True)


@given(st.lists(st.none() | st.dates(), max_size=12), st.sampled_from(PARTS))
def test_a_date_has_the_same_parts_alone_and_in_a_column(values, part):
    column = part_of_column(pl.Series(values, dtype=pl.Date), part, "Asia/Tokyo")
    assert np.array_equal(column, by_value(values, part, "Asia/Tokyo"), equal_nan=True)


@pytest.mark.parametrize(
    ("part", "expected"),
    [("year", 2025), ("quarter", 1), ("month", 1), ("day", 1), ("weekday", 3), ("hour", 0), ("minute", 30),
     ("day_of_year", 1), ("days", 20089 + 30 / 1440)],
)  # fmt: skip
def test_parts_are_those_of_the_clock_in_the_zone(part, expected):
    # half past eleven in the evening of Tuesday, 31 December 2024 in UTC is half past midnight on Wednesday in Berlin
    time = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)
    assert part_of_value(part, "Europe/Berlin")(time) == expected


def test_a_date_has_no_zone():
    assert part_of_value("day", "Pacific/Apia")(date(2024, 5, 1)) == 1


def test_a_column_without_a_single_value_has_no_parts():
    assert np.isnan(part_of_column(pl.Series([None, None]), "hour", "Europe/Berlin")).all()
