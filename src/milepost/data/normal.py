"""What normal values look like, learned on development rows: how much is missing, from where to where, which labels."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from milepost.data.kinds import as_seconds
from milepost.data.repairs import TYPES
from milepost.data.schema import Column, Schema

LEVELS = 10_000  # labels that are kept of a category


def learn_schema(frame: pl.LazyFrame, schema: Schema) -> Schema:
    """Return schema with what is normal in frame: missing share, lowest and highest value, levels.

    Args:
        frame: development rows of an understood table, lazy.
        schema: of that table.
    """
    present = set(frame.collect_schema().names())
    columns = [column for column in schema.columns if column.name in present]
    categories = [column.name for column in columns if column.kind == "category" and column.dtype == "text"]
    sums = [each for place, column in enumerate(columns) for each in _sums(place, column)]
    totals, *counts = pl.collect_all(
        [frame.select(pl.len().alias("rows"), *sums), *(_levels(frame, name) for name in categories)],
        engine="streaming",
    )
    found = totals.row(0, named=True)
    levels = {name: tuple(count["label"]) for name, count in zip(categories, counts, strict=True)}
    learned = {
        column.name: replace(
            column,
            missing_share=found[f"{place} missing"] / found["rows"] if found["rows"] else 0.0,
            lo=found.get(f"{place} lo"),
            hi=found.get(f"{place} hi"),
            levels=levels.get(column.name, ()),
        )
        for place, column in enumerate(columns)
    }
    return replace(schema, columns=tuple(learned.get(column.name, column) for column in schema.columns))


def _sums(place: int, column: Column) -> list[pl.Expr]:
    values = pl.col(column.name)
    sums = [values.null_count().alias(f"{place} missing")]
    if column.dtype in ("integer", "float", "date", "datetime"):
        number = as_seconds(values, TYPES[column.dtype])
        sums += [number.min().alias(f"{place} lo"), number.max().alias(f"{place} hi")]
    return sums


def _levels(frame: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """Return the labels of a category, most frequent first; of equals the first in the alphabet."""
    counted = frame.select(label=pl.col(name)).drop_nulls().group_by("label").len()
    return counted.top_k(LEVELS, by=["len", "label"], reverse=[False, True]).sort(
        ["len", "label"], descending=[True, False]
    )
