"""Does what a problem says of time fit its rows: history, horizon, delay, the moments of prediction and of truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.ground.text import listed, share, span
from milepost.problem.spec import Problem

SHORT = 3  # spans of horizon and delay that a history should hold
SOME = 0.01  # share of the rows
_DAY = timedelta(days=1)


def check_time(problem: Problem, frame: pl.DataFrame, schema: Schema) -> tuple[Finding, ...]:
    """Return what is odd about what a problem says of time.

    Args:
        problem: the contract.
        frame: development rows.
        schema: of the rows.
    """
    if problem.data.time is None:
        return tuple(_without_time(problem, schema))
    return (*_history(problem, frame), *_truth_before(problem, frame))


def _moments(frame: pl.DataFrame, column: str) -> np.ndarray:
    """Return the known times of a column in seconds since 1970, shape (times,)."""
    return frame[column].cast(pl.Datetime("us")).to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy() / 1e6


def _history(problem: Problem, frame: pl.DataFrame) -> Iterator[Finding]:
    times, embargo = _moments(frame, str(problem.data.time)), problem.embargo.total_seconds()
    seconds = float(np.nanmax(times) - np.nanmin(times)) if np.isfinite(times).any() else 0.0
    if embargo and seconds < SHORT * embargo:
        says = (
            f"The development rows span {span(seconds)}, and an outcome takes {span(embargo)} to be known: few of them "
            "lie before others whose outcome was known by then."
        )
        evidence: dict[str, float | int | str] = {"days": seconds / 86_400, "embargo_days": embargo / 86_400}
        do = "Bring older rows, or check horizon and label_delay."
        yield Finding("history-short", "warn", problem.data.time, says, evidence, do)


def _truth_before(problem: Problem, frame: pl.DataFrame) -> Iterator[Finding]:
    known_at, time = problem.data.known_at, str(problem.data.time)
    if known_at is None or not frame[known_at].dtype.is_temporal():
        return
    early = float(np.mean(_moments(frame, known_at) < _moments(frame, time)))
    if early > SOME:
        says = f"In {share(early)} of the rows the truth was recorded (`{known_at}`) before the prediction (`{time}`)."
        yield Finding("known-before-time", "warn", known_at, says, {"share": early}, "Check which column is which.")


def _without_time(problem: Problem, schema: Schema) -> Iterator[Finding]:
    horizon, known_at = problem.aim.horizon, problem.data.known_at
    times = [column.name for column in schema.columns if column.kind == "time" and column.role == "feature"]
    if known_at:
        says = f"`{known_at}` says when the truth was recorded, but no time says when the prediction was made."
        yield Finding("known-at-without-time", "warn", known_at, says, {}, "Name time under [data].")
    if times:
        held = f"{listed([f'`{name}`' for name in times], most=3)} {'holds' if len(times) == 1 else 'hold'} times"
        says = f"{held}, but no time of prediction is named."
        do = "If rows came one after the other, name it as time under [data], so that the test rows are the newest."
        yield Finding("time-not-named", "note", times[0], says, {"columns": len(times)}, do)
    if horizon:
        says = (
            f"The answer is meant within {span(horizon.total_seconds())}, but rows have no time: nothing checks that "
            "every column was known before that span began."
        )
        do = "Ask when each column was filled in; exclude what was written down afterwards."
        yield Finding("horizon-without-time", "note", None, says, {"days": horizon / _DAY}, do)
