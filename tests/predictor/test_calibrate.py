from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from milepost.predictor.calibrate import SMALLEST_SHARE, calibrated, calibrated_row, interval_of

DOCUMENTS = [
    {"kind": "platt", "slope": 1.3, "offset": -0.2},
    {"kind": "beta", "a": 0.8, "b": 1.4, "c": 0.1},
    {"kind": "isotonic", "x": [0.1, 0.2, 0.2, 0.7, 0.9], "y": [0.05, 0.1, 0.3, 0.3, 0.95]},
    {"kind": "isotonic", "x": [0.4], "y": [0.3]},
    {"kind": "temperature", "temperature": 1.7},
    {"kind": "none"},
    {"kind": "none", "least": 0.15},
    {"kind": "platt", "slope": 1.3, "offset": -0.2, "least": 0.15},
    {"kind": "temperature", "temperature": 1.7, "least": 0.15},
    {"kind": "conformal", "level": 0.9, "lo": -1.0, "hi": 2.0},
]
shares = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.1, 0.2, 0.7, 0.9, math.nan])


@given(st.sampled_from(DOCUMENTS), st.lists(st.lists(shares, min_size=3, max_size=3), min_size=1, max_size=30))
def test_one_row_has_the_bits_of_many(document, rows):
    if document["kind"] != "temperature":
        rows = [row[:1] for row in rows]
    one = calibrated_row(document)
    one_by_one = [one(row) if one else row for row in rows]
    assert np.array_equal(calibrated(np.array(rows), document), one_by_one, equal_nan=True)


def test_platt_and_beta_by_hand():
    # logit(0.8) = ln 4; doubled it is ln 16, and sigmoid(ln 16) = 16/17
    assert calibrated_row({"kind": "platt", "slope": 2.0, "offset": 0.0})([0.8]) == [pytest.approx(16 / 17)]
    # a = b = 1, c = 0 is the identity
    assert calibrated_row({"kind": "beta", "a": 1.0, "b": 1.0, "c": 0.0})([0.8]) == [pytest.approx(0.8)]


def test_temperature_two_takes_the_square_root_of_odds():
    # p = 0.8, 0.2 -> sqrt(0.8) : sqrt(0.2) = 2 : 1
    assert calibrated_row({"kind": "temperature", "temperature": 2.0})([0.8, 0.2]) == pytest.approx([2 / 3, 1 / 3])


def test_certainty_is_held_away_from_zero_and_one():
    (answer,) = calibrated_row({"kind": "platt", "slope": 1.0, "offset": 0.0})([0.0])
    assert answer == pytest.approx(SMALLEST_SHARE)


def test_no_class_is_given_less_than_the_least():
    least = {"kind": "none", "least": 0.1}
    assert calibrated_row(least)([0.02]) == [0.1]
    assert calibrated_row(least)([0.99]) == [0.9]
    # 0.1 + 0.1 + 0.98 = 1.18
    assert calibrated_row(least)([0.0, 0.02, 0.98]) == pytest.approx([0.1 / 1.18, 0.1 / 1.18, 0.98 / 1.18])


def test_isotonic_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    p = rng.random(500)
    model = IsotonicRegression(out_of_bounds="clip").fit(p, rng.random(500) < p)
    document = {"kind": "isotonic", "x": model.X_thresholds_.tolist(), "y": model.y_thresholds_.tolist()}
    asked = np.linspace(-0.1, 1.1, 1001)
    assert calibrated(asked[:, None], document)[:, 0] == pytest.approx(model.predict(asked))


def test_only_a_conformal_calibration_has_an_interval():
    assert interval_of(DOCUMENTS[-1]) == (-1.0, 2.0)
    assert interval_of(DOCUMENTS[0]) is None


def test_bits_agree_over_many_ordinary_probabilities():
    answers = np.random.default_rng(0).random((50_000, 1))
    for document in DOCUMENTS[:4]:
        one_by_one = list(map(calibrated_row(document), answers.tolist()))
        assert np.array_equal(calibrated(answers, document), one_by_one)
