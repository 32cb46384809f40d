from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError
from milepost.problem.sizes import LARGEST, parse_size, size_text


@given(st.integers(1, LARGEST))
def test_a_size_written_out_reads_back_as_itself(size):
    assert parse_size(size_text(size), where="here") == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("8 MB", 8_000_000), ("512 kB", 512_000), ("512kb", 512_000), ("1.5 MB", 1_500_000), ("1 MiB", 2**20), ("9B", 9)],
)
def test_common_spellings_are_understood(text, size):
    assert parse_size(text, where="here") == size


@pytest.mark.parametrize(
    ("text", "why", "cure"),
    [
        ("8", "no unit", '"8 MB"'),
        ("8 megs", "'megs' is no unit", "kB, MB, GB"),
        ("-8 MB", "is no size", "kB, MB, GB"),
        ("0 MB", "less than a byte", '"8 MB"'),
        ("2000 GB", "more than a terabyte", '"8 MB"'),
    ],
)
def test_what_is_no_size_is_refused_with_a_cure(text, why, cure):
    with pytest.raises(MilepostError) as caught:
        parse_size(text, where="here")
    assert why in caught.value.what
    assert cure in caught.value.fix


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_a_clear_error(text):
    with suppress(MilepostError):
        assert 1 <= parse_size(text, where="here") <= LARGEST
