from dataclasses import replace

from milepost.data.findings import Finding
from milepost.draft.folded import folded, most_urgent_first


def notes(*columns, code="whole-numbers", severity="note"):
    return [Finding(code, severity, column, "All its numbers are whole.") for column in columns]


def test_many_equal_notes_become_one_with_the_names():
    (one,) = folded(notes("a", "b", "c", "d"))
    assert one.column is None
    assert one.says == "In 4 columns (`a`, `b`, `c`, `d`), such as `a`: All its numbers are whole."
    assert one.evidence == {"columns": 4}


def test_few_notes_and_all_warnings_stay_as_they_are():
    found = [*notes("a", "b"), *notes("a", "b", "c", "d", code="leak-copy", severity="warn")]
    assert folded(found) == tuple(found)


def test_the_order_of_the_others_is_kept():
    found = [*notes("x", code="first"), *notes("a", "b", "c", "d"), *notes("y", code="last")]
    assert [finding.code for finding in folded(found)] == ["first", "whole-numbers", "last"]


def test_what_needs_nothing_done_comes_last():
    (repair,), (leak,), (gap,) = notes("a"), notes("b", code="leak-copy", severity="warn"), notes("c", code="gap")
    gap = replace(gap, do="Ask why it is missing.")
    assert [finding.column for finding in most_urgent_first([repair, gap, leak])] == ["b", "c", "a"]
