"""The place of a mistake, as it is shown."""

from __future__ import annotations

from milepost.data.expressions.source import Source


def carets(source: Source, start: int, end: int) -> str:
    """Return what stands above the carets."""
    line, marks = source.at(start, end).split("\n")[1:]
    first = marks.index("^")
    return line[first : first + marks.count("^")]


def test_carets_stand_under_the_words():
    assert carets(Source("a + bcd * e", "here"), 4, 7) == "bcd"


def test_a_long_line_is_cut_around_the_place():
    source = Source("x" * 500 + "+?+" + "y" * 500, "here")
    assert carets(source, 501, 502) == "?"
    assert len(max(source.at(501, 502).split("\n"), key=len)) < 130


def test_tabs_do_not_move_the_carets():
    assert carets(Source("\t\ta + b", "here"), 6, 7) == "b"


def test_carets_end_with_their_line():
    assert source_marks("a +\nb", 0, 5) == "^^^"


def source_marks(text: str, start: int, end: int) -> str:
    return Source(text, "here").at(start, end).split("\n")[2].strip()
