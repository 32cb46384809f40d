from __future__ import annotations

import pytest

from milepost.ground.errors import MilepostError
from milepost.problem.conditions import check_confidence, likeliest_word, names_confidence, word_in


@pytest.mark.parametrize(
    ("text", "word"),
    [("missing", "missing"), (" Out  of range ", "out of range"), ("UNSEEN", "unseen"), ('"missing"', None)],
)
def test_a_word_is_known_in_any_case_and_not_in_quotes(text, word):
    assert word_in(text) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [("out-of-range", "out of range"), ("unseen level", "unseen"), ("mising", "missing"), ("tenure < 6", None)],
)
def test_what_is_nearly_a_word_is_recognised(text, word):
    assert likeliest_word(text) == word


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("confidence < 0.6", True),
        ("tenure < 6 AND confidence < 0.6", True),
        ("confidence_level < 3", False),
        ('"confidence" < 3', False),
    ],
)
def test_an_expression_that_asks_how_sure_an_answer_is_is_known(text, asks):
    assert names_confidence(text) is asks


@pytest.mark.parametrize("text", ["confidence < 0.6", "confidence <= 1", "confidence < 0", "tenure < 60"])
def test_a_limit_that_a_probability_can_reach_is_fine(text):
    check_confidence(text, where="here")


@pytest.mark.parametrize(
    ("text", "cure"),
    [("confidence < 60", "confidence < 0.6"), ("confidence<60%", "confidence < 0.6"), ("Confidence < 1.1", "< 0.011")],
)
def test_a_limit_that_no_probability_can_reach_is_refused(text, cure):
    with pytest.raises(MilepostError, match="confidence is a share") as caught:
        check_confidence(text, where="here")
    assert cure in caught.value.fix
