"""What is worth knowing about a problem's data, gathered from every step that looked at it."""

from __future__ import annotations

import polars as pl

from milepost.api.opening import Opened
from milepost.data.findings import Finding
from milepost.explore.findings import explore
from milepost.explore.undefined import about_undefined
from milepost.ground.events import Listener


def notice(opened: Opened, rows: pl.DataFrame, *, seed: int, listener: Listener) -> tuple[Finding, ...]:
    """Return the findings of reading, splitting and exploring.

    Args:
        opened: the problem.
        rows: its development rows, or a sample of them.
        seed: of samples.
        listener: hears the progress.
    """
    explored = explore(rows, opened.schema, seed=seed, listener=listener)
    return (*opened.dataset.findings, *opened.split.findings, *explored, *about_undefined(rows, opened.derived))
