from __future__ import annotations

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from milepost.data.repairs import Repair, apply_repairs, as_function, respelled, spelling_key
from milepost.data.writing import MISSING_TOKENS

NUMBERS = ["integer", "float"]


def column_of(repair: Repair, cells: list[object], dtype: pl.DataType | None = None) -> list[object]:
    frame = pl.DataFrame({repair.column: pl.Series(cells, dtype=dtype, strict=False)}).lazy()
    return apply_repairs(frame, [repair]).collect()[repair.column].to_list()


def test_texts_that_mean_missing_are_missing_in_every_dtype():
    for dtype in ("integer", "float", "boolean", "text", "date", "datetime"):
        assert column_of(Repair("x", dtype), [*sorted(MISSING_TOKENS), "  ", None]) == [None] * (
            len(MISSING_TOKENS) + 2
        )


def test_a_token_that_is_declared_a_value_stays():
    assert column_of(Repair("country", "text", present=("NA",)), ["NA", "DE", "?"]) == ["NA", "DE", None]


def test_numbers_lose_spaces_separators_and_signs_of_money():
    cells = [" 12 ", "1,234.5", "$1,200", "12 %", "-3e2", "+.5", "1 234", "abc", "1,23"]
    assert column_of(Repair("x", "float"), cells) == [12.0, 1234.5, 1200.0, 12.0, -300.0, 0.5, 1234.0, None, None]


def test_a_decimal_comma_is_read_where_the_column_has_it():
    assert column_of(Repair("x", "float", form="decimal comma"), ["1.234,5", "7", "1.5"]) == [1234.5, 7.0, None]


def test_large_whole_numbers_keep_every_digit():
    assert column_of(Repair("x", "integer"), ["900719925474099312", "5.0", "2.5"]) == [900719925474099312, 5, None]


def test_truths_are_read_in_any_case():
    assert column_of(Repair("x", "boolean"), ["TRUE", "false", " True ", "yes"]) == [True, False, True, None]


def test_a_declared_sentinel_is_missing_however_it_is_written():
    assert column_of(Repair("pdays", "integer", missing=("999",)), ["999", "999.0", "6"]) == [None, None, 6]
    assert column_of(Repair("pdays", "integer", missing=("999",)), [999, 6]) == [None, 6]
    assert column_of(Repair("day", "date", missing=("1900-01-01",)), [date(1900, 1, 1), date(2020, 1, 1)])[0] is None


def test_other_spellings_of_a_label_become_the_one_that_stays():
    repair = Repair("x", "text", spellings=(("yes.", "Yes"), ("YES", "Yes")))
    assert column_of(repair, ["yes.", " YES ", "Yes", "No"]) == ["Yes", "Yes", "Yes", "No"]


def test_times_come_out_in_utc():
    berlin = Repair("at", "datetime", zone="Europe/Berlin")
    cells = ["2024-07-01 12:00", "2024-07-01T12:00:00Z", "2024-07-01", "2024-07-01 12:00+0530", "2024-02-30"]
    july = [datetime(2024, 7, 1, 10), datetime(2024, 7, 1, 12), datetime(2024, 6, 30, 22), datetime(2024, 7, 1, 6, 30)]
    assert column_of(berlin, cells) == [*(time.replace(tzinfo=UTC) for time in july), None]
    assert column_of(berlin, [datetime(2024, 7, 1, 12)]) == [july[0].replace(tzinfo=UTC)]


def test_an_hour_that_clocks_skip_or_repeat_is_read_as_python_reads_it():
    cells = ["2024-03-31 02:30", "2024-10-27 02:30"]  # spring and autumn in Berlin
    expected = [datetime(2024, 3, 31, 1, 30, tzinfo=UTC), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]
    repair = Repair("at", "datetime", zone="Europe/Berlin")
    assert column_of(repair, cells) == expected == [as_function(repair)(cell) for cell in cells]


@pytest.mark.parametrize(
    ("form", "cell"), [("day/month/year", "5.3.2024"), ("month/day/year", "3/5/24"), ("", "5 March 2024"),
                       ("", "Mar 5, 2024"), ("", "05-Mar-24"), ("", "2024/03/05")]
)  # fmt: skip
def test_dates_are_read_in_the_order_that_the_column_has(form, cell):
    assert column_of(Repair("day", "date", form=form), [cell]) == [date(2024, 3, 5)]


