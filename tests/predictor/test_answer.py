from __future__ import annotations

import math

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from milepost.predictor.answer import class_answer, class_table, probability_names, shares_of

THRESHOLD = {"calibration": {"kind": "none"}, "decision": {"kind": "threshold", "at": 0.5}}
LIKELY = {"calibration": {"kind": "none"}, "decision": {"kind": "most_likely"}}


@given(st.lists(st.text(max_size=4), unique=True, min_size=1))
def test_every_label_has_a_column_of_its_own_whatever_case_counts(labels):
    names = probability_names(labels)
    assert len({name.casefold() for name in names}) == len(labels)
    assert all(name.replace("_", "").isalnum() for name in names)


def test_a_weighted_sum_just_above_one_is_one():
    answer = class_answer(THRESHOLD, ("No", "Yes"))([1.0001], [])
    assert answer["probabilities"] == {"No": 0.0, "Yes": 1.0}
    assert shares_of(np.array([[1.0001], [-0.0]])).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_an_even_chance_is_the_first_class_and_a_threshold_counts_itself():
    answer = class_answer(THRESHOLD, ("No", "Yes"))([0.5], [])
    assert (answer["prediction"], answer["decision"]) == ("No", "Yes")


def test_what_is_no_number_leaves_the_answer_empty():
    answer = class_answer(LIKELY, ("a", "b", "c"))([math.nan] * 3, ["x is missing"])
    assert (answer["prediction"], answer["decision"], set(answer["probabilities"].values())) == (None, None, {None})
    assert answer["flags"] == ["x is missing", "the model has no answer to these values"]
    flags = pl.Series([["x is missing"], []], dtype=pl.List(pl.String))
    table = class_table(LIKELY, ("a", "b", "c"), np.array([[math.nan] * 3, [0.2, 0.5, 0.3]]), flags)
    assert table["prediction"].to_list() == [None, "b"]
    assert table["flags"].to_list() == [answer["flags"], []]
