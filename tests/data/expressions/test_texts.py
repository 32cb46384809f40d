"""LIKE on texts that would hold up a careless matcher."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.expressions.functions import FUNCTIONS

LIKE = FUNCTIONS["like"]


@settings(max_examples=400)
@given(st.text("ab\nß", max_size=8), st.text("ab%_", max_size=7))
def test_like_answers_as_polars_does(text, pattern):
    theirs = pl.DataFrame({"s": [text]}).select(pl.sql_expr(f"s LIKE '{pattern}'")).item()
    assert LIKE.scalar(text, pattern) == theirs


def test_a_pattern_of_many_pieces_does_not_hang_on_a_text_that_nearly_matches():
    # a matcher that tries all ways to divide the text would need about 10**30 steps
    assert LIKE.scalar("a" * 400, "%a" * 30 + "%b") is False
    assert LIKE.scalar("a" * 400 + "b", "%a" * 30 + "%b") is True
