from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from milepost.evaluate.thresholds import choose_threshold
from milepost.evaluate.value import Stakes
from milepost.problem.criteria import Criterion


def _stakes(rows, tp=100.0, fp=-20.0):
    return Stakes(np.full(rows, tp), np.full(rows, fp), np.zeros(rows), np.zeros(rows))


def _criteria(**bounds):
    return [Criterion.parse(metric, bound, where="here") for metric, bound in bounds.items()]


def _sample(rows=2000, seed=0):
    chance = np.random.default_rng(seed)
    p = chance.beta(1, 2, size=rows)
    return p, (chance.uniform(size=rows) < p).astype(np.int64)


def test_with_honest_probabilities_the_most_money_is_where_theory_says():
    # act where p * 100 - (1 - p) * 20 >= 0, that is p >= 20 / 120
    p, truth = _sample(200_000)
    choice = choose_threshold(p, truth, criteria=[], stakes=_stakes(len(p)))
    assert choice.at == pytest.approx(1 / 6, abs=0.02)


def test_money_is_chosen_among_the_thresholds_that_meet_every_criterion():
    p, truth = _sample()
    choice = choose_threshold(p, truth, criteria=_criteria(precision=">= 0.7"), stakes=_stakes(len(p)))
    assert choice.meets_all
    acted = p >= choice.at
    assert metrics.precision_score(truth, acted) >= 0.7
    assert choice.at > choose_threshold(p, truth, criteria=[], stakes=_stakes(len(p))).at


def test_a_collision_is_shown_with_the_price_of_each_criterion():
    p, truth = _sample()
    choice = choose_threshold(
        p, truth, criteria=_criteria(recall=">= 0.95", precision=">= 0.9"), stakes=_stakes(len(p))
    )
    assert not choice.meets_all
    assert "No threshold meets recall >= 0.95 and precision >= 0.90 at once" in choice.says
    by_role = {row.role: row for row in choice.rows}
    assert by_role["best with recall >= 0.95"].meets == (True, False)
    assert by_role["best with precision >= 0.90"].meets == (False, True)


def test_without_money_the_criteria_are_cleared_by_as_much_as_possible():
    p, truth = _sample()
    choice = choose_threshold(p, truth, criteria=_criteria(recall=">= 0.5", precision=">= 0.4"), stakes=None)
    chosen = choice.rows[0].figures
    assert min(chosen["recall"] - 0.5, chosen["precision"] - 0.4) > 0.1


def test_without_money_and_criteria_accuracy_decides():
    p, truth = _sample(50_000)
    assert choose_threshold(p, truth, criteria=[], stakes=None).at == pytest.approx(0.5, abs=0.05)


def test_criteria_that_no_threshold_changes_are_passed_over():
    p, truth = _sample()
    choice = choose_threshold(p, truth, criteria=_criteria(roc_auc=">= 0.99"), stakes=_stakes(len(p)))
    assert choice.meets_all
    assert choice.rows[0].meets == (None,)


def test_capacity_limits_how_many_are_acted_on():
    p, truth = _sample()
    choice = choose_threshold(p, truth, criteria=[], stakes=_stakes(len(p)), most_positives=0.1)
    assert (p >= choice.at).mean() <= 0.1


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_every_figure_agrees_with_scikit_learn(seed, rows):
    chance = np.random.default_rng(seed)
    p = chance.integers(0, 6, size=rows) / 5  # many ties
    truth = chance.permutation(np.arange(rows) % 2)
    choice = choose_threshold(p, truth, criteria=[], stakes=_stakes(rows))
    for row in choice.rows:
        acted = (p >= row.at).astype(int)
        assert row.figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, acted))
        assert row.figures["recall"] == pytest.approx(metrics.recall_score(truth, acted))
        assert row.figures["f1"] == pytest.approx(metrics.f1_score(truth, acted, zero_division=0.0))
        assert row.figures["mcc"] == pytest.approx(metrics.matthews_corrcoef(truth, acted))
        assert row.value_per_row == pytest.approx(np.where(acted, np.where(truth, 100.0, -20.0), 0.0).mean())


@given(st.integers(0, 2**32 - 1))
def test_no_threshold_brings_more_money_than_the_chosen_one(seed):
    p, truth = _sample(80, seed)
    choice = choose_threshold(p, truth, criteria=[], stakes=_stakes(80))
    assert choice.rows[0].value_per_row == pytest.approx(max(choice.curve_value))
