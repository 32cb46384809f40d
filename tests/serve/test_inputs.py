from __future__ import annotations

import pytest

from milepost.data.schema import Column, Schema
from milepost.predictor.wording import wordings_of
from milepost.serve.inputs import InputWords, input_words


def words(column: Column, *missing: str) -> InputWords:
    repair = {"column": column.name, "form": "", "zone": "UTC", "missing": missing, "present": (), "spellings": ()}
    return input_words(column, wordings_of(Schema((column,), "regression"), [repair])[column.name])


@pytest.mark.parametrize(
    ("column", "kind", "seen"),
    [
        (Column("a", "integer", "flag", "feature", lo=0.0, hi=1.0), "0 or 1", ""),
        (Column("a", "integer", "number", "feature", lo=0.0, hi=72.0), "A whole number", "0 to 72 were seen"),
        (Column("a", "float", "number", "feature", lo=18.8, hi=8684.8), "A number", "18.8 to 8,684.8 were seen"),
        (Column("a", "boolean", "flag", "feature"), "true or false", ""),
        (Column("a", "text", "category", "feature", levels=("x", "y")), "Text", "2 were seen: x, y"),
        (Column("a", "text", "text", "feature"), "Text", ""),
        (
            Column("a", "date", "time", "feature", lo=0.0, hi=86_400.0),
            "A day, such as 2026-05-31",
            "1970-01-01 to 1970-01-02 were seen",
        ),
        (Column("a", "datetime", "time", "time"), "A time, such as 2026-05-31T10:00:00Z", ""),
    ],
)
def test_an_input_is_told_by_its_kind_and_what_was_seen(column, kind, seen):
    assert (words(column).kind, words(column).seen) == (kind, seen)


def test_many_levels_are_not_all_told():
    column = Column("a", "text", "category", "feature", levels=tuple(f"l{number}" for number in range(10_000)))
    assert words(column).seen.startswith("10,000 and more were seen: l0, l1, ")
    assert len(words(column).seen) < 100


@pytest.mark.parametrize(
    ("share", "null"),
    [
        (None, "null is answered"),
        (0.0, "null is answered and flagged: it was never missing"),
        (0.125, "null is usual: 12.5 % were missing"),
        (0.0004, "null is usual: under 0.1 % were missing"),
    ],
)
def test_null_is_told_by_how_usual_it_is(share, null):
    assert words(Column("a", "float", "number", "feature", missing_share=share)).null == null


def test_what_the_contract_takes_for_missing_is_told():
    assert words(Column("a", "float", "number", "feature"), "999", "-1").null == "null (or -1, 999) is answered"
