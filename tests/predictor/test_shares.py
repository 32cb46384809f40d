from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.predictor.contributions import Contributions
from milepost.predictor.links import linked
from milepost.predictor.shares import on_answers, picked

numbers = st.floats(-30, 30)
INPUTS = ("a", "b", "c")


def drawn(outputs: int) -> st.SearchStrategy[tuple[list[float], list[list[float]]]]:
    one = st.lists(numbers, min_size=outputs, max_size=outputs)
    return st.tuples(one, st.lists(one, min_size=3, max_size=3))


def told(link, base, parts):
    return Contributions(INPUTS, np.array(base), np.array([parts]), link)


@given(drawn(1))
def test_the_parts_of_a_probability_of_two_classes_add_up_and_keep_their_proportions(asked):
    one = told("sigmoid", *asked)
    base, parts = on_answers(one, np.array([1]))
    assert base == pytest.approx(linked("sigmoid", one.base[None])[:, 0], abs=1e-14)
    assert base + parts.sum(axis=1) == pytest.approx(linked("sigmoid", one.margins)[:, 0], abs=1e-12)
    assert (np.sign(parts) * np.sign(one.parts[:, :, 0]) >= 0).all()  # none turns round; the smallest may vanish


@given(drawn(4), st.integers(0, 3))
def test_the_parts_of_a_probability_of_many_classes_add_up(asked, of):
    one = told("softmax", *asked)
    base, parts = on_answers(one, np.array([of]))
    assert base == pytest.approx(linked("softmax", one.base[None])[:, of], abs=1e-14)
    assert base + parts.sum(axis=1) == pytest.approx(linked("softmax", one.margins)[:, of], abs=1e-11)


@given(drawn(1))
def test_two_classes_are_told_alike_by_one_margin_and_by_two(asked):
    base, parts = asked
    two = told("softmax", [-base[0] / 2, base[0] / 2], [[-part[0] / 2, part[0] / 2] for part in parts])
    assert on_answers(two, np.array([1]))[1] == pytest.approx(
        on_answers(told("sigmoid", base, parts), np.array([1]))[1], abs=1e-12
    )


def test_a_straight_line_leads_from_base_to_answer():
    # margins 0 -> ln 3: probabilities 1/2 -> 3/4; a adds two thirds of it, b one third
    whole = float(np.log(3))
    _, parts = on_answers(told("sigmoid", [0.0], [[whole * 2 / 3], [whole / 3], [0.0]]), np.array([1]))
    assert parts[0] == pytest.approx([1 / 6, 1 / 12, 0.0])


def test_contributions_that_cancel_are_told_by_the_slope():
    base, parts = on_answers(told("sigmoid", [0.0], [[0.5], [-0.5], [0.0]]), np.array([1]))
    assert (base[0], *parts[0]) == pytest.approx((0.5, 0.125, -0.125, 0.0))  # sigmoid'(0) = 1/4


def test_an_answer_that_is_a_sum_stays_as_it_is():
    one = told("identity", [0.5, 0.5], [[0.1, -0.1], [0.2, -0.2], [0.0, 0.0]])
    base, parts = on_answers(one, np.array([1]))
    assert (base.tolist(), parts.tolist()) == ([0.5], [[-0.1, -0.2, 0.0]])


def test_one_output_is_picked_whatever_the_class():
    assert picked(np.array([[3.0], [4.0]]), np.array([1, 0])).tolist() == [3.0, 4.0]
    assert picked(np.array([[3.0, 5.0], [4.0, 6.0]]), np.array([1, 0])).tolist() == [5.0, 4.0]
