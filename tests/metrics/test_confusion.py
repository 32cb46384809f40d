from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.metrics.answers import Answers
from milepost.metrics.confusion import class_figures, confusion


def several(truth, decision):
    return Answers("multiclass", np.array(truth), np.eye(3)[decision], np.array(decision), ("a", "b", "c"))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=50))
def test_counts_agree_with_scikit_learn(rows):
    truth, decision = zip(*rows, strict=True)
    seen = confusion(several(truth, list(decision)))
    assert np.array_equal(seen.counts, second.confusion_matrix(truth, decision, labels=[0, 1, 2]))
    assert seen.labels == ("a", "b", "c")


def test_a_class_is_judged_against_all_others():
    truth, decision = np.repeat([0, 1, 2], [30, 20, 50]), np.repeat([0, 1, 0, 2], [30, 15, 15, 40])
    first = class_figures(several(truth, decision))[0]
    # class a: 30 rows, called 45 times, 30 of them rightly
    assert (first.label, first.rows, first.called) == ("a", 30, 45)
    assert first.precision.value == pytest.approx(30 / 45)
    assert first.recall.value == 1
    assert first.f1.value == pytest.approx(60 / 75)
    assert first.precision.interval.lo < 30 / 45 < first.precision.interval.hi


def test_a_rare_class_says_that_it_is():
    truth = np.repeat([0, 1, 2], [50, 45, 5])
    rare = class_figures(several(truth, truth))[2]
    assert rare.recall.interval is None
    assert rare.recall.why == 'Only 5 of 100 rows are "c"; an interval needs at least 10.'


def test_binary_answers_have_two_classes():
    answers = Answers("binary", np.array([0, 0, 1]), np.array([0.1, 0.9, 0.8]), np.array([0, 1, 1]), ("No", "Yes"))
    assert confusion(answers).counts.tolist() == [[1, 1], [0, 1]]
    assert [figures.label for figures in class_figures(answers)] == ["No", "Yes"]
