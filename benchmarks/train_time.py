"""Time of `train`'s learning against one plain fit per rung and fold, on the Telco table (7,043 rows, 20 columns).

Run: python benchmarks/train_time.py [--turns 3]

A plain fit is what a user of scikit-learn or LightGBM writes for one rung on one fold, told beforehand what the climb
has to find out (penalty, rounds): from a pandas table to the answers for the fold's rows. The climb's side is all
between the opened problem and the bundle's files: inner splits, penalties, early stopping, ensemble, calibration,
threshold, timing of answers, last fits, baselines. Both sides run in turns, on one core and on two; medians.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from quality import TABLES, as_pandas, opened_split
from threadpoolctl import threadpool_limits

from milepost.api.learning import Learned, learn
from milepost.api.opening import Opened
from milepost.data.folds import make_folds, suggested
from milepost.learners.boosting import Boosting
from milepost.learners.encode import MOST_BENDS, MOST_LEVELS
from milepost.models.material import Material
from milepost.models.rungs import GROWN, TREE_DEPTH, TREE_LEAF_SHARE

MOST_TIMES = 2.0


def plain_columns(most_levels: int, *numbers: Any) -> Any:
    """Return the usual preparation: numbers through the given steps, common categories one-hot."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, max_categories=most_levels)
    return make_column_transformer(
        (make_pipeline(*numbers) if numbers else "passthrough", make_column_selector(dtype_include="number")),
        (levels, make_column_selector(dtype_include="category")),
    )


def fit_linear(known: Any, truth: np.ndarray, asked: Any, *, penalty: float, bends: bool) -> object:
    """Fit a logistic regression, its numbers as lines with bends where asked."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer, StandardScaler

    lines = SplineTransformer(n_knots=2 + MOST_BENDS, degree=1, knots="quantile", extrapolation="linear")
    steps = [SimpleImputer(strategy="median", add_indicator=True), *([lines] if bends else []), StandardScaler()]
    columns = plain_columns(MOST_LEVELS["linear"], *steps)
    model = make_pipeline(columns, LogisticRegression(C=1 / penalty, max_iter=5000))
    return model.fit(known, truth).predict_proba(asked)


def fit_tree(known: Any, truth: np.ndarray, asked: Any) -> object:
    """Fit one small tree."""
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier

    leaf = max(10, round(TREE_LEAF_SHARE * len(truth)))
    tree = DecisionTreeClassifier(max_depth=TREE_DEPTH, min_samples_leaf=leaf, random_state=0)
    return make_pipeline(plain_columns(MOST_LEVELS["levels"]), tree).fit(known, truth).predict_proba(asked)


def fit_trees(known: Any, truth: np.ndarray, asked: Any, *, grow: Callable[[int], Boosting], rounds: int) -> object:
    """Fit LightGBM with the rung's parameters."""
    import lightgbm

    boosting = grow(len(truth))
    parameters: dict[str, Any] = {
        "objective": "binary", "num_leaves": boosting.leaves, "learning_rate": boosting.learning_rate,
        "min_data_in_leaf": boosting.smallest_leaf, "bagging_fraction": boosting.row_share, "bagging_freq": 1,
        "feature_fraction": boosting.column_share, "lambda_l2": boosting.l2, "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    if boosting.additive:
        parameters["interaction_constraints"] = [[number] for number in range(known.shape[1])]
    return lightgbm.train(parameters, lightgbm.Dataset(known, truth), rounds).predict(asked)


def plain_fits(learned: Learned) -> dict[str, Callable[..., object]]:
    """Return the plain fit of each rung that the climb fitted, told what it settled on."""
    fits: dict[str, Callable[..., object]] = {}
    for name, settled in learned.climb.settled.items():
        if name in ("linear", "curves"):
            fits[name] = partial(fit_linear, penalty=settled or 1.0, bends=name == "curves")
        elif name == "tree":
            fits[name] = fit_tree
        elif name in GROWN:
            fits[name] = partial(fit_trees, grow=GROWN[name], rounds=round(settled or 1))
    return fits


def folds_of(opened: Opened, development: Material) -> list[tuple[Any, np.ndarray, Any]]:
    """Return what a user has for each of as many folds as in the climb: table, truth, rows to answer."""
    count, repeats = suggested(len(development.truth), int(development.truth.sum()))
    folds = make_folds(opened.split, opened.keys, opened.request, count=count, repeats=repeats, seed=0).folds
    cases = []
    for fold in folds:
        train, valid = development.rows(fold.train), development.rows(fold.valid)
        known, asked = as_pandas(train, valid)
        cases.append((known, train.truth, asked))
    return cases


def seconds_of(work: Callable[[], object]) -> float:
    """Return the wall seconds of work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def learn_anew(opened: Opened, cores: int, seed: int) -> Learned:
    """Return a climb that finds no finished folds: its seed is new to the workspace."""
    return learn(opened, opened.rows(opened.split.development), seed=seed, workers=cores)


def fit_all(fit: Callable[..., object], cases: list[tuple[Any, np.ndarray, Any]], cores: int) -> None:
    """Fit one rung on all folds."""
    Parallel(cores, prefer="threads")(delayed(fit)(*case) for case in cases)


def main() -> None:
    """Print the times of both sides and their ratio, on one core and on two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    turns = range(parser.parse_args().turns)
    warnings.simplefilter("ignore")
    (telco,) = (table for table in TABLES if table.name == "telco")
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        opened, development, _ = opened_split(telco, telco.load(), 0, Path(folder))
        learned = learn_anew(opened, 2, 0)  # warms both sides, and settles what plain fits are told
        fits, cases = plain_fits(learned), folds_of(opened, development)
        print(f"{len(development.truth):,} development rows, {len(cases)} folds")
        for cores in (1, 2):
            ours, plain = [], {name: [] for name in fits}  # type: ignore[var-annotated]
            for turn in turns:
                ours.append(seconds_of(partial(learn_anew, opened, cores, 1 + turn + len(turns) * cores)))
                for name, fit in fits.items():
                    plain[name].append(seconds_of(partial(fit_all, fit, cases, cores)))
            medians = {name: statistics.median(times) for name, times in plain.items()}
            took, total = statistics.median(ours), sum(medians.values())
            each = ", ".join(f"{name} {seconds:.2f}" for name, seconds in medians.items())
            print(f"cores {cores}: learning {took:.2f} s; plain fits {total:.2f} s ({each})")
            print(f"         ratio {took / total:.2f} (limit {MOST_TIMES:.0f})", flush=True)


if __name__ == "__main__":
    main()
