"""Kill processes that log, fold, tend and promote, over and over, and count what was lost; and what logging costs.

Run: python benchmarks/kills.py [KILLS]     (at each of the six points; 40 when absent)

What must hold after every tenth kill: acknowledged ⊆ log ⊆ sent, each row once, no journal left behind. And of
promotions: acknowledged ⊆ history ⊆ sent, each upon the champion before it, and when a service has started again,
aliases and state follow the history.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from logged_rows import SCHEMA, frame_of, place_in, prediction
from milepost.ground.workspace import Workspace
from milepost.predlog.fold import fold
from milepost.predlog.journal import Journal
from promotions import POINTS as PROMOTION_POINTS
from promotions import faults_of_promotions, kill_promotion, record_bundles
from survival import POINTS, Told, faults, kill_at

KILLS, BETWEEN_LOOKS = 40, 10
MOST_COMMIT_US = 10.0
FOLDED_ROWS = 200_000


@dataclass(frozen=True)
class Point:
    """Where processes are killed.

    Attributes:
        name: of the point.
        kill: starts a process in a folder and kills it there.
        faults: of what is left in the folder.
    """

    name: str
    kill: Callable[[Path, Told, random.Random], None]
    faults: Callable[[Path, Told], list[str]]


def log_point(name: str) -> Point:
    """Return a point of logging, folding or tending."""
    return Point(name, lambda folder, told, chance: kill_at(folder, name, told, chance), faults)


def kill_mid_promotion(folder: Path, told: Told, chance: random.Random) -> None:
    """Kill a process between the decision and what follows it, or anywhere near."""
    workspace = Workspace(folder)
    if not workspace.bundles.exists():
        record_bundles(workspace)
    kill_promotion(workspace, chance.choice(PROMOTION_POINTS), told, chance)


MID_PROMOTION = Point(
    "mid-promotion", kill_mid_promotion, lambda folder, told: faults_of_promotions(Workspace(folder), told)
)


def survive(folder: Path, point: Point, kills: int, chance: random.Random) -> bool:
    """Kill processes at a point, print what was found, and return whether all held."""
    told, found, start = Told(), [], time.perf_counter()
    tries = 0
    while told.killed < kills and tries < 3 * kills:  # a merge may be over before its kill comes
        point.kill(folder, told, chance)
        tries += 1
        if tries % BETWEEN_LOOKS == 0:
            found += point.faults(folder, told)
    found += point.faults(folder, told)
    seconds = time.perf_counter() - start
    print(f"{point.name:<16}{told.killed:>7}{len(told.sent):>9}{len(told.kept):>14}{len(found):>9}{seconds:>10.0f}")
    for one in found[:10]:
        print(f"  {one}")
    return not found and told.killed >= kills


def microseconds_of_a_commit(folder: Path, durability: Literal["process", "disk"], commits: int) -> float:
    """Return the median time of one add and one commit of a small frame, of 5 runs."""
    journal, payload = Journal(folder, durability=durability), frame_of(prediction())
    runs = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(commits):
            journal.add(payload)
            journal.commit()
        runs.append((time.perf_counter() - start) / commits * 1e6)
    journal.close()
    return statistics.median(runs)


def rows_folded_per_second(folder: Path) -> float:
    """Return how fast frames of one row each go into the table."""
    place = place_in(folder)
    journal = Journal(place.journals)
    journal.schema(SCHEMA)
    for _ in range(FOLDED_ROWS):
        journal.add(frame_of(prediction()))
        journal.commit()
    journal.close()
    start = time.perf_counter()
    assert fold(place).predictions == FOLDED_ROWS
    return FOLDED_ROWS / (time.perf_counter() - start)


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seed = int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}\n{'point':<16}{'kills':>7}{'sent':>9}{'acknowledged':>14}{'faults':>9}{'seconds':>10}")
    held = []
    for point in (*map(log_point, POINTS), MID_PROMOTION):
        with tempfile.TemporaryDirectory() as folder:
            held.append(survive(Path(folder), point, kills, random.Random(f"{seed} {point.name}")))
    with tempfile.TemporaryDirectory() as folder:
        in_process = microseconds_of_a_commit(Path(folder), "process", 20_000)
        on_disk = microseconds_of_a_commit(Path(folder), "disk", 200)
        held.append(in_process <= MOST_COMMIT_US)
        print(f"add and commit: {in_process:.1f} µs (at most {MOST_COMMIT_US:.0f}); on disk {on_disk:.0f} µs")
    with tempfile.TemporaryDirectory() as folder:
        print(f"fold: {rows_folded_per_second(Path(folder)):,.0f} rows/s of frames of one row")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
