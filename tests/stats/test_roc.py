from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.stats.roc import auc, auc_interval, auc_pulls, average_auc, average_auc_interval, placements, roc_curve


@st.composite
def ranked(draw, most=40):
    """Scores with many ties, both classes present."""
    rows = draw(st.integers(2, most))
    truth = np.array(draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)))
    truth[:2] = [0, 1]
    return truth, np.array(draw(st.lists(st.integers(0, 6), min_size=rows, max_size=rows))) / 6


@given(ranked())
def test_auc_agrees_with_scikit_learn_with_ties(case):
    truth, score = case
    assert auc(truth, score) == pytest.approx(second.roc_auc_score(truth, score))


@given(ranked())
def test_the_curve_agrees_with_scikit_learn(case):
    truth, score = case
    curve = roc_curve(truth, score)
    false, true, threshold = second.roc_curve(truth, score, drop_intermediate=False)
    assert np.allclose(curve.false_positive_rate, false)
    assert np.allclose(curve.true_positive_rate, true)
    assert curve.threshold.tolist() == threshold.tolist()


@given(ranked())
def test_turning_the_scores_round_turns_the_area_round(case):
    truth, score = case
    assert auc(truth, -score) == pytest.approx(1 - auc(truth, score))


@given(ranked())
@settings(max_examples=50)
def test_delongs_variance_agrees_with_its_definition(case):
    # DeLong 1988: psi(x, y) = 1 if x > y, 1/2 if equal; structural components are its row and column means
    truth, score = case
    positive, negative = score[truth == 1], score[truth == 0]
    psi = np.where(positive[:, None] > negative, 1.0, np.where(positive[:, None] == negative, 0.5, 0.0))
    placed = placements(truth, score)
    assert np.allclose(placed[truth == 1], psi.mean(axis=1))
    assert np.allclose(placed[truth == 0], psi.mean(axis=0))
    assert auc_pulls(truth, score).sum() == pytest.approx(0, abs=1e-12)


@given(ranked())
def test_the_interval_holds_the_area_and_stays_within_0_and_1(case):
    truth, score = case
    interval = auc_interval(truth, score)
    assert 0 <= interval.lo <= auc(truth, score) + 1e-12
    assert auc(truth, score) <= interval.hi + 1e-12 <= 1 + 1e-9


def test_a_perfect_order_of_few_rows_is_not_certain():
    truth = np.r_[np.zeros(30, dtype=int), np.ones(15, dtype=int)]
    interval = auc_interval(truth, np.arange(45.0))
    assert 0.8 < interval.lo < 0.95
    assert interval.hi == 1


def test_many_rows_give_delongs_interval():
    # by hand from the definition: logit(A) -+ 1.96 sqrt(S10/m + S01/n) / (A (1 - A))
    random = np.random.default_rng(5)
    truth = np.repeat([0, 1], [400, 300])
    score = random.normal(0, 1, 700) + truth
    area, placed = auc(truth, score), placements(truth, score)
    variance = placed[truth == 1].var(ddof=1) / 300 + placed[truth == 0].var(ddof=1) / 400
    half = 1.959964 * variance**0.5 / (area * (1 - area))
    low = 1 / (1 + np.exp(-(np.log(area / (1 - area)) - half)))
    assert auc_interval(truth, score).lo == pytest.approx(low, abs=1e-6)


def test_rows_repeated_within_clusters_do_not_narrow_the_interval():
    random = np.random.default_rng(6)
    truth = (random.random(60) < 0.4).astype(int)
    score = random.normal(0, 1, 60) + truth
    once = auc_interval(truth, score, clusters=np.arange(60))
    often = auc_interval(np.repeat(truth, 20), np.repeat(score, 20), clusters=np.repeat(np.arange(60), 20))
    assert often.hi - often.lo == pytest.approx(once.hi - once.lo, rel=0.05)


def test_average_area_agrees_with_scikit_learn():
    random = np.random.default_rng(7)
    truth = random.integers(0, 4, 300)
    scores = random.dirichlet(np.ones(4), 300) + np.eye(4)[truth] * 0.3
    scores /= scores.sum(axis=1, keepdims=True)
    expected = second.roc_auc_score(truth, scores, multi_class="ovr")
    assert average_auc(truth, scores) == pytest.approx(expected)
    interval = average_auc_interval(truth, scores)
    assert interval.lo < expected < interval.hi


def test_the_average_is_surer_than_its_parts():
    random = np.random.default_rng(8)
    truth = random.integers(0, 5, 400)
    scores = random.dirichlet(np.ones(5), 400) + np.eye(5)[truth] * 0.2
    parts = [auc_interval(truth == one, scores[:, one]) for one in range(5)]
    interval = average_auc_interval(truth, scores)
    assert interval.hi - interval.lo < np.mean([part.hi - part.lo for part in parts])
