"""Domain features that have no value where everything that they read has one, as after a division by zero."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import Expression
from milepost.data.findings import Finding, Severity
from milepost.ground.text import counted, share

MOSTLY = 0.5  # share of the rows


def about_undefined(frame: pl.DataFrame, derived: Mapping[str, Expression]) -> tuple[Finding, ...]:
    """Return a finding for each feature that is missing in rows whose columns are not.

    Args:
        frame: development rows.
        derived: the features, parsed.
    """
    found = (_finding(frame, name, expression) for name, expression in derived.items())
    return tuple(finding for finding in found if finding)


def _finding(frame: pl.DataFrame, name: str, expression: Expression) -> Finding | None:
    known = [pl.col(column).is_not_null() for column in expression.columns]
    undefined = pl.all_horizontal(*known, as_polars(expression.tree).is_null())
    rows = int(frame.select(undefined.sum()).item())
    if not rows:
        return None
    part = rows / frame.height
    says = (
        f"The feature `{name}` has no value in {counted(rows, 'row')} ({share(part)}) although all that it reads is "
        "known, as after a division by zero; it counts as missing there."
    )
    do = "Nothing, if that is meant; otherwise say what it should be: COALESCE(…, 0)."
    severity: Severity = "warn" if part >= MOSTLY else "note"
    return Finding("feature-undefined", severity, name, says, {"rows": rows, "share": part}, do)
