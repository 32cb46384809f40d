from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.text import figure


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-15, "1e-15"), (-2.5e-11, "-2.5e-11"), (1e-10, "0.0000000001"), (0.0, "0")],
)
def test_a_tiny_number_is_not_called_zero(value, text):
    assert figure(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_figure_reads_back_within_its_digits(value):
    assert math.isclose(float(figure(value).replace(",", "")), value, rel_tol=0.0051, abs_tol=0.0)
