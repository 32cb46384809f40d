from __future__ import annotations

import polars as pl
import pytest

from milepost.data.schema import Column
from milepost.draft.candidates import rank_targets


def ranked(columns, *words):
    """Rank targets among columns given as name -> values."""
    frame = pl.DataFrame(columns)
    kinds = {pl.String: ("text", "category"), pl.Int64: ("integer", "number"), pl.Float64: ("float", "number")}
    made = [
        Column(name, *(("integer", "id") if name == "id" else kinds[dtype]), "feature")
        for name, dtype in frame.schema.items()
    ]
    return rank_targets(frame, made, words)


TELCO = {"id": range(6), "plan": list("aabbcc"), "tenure": [1.5, 2, 3, 4, 5, 6], "churn": ["No"] * 4 + ["Yes"] * 2}


def test_the_column_that_the_sentence_names_is_meant():
    found = ranked({**TELCO, "charge": [1, 2, 3, 4, 5, 6]}, "churn", "customer")
    assert found.meant == found.names[0] == "churn"
    assert found.reasons[0] == "No or Yes, Yes in 33.3 %; the sentence says 'churn'"


def test_without_a_sentence_usual_names_and_the_last_column_come_first():
    found = ranked(TELCO)
    assert found.meant is None
    assert found.names[0] == "churn"
    assert "its name is that of many targets; the last column" in found.reasons[0]


def test_an_id_is_never_a_candidate():
    assert "id" not in ranked(TELCO, "id").names


def test_abbreviations_settle_which_of_two_columns_is_meant():
    columns = {"dep_delay": [1, 2, 3], "arr_delay": [1, 2, 3]}
    assert ranked(columns, "delay", "arrival").meant == "arr_delay"


def test_two_columns_that_fit_alike_are_not_guessed_between():
    columns = {"dep_delay": [1, 2, 3], "arr_delay": [1, 2, 3], "hour": [1, 2, 3]}
    found = ranked(columns, "delay", "flight")
    assert found.meant is None
    assert set(found.names[:2]) == {"dep_delay", "arr_delay"}


def test_a_word_of_the_sentence_may_be_a_value_of_the_target():
    columns = {"amount": [1, 2, 3, 4], "status": ["good", "bad", "good", "good"]}
    found = ranked(columns, "bad", "loans")
    assert found.meant == "status"
    assert "one of its values is 'bad', as in the sentence" in found.reasons[0]


def test_sensitive_columns_come_late():
    columns = {"sex": ["f", "m", "f"], "plan": ["a", "b", "a"], "x": [1.0, 2.0, 3.5]}
    assert ranked(columns).names[-1] == "sex"


@pytest.mark.parametrize("name", ["count", "len", "rows", "label", "text", "index", "literal"])
def test_a_column_called_like_a_column_of_our_own_is_ranked(name):
    assert ranked({"plan": list("aabb"), name: ["No", "No", "No", "Yes"]}, name).meant == name
