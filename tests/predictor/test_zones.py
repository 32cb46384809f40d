from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError
from milepost.predictor.zones import microseconds_of, offsets_of, zone_called

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Europe/Dublin",
]
moments = st.lists(st.datetimes(datetime(1850, 1, 1), datetime(2150, 1, 1)), min_size=1, max_size=20)


@settings(max_examples=60)
@given(st.sampled_from(ZONES), moments)
def test_many_moments_are_read_as_python_reads_one(name, times):
    zone = ZoneInfo(name)
    utc = np.array([microseconds_of(time) for time in times])
    local = [microseconds_of(time.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)) for time in times]
    assert offsets_of(name, int(utc.min()), int(utc.max())).local(utc).tolist() == local


@settings(max_examples=60)
@given(st.sampled_from(ZONES), moments)
def test_many_local_readings_become_utc_as_python_says(name, times):
    zone = ZoneInfo(name)
    local = np.array([microseconds_of(time) for time in times])
    utc = [microseconds_of(time.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)) for time in times]
    assert offsets_of(name, int(local.min()), int(local.max())).utc(local).tolist() == utc


def test_every_half_hour_around_the_changes_of_a_year_is_read_as_python_reads_it():
    zone, start = ZoneInfo("Europe/Berlin"), datetime(2024, 3, 30)
    times = [start + timedelta(minutes=30 * step) for step in range(96)]
    times += [datetime(2024, 10, 26) + timedelta(minutes=30 * step) for step in range(96)]
    local = np.array([microseconds_of(time) for time in times])
    utc = [microseconds_of(time.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)) for time in times]
    assert offsets_of("Europe/Berlin", int(local.min()), int(local.max())).utc(local).tolist() == utc


def test_a_zone_far_in_the_future_keeps_its_rule():
    july = microseconds_of(datetime(2400, 7, 1))
    assert offsets_of("Europe/Berlin", july, july).local(np.array([july]))[0] - july == 2 * 3600 * 1_000_000


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../etc/passwd", "\x00"])
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(MilepostError, match="No time zone is called"):
        zone_called(name)
