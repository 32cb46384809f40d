"""All findings about development rows, the ones to act on first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from milepost.data.findings import Finding
from milepost.data.leaks import suspected_leaks
from milepost.data.power import bench
from milepost.data.schema import Schema
from milepost.explore.answers import about_answers
from milepost.explore.drift import about_drift
from milepost.explore.gaps import about_gaps
from milepost.explore.levels import about_levels
from milepost.explore.numbers import about_numbers
from milepost.explore.repeats import about_repeats
from milepost.ground.events import Event, Listener, silent

_SEVERITIES = ("stop", "warn", "note")


def explore(frame: pl.DataFrame, schema: Schema, *, seed: int, listener: Listener = silent) -> tuple[Finding, ...]:
    """Return what is worth knowing about development rows: "stop" before "warn" before "note".

    Args:
        frame: development rows in the table's order, with their target; never test rows.
        schema: what the columns are.
        seed: decides which rows are sampled.
        listener: hears what is looked at.
    """
    known = frame.filter(pl.col(schema.target.name).is_not_null())
    steps: Sequence[tuple[str, Callable[[], Sequence[Finding]]]] = (
        ("leaks", lambda: suspected_leaks(known, schema, seed=seed)),
        ("answers", lambda: about_answers(known, schema)),
        ("change over time", lambda: about_drift(known, schema)),
        ("missing values", lambda: about_gaps(known, schema, bench(known, schema, seed=seed))),
        ("repeated rows", lambda: about_repeats(known, schema)),
        ("numbers", lambda: about_numbers(known, schema, seed=seed)),
        ("categories", lambda: about_levels(known, schema)),
    )
    found: list[Finding] = []
    for done, (name, look) in enumerate(steps):
        listener(Event("explore", name, done, len(steps)))
        found += look() if len(known) else []
    listener(Event("explore", "done", len(steps), len(steps)))
    return tuple(sorted(found, key=lambda finding: _SEVERITIES.index(finding.severity)))
