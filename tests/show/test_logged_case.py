from datetime import UTC, datetime

import pytest

from milepost.show.console import text_of
from milepost.show.logged_case import CaseAnswer, CaseInput, CaseInputs, CaseMargin, CaseOutcome

AT = datetime(2026, 5, 1, 12, 30, 15, 250_000, tzinfo=UTC)
NUMBER = CaseAnswer(
    "0190f5d2-7c00-7abc-8def-0123456789ab", AT, None, None, None, None, "http", "9f3a9f3a9f3a9f3a", None, "canary",
    12.345678, None, 10.0, 15.0, None, ("old", "far"), ("age is missing", "unseen level 'x' in kind"), "control", 0.1,
    312, {"region": "North"},
)  # fmt: skip
TRUTH = CaseOutcome("o-1", 13.0, None, AT, AT, True, "http")
ADDING = CaseInputs(
    (CaseInput("age", 41.25, True, 1200.5, 1200.5), CaseInput("ratio", None, False, -3.25, -3.25)),
    CaseMargin("target", None, 100.0, 1297.25),
)


def test_a_number_has_its_interval_and_facts_that_are_not_there_are_left_out():
    text = text_of(NUMBER)
    assert [line.split("  ")[0] for line in text.splitlines()] == [
        "prediction id", "answered", "took", "bundle", "arm", "prediction", "interval", "decision", "guards", "flags",
        "", "context",
    ]  # fmt: skip
    for told in (
        "12:30:15.250 UTC, over HTTP",
        "312 µs",
        "12.345678",
        "10 to 15",
        "control, as 10.0 % are",
        "old, far",
    ):
        assert told in text


def test_contributions_stand_under_each_other_and_those_of_numbers_have_no_change():
    head, _, age, ratio = text_of(ADDING).splitlines()[2:6]
    assert head.split() == ["input", "value", "contribution"]
    assert (age.split(), ratio.split()) == (["age", "41.25", "+1,200"], ["ratio", "*", "–", "-3"])
    assert "base 100 and all of them are 1,297, the number." in " ".join(text_of(ADDING).split())
    assert "Change illustrates" not in text_of(ADDING)


def test_without_contributions_the_inputs_and_the_reason_are_left():
    text = text_of(CaseInputs((CaseInput("age", 41.0, True, None, None),), None, "The bundle is gone."))
    assert text.splitlines()[2].split() == ["input", "value"]
    assert text.endswith("The bundle is gone.\n")
    assert text_of(CaseInputs((), None, "Not sampled.")).split("\n\n") == ["Inputs", "Not sampled.\n"]


@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_lines_fit_the_terminal(width):
    for part in (NUMBER, (TRUTH, TRUTH), ADDING):
        assert max(map(len, text_of(part, width=width).splitlines())) <= width
