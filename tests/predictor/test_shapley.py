from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.predictor.shapley import tree_contributions
from milepost.predictor.tree import tree_table

COLUMNS = 3


def expected(tree: dict[str, Any], row: list[float], known: frozenset[int], node: int = 0) -> np.ndarray:
    """Return the answer to a row of which some columns are known: unknown ones follow the rows learned from."""
    left, right = tree["left"][node], tree["right"][node]
    if left == -1:
        return np.array(tree["values"][node])
    if tree["feature"][node] in known:
        number = row[tree["feature"][node]]
        goes_left = tree["missing_left"][node] if math.isnan(number) else number <= tree["threshold"][node]
        return expected(tree, row, known, left if goes_left else right)
    share = tree["rows"][left] / tree["rows"][node]
    return share * expected(tree, row, known, left) + (1 - share) * expected(tree, row, known, right)


def by_all_orders(tree: dict[str, Any], row: list[float]) -> np.ndarray:
    """Return what each column adds when it becomes known, averaged over all orders, shape (columns, outputs)."""
    orders, total = list(permutations(range(COLUMNS))), np.zeros((COLUMNS, len(tree["values"][0])))
    for order in orders:
        for place, column in enumerate(order):
            before = frozenset(order[:place])
            total[column] += expected(tree, row, before | {column}) - expected(tree, row, before)
    return total / len(orders)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a tree of up to four questions on a way, the same column asked again among them."""
    tree: dict[str, list[Any]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "missing_left", "values", "rows")
    }

    def grow(rows: int, depth: int) -> int:
        node = len(tree["left"])
        for name, value in (("feature", draw(st.integers(0, COLUMNS - 1))), ("left", -1), ("right", -1)):
            tree[name].append(value)
        tree["threshold"].append(draw(st.sampled_from([-1.0, 0.0, 0.5, 1.0])))
        tree["missing_left"].append(draw(st.booleans()))
        tree["values"].append(draw(st.lists(st.floats(-5, 5), min_size=2, max_size=2)))
        tree["rows"].append(rows)
        if depth and rows > 1 and draw(st.booleans()):
            share = draw(st.integers(1, rows - 1))
            tree["left"][node] = grow(share, depth - 1)
            tree["right"][node] = grow(rows - share, depth - 1)
        return node

    grow(draw(st.integers(2, 50)), 4)
    return tree


rows = st.lists(st.sampled_from([-2.0, -0.5, 0.25, 0.75, 3.0, math.nan]), min_size=COLUMNS, max_size=COLUMNS)


@settings(max_examples=60)
@given(trees(), st.lists(rows, min_size=1, max_size=4))
def test_contributions_are_the_shapley_values_of_all_orders(tree, asked):
    base, contributions = tree_contributions(tree, np.array(asked))
    assert base == pytest.approx(expected(tree, asked[0], frozenset()), abs=1e-12)
    for row, told in zip(asked, contributions, strict=True):
        assert told == pytest.approx(by_all_orders(tree, row), abs=1e-12)


@settings(max_examples=60)
@given(trees(), st.lists(rows, min_size=1, max_size=4))
def test_base_and_contributions_add_up_to_the_answer(tree, asked):
    base, contributions = tree_contributions(tree, np.array(asked))
    answers = tree_table(tree)(np.array(asked), 1)
    assert base + contributions.sum(axis=1) == pytest.approx(answers, abs=1e-12)


STUMP = {"feature": [1, -2, -2], "threshold": [0.0, -2, -2], "left": [1, -1, -1], "right": [2, -1, -1],
         "missing_left": [True, False, False], "values": [[0.0], [10.0], [2.0]]}  # fmt: skip


def test_the_base_of_a_question_is_the_mean_over_the_rows_learned_from():
    # 3 of 4 rows go left: (3 * 10 + 1 * 2) / 4 = 8; going right then adds 2 - 8
    base, contributions = tree_contributions({**STUMP, "rows": [4, 3, 1]}, np.array([[9.0, 5.0], [9.0, math.nan]]))
    assert base.tolist() == [8.0]
    assert contributions[:, :, 0].tolist() == [[0.0, -6.0], [0.0, 2.0]]


def test_where_rows_were_not_counted_both_sides_count_the_same():
    base, _ = tree_contributions(STUMP, np.zeros((1, 2)))
    assert base.tolist() == [6.0]


def test_a_tree_of_one_leaf_has_only_a_base():
    leaf = {"feature": [-2], "threshold": [-2.0], "left": [-1], "right": [-1], "missing_left": [False]}
    base, contributions = tree_contributions({**leaf, "values": [[7.0]]}, np.ones((2, 3)))
    assert base.tolist() == [7.0]
    assert not contributions.any()
