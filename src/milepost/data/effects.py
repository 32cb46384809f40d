"""What the declared repairs of a problem file change: in how many rows, and which change nothing.

pdays = "999 is missing"  ->  Finding("repair-declared", "… changes 6,500 rows.")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from milepost.data.declared import Declared
from milepost.data.findings import Finding
from milepost.data.repairs import Repair, as_polars
from milepost.ground.text import counted


def declared_effects(
    raw: pl.LazyFrame, repairs: Iterable[Repair], declared: Mapping[str, Declared]
) -> tuple[Finding, ...]:
    """Return a finding for each declared repair that names values: in how many rows they are."""
    said = [each for each in repairs if (each.missing or _pairs(each, declared)) and each.column in declared]
    if not said:
        return ()
    types = raw.collect_schema()
    rows = raw.select(_changed(each, declared, types[each.column]).alias(each.column) for each in said)
    counts = rows.collect(engine="streaming").row(0, named=True)
    return tuple(_effect(declared[name], int(n or 0)) for name, n in counts.items())


def _pairs(repair: Repair, declared: Mapping[str, Declared]) -> tuple[tuple[str, str], ...]:
    return declared[repair.column].spellings if repair.column in declared else ()


def _changed(repair: Repair, declared: Mapping[str, Declared], source: pl.DataType) -> pl.Expr:
    """Return how many rows the declared part of a repair changes."""
    pairs = tuple(pair for pair in repair.spellings if pair not in _pairs(repair, declared))
    without = as_polars(replace(repair, missing=(), spellings=pairs), source)
    return as_polars(repair, source).ne_missing(without).sum()


def _effect(said: Declared, rows: int) -> Finding:
    if not rows:
        return Finding(
            "repair-without-effect", "warn", said.column, f"The declared repair {said.text!r} changes no row.",
            {"rows": 0}, "Check its spelling, or delete it.",
        )  # fmt: skip
    says = f"The declared repair {said.text!r} changes {counted(rows, 'row')}."
    return Finding("repair-declared", "note", said.column, says, {"rows": rows})
