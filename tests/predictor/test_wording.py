from __future__ import annotations

from datetime import UTC, date, datetime

from milepost.data.repairs import Repair
from milepost.data.schema import Column, Schema
from milepost.predictor.wording import wordings_of

SCHEMA = Schema(
    (
        Column("n", "integer", "number", "feature"),
        Column("c", "text", "category", "feature"),
        Column("d", "date", "time", "feature"),
        Column("t", "datetime", "time", "time"),
    ),
    "regression",
)


def test_repairs_of_the_data_floor_are_understood_as_they_are_stored():
    repairs = [
        Repair("n", "integer", missing=("999", "none of it")),
        Repair("c", "text", missing=("x",), present=("NA",), spellings=(("Ja", "Yes"),)),
        Repair("d", "date", "day/month/year", missing=("1900-01-01",)),
        Repair("t", "datetime", zone="Europe/Berlin", missing=("1900-01-01",)),
    ]
    wordings = wordings_of(SCHEMA, [repair.to_json() for repair in repairs])
    assert wordings["n"].sentinels == {999.0}
    assert {"none of it", "999", "n/a", "unknown"} <= wordings["n"].missing
    assert ("NA" in wordings["c"].missing, "x" in wordings["c"].missing, "unknown" in wordings["c"].missing) == (
        False,
        True,
        False,
    )
    assert wordings["c"].spellings == {"Ja": "Yes"}
    assert (wordings["d"].sentinels, wordings["d"].form) == ({date(1900, 1, 1)}, "day/month/year")
    assert wordings["t"].sentinels == {datetime(1899, 12, 31, 23, 0, tzinfo=UTC)}


def test_without_repairs_the_time_zone_of_the_problem_counts():
    assert wordings_of(SCHEMA, timezone="Asia/Tokyo")["t"].zone == "Asia/Tokyo"
