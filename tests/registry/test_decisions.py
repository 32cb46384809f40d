from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.registry.decisions import FIRST_PREVIOUS, Entry, broken_link, decision_of, row_of, seal_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ENTRY = Entry("trained", "telco", "Trained on 5,282 rows.", "9f3a", {"rows": 5282, "gain": 0.1})


def test_the_seal_is_the_hash_of_the_row_as_canonical_json():
    row = row_of(Entry("rung", "p", "é"), number=1, at=NOON, previous=FIRST_PREVIOUS)
    written = (
        '{"at":"2026-01-05T12:00:00.000000+00:00","bundle_id":null,"figures":"{}","kind":"rung","number":1,'
        f'"previous":"{FIRST_PREVIOUS}","problem":"p","says":"é"}}'
    )
    assert row["hash"] == hashlib.sha256(written.encode()).hexdigest()


def test_a_time_in_another_zone_is_stored_and_sealed_in_utc():
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    assert row_of(ENTRY, number=1, at=berlin, previous="x") == row_of(ENTRY, number=1, at=NOON, previous="x")


def test_figures_come_back_and_one_that_is_not_finite_becomes_a_word():
    entry = Entry("rung", "p", "says", figures={"gain": float("nan"), "ids": [1, 2], "name": "dummy"})
    decision = decision_of(row_of(entry, number=1, at=NOON, previous=FIRST_PREVIOUS))
    assert decision.figures == {"gain": "nan", "ids": [1, 2], "name": "dummy"}
    assert decision.at == NOON


@given(
    field=st.sampled_from(["number", "at", "kind", "problem", "bundle_id", "says", "figures", "previous", "hash"]),
    text=st.text(),
)
def test_a_change_of_any_field_breaks_the_link(field, text):
    first = row_of(ENTRY, number=1, at=NOON, previous=FIRST_PREVIOUS)
    second = row_of(ENTRY, number=2, at=NOON, previous=first["hash"])
    changed = {"number": 3, "at": NOON + timedelta(microseconds=1)}.get(field, f"{second[field]}x{text}")
    assert broken_link(first, second) is None
    assert broken_link(first, second | {field: changed}) is not None


@pytest.mark.parametrize(("number", "says"), [(3, "missing"), (1, "missing")])
def test_a_gap_and_a_repeat_are_named(number, says):
    first = row_of(ENTRY, number=1, at=NOON, previous=FIRST_PREVIOUS)
    assert says in broken_link(first, row_of(ENTRY, number=number, at=NOON, previous=first["hash"]))


def test_a_row_sealed_anew_does_not_follow_its_neighbour():
    first = row_of(ENTRY, number=1, at=NOON, previous=FIRST_PREVIOUS)
    second = row_of(ENTRY, number=2, at=NOON, previous=first["hash"])
    forged = first | {"says": "something else"}
    forged["hash"] = seal_of(forged)
    assert broken_link(None, forged) is None
    assert "does not follow" in broken_link(forged, second)
