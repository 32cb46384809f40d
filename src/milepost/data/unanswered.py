"""Columns that are empty where the answer is: they are probably written down together with it.

arr_delay missing in 9,430 flights, air_time in the same ones  ->  air_time is known when the flight has landed
"""

from __future__ import annotations

import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.ground.text import counted, listed

MOSTLY, HARDLY = 0.8, 0.02  # share of empty values in rows without, and with, an answer
FEWEST = 10  # rows without an answer


def empty_with_answer(frame: pl.LazyFrame, schema: Schema) -> tuple[str, ...]:
    """Return the features that are empty where the answer is missing, and hardly ever else, in the table's order.

    Args:
        frame: the table, with the rows that have no answer.
        schema: what its columns are.
    """
    names = [column.name for column in schema.with_role("feature")]
    is_open = pl.col(schema.target.name).is_null()
    both = [(pl.col(name).is_null() & is_open).sum() for name in names]
    gaps = [pl.col(name).is_null().sum() for name in names]
    row = frame.select(
        pl.len().cast(pl.Int64).alias("__rows__"),
        is_open.sum().cast(pl.Int64).alias("__open__"),
        pl.concat_list(both).alias("__both__") if names else pl.lit([]).alias("__both__"),
        pl.concat_list(gaps).alias("__gaps__") if names else pl.lit([]).alias("__gaps__"),
    ).collect(engine="streaming")
    rows, unanswered = int(row["__rows__"].item()), int(row["__open__"].item())
    if unanswered < FEWEST or unanswered == rows:
        return ()
    return tuple(
        name
        for name, together, empty in zip(names, row["__both__"][0], row["__gaps__"][0], strict=True)
        if together >= MOSTLY * unanswered and empty - together <= HARDLY * (rows - unanswered)
    )


def about_unanswered(frame: pl.LazyFrame, schema: Schema) -> tuple[Finding, ...]:
    """Return what is said of columns that are empty where the answer is: one finding, or none."""
    names = empty_with_answer(frame, schema)
    if not names:
        return ()
    listing = listed([f"`{name}`" for name in names], most=5)
    says = (
        f"Where `{schema.target.name}` has no value, {listing} {'has' if len(names) == 1 else 'have'} none either: "
        f"{counted(len(names), 'column that is', 'columns that are')} probably written down together with the answer."
    )
    do = "Leave them out (exclude under [data]) unless they are known when predicting."
    column = names[0] if len(names) == 1 else None
    return (Finding("leak-with-answer", "warn", column, says, {"columns": len(names)}, do),)
