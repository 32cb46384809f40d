"""A window of a million logged rows against the same rows in one Parquet file, and a million outcomes at once.

Run: python benchmarks/log_reading.py

The limit: reading the window, with what is not folded yet, takes at most twice as long as reading the Parquet file that
holds exactly the same rows and columns. Both are timed in turns in the same run; the ratio is of medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from milepost.predlog.fold import fold
from milepost.predlog.ids import PredictionIds
from milepost.predlog.journal import Journal
from milepost.predlog.places import LogPlace
from milepost.predlog.read import find_prediction, joined, read_predictions
from milepost.predlog.records import (
    INPUTS,
    PREDICTIONS,
    InputSchema,
    PredictionRow,
    Predictions,
    encode,
    encode_table,
    input_schema,
)
from milepost.predlog.tending import tend

DAYS, ROWS_OF_A_DAY = 10, 200_000
WINDOW_DAYS = 5  # a million rows
UNFOLDED, ROWS_OF_A_FRAME = 5_000, 4  # what a busy process writes in a second
MOST_TIMES = 2.0
MOST_SECONDS = 60.0  # of a million outcomes
TURNS = 5
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

SCHEMA = input_schema(
    [*((f"number_{place}", "float") for place in range(8)), *((f"level_{place}", "text") for place in range(10)),
     ("active", "boolean")]
)  # fmt: skip
LEVELS = ["Month-to-month", "One year", "Two year", "No internet service"]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def inputs(rows: int, chance: np.random.Generator) -> pl.Series:
    columns = {}
    for name, dtype in SCHEMA.columns:
        if dtype == "float":
            columns[name] = pl.Series(chance.gamma(2.0, 30.0, rows).round(2))
        elif dtype == "text":
            columns[name] = pl.Series(LEVELS).gather(chance.integers(0, len(LEVELS), rows))
        else:
            columns[name] = pl.Series(chance.random(rows) < 0.5)
    return pl.DataFrame(columns).to_struct(INPUTS + SCHEMA.id)


def day_of_rows(day: int, chance: np.random.Generator) -> pl.DataFrame:
    """Return the answers of one day, spread over it."""
    rows = ROWS_OF_A_DAY
    begins = int((FIRST + timedelta(days=day)).timestamp() * 1e9)
    nanoseconds = iter(begins + np.arange(rows) * (86_400 * 10**9 // rows))
    make = PredictionIds(lambda: int(next(nanoseconds)))
    positive = pl.Series(chance.random(rows))
    table = pl.DataFrame(
        {
            "prediction_id": [make() for _ in range(rows)],
            "entity": pl.Series(chance.integers(0, 500_000, rows)).cast(pl.String),
            "at": begins // 1000 + np.arange(rows) * (86_400 * 10**6 // rows),
            "label": pl.Series(["No", "Yes"]).gather((positive > 0.5).cast(pl.UInt32)),
            "probabilities": pl.select(pl.concat_list(1 - positive, positive)).to_series(),
            "answer_us": chance.integers(100, 900, rows),
        }
    ).with_columns(
        pl.lit("9f3a" * 4).alias("bundle_id"), pl.lit("champion").alias("role"), pl.lit("http").alias("origin"),
        pl.lit(SCHEMA.id).alias("schema_id"), pl.lit([], pl.List(pl.String)).alias("flags"),
        pl.lit([], pl.List(pl.String)).alias("guards"), pl.lit('{"region":"north"}').alias("context"),
    )  # fmt: skip
    missing = {name: dtype for name, dtype in PREDICTIONS.items() if name not in table.columns}
    table = table.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items())
    table = table.cast({name: dtype for name, dtype in PREDICTIONS.items() if name != "day"})
    table = table.with_columns(day=pl.col("at").dt.date())
    return table.select(*PREDICTIONS).with_columns(inputs(rows, chance))


def write_log(place: LogPlace) -> None:
    """Write a log as it is after ten days: folded and merged, with the last second's rows in a journal."""
    chance = np.random.default_rng(0)
    journal = Journal(place.journals)
    journal.schema(SCHEMA)
    for day in range(DAYS):
        for part in day_of_rows(day, chance).iter_slices(20_000):
            journal.add(encode_table(SCHEMA, part))
            journal.commit()
        journal.rotate()
        fold(place)
    tend(place, retention=None)
    write_unfolded(journal, SCHEMA)


