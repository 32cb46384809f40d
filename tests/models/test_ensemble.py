from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dealt_folds import folds_of
from milepost.models.ensemble import cross_fitted_mix, mixing_weights
from milepost.models.out_of_fold import mean_row_losses


def _noisy_answers(material, seed, noise):
    """Return answers of two rungs whose errors are independent, shape (2, 1, rows, 1)."""
    chance = np.random.default_rng(seed)
    truth = material.truth.astype(float)
    return np.stack([truth + chance.normal(scale=scale, size=len(truth)) for scale in noise])[:, None, :, None]


def test_two_equally_good_rungs_with_independent_errors_get_half_each(make_material):
    material = make_material("regression", rows=4000)
    weights = mixing_weights(_noisy_answers(material, 0, (5.0, 5.0)), material)
    assert weights == pytest.approx([0.5, 0.5], abs=0.03)


def test_weights_follow_the_inverse_of_the_variances(make_material):
    # for independent errors the best weights are 1/9 : 1/1, that is 0.1 and 0.9
    material = make_material("regression", rows=4000)
    weights = mixing_weights(_noisy_answers(material, 0, (9.0, 3.0)), material)
    assert weights == pytest.approx([0.1, 0.9], abs=0.03)


def test_a_useless_rung_is_left_out(make_material):
    material = make_material("regression", rows=1000)
    weights = mixing_weights(_noisy_answers(material, 0, (1.0, 500.0)), material)
    assert weights.tolist() == [1.0, 0.0]


def test_no_rows_truth_chooses_its_own_weights(make_material):
    material = make_material("binary", rows=200)
    chance = np.random.default_rng(1)
    answers = chance.uniform(0.05, 0.95, size=(2, 1, 200, 1))
    fold_of = np.arange(200) % 4
    before = cross_fitted_mix(answers, material, folds_of(fold_of))
    flipped = type(material)(
        **{name: getattr(material, name) for name in material.__slots__ if name != "truth"},
        truth=np.where(fold_of == 2, 1 - material.truth, material.truth),
    )
    after = cross_fitted_mix(answers, flipped, folds_of(fold_of))
    assert np.array_equal(before[0, fold_of == 2], after[0, fold_of == 2])


def test_where_nothing_was_known_all_rungs_weigh_the_same(make_material):
    material = make_material("regression", rows=300)
    answers = _noisy_answers(material, 1, (9.0, 3.0))
    mixed = cross_fitted_mix(answers, material, folds_of(np.arange(300) // 100, forward=True, late=120))
    assert mixed[0, :200] == pytest.approx(answers[:, 0, :200].mean(axis=0))  # the first fold, and the second
    assert mixed[0, 200:] != pytest.approx(answers[:, 0, 200:].mean(axis=0))


def test_no_weight_is_chosen_by_an_answer_that_was_not_known(make_material):
    material = make_material("regression", rows=300)
    answers = _noisy_answers(material, 1, (9.0, 3.0))
    folds = folds_of(np.arange(300) // 100, forward=True, late=40)
    late = (np.arange(300) > 60) & (np.arange(300) < 100)  # of the first fold, known after the second begins
    other = replace(material, truth=np.where(late, 1000.0, material.truth))
    before, after = (cross_fitted_mix(answers, one, folds) for one in (material, other))
    assert np.array_equal(before[0, 100:200], after[0, 100:200])
    assert not np.array_equal(before[0, 200:], after[0, 200:])


def test_a_mix_is_at_least_as_good_as_its_best_rung_on_the_rows_that_chose_it(make_material):
    material = make_material("regression", rows=500)
    answers = _noisy_answers(material, 3, (4.0, 6.0))
    mixed = np.tensordot(mixing_weights(answers, material), answers, axes=1)
    best = min(mean_row_losses(one, material).mean() for one in answers)
    assert mean_row_losses(mixed, material).mean() <= best + 1e-9
