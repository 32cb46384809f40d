"""Additive and boosted trees: the training side of the door to LightGBM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from milepost.ground.doors import door
from milepost.metrics.answers import Task
from milepost.metrics.losses import centre_of


@dataclass(frozen=True, slots=True)
class Boosting:
    """How trees are grown.

    Attributes:
        leaves: most leaves of a tree; 2 or more.
        learning_rate: share of each tree's answer that counts.
        smallest_leaf: fewest rows in a leaf.
        row_share, column_share: share of rows and columns that a tree sees, 0..1.
        l2: penalty on leaf values.
        additive: each tree sees one source column, so that the model is a sum of drawable main effects.
        most_rounds: upper limit of rounds where early stopping decides.
        patience: rounds without a better stopping loss that end training.
    """

    leaves: int
    learning_rate: float = 0.05
    smallest_leaf: int = 20
    row_share: float = 0.8
    column_share: float = 0.8
    l2: float = 1.0
    additive: bool = False
    most_rounds: int = 2000
    patience: int = 50


@dataclass(frozen=True, slots=True)
class Trees:
    """Fitted trees.

    Attributes:
        text: LightGBM's model text, without the training parameters.
        rounds: rounds that count.
        link: how margins become answers.
    """

    text: str
    rounds: int
    link: str


def fit_trees(
    x: np.ndarray,
    truth: np.ndarray,
    *,
    task: Task,
    outputs: int,
    loss: str,
    boosting: Boosting,
    sources: Sequence[str],
    categorical: Sequence[int],
    stop: tuple[np.ndarray, np.ndarray] | None = None,
    rounds: int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Trees:
    """Return boosted trees (Friedman 2001; LightGBM, Ke et al. 2017); the same bits at any number of threads.

    Args:
        x: encoded rows, shape (rows, columns); NaN is missing.
        truth: shape (rows,); class index, or value.
        task: binary, multiclass or regression.
        outputs: numbers in one answer: 1, or the number of classes.
        loss: as for the linear model.
        boosting: how trees are grown.
        sources: the table's column behind each encoded column.
        categorical: positions of columns that hold integer codes.
        stop: rows and truth on which early stopping looks; None trains exactly `rounds` rounds.
        rounds: how many rounds where stop is None.
        seed: of the row and column samples.
        threads: how many threads LightGBM uses.
    """
    with door("lightgbm"):
        import lightgbm
    parameters = _parameters(task, outputs, loss, boosting, seed, threads)
    if boosting.additive:
        parameters["interaction_constraints"] = _by_source(sources)
    options: dict[str, Any] = {"categorical_feature": list(categorical), "params": {**parameters}}
    training = lightgbm.Dataset(x, truth, **options)
    if stop is None:
        booster = lightgbm.train(parameters, training, num_boost_round=rounds or 1)
    else:
        stopping = lightgbm.Dataset(stop[0], stop[1], reference=training, **options)
        booster = lightgbm.train(
            parameters,
            training,
            num_boost_round=boosting.most_rounds,
            valid_sets=[stopping],
            callbacks=[lightgbm.early_stopping(boosting.patience, verbose=False)],
        )
    best = max(1, booster.best_iteration if stop is not None else booster.current_iteration())
    text = booster.model_to_string(num_iteration=best)
    link = "identity" if task == "regression" else "sigmoid" if outputs == 1 else "softmax"
    return Trees(text.split("\nparameters:")[0] + "\n", best, link)


def _by_source(sources: Sequence[str]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for position, source in enumerate(sources):
        groups.setdefault(source, []).append(position)
    return list(groups.values())


def _parameters(task: Task, outputs: int, loss: str, boosting: Boosting, seed: int, threads: int) -> dict[str, Any]:
    return {
        **_objective(task, outputs, loss),
        "num_leaves": boosting.leaves,
        "learning_rate": boosting.learning_rate,
        "min_data_in_leaf": boosting.smallest_leaf,
        "bagging_fraction": boosting.row_share,
        "bagging_freq": 1,
        "feature_fraction": boosting.column_share,
        "lambda_l2": boosting.l2,
        "max_cat_to_onehot": 8,
        "cat_smooth": 20,
        "min_data_per_group": 50,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _objective(task: Task, outputs: int, loss: str) -> dict[str, Any]:
    if task == "binary":
        return {"objective": "binary", "metric": "binary_logloss"}
    if task == "multiclass":
        return {"objective": "multiclass", "metric": "multi_logloss", "num_class": outputs}
    if loss == "squared":
        return {"objective": "regression", "metric": "l2"}
    if loss == "absolute":
        return {"objective": "regression_l1", "metric": "l1"}
    return {"objective": "quantile", "alpha": centre_of(loss), "metric": "quantile"}