def write_unfolded(journal: Journal, schema: InputSchema) -> None:
    """Write the last rows of the window, a few in each frame."""
    at = FIRST + timedelta(days=DAYS, microseconds=-UNFOLDED)
    make = PredictionIds(lambda: int(at.timestamp() * 1e9))
    values = [12.5 if dtype == "float" else "One year" if dtype == "text" else True for _, dtype in schema.columns]
    for frame in range(UNFOLDED // ROWS_OF_A_FRAME):
        rows = []
        for row in range(ROWS_OF_A_FRAME):
            fields = dict.fromkeys(PredictionRow.__struct_fields__)
            moment = int(at.timestamp() * 1e6) + frame * ROWS_OF_A_FRAME + row
            fields |= {"prediction_id": make(), "entity": "7590", "at": moment, "bundle_id": "9f3a" * 4}
            fields |= {"role": "champion", "origin": "http", "label": "Yes", "probabilities": [0.25, 0.75]}
            rows.append(PredictionRow(**(fields | {"flags": [], "guards": [], "inputs": values})))
        journal.add(encode(Predictions(schema.id, rows)))
        journal.commit()


def compare(place: LogPlace, parquet: Path) -> tuple[int, float, float]:
    """Return rows of the window, and median seconds of reading it from the log and from a Parquet file."""
    window = {"since": FIRST + timedelta(days=DAYS - WINDOW_DAYS), "until": FIRST + timedelta(days=DAYS)}
    rows = read_predictions(place, schema_id=SCHEMA.id, **window).collect()
    rows.write_parquet(parquet)
    log, plain = [], []
    for _ in range(TURNS):
        log.append(seconds(lambda: read_predictions(place, schema_id=SCHEMA.id, **window).collect()))
        plain.append(seconds(lambda: pl.read_parquet(parquet)))
    return rows.height, statistics.median(log), statistics.median(plain)


TAKE = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
import polars as pl
from milepost.predlog.journal import Journal
from milepost.predlog.outcomes import take_outcomes
from milepost.predlog.places import LogPlace
from milepost.predlog.records import Outcomes, encode
place = LogPlace(Path(sys.argv[1]), sys.argv[2])
given = pl.read_parquet(sys.argv[3])
def most_memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
before = most_memory()
journal = Journal(place.journals)
def keep(rows):
    journal.add(encode(Outcomes(list(rows))))
    journal.commit()
began = time.perf_counter()
taken = take_outcomes(
    place, given, horizon=timedelta(days=30), task="binary", labels=("No", "Yes"),
    now=datetime(2026, 6, 1, tzinfo=UTC), origin="table", write=keep,
)
seconds = time.perf_counter() - began
journal.close()
print(*(taken.counts[name] for name in ("taken", "known already", "refused")), seconds, most_memory() - before)
"""


def take(place: LogPlace, given: pl.DataFrame, folder: Path) -> tuple[list[int], float, float]:
    """Return the counts of what a fresh process took, its seconds, and megabytes beyond the given table."""
    path = folder / "given.parquet"
    given.write_parquet(path)
    command = [sys.executable, "-c", TAKE, str(place.journals), place.tables, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [int(count) for count in done[:3]], float(done[3]), float(done[4])


def main() -> int:
    within = []
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        place = LogPlace(folder / "log" / "journals", str(folder / "log"))
        write_log(place)
        rows, log, plain = compare(place, folder / "window.parquet")
        within.append(rows >= 1_000_000 and log <= MOST_TIMES * plain)
        print(
            f"a window of {rows:,} of {DAYS * ROWS_OF_A_DAY:,} logged rows, {UNFOLDED:,} of them not folded: "
            f"{log:.3f} s, the same Parquet {plain:.3f} s, ratio {log / plain:.2f} (at most {MOST_TIMES:.0f}) "
            f"{'ok' if within[-1] else 'MISSED'}"
        )
        name = pl.read_parquet(folder / "window.parquet", columns=["prediction_id"])["prediction_id"]
        print(f"one prediction by its id: {1000 * seconds(lambda: find_prediction(place, name[77_777])):.0f} ms")
        given = pl.DataFrame({"prediction_id": name.sort().head(1_000_000), "truth": "yes"})
        for what in ("a million outcomes", "the same million again"):
            counts, took, megabytes = take(place, given, folder)
            within.append(sum(counts[:2]) == given.height and took <= MOST_SECONDS)
            print(
                f"{what}: {counts[0]:,} taken, {counts[1]:,} known already, {took:.1f} s (at most {MOST_SECONDS:.0f}), "
                f"{megabytes:.0f} MB more {'ok' if within[-1] else 'MISSED'}"
            )
        fold(place)
        print(f"the window with its truth: {seconds(lambda: joined(place, schema_id=SCHEMA.id).collect()):.2f} s")
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
