from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as second

from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure


def several(seed=1):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, 300)
    prediction = random.dirichlet(np.ones(3), 300) + 0.4 * np.eye(3)[truth]
    prediction /= prediction.sum(axis=1, keepdims=True)
    return Answers("multiclass", truth, prediction, prediction.argmax(axis=1), ("a", "b", "c"))


def binary(seed=1, rows=300):
    random = np.random.default_rng(seed)
    probability = random.beta(2, 3, rows).round(2)
    truth = (random.random(rows) < probability).astype(int)
    return Answers("binary", truth, probability, (probability > 0.5).astype(int), ("No", "Yes"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("roc_auc", second.roc_auc_score),
        ("average_precision", second.average_precision_score),
        ("log_loss", second.log_loss),
        ("brier", second.brier_score_loss),
    ],
)
def test_binary_metrics_agree_with_scikit_learn(name, other):
    answers = binary()
    assert measure(name, answers).value == pytest.approx(other(answers.truth, answers.prediction))


def test_metrics_of_several_classes_agree_with_scikit_learn():
    answers = several()
    area = second.roc_auc_score(answers.truth, answers.prediction, multi_class="ovr")
    assert measure("roc_auc", answers).value == pytest.approx(area)
    assert measure("log_loss", answers).value == pytest.approx(second.log_loss(answers.truth, answers.prediction))
    assert measure("brier", answers).value == pytest.approx(second.brier_score_loss(answers.truth, answers.prediction))


def test_one_class_only_leaves_nothing_to_rank():
    answers = Answers("binary", np.zeros(9, dtype=int), np.linspace(0, 1, 9), np.zeros(9, dtype=int), ("No", "Yes"))
    assert measure("roc_auc", answers).why == 'All rows are "No", so there is nothing to rank.'
    assert measure("average_precision", answers).why == 'No row is "Yes".'


def test_right_probabilities_have_a_calibration_interval_from_0():
    assert measure("calibration_error", binary(rows=2000)).interval.lo == 0


def test_several_classes_are_judged_by_the_likeliest():
    # the likeliest class is given 0.8 and comes true in half of the rows
    truth = np.tile([0, 1], 500)
    prediction = np.tile([0.8, 0.1, 0.1], (1000, 1))
    answers = Answers("multiclass", truth, prediction, prediction.argmax(axis=1))
    assert measure("calibration_error", answers).value == pytest.approx(0.3, abs=1e-6)
