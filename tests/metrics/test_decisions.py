from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure

binary_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=50)
class_rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50)


def binary(rows):
    truth, decision = (np.array(side) for side in zip(*rows, strict=True))
    return Answers("binary", truth, decision.astype(float), decision, ("No", "Yes"))


def several(rows):
    truth, decision = (np.array(side) for side in zip(*rows, strict=True))
    return Answers("multiclass", truth, np.eye(4)[decision], decision, ("a", "b", "c", "d"))


@given(binary_rows)
def test_binary_metrics_agree_with_scikit_learn_where_they_exist(rows):
    answers = binary(rows)
    truth, decision = answers.truth, answers.decision
    expected = {
        "accuracy": second.accuracy_score(truth, decision),
        "precision": second.precision_score(truth, decision, zero_division=np.nan),
        "recall": second.recall_score(truth, decision, zero_division=np.nan),
        "specificity": second.recall_score(truth, decision, pos_label=0, zero_division=np.nan),
        "f1": second.f1_score(truth, decision, zero_division=np.nan),
        "positive_rate": decision.mean(),
    }
    for name, value in expected.items():
        mine = measure(name, answers).value
        assert (mine is None) == bool(np.isnan(value)), name
        assert mine is None or mine == pytest.approx(value), name


@given(class_rows)
def test_averages_over_classes_agree_with_scikit_learn_where_they_exist(rows):
    answers = several(rows)
    truth, decision = answers.truth, answers.decision
    present, called = np.unique(truth), np.unique(decision)
    recall = second.recall_score(truth, decision, labels=present, average="macro")
    assert measure("recall", answers).value == pytest.approx(recall)
    assert measure("balanced_accuracy", answers).value == pytest.approx(recall)
    assert measure("accuracy", answers).value == pytest.approx(second.accuracy_score(truth, decision))
    assert measure("f1", answers).value == pytest.approx(second.f1_score(truth, decision, average="macro"))
    precision = measure("precision", answers).value
    if set(present) <= set(called):
        assert precision == pytest.approx(second.precision_score(truth, decision, average="macro", labels=called))
    else:
        assert precision is None


def test_a_class_that_is_never_called_is_named():
    why = measure("precision", several([(0, 0), (1, 0), (2, 2)])).why
    assert why == 'No row was called "b", so its precision does not exist.'


def test_nothing_called_positive_leaves_no_precision_but_a_recall_of_0():
    answers = binary([(1, 0), (0, 0)])
    assert measure("precision", answers).why == 'There are no rows called "Yes", so the share does not exist.'
    assert measure("recall", answers).value == 0


def test_one_class_only_leaves_nothing_to_correlate():
    assert measure("mcc", binary([(1, 1), (1, 0)])).value is None


def test_classes_without_names_are_called_by_number():
    answers = Answers("binary", np.zeros(5, dtype=int), np.zeros(5), np.zeros(5, dtype=int))
    assert measure("f1", answers).why == "No row is or was called class 1."
