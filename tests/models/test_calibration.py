from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dealt_folds import folds_of
from milepost.models.calibration import NONE, calibrate


def _material(make_material, probability, seed=0):
    """Return binary material whose truth follows the given probabilities exactly in distribution."""
    material = make_material("binary", rows=len(probability))
    truth = (np.random.default_rng(seed).uniform(size=len(probability)) < probability).astype(np.int64)
    return replace(material, truth=truth)


def _folds(rows):
    return folds_of(np.arange(rows) % 5)


def test_honest_probabilities_are_left_as_they_are(make_material):
    probability = np.random.default_rng(1).beta(1, 3, size=3000)
    material = _material(make_material, probability)
    result = calibrate(probability[None, :, None], material, _folds(3000))
    assert result.document == {**NONE, "least": 0.1 / 3000}


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_no_answer_is_surer_than_the_rows_can_show(make_material, task):
    material = make_material(task, rows=200)
    sure = np.eye(material.outputs)[material.truth] if task == "multiclass" else material.truth[:, None].astype(float)
    result = calibrate(sure[None], material, _folds(200))
    assert result.document["least"] == 0.1 / 200
    assert result.answers.min() == pytest.approx(0.1 / 200, rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_overconfident_probabilities_are_corrected(make_material, seed):
    margin = np.random.default_rng(seed).normal(size=3000)
    material = _material(make_material, 1 / (1 + np.exp(-margin)), seed)
    shouted = 1 / (1 + np.exp(-3 * margin))
    result = calibrate(shouted[None, :, None], material, _folds(3000))
    assert result.document["kind"] in ("platt", "beta", "isotonic")
    corrected = result.answers[0, :, 0]
    assert corrected == pytest.approx(1 / (1 + np.exp(-margin)), abs=0.08)
    assert "off the out-of-fold loss" in result.says


def test_overconfident_classes_get_a_temperature_above_one(make_material):
    chance = np.random.default_rng(0)
    margins = chance.normal(size=(3000, 3))
    shares = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    truth = (chance.uniform(size=(3000, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    material = replace(make_material("multiclass", rows=3000), truth=truth.astype(np.int64))
    loud = np.exp(2 * margins) / np.exp(2 * margins).sum(axis=1, keepdims=True)
    document = calibrate(loud[None], material, _folds(3000)).document
    assert document["kind"] == "temperature"
    assert document["temperature"] == pytest.approx(2.0, rel=0.15)


def test_intervals_of_numbers_hold_their_share_on_new_rows(make_material):
    material = make_material("regression", rows=1000)
    chance = np.random.default_rng(0)
    answers = (material.truth + chance.normal(size=1000))[None, :, None]
    document = calibrate(answers, material, _folds(1000)).document
    error = chance.normal(size=20_000)  # truth minus answer of new rows
    assert ((error >= document["lo"]) & (error <= document["hi"])).mean() == pytest.approx(0.9, abs=0.03)


def test_no_rows_truth_calibrates_its_own_answer(make_material):
    probability = np.random.default_rng(2).beta(1, 1, size=1500)
    material = _material(make_material, probability**3)
    folds = _folds(1500)
    here = np.arange(1500) % 5 == 1
    before = calibrate(probability[None, :, None], material, folds).answers
    flipped = replace(material, truth=np.where(here & (np.arange(1500) == 1), 1 - material.truth, material.truth))
    after = calibrate(probability[None, :, None], flipped, folds).answers
    assert np.array_equal(before[0, here], after[0, here])


def test_where_nothing_was_known_nothing_is_corrected(make_material):
    margin = np.random.default_rng(0).normal(size=3000)
    material = _material(make_material, 1 / (1 + np.exp(-margin)))
    shouted = (1 / (1 + np.exp(-3 * margin)))[None, :, None]
    result = calibrate(shouted, material, folds_of(np.arange(3000) // 1000, forward=True, late=1200))
    assert result.document["kind"] != "none"
    least = result.document["least"]
    assert np.array_equal(result.answers[0, :2000], shouted[0, :2000].clip(least, 1 - least))  # the first two folds
    assert not np.isclose(result.answers[0, 2000:], shouted[0, 2000:]).all()


def test_no_answer_is_corrected_by_one_that_was_not_known(make_material):
    margin = np.random.default_rng(0).normal(size=3000)
    material = _material(make_material, 1 / (1 + np.exp(-margin)))
    shouted = (1 / (1 + np.exp(-3 * margin)))[None, :, None]
    folds = folds_of(np.arange(3000) // 1000, forward=True, late=9)
    late = (np.arange(3000) > 991) & (np.arange(3000) < 1000)  # not known when the second fold begins
    other = replace(material, truth=np.where(late, 1 - material.truth, material.truth))
    before, after = (calibrate(shouted, one, folds).answers[0] for one in (material, other))
    assert np.array_equal(before[1000:2000], after[1000:2000])
    assert not np.array_equal(before[2000:], after[2000:])


def test_folds_of_one_class_teach_no_correction(make_material):
    material = replace(make_material("binary", rows=600), truth=np.repeat([1, 0, 0], 200))
    answers = np.random.default_rng(0).uniform(size=(1, 600, 1))
    folds = folds_of(np.repeat([0, 1, 2], 200), forward=True)
    assert calibrate(answers, material, folds).answers.shape == (1, 600, 1)
