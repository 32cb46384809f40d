from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.inputs import compile_gate, reader_of
from milepost.predictor.wording import wordings_of

TENURE = Column("tenure", "integer", "number", "feature", missing_share=0.0, lo=0.0, hi=72.0)
CHARGES = Column("charges", "float", "number", "feature", missing_share=0.01)
CONTRACT = Column("contract", "text", "category", "feature", missing_share=0.0, levels=("Month-to-month", "One year"))
SENIOR = Column("senior", "boolean", "flag", "feature", missing_share=0.2)
SINCE = Column("since", "date", "time", "feature")
SEEN = Column("seen", "datetime", "time", "time")


def read(column: Column, raw: Any, *, timezone: str = "UTC", **repair: Any) -> tuple[object, list[str]]:
    plain = {"column": column.name, "form": "", "zone": timezone, "missing": [], "present": [], "spellings": []}
    wording = wordings_of(Schema((column,), "regression"), [{**plain, **repair}])[column.name]
    flags: list[str] = []
    return reader_of(column, wording)(raw, flags), flags


@pytest.mark.parametrize("raw", [12, 12.0, "12", " 12 ", Decimal(12), np.int64(12), np.float32(12)])
def test_a_number_is_read_from_whatever_holds_it(raw):
    value, flags = read(TENURE, raw)
    assert (type(value), value, flags) == (float, 12.0, [])


@pytest.mark.parametrize(
    "raw", [None, math.nan, math.inf, "", "n/a", "unknown", 10**400, float("-inf"), np.float64("nan")]
)
def test_what_says_no_number_is_missing(raw):
    assert read(CHARGES, raw) == (None, [])
    assert read(TENURE, raw) == (None, ["tenure is missing"])


@pytest.mark.parametrize(
    ("raw", "flag"),
    [(900, "tenure 900 is above anything seen (72)"), (-0.5, "tenure -0.5 is below anything seen (0)"),
     (72.00001, "tenure 72.00001 is above anything seen (72)")],
)  # fmt: skip
def test_a_number_outside_of_what_was_seen_is_kept_and_flagged(raw, flag):
    assert read(TENURE, raw) == (float(raw), [flag])


@pytest.mark.parametrize("raw", ["twelve", "1_2", [12], {"n": 12}, b"12", 1j, date(2024, 1, 1)])
def test_what_holds_no_number_is_refused_with_its_value_and_field(raw):
    with pytest.raises(MilepostError, match=r"tenure is .+, which is not a number") as why:
        read(TENURE, raw)
    assert (why.value.where, why.value.fix) == ("field 'tenure'", "Give a number, or null where it is not known.")


def test_declared_repairs_hold_for_single_values_too():
    assert read(TENURE, 999, missing=["999"]) == (None, ["tenure is missing"])
    assert read(CHARGES, "1.234,5", form="decimal comma") == (1234.5, [])
    assert read(SINCE, "03/04/2024", form="day/month/year") == (date(2024, 4, 3), [])
    assert read(CONTRACT, "12 months", spellings=[["12 months", "One year"]]) == ("One year", [])


@pytest.mark.parametrize(
    ("raw", "value", "flags"),
    [
        ("One year", "One year", []),
        (" One year", "One year", []),
        ("one  YEAR.", "One year", ["contract 'one  YEAR.' is read as 'One year'"]),
        ("Decade", "Decade", ["unseen level 'Decade' in contract"]),
        (3, "3", ["unseen level '3' in contract"]),
        (True, "true", ["unseen level 'true' in contract"]),
        ("NA", None, ["contract is missing"]),
        ("\ud800", "\ufffd", ["unseen level '\ufffd' in contract"]),
    ],
)
def test_a_category_is_an_exact_level_or_the_one_spelled_like_it(raw, value, flags):
    assert read(CONTRACT, raw) == (value, flags)


def test_a_spelling_that_two_levels_share_is_not_guessed():
    column = Column("town", "text", "category", "feature", levels=("York", "york", "Leeds"))
    assert read(column, "YORK") == ("YORK", ["unseen level 'YORK' in town"])


def test_a_level_that_looks_like_missing_stays_a_level():
    column = Column("salt", "text", "category", "feature", levels=("NA", "CL"))
    assert read(column, "NA") == ("NA", [])
    assert read(column, " NA ") == ("NA", [])


