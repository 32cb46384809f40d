from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from milepost.data.schema import Column
from milepost.draft.roles import suggest_roles

ROWS = 400


def suggested(**columns):
    """Suggest roles; a column is given as (dtype, kind, values)."""
    frame = pl.DataFrame({name: values for name, (_, _, values) in columns.items()} | {"y": [0, 1] * (ROWS // 2)})
    made = [Column(name, dtype, kind, "feature", "all values differ") for name, (dtype, kind, _) in columns.items()]
    return suggest_roles(frame, [*made, Column("y", "integer", "flag", "feature")], target="y")


def days(missing=0):
    return [None] * missing + [date(2024, 1, 1) + timedelta(days=n) for n in range(ROWS - missing)]


def ids():
    return [f"C{n}" for n in range(ROWS)]


def test_a_column_named_id_whose_values_differ_is_the_id():
    roles = suggested(customer_id=("text", "id", ids()), note=("text", "id", ids()))
    assert (roles.id.column, roles.id.is_sure) == ("customer_id", True)


def test_values_that_differ_under_a_name_that_says_nothing_are_a_doubtful_id():
    assert not suggested(note=("text", "id", ids())).id.is_sure


def test_an_id_with_several_rows_is_still_the_entity():
    roles = suggested(customer_id=("text", "category", [f"C{n % 100}" for n in range(ROWS)]))
    assert roles.entity == "customer_id"
    assert "some have several rows" in roles.id.because


def test_the_time_that_each_row_has_is_the_time_of_prediction():
    roles = suggested(seen_at=("date", "time", days()), closed_at=("date", "time", days(100)))
    assert roles.time == "seen_at"
    assert [one.is_sure for one in roles.times] == [True]
    assert (roles.known_at.column, roles.known_at.is_sure) == ("closed_at", False)


def test_a_time_with_gaps_or_of_another_moment_is_only_asked_about():
    roles = suggested(visited=("date", "time", days(100)), birth_date=("date", "time", days()))
    assert roles.time is None
    assert {one.column: one.is_sure for one in roles.times} == {"visited": False, "birth_date": False}


def test_what_comes_again_and_again_may_be_a_group():
    roles = suggested(
        agent=("text", "category", [f"A{n % 80}" for n in range(ROWS)]),
        colour=("text", "category", [f"c{n % 80}" for n in range(ROWS)]),
        YearsAtCompany=("integer", "number", [n % 40 for n in range(ROWS)]),
        customer=("integer", "number", [n % 90 for n in range(ROWS)]),
    )
    assert [(one.column, one.is_sure) for one in roles.groups] == [("agent", False), ("customer", False)]


def test_sensitive_columns_are_found_by_name_and_the_target_is_not_one():
    roles = suggested(Gender=("text", "category", ["f", "m"] * (ROWS // 2)))
    assert [one.column for one in roles.sensitive] == ["Gender"]
    frame = pl.DataFrame({"age": [1, 2]})
    assert suggest_roles(frame, [Column("age", "integer", "number", "feature")], target="age").sensitive == ()
