from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as second

from milepost.stats.agreement import average_f1, counts, matthews, score_interval

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(pairs)
def test_both_scores_agree_with_scikit_learn(called):
    truth, decision = (np.array(side) for side in zip(*called, strict=True))
    table = counts(truth, decision, 4)
    value = matthews(table)[0]
    if math.isfinite(value):  # where it is 0/0, scikit-learn says 0 and we say that there is none
        assert value == pytest.approx(second.matthews_corrcoef(truth, decision))
    else:
        assert len(set(truth)) == 1 or len(set(decision)) == 1
    assert average_f1(table)[0] == pytest.approx(second.f1_score(truth, decision, average="macro", zero_division=0))


@pytest.mark.parametrize("score", [matthews, average_f1])
def test_a_pull_is_the_change_when_a_cell_grows(score):
    table = np.array([[30.0, 4.0, 1.0], [5.0, 20.0, 2.0], [0.0, 3.0, 9.0]])
    value, pulls = score(table)
    for cell in np.ndindex(3, 3):
        more = table.copy()
        more[cell] += 1e-6
        assert pulls[cell] == pytest.approx((score(more)[0] - value) / 1e-6, abs=1e-5)
    assert (pulls * table).sum() == pytest.approx(0, abs=1e-12)


def test_a_perfect_table_is_not_certain():
    truth = np.repeat([0, 1, 2], 20)
    interval = score_interval(matthews, truth, truth, 3, scale="atanh")
    assert 0.8 < interval.lo < 1
    assert interval.hi == 1
    assert score_interval(average_f1, truth, truth, 3, scale="logit").hi == 1


def test_alike_rows_of_a_cluster_do_not_narrow_the_interval():
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 100)
    decision = np.where(random.random(100) < 0.8, truth, 1 - truth)
    once = score_interval(matthews, truth, decision, 2, scale="atanh")
    often = score_interval(
        matthews, np.repeat(truth, 9), np.repeat(decision, 9), 2, scale="atanh", clusters=np.repeat(np.arange(100), 9)
    )
    assert often.hi - often.lo == pytest.approx(once.hi - once.lo, rel=0.1)
