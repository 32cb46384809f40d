from __future__ import annotations

import polars as pl
import pytest

from milepost.data.kinds import gather_facts
from milepost.data.labels import Target, truth, understand_target
from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError


def target(values: list, *, task=None, positive=None, was_float=False) -> Target:
    frame = pl.DataFrame({"y": values}).lazy()
    facts = gather_facts(frame)["y"]
    return understand_target(frame, facts, task=task, positive=positive, was_float=was_float, where=str)


def test_the_negative_class_stands_first_and_the_counts_beside_their_labels():
    found = target(["Yes"] * 3 + ["No"] * 7)
    assert (found.labels, found.counts) == (("No", "Yes"), (7, 3))


@pytest.mark.parametrize(
    ("values", "positive"),
    [(["yes", "no"] * 9, "yes"), ([1, 0] * 9, "1"), (["n", "y"] * 9, "y"), (["bad"] * 3 + ["good"] * 9, "bad"),
     (["a", "b"] * 9, "b"), ([True, False] * 9, "true")],
)  # fmt: skip
def test_the_positive_class_says_yes_or_is_the_rarer_one(values, positive):
    assert target(values).labels[1] == positive


def test_classes_that_are_numbers_stand_in_the_order_of_numbers():
    assert target([2, 10, 9] * 20, task="multiclass").labels == ("2", "9", "10")


def test_whole_numbers_close_together_are_classes_unless_they_came_broken():
    assert target([1, 2, 3] * 20).task == "multiclass"
    assert target([1, 2, 3] * 20, was_float=True).task == "regression"
    assert target([1, 2, 300] * 20).task == "regression"


def test_what_is_inferred_is_said_and_what_is_declared_is_not():
    assert {found.code for found in target(["a", "b"] * 9).findings} == {"task-inferred", "positive-inferred"}
    assert target(["a", "b"] * 9, task="binary", positive="a").findings == ()


def test_a_class_of_one_row_is_refused_among_two_and_said_among_more():
    with pytest.raises(MilepostError, match="single row"):
        target(["a"] * 9 + ["b"])
    assert "class-of-one-row" in {found.code for found in target(["a"] * 9 + ["b"] * 9 + ["c"]).findings}


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_only_two_classes_have_a_positive_one(task):
    with pytest.raises(MilepostError, match="no positive class"):
        target([1, 2, 3] * 9, task=task, positive="1")


def test_the_truth_is_the_class_index_or_the_number():
    frame = pl.DataFrame({"y": ["No", "Yes", None, "maybe"], "f": [True, False, None, True], "n": [1, 2, None, 3]})
    for name, dtype, task, labels, expected in (
        ("y", "text", "binary", ("No", "Yes"), [0, 1, None, None]),
        ("f", "boolean", "binary", ("false", "true"), [1, 0, None, 1]),
        ("n", "integer", "multiclass", ("1", "2", "3"), [0, 1, None, 2]),
        ("n", "integer", "regression", (), [1.0, 2.0, None, 3.0]),
    ):
        schema = Schema((Column(name, dtype, "category", "target"),), task, labels)
        assert frame.select(truth(schema)).to_series().to_list() == expected


@pytest.mark.parametrize("slip", [1e300, -1e300])
def test_a_number_whose_square_is_no_number_is_refused_as_an_answer(slip):
    with pytest.raises(MilepostError, match=r"'y' reaches -?1e\+300, which is too large") as caught:
        target([*map(float, range(50)), slip, 0.5])
    assert f'y = "{slip:g} is missing"' in caught.value.fix


def test_a_word_among_numbers_is_named():
    with pytest.raises(MilepostError, match=r"holds numbers, but 2 values of 202 are none: 'n/k'\.") as caught:
        target([*(str(n / 7) for n in range(200)), "n/k", "n/k"])
    assert "y = \"'n/k' is missing\" in data.repairs" in caught.value.fix


def test_too_many_codes_of_digits_are_no_classes_and_may_be_declared_numbers():
    with pytest.raises(MilepostError, match="has 200 different values; at most 100 classes") as caught:
        target([f"{n:05}" for n in range(200)])
    assert 'y = "is a number" in data.repairs' in caught.value.fix


def test_too_many_names_are_no_classes():
    with pytest.raises(MilepostError, match="has 200 different values; at most 100 classes") as caught:
        target([f"name {n}" for n in range(200)])
    assert "regression" not in caught.value.fix
    assert "number" not in caught.value.fix
