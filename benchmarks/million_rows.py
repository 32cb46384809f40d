"""A million rows through a bundle against LightGBM's own batch predict on the same trees, and memory by batches.

Run: python benchmarks/million_rows.py

The limit: at most twice the time of LightGBM's batch predict on rows that are encoded already, plus one pass over the
data. One pass is a hash of every value. All are timed in turns in the same run; the ratios are of medians.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from one_row import EXPRESSIONS, telco, with_derived, write_bundle

from milepost.ground import fanout
from milepost.predictor.encode import encode_table
from milepost.predictor.lightgbm import Trees
from milepost.predictor.load import load_predictor

ROWS = 1_000_000
MOST_TIMES = 2.0
FILE_ROWS = (2_000_000, 4_000_000)
MOST_MORE_MEGABYTES = 150.0  # twice the rows must not need much more memory


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(folder: Path, table: pl.DataFrame, threads: int, repeats: int = 3) -> tuple[float, float, float]:
    """Return median seconds of all answers, of LightGBM's own batch predict, and of one pass over the data."""
    predictor = load_predictor(folder)
    model = json.loads((folder / "model.json").read_text())
    trees = Trees((folder / "trees/boosted.txt").read_text(), where="benchmark")
    matrix = encode_table(with_derived(table, model["derived"]), model["members"][0]["encoding"])
    answers, bare, reading = [], [], []
    for _ in range(repeats):
        answers.append(seconds(lambda: predictor.answer_table(table, threads=threads)))
        bare.append(seconds(lambda: trees.margins(matrix, threads=threads)))
        reading.append(seconds(lambda: table.select(pl.all().hash().sum())))
    return statistics.median(answers), statistics.median(bare), statistics.median(reading)


SCORE = """
import sys
from pathlib import Path
import polars as pl
from milepost.predictor.load import load_predictor
rows = 0
for batch in load_predictor(Path(sys.argv[1])).answer_batches(pl.scan_parquet(sys.argv[2])):
    rows += batch.height
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(rows, int(peak.split()[1]) / 1000)
"""


def memory_of_batches(folder: Path, table: pl.DataFrame, rows: int, place: Path) -> float:
    """Return the most megabytes that a fresh process needs to answer a file of so many rows batch by batch."""
    path = place / "table.parquet"
    pl.concat([table.sample(rows // 4, with_replacement=True, seed=seed) for seed in range(4)]).write_parquet(path)
    done = subprocess.run(
        [sys.executable, "-c", SCORE, str(folder), str(path)], check=True, capture_output=True, text=True
    )
    answered, megabytes = done.stdout.split()
    assert int(answered) == rows
    return float(megabytes)


def main() -> int:
    table = telco()
    many = table.sample(ROWS, with_replacement=True, seed=0)
    within = []
    with tempfile.TemporaryDirectory() as text:
        place = Path(text)
        for name, expressions in (("trees", {}), ("trees with 3 expressions", EXPRESSIONS)):
            folder = write_bundle(place / name.replace(" ", "_"), table, expressions)
            answers, bare, reading = compare(folder, many, fanout.cores())
            within.append(answers - reading <= MOST_TIMES * bare)
            print(
                f"a million rows, {name}: answers {answers:.2f} s, LightGBM's own batch {bare:.2f} s, one pass "
                f"{reading:.2f} s, ratio {(answers - reading) / bare:.2f} (at most {MOST_TIMES:.0f}) "
                f"{'ok' if within[-1] else 'MISSED'}"
            )
        few, more = (memory_of_batches(folder, table, rows, place) for rows in FILE_ROWS)
        within.append(more - few <= MOST_MORE_MEGABYTES)
        print(
            f"a file of {FILE_ROWS[0]:,} rows by batches: {few:.0f} MB; of {FILE_ROWS[1]:,} rows: {more:.0f} MB "
            f"(at most {MOST_MORE_MEGABYTES:.0f} MB more) {'ok' if within[-1] else 'MISSED'}"
        )
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
