from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from milepost.draft.timing import check_time

DATA = '[data]\nsource = "x.csv"\n'
DAYS = [date(2024, 1, 1) + timedelta(days=n % 100) for n in range(1000)]


def codes(case, churn, text, **roles):
    frame = churn.with_columns(pl.Series("seen", DAYS), pl.Series("known", DAYS) + timedelta(days=10))
    given = case(text, frame=frame, **roles)
    return {finding.code: finding for finding in check_time(given.problem, given.frame, given.schema)}


def test_a_horizon_without_a_time_is_noted(case, churn):
    found = codes(case, churn, f'horizon = "30d"\n{DATA}', seen="id", known="id")
    assert list(found) == ["horizon-without-time"]
    assert found["horizon-without-time"].evidence == {"days": 30.0}


def test_times_that_no_key_names_are_noted(case, churn):
    assert list(codes(case, churn, DATA)) == ["time-not-named"]


def test_a_time_of_truth_needs_a_time_of_prediction(case, churn):
    assert "known-at-without-time" in codes(case, churn, f'{DATA}known_at = "known"', seen="id", known="known_at")


def test_a_history_of_a_few_horizons_is_short(case, churn):
    # 100 days of rows
    roles = {"seen": "time", "known": "excluded"}
    assert list(codes(case, churn, f'horizon = "40d"\n{DATA}time = "seen"', **roles)) == ["history-short"]
    assert list(codes(case, churn, f'horizon = "30d"\n{DATA}time = "seen"', **roles)) == []


def test_a_truth_recorded_before_the_prediction_is_told(case, churn):
    roles = {"seen": "time", "known": "known_at"}
    assert codes(case, churn, f'{DATA}time = "seen"\nknown_at = "known"', **roles) == {}
    turned = codes(case, churn, f'{DATA}time = "known"\nknown_at = "seen"', seen="known_at", known="time")
    assert turned["known-before-time"].evidence == {"share": 1.0}
