"""The verb `train`: learn from the development rows, then store the bundle with its evidence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.learning import learn
from milepost.api.next_step import next_step
from milepost.api.noticing import notice
from milepost.api.opening import open_problem
from milepost.api.storing import store_of, store_trained
from milepost.data.findings import Finding
from milepost.data.profile import profile
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.events import Event, Listener, silent
from milepost.models.resume import sweep
from milepost.models.steps import Ladder
from milepost.problem.spec import Problem
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class Trained(Shows):
    """What `train` leaves.

    Attributes:
        problem: the contract.
        bundle_id: of the bundle.
        version: of the bundle in the registry.
        path: the bundle's folder.
        ladder: the climb with its decisions.
        calibration_says: what was done to the probabilities, or how wide the interval is.
        threshold: where to act; None unless the task is binary.
        split_says: how development and test rows were divided.
        findings: what is worth knowing about the data.
        seconds: of the whole step.
        next_step: the command to type next.
    """

    problem: Problem
    bundle_id: str
    version: int
    path: Path
    ladder: Ladder
    calibration_says: str
    threshold: ThresholdChoice | None
    split_says: tuple[str, ...]
    findings: tuple[Finding, ...]
    seconds: float
    next_step: str


@verb
def train(
    problem: Path | str = "milepost.toml",
    *,
    seed: int = 0,
    workers: int | None = None,
    clock: Clock = wall_clock,
    listener: Listener = silent,
) -> Trained:
    """Return a bundle that was earned rung by rung, stored with its evidence and ready to be judged.

    Args:
        problem: path of the problem file.
        seed: of every random choice but the split; the same seed gives the same bundle_id at any number of workers.
        workers: folds at once; None takes all cores.
        clock: gives the time of the decisions.
        listener: hears the progress.

    Raises:
        MilepostError: the problem, the data or an expression is wrong; nothing is stored then.
        EnvironmentFault: the disk refused, or the registry does not answer.
    """
    start = time.perf_counter()
    opened = open_problem(Path(problem), listener=listener)
    listener(Event("store", "reaching the registry"))  # not to find out at the end of a long climb
    store_of(opened.problem).connect()
    development = opened.rows(opened.split.development)
    findings = notice(opened, development, seed=seed, listener=listener)
    learned = learn(opened, development, seed=seed, workers=workers, listener=listener)
    sweep(opened.workspace.climbs, now=clock())  # not before: now the folds that were just used are the newest
    summary = profile(development.lazy(), opened.schema)
    stored = store_trained(opened, learned, findings, summary, seed=seed, clock=clock, listener=listener)
    return Trained(
        problem=opened.problem,
        bundle_id=stored.bundle_id,
        version=stored.version,
        path=stored.path,
        ladder=learned.climb.ladder,
        calibration_says=learned.calibration.says,
        threshold=learned.threshold,
        split_says=opened.split.says,
        findings=findings,
        seconds=time.perf_counter() - start,
        next_step=next_step("evaluate", problem),
    )
