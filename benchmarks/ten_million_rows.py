"""A CSV of ten million rows is read, split and scored, each in a fresh process: seconds and peak memory.

    python benchmarks/ten_million_rows.py                  ten million rows, about 1 GB in a temporary folder
    python benchmarks/ten_million_rows.py --rows 1000000   fewer
    python benchmarks/ten_million_rows.py --folder OUT     keep the files, and use them again

The limit: 2 GB for each step. The bundle is trained on the first 50,000 rows.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

T = TypeVar("T")

ROWS = 10_000_000
PIECE = 500_000
FIRST = 50_000
MOST_GIGABYTES = 2.0
DISK_BYTES_A_ROW = 600  # the CSV, its staged copies, the answers
MILEPOST = Path(sys.executable).parent / "milepost"

PROBLEM = """\
[problem]
name = "orders"
target = "returned"
positive = "yes"

[data]
source = "{source}"
id = "order"

[features]
price_each = "amount / nullif(pieces, 0)"

[climb]
budget = "small"

[success]
accuracy = ">= 0.70"
"""

READ = """
from pathlib import Path
from milepost.api.opening import workspace_of
from milepost.data.read import read
from milepost.problem.read import read_problem
problem = read_problem(Path("milepost.toml"))
dataset = read(problem, workspace=workspace_of(problem))
print(f"{dataset.rows:,} rows, {len(dataset.schema.columns)} columns, fingerprint {dataset.fingerprint[:8]}")
"""

PROFILE = (
    READ.replace("print(", "#")
    + """
from milepost.data.profile import profile
summary = profile(dataset.frame, dataset.schema)
print(f"{summary.rows:,} rows, median amount {summary.column('amount').quantiles[5]}")
"""
)

SPLIT = """
from pathlib import Path
from milepost.api.opening import open_problem
from milepost.ground.events import silent
opened = open_problem(Path("milepost.toml"), listener=silent)
print(f"{len(opened.split.development):,} development rows, {len(opened.split.test):,} test rows")
"""

ANSWERS = """
import polars as pl
found = pl.scan_parquet("answers.parquet").select(pl.len(), pl.col("order").is_sorted()).collect().row(0)
print(f"{found[0]:,} answers, in the order of the table: {found[1]}")
"""


def piece(start: int, rows: int) -> pl.DataFrame:
    """Return rows of an invented shop's orders; the same at every length of the table."""
    chance = np.random.default_rng(start)
    amount = np.round(chance.lognormal(3.5, 1.0, rows), 2)
    pieces = chance.integers(0, 9, rows)
    country = chance.choice(["DE", "FR", "IT", "ES", "PL", "NL", "AT", "SE"], rows, p=[0.3, 0.2, 0.15] + [0.07] * 5)
    channel = chance.choice(["web", "app", "shop", "phone"], rows, p=[0.5, 0.3, 0.15, 0.05])
    days = chance.integers(0, 365, rows)
    score = 0.4 * np.log(amount) - 0.1 * pieces + 0.5 * (channel == "web") - 0.8 * (country == "SE") - 1.5
    returned = chance.random(rows) < 1 / (1 + np.exp(-score))
    table = pl.DataFrame(
        {
            "order": start + np.arange(rows) + 1_000_000_000,
            "ordered_at": pl.Series(days).cast(pl.Int32) + 18_000,
            "paid_at": (pl.Series(days) + 18_000) * 86_400 + chance.integers(0, 86_400, rows),
            "amount": amount,
            "pieces": pieces,
            "discount": np.round(chance.random(rows) * 0.4, 3),
            "weight": np.round(chance.gamma(2.0, 1.5, rows), 3),
            "age": chance.integers(18, 90, rows),
            "rating": np.round(chance.normal(3.8, 0.9, rows), 2),
            "country": country,
            "channel": channel,
            "article": pl.Series(np.minimum(chance.zipf(1.3, rows), 5000)).cast(pl.String),
            "is_member": chance.random(rows) < 0.4,
            "returned": np.where(returned, "yes", "no"),
        }
    )
    gaps = {name: chance.random(rows) < part for name, part in (("rating", 0.3), ("weight", 0.02), ("country", 0.01))}
    return table.with_columns(
        pl.col("ordered_at").cast(pl.Date),
        pl.from_epoch("paid_at").dt.replace_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        (pl.lit("A") + pl.col("article").str.zfill(4)).alias("article"),
        *(pl.when(~pl.Series(gap)).then(pl.col(name)).alias(name) for name, gap in gaps.items()),
    )


