from datetime import UTC, datetime

import pytest

from milepost.show.cells import Cells
from milepost.show.console import text_of

AT = datetime(2026, 3, 1, 14, 30, tzinfo=UTC)
ID = "01a20489-c328-75eb-8a93-e569f4ca6104"
WIDE = ("prediction_id", "at", "label", "lo", "contract", "payment_method", "flags")
ROW = (ID, AT, "Yes", None, "Month-to-month", "Electronic check", [])


def test_an_answer_to_a_query_keeps_its_columns_and_cuts_long_cells():
    cells = Cells(("who", "n", "share", "at"), (("x" * 99, 1234, 0.12345, AT), (None, 2, None, None)))
    lines = text_of(cells, width=100).splitlines()
    assert lines[0].split() == ["who", "n", "share", "at"]
    assert "x" * 39 + "…" in lines[2]
    assert "1234" in lines[2]
    assert lines[3].split() == ["–", "2", "–", "–"]
    assert text_of(Cells((), ())) == "The query names no column.\n"


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("rows", [1, 3, 50])
def test_each_width_shows_whole_cells(width, rows):
    lines = text_of(Cells(WIDE, (ROW,) * rows), width=width).splitlines()
    assert sum(ID in line for line in lines) == rows
    assert all(len(line) <= width for line in lines)
    assert sum("2026-03-01 14:30:00" in line for line in lines) in (rows, 0)
    assert "Left out at this width" in " ".join(lines) or sum("Electronic check" in line for line in lines) == rows


def test_few_wide_rows_stand_under_each_other_without_what_is_empty():
    lines = text_of(Cells(WIDE, (ROW, ROW)), width=60).splitlines()
    assert lines[0] == "Row 1"
    assert "payment_method  Electronic check" in lines
    assert "Nothing in 2 columns: lo, flags." in lines


def test_many_wide_rows_show_what_fits_and_name_what_does_not():
    told = " ".join(text_of(Cells(WIDE, (ROW,) * 4), width=60).splitlines())
    assert "Left out at this width: label, lo, contract, payment_method, flags. Name columns in the query" in told


def test_one_cell_wider_than_the_terminal_takes_two_lines():
    assert text_of(Cells(("who",), (("x" * 38,),) * 4), width=30).count("x") == 4 * 38


def test_columns_without_a_row_are_shown_as_far_as_they_fit():
    lines = text_of(Cells(WIDE, ()), width=120).splitlines()
    assert lines[0].split() == list(WIDE)
