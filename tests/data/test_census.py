from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data import batches
from milepost.data.census import Tally, take_census
from milepost.data.declared import Declared


def tally(cells: list, declared: Declared | None = None) -> Tally:
    frame = pl.DataFrame({"x": pl.Series(cells, dtype=pl.String)}).lazy()
    return take_census(frame, ["x"], {"x": declared} if declared else {})["x"]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("12", "integer"),
        ("-0", "integer"),
        ("007", "coded"),
        ("1234567890123456789", "long"),
        ("5.00", "whole"),
        ("1e5", "real"),
        ("1,234", "comma or thousands"),
        ("1,234.5", "grouped"),
        ("$ 12", "grouped"),
        ("1,5", "comma"),
        ("1.234,5", "comma"),
        ("TRUE", "truth"),
        ("2024-01-31", "dated"),
        ("2024-01-31 10:00", "clocked"),
        ("2024-01-31T10:00:00.5Z", "zoned"),
        ("2024-01-31T10:00+0100", "zoned"),
        ("31/01/2024", "day first"),
        ("5.3.2024", "day first"),
        ("01/31/2024", "month first"),
        ("01/02/2024", "day or month"),
        ("5 March 2024", "named month"),
        ("Mar 5, 2024", "named month"),
        ("unknown", "word"),
        ("2024-02-30", "other"),
        ("31/02/2024", "other"),
        ("red", "other"),
        ("5.3.1", "other"),
    ],
)
def test_each_text_is_of_one_form(text, form):
    assert {name: seen.rows for name, seen in tally([text]).forms.items()} == {form: 1}


def test_rows_and_the_first_of_each_form_are_counted():
    found = tally(["1", "2", " ", "NA", None, "x ", "x"])
    assert (found.rows, found.blanks, found.tokens, found.certain, found.filled) == (7, 1, {"NA": 1}, 1, 5)
    assert (found.forms["integer"].rows, found.forms["other"].first, found.spaced.first) == (2, 5, 5)
    assert found.levels["x"].rows == 2


def test_what_is_declared_missing_or_a_value_counts_so():
    found = tally(["1", "abc", "NA"], Declared("x", "", "", missing=("abc",), present=("NA",)))
    assert {form: seen.rows for form, seen in found.forms.items()} == {"integer": 1, "other": 1}


def test_many_levels_are_not_remembered():
    assert tally([str(n) for n in range(10_001)]).levels is None


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from(["1", "x", " x", "NA", "2024-01-01", "", None, "1,5", "none"]), max_size=40),
    st.integers(1, 7),
)
def test_where_the_pieces_end_does_not_matter(cells, rows):
    whole = tally(cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches.batches, "__kwdefaults__", {"rows": rows})
        assert tally(cells) == whole
