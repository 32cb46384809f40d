from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.stats.precision_recall import (
    average_precision,
    average_precision_interval,
    average_precision_pulls,
    precision_recall_curve,
)


@st.composite
def ranked(draw):
    rows = draw(st.integers(1, 40))
    truth = np.array(draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)))
    truth[0] = 1
    return truth, np.array(draw(st.lists(st.integers(0, 6), min_size=rows, max_size=rows))) / 6


@given(ranked())
def test_average_precision_agrees_with_scikit_learn_with_ties(case):
    truth, score = case
    assert average_precision(truth, score) == pytest.approx(second.average_precision_score(truth, score))


@given(ranked())
def test_the_curve_agrees_with_scikit_learn(case):
    truth, score = case
    curve = precision_recall_curve(truth, score)
    precision, recall, threshold = second.precision_recall_curve(truth, score)
    assert np.allclose(curve.precision, precision[:-1][::-1])
    assert np.allclose(curve.recall, recall[:-1][::-1])
    assert curve.threshold.tolist() == threshold[::-1].tolist()


@given(ranked())
def test_a_pull_is_the_change_when_a_row_counts_a_little_more(case):
    truth, score = case
    pulls = average_precision_pulls(truth, score)
    assert pulls.sum() == pytest.approx(0, abs=1e-9)
    for row in range(min(len(truth), 5)):
        weight = np.ones(len(truth))
        weight[row] += 1e-6
        heavier = second.average_precision_score(truth, score, sample_weight=weight)
        change = (heavier - second.average_precision_score(truth, score)) / 1e-6
        assert pulls[row] == pytest.approx(change, abs=1e-4)


def test_a_perfect_order_of_few_positives_is_not_certain():
    truth = np.repeat([0, 1], [40, 15])
    interval = average_precision_interval(truth, np.arange(55.0))
    assert 0.6 < interval.lo < 0.97
    assert interval.hi > 0.99


def test_rows_repeated_within_clusters_do_not_narrow_the_interval():
    random = np.random.default_rng(6)
    truth = (random.random(80) < 0.4).astype(int)
    score = random.normal(0, 1, 80) + truth
    once = average_precision_interval(truth, score)
    often = average_precision_interval(
        np.repeat(truth, 20), np.repeat(score, 20), clusters=np.repeat(np.arange(80), 20)
    )
    assert often.hi - often.lo == pytest.approx(once.hi - once.lo, rel=0.1)
