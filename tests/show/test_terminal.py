from __future__ import annotations

import pytest

from milepost.show.console import text_of
from milepost.show.terminal import MIDDLE, NARROW, WIDE, Grid, Heading

GRID = Grid(
    (Heading("rung"), Heading("loss", from_width=MIDDLE), Heading("gain", from_width=NARROW)), (("dummy", "0.5", "–"),)
)


@pytest.mark.parametrize("width", [40, 60, MIDDLE - 1])
def test_a_narrow_terminal_is_told_what_a_table_leaves_out(width):
    text = text_of(GRID, width=width)
    assert "0.5" not in text
    assert text.endswith("Left out at this width: loss.\n")


@pytest.mark.parametrize("width", [MIDDLE, WIDE])
def test_a_table_that_is_whole_says_nothing_of_columns(width):
    text = text_of(GRID, width=width)
    assert "0.5" in text
    assert "Left out" not in text
