"""How often the climb keeps a more complex rung although the truth is the simpler one, through the real climb.

The truth is a logistic or linear model of six columns, so nothing beats the linear rung but chance. Stated rate: the
lower end of a 95 % interval is above 0 by chance in 2.5 % of comparisons.

Run: python benchmarks/climb_error.py [--climbs 100] [--rows 600]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl

from milepost.data.folds import make_folds
from milepost.data.keys import SplitRequest, split_keys
from milepost.data.schema import Column, Schema
from milepost.data.split import make_split
from milepost.models.climb import Climb, climb
from milepost.models.fold_runs import Course
from milepost.models.material import gather
from milepost.stats.intervals import wilson

NAMES = tuple(f"x{number}" for number in range(6))
WEIGHTS = np.array([1.0, -0.7, 0.5, 0.0, 0.0, 0.3])
COMPLEX = ("curves", "additive", "boosted", "boosted_deep", "ensemble")


def one_climb(task: str, rows: int, seed: int, smallest_gain: float) -> Climb:
    """Return the climb over one simulated table."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(rows, len(NAMES)))
    margin = x @ WEIGHTS
    if task == "binary":
        truth = (chance.uniform(size=rows) < 1 / (1 + np.exp(-margin))).astype(np.int64)
    else:
        truth = margin + chance.normal(size=rows)
    frame = pl.DataFrame(dict(zip(NAMES, x.T, strict=True)))
    columns = tuple(Column(name, "float", "number", "feature") for name in NAMES)
    schema = Schema(columns, task, ("0", "1") if task == "binary" else ())  # type: ignore[arg-type]
    request = SplitRequest(schema.task, "y", NAMES, test=0.1)
    keys = split_keys(frame.with_columns(pl.Series("y", truth)).lazy(), request)
    split = make_split(keys, request, seed=0)
    folds = make_folds(split, keys, request, count=5, repeats=1, seed=seed)
    loss = "log" if task == "binary" else "squared"
    material = gather(frame, truth, schema, loss=loss, derived={}).rows(split.development)
    return climb(material, folds, Course(smallest_gain, seed))


def main() -> None:
    """Print the share of comparisons and climbs that kept a rung that is no better."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--climbs", type=int, default=100)
    parser.add_argument("--rows", type=int, default=600)
    options = parser.parse_args()
    print(f"{options.climbs} climbs of {options.rows} rows each; a kept complex rung is an error")
    print(
        f"{'task':<11} {'smallest gain':>13} {'comparisons':>11} {'kept':>5} {'rate':>6}  {'95 % interval':<15} seconds"
    )
    for task in ("binary", "regression"):
        for smallest_gain in (0.01, 0.0):
            start, compared, kept = time.perf_counter(), 0, 0
            for seed in range(options.climbs):
                steps = one_climb(task, options.rows, seed, smallest_gain).ladder.steps
                judged = [step for step in steps if step.rung in COMPLEX and step.failed is None]
                compared += len(judged)
                kept += sum(step.kept for step in judged)
            interval = wilson(kept, compared)
            print(
                f"{task:<11} {smallest_gain:>13} {compared:>11} {kept:>5} {kept / compared:>6.1%}  "
                f"{interval.lo:.1%} to {interval.hi:<7.1%} {time.perf_counter() - start:.0f}"
            )


if __name__ == "__main__":
    main()
