from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from milepost.predictor.links import linked, linked_row, sigmoid, sigmoid_of_row, softmax, softmax_of_row

margins = st.floats(-800, 800) | st.floats()
lists = st.integers(2, 5).flatmap(
    lambda classes: st.lists(st.lists(margins, min_size=classes, max_size=classes), min_size=1)
)


def test_a_margin_of_zero_is_an_even_chance():
    assert sigmoid_of_row(0.0) == 0.5
    assert softmax_of_row([3.0, 3.0]) == [0.5, 0.5]


@given(st.lists(margins, min_size=1, max_size=40))
def test_sigmoid_of_one_row_has_the_bits_of_many(values):
    table = sigmoid(np.array(values)[:, None])
    assert np.array_equal(table[:, 0], [sigmoid_of_row(value) for value in values], equal_nan=True)
    assert np.array_equal(table[::-1], sigmoid(np.array(values)[::-1, None]), equal_nan=True)


@given(lists)
def test_softmax_of_one_row_has_the_bits_of_many(rows):
    one_by_one = [softmax_of_row(row) for row in rows]
    assert np.array_equal(softmax(np.array(rows)), one_by_one, equal_nan=True)
    assert np.array_equal(softmax(np.asfortranarray(rows)), one_by_one, equal_nan=True)


@given(st.lists(st.floats(-700, 700), min_size=2, max_size=6))
def test_links_agree_with_scipy(values):
    assert sigmoid(np.array(values)) == pytest.approx(special.expit(values), rel=1e-14)
    assert softmax(np.array([values]))[0] == pytest.approx(special.softmax(values), rel=1e-12, abs=1e-300)


def test_identity_changes_nothing():
    assert linked_row("identity") is None
    assert linked("identity", np.array([[3.0]])).tolist() == [[3.0]]


def test_bits_agree_over_many_ordinary_margins():
    # Python's own exp differs from numpy's in the last bit of about one in twenty, seldom enough to slip through
    rng = np.random.default_rng(0)
    values = rng.normal(size=100_000) * 5
    assert np.array_equal(sigmoid(values), list(map(sigmoid_of_row, values.tolist())))
    rows = values.reshape(-1, 4)
    assert np.array_equal(softmax(rows), list(map(softmax_of_row, rows.tolist())))
