"""Rows that repeat: whole copies, and equal rows with different answers."""

from __future__ import annotations

import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.ground.text import counted, share

WORTH_A_WORD, WORTH_A_LOOK = 0.005, 0.05  # shares of rows


def about_repeats(frame: pl.DataFrame, schema: Schema) -> list[Finding]:
    """Return what repeated rows show."""
    features = [column.name for column in schema.features if column.name in frame.columns]
    if not features:
        return []
    target = schema.target.name
    looks = frame.select(pl.struct(features).hash(seed=0).alias("look"), pl.col(target).hash(seed=0).alias("answer"))
    kinds = looks.group_by("look", "answer").len()
    copies = len(looks) - len(kinds)
    found = [_copies(copies, len(frame))] if copies >= WORTH_A_WORD * len(frame) and copies else []
    if schema.task != "regression":
        best = int(kinds.group_by("look").agg(pl.col("len").max())["len"].sum())
        found += _conflicts(len(frame) - best, len(frame), target)
    return found


def _copies(copies: int, rows: int) -> Finding:
    return Finding(
        "repeated-rows",
        "note",
        None,
        f"{counted(copies, 'row')} ({share(copies / rows)}) repeat{'s' if copies == 1 else ''} an earlier row, answer "
        "included.",
        {"rows": copies, "share": copies / rows},
        "Check whether one case was recorded twice; if so, remove the copies.",
    )


def _conflicts(wrong: int, rows: int, target: str) -> list[Finding]:
    if wrong < WORTH_A_WORD * rows or not wrong:
        return []
    return [
        Finding(
            "conflicting-answers",
            "warn" if wrong >= WORTH_A_LOOK * rows else "note",
            None,
            f"Rows that look exactly alike have different answers in `{target}`: no model can be right on more than "
            f"{share(1 - wrong / rows)} of these rows.",
            {"rows": wrong, "share": wrong / rows},
            "Look for a feature that tells such rows apart.",
        )
    ]
