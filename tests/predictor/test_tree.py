from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from milepost.predictor.tree import largest_left, tree_row, tree_table


def document(model) -> dict:
    tree = model.tree_
    values = tree.value[:, 0, :]
    return {
        "kind": "tree",
        "feature": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "missing_left": tree.missing_go_to_left.astype(bool).tolist(),
        "values": values.tolist(),
    }


def rows(missing: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    x = np.round(rng.normal(size=(1500, 4)), 1)
    x[rng.random(x.shape) < missing] = np.nan
    return x


def truth(x: np.ndarray) -> np.ndarray:
    return np.nan_to_num(x[:, 0], nan=2.0) + (np.isnan(x[:, 1]) | (x[:, 1] > 0.3)) + np.nan_to_num(x[:, 2]) ** 2


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [1, 4, None])
def test_a_classifier_answers_as_in_scikit_learn(missing, depth):
    x = rows(missing)
    model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x, np.digitize(truth(x), [0.5, 2]))
    expected = model.predict_proba(x)
    assert np.array_equal(tree_table(document(model))(x, 1), expected)
    assert np.array_equal(list(map(tree_row(document(model)), x.tolist())), expected)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_regressor_answers_as_in_scikit_learn(missing):
    x = rows(missing)
    model = DecisionTreeRegressor(max_depth=6, random_state=0).fit(x, truth(x))
    edges = model.tree_.threshold[(model.tree_.feature >= 0) & np.isfinite(model.tree_.threshold)]
    near = np.repeat(edges, 4).reshape(-1, 4)
    asked = np.concatenate([x, near, np.nextafter(near, np.inf), near * (1 + 2.0**-25), near * (1 - 2.0**-25)])
    expected = model.predict(asked)
    assert np.array_equal(tree_table(document(model))(asked, 1)[:, 0], expected)
    assert np.array_equal(list(map(tree_row(document(model)), asked.tolist())), expected[:, None])


def test_a_tree_of_one_leaf_gives_its_answer_to_all():
    leaf = {
        "feature": [-2],
        "threshold": [-2.0],
        "left": [-1],
        "right": [-1],
        "missing_left": [False],
        "values": [[7.0]],
    }
    assert tree_row(leaf)([]) == [7.0]
    assert tree_table(leaf)(np.empty((3, 0)), 1).tolist() == [[7.0]] * 3


def test_an_infinite_threshold_parts_missing_from_known():
    tree = {"feature": [0, -2, -2], "threshold": ["inf", -2, -2], "left": [1, -1, -1], "right": [2, -1, -1],
            "missing_left": [False, False, False], "values": [[0.0], [1.0], [2.0]]}  # fmt: skip
    assert [tree_row(tree)([value]) for value in (1e308, math.nan)] == [[1.0], [2.0]]


def test_thresholds_at_the_ends_of_32_bits_part_what_rounds_to_them():
    most = float(np.finfo(np.float32).max)
    assert largest_left(most) == largest_left(1e39) == math.nextafter(most + 2.0**103, 0.0)
    assert largest_left(-most) == math.nextafter(-most + 2.0**103, -math.inf)


narrow = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.floats(-1e38, 1e38) | narrow, st.floats(-3e38, 3e38) | narrow, st.integers(-3, 3))
def test_comparing_with_the_largest_left_number_is_rounding_first(threshold, number, steps):
    for _ in range(abs(steps)):  # numbers right beside the edge
        number = math.nextafter(largest_left(threshold), math.copysign(math.inf, steps))
    assert (number <= largest_left(threshold)) == (float(np.float32(number)) <= threshold)
