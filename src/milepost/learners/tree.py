"""One small tree that fits on a page, on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from milepost.metrics.answers import Task
from milepost.metrics.losses import centre_of

LARGEST = 1e30  # scikit-learn sums and compares in single precision, which ends at 3e38
SMOOTHING_ROWS = 1.0  # a leaf's class shares count this many rows of the overall shares


def fit_tree(
    x: np.ndarray, truth: np.ndarray, *, task: Task, outputs: int, loss: str, depth: int, leaf_rows: int, seed: int
) -> dict[str, Any]:
    """Return a small decision tree as the predictor's document.

    The structure minimises Gini impurity or squared error (CART, Breiman et al. 1984); the leaves answer with
    smoothed class shares, or with the mean or quantile that the loss asks for.

    Args:
        x: encoded rows, shape (rows, columns); NaN is missing.
        truth: shape (rows,); class index, or value.
        task: binary, multiclass or regression.
        outputs: numbers in one answer: 1, or the number of classes.
        loss: as for the linear model.
        depth: most questions on the way to a leaf.
        leaf_rows: fewest rows in a leaf.
        seed: breaks ties between equal splits.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    x = np.clip(x, -LARGEST, LARGEST)
    family = DecisionTreeRegressor if task == "regression" else DecisionTreeClassifier
    model = family(max_depth=depth, min_samples_leaf=leaf_rows, random_state=seed).fit(x, truth)
    tree = model.tree_
    return {
        "kind": "tree",
        "feature": tree.feature.tolist(),
        "threshold": [_written(threshold) for threshold in tree.threshold.tolist()],
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "missing_left": tree.missing_go_to_left.astype(bool).tolist(),
        "rows": tree.n_node_samples.tolist(),
        "values": _leaf_values(model.apply(x), truth, tree.node_count, task, outputs, loss).tolist(),
    }


def _written(threshold: float) -> float | str:
    """Return a threshold as JSON holds it; a split of missing against known values has none that is finite."""
    return threshold if np.isfinite(threshold) else str(threshold)


def _leaf_values(leaf: np.ndarray, truth: np.ndarray, nodes: int, task: Task, outputs: int, loss: str) -> np.ndarray:
    """Return the answer of each node, shape (nodes, outputs); nodes that are no leaves get the overall answer."""
    if task == "regression":
        answer = _centre(loss)
        values = np.full((nodes, 1), answer(truth))
        for node in np.unique(leaf):
            values[node, 0] = answer(truth[leaf == node])
        return values
    classes = max(outputs, 2)
    prior = np.bincount(truth, minlength=classes) / len(truth)
    counts = np.bincount(leaf * classes + truth, minlength=nodes * classes).reshape(nodes, classes)
    shares = (counts + SMOOTHING_ROWS * prior) / (counts.sum(axis=1, keepdims=True) + SMOOTHING_ROWS)
    return np.asarray(shares[:, 1:] if outputs == 1 else shares)


def _centre(loss: str) -> Any:
    if loss == "squared":
        return np.mean
    level = centre_of(loss)
    return lambda values: np.quantile(values, level)
