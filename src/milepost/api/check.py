"""The verb `check`: does the problem make sense, before anything is trained."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.noticing import notice
from milepost.api.opening import Opened, open_problem
from milepost.data.folds import make_folds, suggested, variance_units
from milepost.data.labels import truth
from milepost.draft.planning import alike_rows, losses_of_nothing
from milepost.draft.sense import Sense, make_sense
from milepost.ground.events import Event, Listener, silent
from milepost.ground.seeds import derived
from milepost.problem.read import FILE_NAME
from milepost.show.notebook import Shows

MOST_ROWS = 50_000  # development rows that are looked at


class Checked(Shows, Sense):
    """What `check` leaves: a Sense that shows itself."""

    __slots__ = ()


@verb
def check(problem: Path | str = FILE_NAME, *, seed: int = 0, listener: Listener = silent) -> Checked:
    """Return whether the problem at a path makes sense: what is free, what can be verified, what contradicts itself.

    The targets of test rows stay closed: what they will show is planned from development rows.

    Args:
        problem: path of the problem file.
        seed: of samples.
        listener: hears the progress.

    Raises:
        MilepostError: the problem, its table or its split is wrong, or the problem contradicts itself.
    """
    path = Path(problem)
    opened = open_problem(path, listener=listener)
    rows = _looked_at(opened, seed)
    _refuse_no_folds(opened, rows, seed)
    frame = opened.rows(rows)
    findings = notice(opened, frame, seed=seed, listener=listener)
    listener(Event("check", "holding the criteria against what comes for free"))
    sense = make_sense(
        opened.problem,
        opened.schema,
        opened.split,
        frame,
        frame.select(truth(opened.schema)).to_series().to_numpy(),
        derived=opened.derived,
        rule=opened.rule,
        alike=_alike(opened),
        findings=findings,
    )
    mended = f"mend what is marked, then: {next_step('check', path)}"
    next_one = mended if sense.outcome == "mend first" else next_step("train", path)
    return Checked(**{one.name: getattr(sense, one.name) for one in fields(sense)} | {"next_step": next_one})


def _looked_at(opened: Opened, seed: int) -> np.ndarray:
    """Return the development rows to look at, ascending: all of them, or a sample of many."""
    rows = opened.split.development
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(derived(seed, "check")).choice(rows, MOST_ROWS, replace=False))


def _refuse_no_folds(opened: Opened, rows: np.ndarray, seed: int) -> None:
    """Refuse rows that do not make the folds that models are compared on.

    Raises:
        MilepostError: not even two folds can be trained and validated.
    """
    count, _ = suggested(len(rows), len(rows), opened.problem.climb.budget)
    make_folds(replace(opened.split, development=rows), opened.keys, opened.request, count=count, repeats=1, seed=seed)


def _alike(opened: Opened) -> float:
    """Return how many test rows tell as much as one independent row, judged by as many development rows."""
    rows = opened.split.development
    if opened.split.folds_by == "time":  # the newest, so that blocks of time are as long as those of the test
        times = opened.keys[str(opened.request.time)].to_numpy()[rows]
        rows = np.sort(rows[np.argsort(times, kind="stable")[-len(opened.split.test) :]])
    units = variance_units(opened.split, opened.keys, opened.request, rows)
    answers = opened.keys[rows].select(truth(opened.schema)).to_series().to_numpy()
    return alike_rows(losses_of_nothing(answers, opened.schema.task), units)
