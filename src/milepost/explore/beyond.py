"""Test rows whose inputs lie beyond what development rows showed: a model can only guess there.

month   1 to 9 in development rows, 10 to 12 in all test rows of a split by time
"""

from __future__ import annotations

import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Column, Schema
from milepost.explore.several import measured, only
from milepost.ground.text import figure, share

OFTEN = 0.05  # share of the test rows
FEWEST_ROWS = 20  # test rows; of fewer, one in twenty may be one
ALL_LEVELS = 10_000  # a category with so many kept levels may have had others


def about_beyond(test: pl.DataFrame, schema: Schema) -> list[Finding]:
    """Return what more than one in twenty test rows hold that no development row held.

    Args:
        test: inputs of test rows; what the targets are is not looked at.
        schema: with what development rows showed.
    """
    if len(test) < FEWEST_ROWS:
        return []
    features = [column for column in schema.with_role("feature") if column.name in test.columns]
    numbers = _often(test, [one for one in features if one.kind == "number" and one.lo is not None])
    labels = _often(test, [one for one in features if one.kind == "category" and 0 < len(one.levels) < ALL_LEVELS])
    return [*_of_numbers(test, numbers, schema), *_of_labels(labels)]


def _often(test: pl.DataFrame, columns: list[Column]) -> dict[str, float]:
    """Return the share of test rows that are beyond, for each column where it is large; the largest first."""
    if not columns:
        return {}
    shares = test.select(_is_beyond(column).fill_null(False).mean().alias(column.name) for column in columns)
    found = {name: float(part) for name, part in shares.row(0, named=True).items() if part > OFTEN}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _is_beyond(column: Column) -> pl.Expr:
    values = pl.col(column.name)
    if column.kind == "category":
        return values.is_not_null() & ~values.cast(pl.String).is_in(list(column.levels))
    return (values < column.lo) | (values > column.hi)


def _of_numbers(test: pl.DataFrame, beyond: dict[str, float], schema: Schema) -> list[Finding]:
    if not beyond:
        return []
    name = next(iter(beyond))
    column = schema.column(name)
    lowest, highest = float(test[name].min()), float(test[name].max())  # type: ignore[arg-type]
    learned, tested = (
        f"{figure(lo)} to {figure(hi)}" for lo, hi in ((column.lo or 0, column.hi or 0), (lowest, highest))
    )
    return [
        Finding(
            "beyond-what-was-learned",
            "warn",
            only(list(beyond)),
            f"Numbers of many test rows lie beyond those of all development rows: {_measured(beyond)} of the rows. "
            f"`{name}` is {learned} in development rows, {tested} in test rows.",
            {"columns": len(beyond), "largest": next(iter(beyond.values()))},
            "A calendar column or a counter that only grows says nothing about what is to come: use a part that comes "
            "again, such as the weekday, or leave it out by exclude under [data].",
        )
    ]


def _of_labels(beyond: dict[str, float]) -> list[Finding]:
    if not beyond:
        return []
    return [
        Finding(
            "beyond-what-was-learned",
            "warn",
            only(list(beyond)),
            f"Many test rows hold labels that no development row held: {_measured(beyond)} of the rows.",
            {"columns": len(beyond), "largest": next(iter(beyond.values()))},
            "A model knows nothing of a new label: leave the column out by exclude under [data], or use a coarser one.",
        )
    ]


def _measured(beyond: dict[str, float]) -> str:
    return measured({name: share(part) for name, part in beyond.items()})
