from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.text import figure, figures


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-15, "1e-15"), (-2.5e-11, "-2.5e-11"), (1e-10, "0.0000000001"), (0.0, "0")],
)
def test_a_tiny_number_is_not_called_zero(value, text):
    assert figure(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_figure_reads_back_within_its_digits(value):
    assert math.isclose(float(figure(value).replace(",", "")), value, rel_tol=0.0051, abs_tol=0.0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9), min_size=1))
def test_figures_have_one_number_of_places_and_read_back_within_the_digits_of_the_largest(values):
    told = figures(values, digits=4)
    largest = max(map(abs, values))
    if largest > 1e-8:
        assert len({len(text.partition(".")[2]) for text in told}) == 1
        for text, value in zip(told, values, strict=True):
            assert abs(float(text.replace(",", "")) - value) <= 0.00051 * largest
