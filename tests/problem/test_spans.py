from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError
from milepost.problem.spans import parse_span, span_text


@given(st.integers(min_value=0, max_value=36_525 * 86_400 * 10**6))
def test_a_span_written_out_reads_back_as_itself(microseconds):
    span = timedelta(microseconds=microseconds)
    assert parse_span(span_text(span), where="here") == span


@pytest.mark.parametrize(
    ("text", "hours"),
    [("30d", 720), ("12h", 12), ("2w", 336), ("90min", 1.5), ("2 weeks", 336), (" 1.5 d ", 36), ("0d", 0)],
)
def test_common_spellings_are_understood(text, hours):
    assert parse_span(text, where="here") == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "why", "cure"),
    [
        ("30", "no unit", '"30d"'),
        ("1mo", "no fixed length", '"30d"'),
        ("2 quarters", "no fixed length", '"180d"'),
        ("5m", "minutes or months", '"5min"'),
        ("3 fnord", "is no unit", '"30d"'),
        ("-3d", "is no span", '"30d"'),
        ("", "is no span", '"30d"'),
        ("99999999999d", "longer than a century", "shorter"),
    ],
)
def test_an_unclear_span_is_refused_with_its_cure(text, why, cure):
    with pytest.raises(MilepostError) as caught:
        parse_span(text, where="milepost.toml, line 7")
    assert why in caught.value.what
    assert cure in caught.value.fix
    assert caught.value.where == "milepost.toml, line 7"


@given(st.text(max_size=20))
def test_any_text_is_a_span_or_a_clear_error(text):
    with suppress(MilepostError):
        assert parse_span(text, where="here") >= timedelta()