def test_levels_that_were_cut_off_are_not_called_unseen():
    column = Column("id", "text", "category", "feature", levels=tuple(map(str, range(10_000))))
    assert read(column, "new") == ("new", [])


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (True, True),
        (np.False_, False),
        (1, True),
        (0.0, False),
        ("TRUE", True),
        ("false", False),
        (None, None),
        ("?", None),
    ],
)
def test_a_flag_is_true_false_or_missing(raw, value):
    assert read(SENIOR, raw) == (value, [])


@pytest.mark.parametrize("raw", [2, "maybe", "Yes", -1])
def test_a_flag_is_nothing_else(raw):
    with pytest.raises(MilepostError, match="not true or false"):
        read(SENIOR, raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2024-05-01T10:00:00+02:00", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01 10:00", datetime(2024, 5, 1, 8, tzinfo=UTC)),  # Berlin is two hours ahead in May
        (datetime(2024, 5, 1, 10), datetime(2024, 5, 1, 8, tzinfo=UTC)),
        (date(2024, 5, 1), datetime(2024, 4, 30, 22, tzinfo=UTC)),
        ("2024-03-31 02:30", datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # the clock jumped from 2 to 3
        ("2024-10-27 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # the first of two half past two
        (np.datetime64("2024-05-01T10:00", "us"), datetime(2024, 5, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_is_utc_and_a_naive_one_is_read_in_the_zone(raw, value):
    assert read(SEEN, raw, timezone="Europe/Berlin") == (value, [])


@pytest.mark.parametrize("raw", ["2024-05-01", date(2024, 5, 1), datetime(2024, 5, 1, 23), "2024-05-01T23:00:00-05:00"])
def test_a_date_is_the_day_as_it_stands(raw):
    assert read(SINCE, raw) == (date(2024, 5, 1), [])


@pytest.mark.parametrize("raw", ["soon", 1714550400, 20240501, "2024-02-30", "31.12.", True])
def test_a_number_or_an_unclear_text_is_no_time(raw):
    with pytest.raises(MilepostError, match="not a date or time"):
        read(SEEN, raw)


def test_a_time_beyond_the_calendar_of_every_zone_is_refused():
    with pytest.raises(MilepostError, match="outside of the years"):
        read(SEEN, datetime(9999, 12, 31))


def gate(*columns: Column) -> Any:
    schema = Schema(columns, "regression")
    return compile_gate(schema, wordings_of(schema))


def test_other_fields_are_ignored():
    assert gate(TENURE)({"tenure": 1, "name": object()}) == ({"tenure": 1.0}, [])


def test_an_absent_field_is_refused_with_the_nearest_name():
    with pytest.raises(MilepostError, match="has no 'tenure'") as why:
        gate(TENURE)({"tenur": 1})
    assert why.value.fix == "Write 'tenure' instead of 'tenur'."


def test_an_input_is_never_taken_for_another_one_that_is_absent():
    charges = [Column(name, "float", "number", "feature") for name in ("monthly_charges", "total_charges")]
    with pytest.raises(MilepostError, match="has no 'total_charges'") as why:
        gate(*charges)({"monthly_charges": 1})
    assert why.value.fix == "Add 'total_charges'; null where it is not known."
    with pytest.raises(MilepostError) as why:
        gate(*charges)({"monthly_charges": 1, "totl_charges": 2})
    assert why.value.fix == "Write 'total_charges' instead of 'totl_charges'."


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    with pytest.raises(MilepostError) as why:
        gate(TENURE, SENIOR, CONTRACT)({"tenure": "x", "senior": "y"})
    assert why.value.where == "field 'tenure', field 'senior', field 'contract'"
    assert "'x'" in why.value.what
    assert "'y'" in why.value.what
    assert "no 'contract'" in why.value.what


@pytest.mark.parametrize("row", [[1], "tenure", None, 3])
def test_what_is_no_mapping_is_no_row(row):
    with pytest.raises(MilepostError, match="A row is a mapping"):
        gate(TENURE)(row)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary() | st.datetimes()
    | st.dates() | st.decimals() | st.complex_numbers() | st.timedeltas() | st.just(object()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
)  # fmt: skip


@given(st.sampled_from([TENURE, CHARGES, CONTRACT, SENIOR, SINCE, SEEN]), anything)
def test_any_value_at_all_is_read_or_refused_clearly(column, raw):
    try:
        value, flags = read(column, raw)
    except MilepostError:
        return
    assert value is None or type(value) in {float, str, bool, date, datetime}
    assert len(flags) <= 1
    "".join(flags).encode("utf-8")
