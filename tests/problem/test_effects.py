from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError
from milepost.problem.effects import Change


@pytest.mark.parametrize(
    ("text", "amount", "kind"),
    [
        ("-15%", -0.15, "relative"),
        ("+2 points", 0.02, "points"),
        ("-3.5", -3.5, "absolute"),
        ("- 1,000", -1000, "absolute"),
    ],
)
def test_the_three_ways_to_promise_a_change_are_told_apart(text, amount, kind):
    assert Change.parse(text, where="here") == Change(amount, kind)


@given(st.integers(-10_000, 10_000), st.sampled_from(["relative", "points", "absolute"]))
def test_a_change_written_out_reads_back_as_itself(thousandths, kind):
    change = Change(thousandths / 1000, kind)
    assert Change.parse(change.text, where="here") == change


@pytest.mark.parametrize("text", ["15%", "less churn", "", "-", "-15 %%"])
def test_a_change_without_sign_or_number_is_refused(text):
    with pytest.raises(MilepostError, match="with its sign"):
        Change.parse(text, where="here")
