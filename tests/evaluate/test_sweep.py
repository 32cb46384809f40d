from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from milepost.evaluate.sweep import MOST_CANDIDATES, sweep
from milepost.evaluate.value import Stakes
from milepost.problem.criteria import Criterion
from out_of_fold_answers import same_stakes

seeds = st.integers(0, 2**32 - 1)


def _tied(seed, rows):
    chance = np.random.default_rng(seed)
    return chance.integers(0, 6, size=rows) / 5, chance.permutation(np.arange(rows) % 2)


def _stakes(seed, rows):
    chance = np.random.default_rng(seed)
    return Stakes(*(np.where(chance.uniform(size=rows) < 0.1, np.nan, chance.normal(size=rows)) for _ in range(4)))


def test_three_rows_worked_by_hand():
    # falling: nobody, from 0.8 (a Yes), from 0.6 (and a No), from 0.2 (and a Yes)
    seen = sweep(np.array([0.2, 0.8, 0.6]), np.array([1, 1, 0]), same_stakes(3))
    assert seen.at[1:].tolist() == [0.8, 0.6, 0.2]
    assert seen.at[0] > 0.8
    assert seen.figures["recall"].tolist() == [0.0, 0.5, 0.5, 1.0]
    assert seen.figures["accuracy"] == pytest.approx([1 / 3, 2 / 3, 1 / 3, 2 / 3])
    assert seen.value == pytest.approx([0.0, 100 / 3, 80 / 3, 60.0])


@given(seeds, st.integers(2, 60))
def test_every_figure_agrees_with_scikit_learn(seed, rows):
    p, truth = _tied(seed, rows)
    seen = sweep(p, truth, None)
    for place, at in enumerate(seen.at):
        acted = (p >= at).astype(int)
        assert seen.figures["accuracy"][place] == pytest.approx(metrics.accuracy_score(truth, acted))
        assert seen.figures["recall"][place] == pytest.approx(metrics.recall_score(truth, acted))
        assert seen.figures["f1"][place] == pytest.approx(metrics.f1_score(truth, acted, zero_division=0.0))
        assert seen.figures["mcc"][place] == pytest.approx(metrics.matthews_corrcoef(truth, acted))


@given(seeds, st.integers(2, 60))
def test_money_is_the_mean_of_the_rows_whose_money_is_known(seed, rows):
    p, truth = _tied(seed, rows)
    stakes = _stakes(seed, rows)
    seen = sweep(p, truth, stakes)
    if seen.value is None:
        assert not stakes.known.any()
        return
    for place, at in enumerate(seen.at):
        assert seen.value[place] == pytest.approx(np.nanmean(stakes.brought(truth, (p >= at).astype(int))))


@given(seeds)
def test_the_order_of_the_rows_changes_no_bit(seed):
    p, truth = _tied(seed, 50)
    stakes, order = _stakes(seed, 50), np.random.default_rng(seed).permutation(50)
    one, other = sweep(p, truth, stakes), sweep(p[order], truth[order], stakes.rows(order))
    assert one.value.tobytes() == other.value.tobytes()
    assert all(one.figures[name].tobytes() == other.figures[name].tobytes() for name in one.figures)


def test_many_rows_give_a_bounded_number_of_candidates():
    p = np.random.default_rng(0).uniform(size=20_000)
    seen = sweep(p, (p > 0.5).astype(int), None)
    assert len(seen.at) == MOST_CANDIDATES + 1
    assert (np.diff(seen.at) < 0).all()


def test_money_is_cleared_in_shares_of_what_the_thresholds_make_of_it():
    # acting on nobody, on 0.8, on both: 0, 30, 10 for two rows, that is 0, 15, 5 per row
    stakes = Stakes(np.full(2, 30.0), np.full(2, -20.0), np.zeros(2), np.zeros(2))
    seen = sweep(np.array([0.2, 0.8]), np.array([0, 1]), stakes)
    assert seen.clearance(Criterion("value_per_row", ">=", 9.0)) == pytest.approx([-9 / 15, 6 / 15, -4 / 15])
    assert seen.clearance(Criterion("value", "<=", 9000.0)) == pytest.approx([9 / 15, -6 / 15, 4 / 15])


def test_what_no_threshold_changes_is_none():
    seen = sweep(np.array([0.2, 0.8]), np.array([0, 1]), None)
    assert seen.meets(Criterion("roc_auc", ">=", 0.5)) is None
    assert seen.clearance(Criterion("value", ">=", 0.5)) is None
