"""What is worth knowing about a problem's data, gathered from every step that looked at it."""

from __future__ import annotations

import numpy as np
import polars as pl

from milepost.api.opening import Opened
from milepost.data.batches import rows_at
from milepost.data.findings import Finding
from milepost.data.unanswered import about_unanswered
from milepost.explore.beyond import about_beyond
from milepost.explore.findings import explore
from milepost.explore.undefined import about_undefined
from milepost.ground.events import Listener
from milepost.ground.seeds import derived

MOST_TEST_ROWS = 50_000  # whose inputs are looked at


def notice(opened: Opened, rows: pl.DataFrame, *, seed: int, listener: Listener) -> tuple[Finding, ...]:
    """Return the findings of reading, splitting and exploring.

    Args:
        opened: the problem.
        rows: its development rows, or a sample of them.
        seed: of samples.
        listener: hears the progress.
    """
    explored = explore(rows, opened.schema, seed=seed, listener=listener)
    known = opened.dataset.findings
    unanswered = any(finding.code == "target-missing" for finding in known)
    beside = about_unanswered(opened.dataset.frame, opened.schema) if unanswered else ()
    found = (
        *known,
        *opened.split.findings,
        *beside,
        *about_beyond(_test_inputs(opened, seed), opened.schema),
        *explored,
        *about_undefined(rows, opened.derived),
    )
    events = {finding.column for finding in found if finding.code == "split-known-at-of-one-answer"}
    return tuple(one for one in found if one.code != "time-missing" or one.column not in events)  # said better there


def _test_inputs(opened: Opened, seed: int) -> pl.DataFrame:
    """Return what the test rows are asked about, or a sample of them: features alone, so that targets stay closed."""
    names = [column.name for column in opened.schema.with_role("feature")]
    rows = opened.split.test
    if len(rows) > MOST_TEST_ROWS:
        rows = np.sort(np.random.default_rng(derived(seed, "test inputs")).choice(rows, MOST_TEST_ROWS, replace=False))
    return rows_at(opened.dataset.frame.select(names), rows, opened.dataset.rows).collect(engine="streaming")
