from __future__ import annotations

import pytest

from milepost.data.declared import parse_repair
from milepost.ground.errors import MilepostError


def declared(text: str):
    return parse_repair("x", text, where="milepost.toml, line 3, data.repairs.x")


def test_values_that_mean_missing_are_listed_in_several_ways():
    assert declared("999 is missing").missing == ("999",)
    assert declared("-1, 998 and 999 are missing").missing == ("-1", "998", "999")
    assert declared("'not known', \"x and y\" are missing").missing == ("not known", "x and y")
    assert declared("not available is missing").missing == ("not available",)


def test_sentences_are_joined_by_semicolons_but_not_inside_quotes():
    said = declared("'a;b' is missing; is a category")
    assert (said.missing, said.kind) == (("a;b",), "category")


def test_a_token_can_be_declared_a_value():
    assert declared("NA is a value").present == ("NA",)


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [("is a number", "number", ""), ("it is text", "text", ""), ("is an id", "id", ""), ("is a date", "time", ""),
     ("is day/month/year", "time", "day/month/year"), ("is a number with decimal comma", "number", "decimal comma")],
)  # fmt: skip
def test_kinds_and_forms_are_said_in_plain_words(text, kind, form):
    assert (declared(text).kind, declared(text).form) == (kind, form)


def test_a_label_can_be_given_another_spelling():
    assert declared("'NYC' is 'New York'; 'N.Y.' is 'New York'").spellings == (
        ("NYC", "New York"),
        ("N.Y.", "New York"),
    )


@pytest.mark.parametrize("text", ["999", "is a zebra", "missing is 999", ""])
def test_another_sentence_is_refused_with_the_ones_that_are_understood(text):
    with pytest.raises(MilepostError) as caught:
        declared(text)
    assert caught.value.where == "milepost.toml, line 3, data.repairs.x"
    assert "999 is missing" in caught.value.fix


def test_two_sentences_in_one_are_refused():
    with pytest.raises(MilepostError, match="two sentences in one"):
        declared("999 is missing and -1 is missing")


def test_a_comma_that_may_belong_to_the_value_is_refused_with_the_quoted_form():
    with pytest.raises(MilepostError) as caught:
        declared("1,5 is missing")
    assert "'1,5' is missing" in caught.value.fix
    assert declared("'1,5' is missing").missing == ("1,5",)
    assert declared("'a','b' are missing").missing == ("a", "b")
