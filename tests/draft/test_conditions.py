from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import parse
from milepost.data.schema import Column
from milepost.draft.conditions import conditions, quoted, round_to, roundest, spelled, written

NASTY = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12)


def texts(values, column, scores=None):
    frame = pl.DataFrame({column.name: values})
    scores = np.arange(len(frame), dtype=float) if scores is None else np.asarray(scores, dtype=float)
    return [one.text for one in conditions(frame, column, scores)]


def test_a_category_gives_its_levels_and_those_with_the_highest_and_lowest_scores_together():
    column = Column("plan", "text", "category", "feature")
    found = texts(["a"] * 4 + ["b"] * 3 + ["c"] * 2, column, [0] * 4 + [1] * 3 + [2] * 2)
    assert found == ["plan = 'a'", "plan = 'b'", "plan = 'c'", "plan IN ('b', 'c')", "plan IN ('a', 'b')"]


def test_a_flag_of_truths_is_written_bare_and_one_of_0_and_1_as_a_number():
    assert texts([True, False], Column("paid", "boolean", "flag", "feature")) == ["paid", "NOT paid"]
    assert texts([0, 1, 1], Column("paid", "integer", "flag", "feature")) == ["paid = 0", "paid = 1"]


def test_missing_values_give_a_condition_of_their_own():
    assert "total IS NULL" in texts([1.5, None, 3.0], Column("total", "float", "number", "feature"))


def test_free_text_times_and_ids_make_no_readable_condition():
    assert texts(["x", "y"], Column("note", "text", "text", "feature")) == []
    assert texts(["x", "y"], Column("who", "text", "id", "id")) == []


def test_numbers_are_cut_at_round_numbers():
    values = np.random.default_rng(0).uniform(0, 100, 1000).tolist()
    cuts = {text.split()[-1] for text in texts(values, Column("age", "float", "number", "feature"))}
    assert {"50", "20"} <= cuts
    assert all(len(cut) <= 3 for cut in cuts)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_the_roundest_number_lies_between(one, other):
    lo, hi = min(one, other), max(one, other)
    assert hi == roundest(lo, hi) if lo == hi else lo < roundest(lo, hi) <= hi


@given(NASTY)
def test_a_column_of_any_name_is_read_back_from_its_spelling(name):
    assert parse(spelled(name, "float") + " < 1", types={name: "float"}, where="here").columns == (name,)


@given(st.lists(st.one_of(st.none(), NASTY), min_size=2, max_size=9))
def test_a_condition_says_in_the_expression_language_what_it_holds_for(levels):
    column = Column("x", "text", "category", "feature")
    frame = pl.DataFrame({"x": levels}, schema={"x": pl.String})
    for one in conditions(frame, column, np.arange(len(levels), dtype=float)):
        expression = parse(one.text, types={"x": "text"}, where="here")
        given_back = frame.select(as_polars(expression.tree).fill_null(False).alias("x"))["x"]
        assert given_back.to_list() == one.holds.tolist()


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=2, max_size=60))
def test_a_condition_on_numbers_holds_where_its_expression_is_true(values):
    column = Column("x", "float", "number", "feature")
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    for one in conditions(frame, column, np.arange(len(values), dtype=float)):
        expression = parse(one.text, types={"x": "float"}, where="here")
        given_back = frame.select(as_polars(expression.tree).fill_null(False).alias("x"))["x"]
        assert given_back.to_list() == one.holds.tolist()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_read_back_exactly(number):
    tree = parse(f"x < {written(number)}", types={"x": "float"}, where="here").tree
    assert math.isclose(float(tree[2]), number, rel_tol=0, abs_tol=0) or number == 0


def test_numbers_are_rounded_to_what_matters():
    assert round_to(193_456.0, 2_600.0) == 193_000.0
    assert round_to(0.0172, 1.5) == 0.0
    assert quoted("it's") == "'it''s'"


@pytest.mark.parametrize(("name", "bare"), [("tenure", True), ("case", False), ("1st", False), ("größe", False)])
def test_only_plain_names_stand_without_quotes(name, bare):
    assert spelled(name, "float") == (name if bare else f'"{name}"')


@pytest.mark.parametrize("name", ["count", "len", "rows", "label", "text", "index", "literal"])
def test_a_category_called_like_a_column_of_our_own_gives_its_levels(name):
    assert texts(["a", "a", "b"], Column(name, "text", "category", "feature")) == [f"{name} = 'a'", f"{name} = 'b'"]