def write_table(path: Path, rows: int) -> None:
    """Write the table to path piece by piece, unless it is there."""
    if path.exists():
        return
    with path.open("wb") as stream:
        for start in range(0, rows, PIECE):
            piece(start, min(PIECE, rows - start)).write_csv(stream, include_header=start == 0)


@dataclass(frozen=True)
class Ran:
    """One process: what it took and what it said."""

    seconds: float
    peak_gb: float
    said: str


def run(words: list[str], folder: Path) -> Ran:
    """Run a process in folder to its end; stop the benchmark where it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(words, cwd=folder, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode().strip()
    if process.returncode not in (0, 3, 4):
        raise SystemExit(f"{' '.join(words)[:200]} ended with {process.returncode}:\n{said[-3000:]}")
    return Ran(time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e9, said)


def apart(work: Callable[..., T], *given: object) -> T:
    """Return what work returns in a process of its own; a child's peak counts the memory of its parent."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def write_first(path: Path) -> None:
    piece(0, FIRST).write_csv(path)


def bundle_of_first_rows(folder: Path) -> Path:
    """Return the bundle that the first rows train."""
    place = folder / "first"
    place.mkdir(exist_ok=True)
    apart(write_first, place / "first.csv")
    (place / "milepost.toml").write_text(PROBLEM.format(source="first.csv"), "utf-8")
    if not list(place.glob(".milepost/bundles/*/manifest.json")):
        run([str(MILEPOST), "train"], place)
    return next(place.glob(".milepost/bundles/*/manifest.json")).parent


def measure(folder: Path, rows: int) -> bool:
    """Print what each step takes; return whether all stay under the limit."""
    apart(write_table, folder / "orders.csv", rows)
    (folder / "milepost.toml").write_text(PROBLEM.format(source="orders.csv"), "utf-8")
    shutil.rmtree(folder / ".milepost", ignore_errors=True)
    print(f"{rows:,} rows, {(folder / 'orders.csv').stat().st_size / 1e9:.2f} GB as CSV")
    bundle = bundle_of_first_rows(folder)
    python = [sys.executable, "-c"]
    score = [str(MILEPOST), "score", str(bundle), "orders.csv", "-o", "answers.parquet", "--quiet"]
    steps = {
        "read": [*python, READ],
        "profile": [*python, PROFILE],
        "split": [*python, SPLIT],
        "score": score,
        "answers": [*python, ANSWERS],
    }
    held = True
    for step, words in steps.items():
        ran = run(words, folder)
        held &= ran.peak_gb <= MOST_GIGABYTES
        print(f"{step:8} {ran.seconds:7.1f} s  peak {ran.peak_gb:5.2f} GB   {ran.said.splitlines()[0]}", flush=True)
    print(f"limit {MOST_GIGABYTES} GB: {'held' if held else 'EXCEEDED'}")
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description="Ten million rows are read, split and scored under 2 GB.")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, help="where to keep the files; a temporary folder if left out")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (asked.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        needed, free = asked.rows * DISK_BYTES_A_ROW, shutil.disk_usage(folder).free
        if free < needed:
            print(f"{folder} has {free / 1e9:.1f} GB free; {needed / 1e9:.1f} GB are needed", file=sys.stderr)
            return 5
        return 0 if measure(folder, asked.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