def test_a_day_that_does_not_exist_is_missing():
    assert column_of(Repair("day", "date"), ["2023-02-29", "2024-02-29", "0001-01-01"]) == [
        None,
        date(2024, 2, 29),
        None,
    ]


def test_whole_numbers_become_categories_without_a_decimal_point():
    assert column_of(Repair("code", "text"), [5.0, None, 7.0]) == ["5", None, "7"]
    assert column_of(Repair("code", "text"), [5, 7]) == ["5", "7"]
    assert column_of(Repair("code", "text"), [True, False]) == ["true", "false"]


def test_infinities_and_nan_are_missing():
    assert column_of(Repair("x", "float"), [1.5, float("inf"), float("nan")]) == [1.5, None, None]


def test_a_repair_survives_json():
    repair = Repair("x", "text", missing=("999",), spellings=(("a.", "a"),), kind="category")
    assert Repair.from_json(json.loads(json.dumps(repair.to_json()))) == repair


def test_unseen_spellings_find_their_level():
    respell = respelled(["New York", "Paris"])
    assert [respell(text) for text in ("new  york.", ' "PARIS"', "Rome ", "Paris")] == [
        "New York", "Paris", "Rome", "Paris",
    ]  # fmt: skip


@given(st.text(max_size=20))
def test_the_key_of_a_spelling_is_its_own_key(text):
    assert spelling_key(spelling_key(text).upper()) == spelling_key(spelling_key(text).upper().lower())


number_texts = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(width=64).map(repr),
    st.from_regex(r"[+-]?[$€]? ?[0-9]{1,4}([.,' ][0-9]{1,3}){0,3}[ %]?", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.text(alphabet="0123456789.,-+ eE%$€'\u00a0٣na", max_size=8),
    st.sampled_from(sorted(MISSING_TOKENS)),
)
clock = r"([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?( ?(Z|[AaPp][Mm]|[+-][0-9]{2}:?[0-9]{2}))?)?"
time_texts = st.one_of(
    st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 31)).map(str),  # zones agree while their rules are written
    st.from_regex(r"20[0-2][0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9]" + clock, fullmatch=True),
    st.from_regex(r"[0-3]?[0-9][-/.][0-3]?[0-9][-/.](20)?[0-2][0-9]" + clock, fullmatch=True),
    st.from_regex(r"[0-3]?[0-9][ -](Jan|feb|March|Sept|Foo)[ -](20)?[0-2][0-9]" + clock, fullmatch=True),
)


@settings(max_examples=60)
@given(
    st.lists(number_texts, min_size=1, max_size=40), st.sampled_from(["", "decimal comma"]), st.sampled_from(NUMBERS)
)
@example(["1e400", "-0", "9223372036854775807", "9223372036854775808", "1.", "$ 1"], "", "integer")
def test_one_cell_and_a_column_of_numbers_are_read_alike(cells, form, dtype):
    repair = Repair("x", dtype, form=form, missing=("7",))
    assert column_of(repair, cells, pl.String()) == [as_function(repair)(cell) for cell in cells]


@settings(max_examples=60)
@given(
    st.lists(time_texts, min_size=1, max_size=40),
    st.sampled_from(["", "day/month/year", "month/day/year"]),
    st.sampled_from(["date", "datetime"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
)
@example(["9999-12-31 23:59-05:00", "1000-01-01", "9999-12-31T23:59:59.9999999"], "", "datetime", "UTC")
def test_one_cell_and_a_column_of_times_are_read_alike(cells, form, dtype, zone):
    repair = Repair("at", dtype, form=form, zone=zone)
    assert column_of(repair, cells, pl.String()) == [as_function(repair)(cell) for cell in cells]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9), st.integers(-9, 9).map(float)), min_size=1, max_size=20))
def test_one_cell_and_a_column_of_typed_numbers_are_read_alike(cells):
    for dtype in ("integer", "float", "boolean"):
        repair = Repair("x", dtype, missing=("-1",))
        assert column_of(repair, cells, pl.Float64()) == [as_function(repair)(cell) for cell in cells]


@settings(max_examples=40)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=20))
def test_one_cell_and_a_column_of_labels_are_read_alike(cells):
    repair = Repair("x", "text", missing=("0",), present=("NA",), spellings=(("a", "A"),))
    assert column_of(repair, cells, pl.String()) == [as_function(repair)(cell) for cell in cells]
