"""Words that look beyond the row."""

from __future__ import annotations

import pytest

from milepost.data.expressions.forms import CALLED_FORMS
from milepost.data.expressions.functions import CALLED
from milepost.data.expressions.parse import parse
from milepost.data.expressions.refused import REFUSALS, refusal_of
from milepost.ground.errors import MilepostError


def test_nothing_is_both_offered_and_refused():
    refused = {word for refusal in REFUSALS for word in refusal.words}
    assert not refused & {*CALLED, *CALLED_FORMS}
    assert not any(refusal_of(name) for name in CALLED)


@pytest.mark.parametrize("refusal", REFUSALS, ids=[refusal.words[0] for refusal in REFUSALS])
def test_every_refused_word_says_why_when_it_is_called(refusal):
    for word in refusal.words:
        with pytest.raises(MilepostError) as caught:
            parse(f"1 + {word.title()}(x)", types={"x": "float"}, where="here")
        assert caught.value.what == f"{word.upper()} is {refusal.why}."


@pytest.mark.parametrize("word", ["sum", "select", "current_date", "over", "rank"])
def test_a_column_may_have_a_refused_name(word):
    assert parse(f"{word} + 1", types={word: "float"}, where="here").columns == (word,)
