"""Categories and columns with hardly any variety: many levels, rare levels, nearly one value."""

from __future__ import annotations

import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.explore.several import measured, only
from milepost.ground.text import count, share

NEARLY_ONE = 0.995  # share of rows with one value
MANY = 50  # levels
RARE_ROWS = 10  # fewer rows of a level and little can be learned about it
RARE_SHARE = 0.02  # of rows in rare levels, from which it is worth a word


def about_levels(frame: pl.DataFrame, schema: Schema) -> list[Finding]:
    """Return what the variety of values shows."""
    many: dict[str, str] = {}
    rare: dict[str, str] = {}
    one: dict[str, str] = {}
    for column in schema.with_role("feature"):
        if column.name not in frame.columns:
            continue
        counts = frame[column.name].value_counts(sort=True, name="__rows__")["__rows__"]
        if len(counts) > 1 and counts[0] >= NEARLY_ONE * len(frame):
            one[column.name] = share(int(counts[0]) / len(frame))
        if column.kind != "category":
            continue
        if len(counts) > MANY:
            many[column.name] = f"{count(len(counts))} levels"
        in_rare = int(counts.filter(counts < RARE_ROWS).sum()) / len(frame)
        if in_rare >= RARE_SHARE:
            rare[column.name] = share(in_rare)
    return [*_nearly_one(one), *_many(many), *_rare(rare)]


def _nearly_one(one: dict[str, str]) -> list[Finding]:
    if not one:
        return []
    says = f"Nearly every row has the same value: {measured(one)}. Such columns can hardly help."
    return [Finding("nearly-constant", "note", only(list(one)), says, {"columns": len(one)})]


def _many(many: dict[str, str]) -> list[Finding]:
    if not many:
        return []
    says = (
        f"Categories with many levels: {measured(many)}. Models see them by how often and with which answers they come."
    )
    return [Finding("many-levels", "note", only(list(many)), says, {"columns": len(many)})]


def _rare(rare: dict[str, str]) -> list[Finding]:
    if not rare:
        return []
    says = f"Rows whose level has fewer than {RARE_ROWS} rows: {measured(rare)}. Models treat such levels as one."
    return [Finding("rare-levels", "note", only(list(rare)), says, {"columns": len(rare)})]
