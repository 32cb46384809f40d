"""Whatever holds rows becomes canonical values: a Polars, pandas or Arrow table, or a list of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.column_rows import ColumnRows
from milepost.predictor.frames import CANONICAL, canonical_frame
from milepost.predictor.inputs import Canonical, compile_gate, reader_of, refuse_missing
from milepost.predictor.wording import Wording

Gate = Callable[[Mapping[str, Any]], tuple[Canonical, list[str]]]


def canonical_table(table: Any, schema: Schema, wordings: Mapping[str, Wording]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the inputs of each row as canonical values, and the flags of each row.

    Args:
        table: a Polars frame, a pandas frame, an Arrow table, or a list of rows.
        schema: of the inputs.
        wordings: how each input may be written.

    Raises:
        MilepostError: it is no table, an input is absent, or a value cannot be read.
    """
    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    if isinstance(table, pl.DataFrame):
        return canonical_frame(table, schema, wordings)
    if type(table).__module__.split(".")[0] == "pandas":
        return canonical_frame(_from_pandas(table, schema, wordings), schema, wordings)
    if hasattr(table, "__arrow_c_stream__"):
        return canonical_frame(pl.DataFrame(table), schema, wordings)
    if isinstance(table, Sequence) and not isinstance(table, str | bytes):
        return canonical_rows(table, schema, wordings)
    raise MilepostError(
        f"A {type(table).__name__} is no table.",
        where="the table to be answered",
        fix="Give a Polars or pandas frame, an Arrow table, or a list of rows.",
    )


def canonical_rows(
    rows: Sequence[Mapping[str, Any]], schema: Schema, wordings: Mapping[str, Wording]
) -> tuple[pl.DataFrame, pl.Series]:
    """Return what canonical_frame returns, for rows.

    Rows whose values need no look one by one go as columns; where one does, all go through the gate of one row, which
    gives the same and names what is wrong by its field.
    """
    plain = _plain_columns(rows, schema)
    if plain is not None:
        with suppress(MilepostError):
            return canonical_frame(plain, schema, wordings)
    return gated_rows(rows, schema, compile_gate(schema, wordings))


def gated_rows(rows: Sequence[Mapping[str, Any]], schema: Schema, read: Gate) -> tuple[pl.DataFrame, pl.Series]:
    """Return what canonical_frame returns, for rows read one by one; for few of them that is faster.

    Args:
        rows: raw values by name.
        schema: of the inputs.
        read: the gate of one row.
    """
    gated = [read(row) for row in rows]
    columns = [
        pl.Series(column.name, [values[column.name] for values, _ in gated], dtype=CANONICAL[column.dtype])
        for column in schema.columns
    ]
    flags = pl.Series("flags", [noted for _, noted in gated], dtype=pl.List(pl.String))
    return pl.DataFrame(columns or None, height=len(rows)), flags


def _plain_columns(rows: Sequence[Mapping[str, Any]], schema: Schema) -> pl.DataFrame | None:
    """Return rows as columns of one plain type each; None where a row or a value is of another kind."""
    columns = []
    try:
        for column, values in zip(schema.columns, _by_column(rows, schema.names), strict=True):
            is_number = column.dtype in ("integer", "float")
            if is_number and not set(map(type, values)) <= {float, int, type(None)}:
                return None
            # numpy reads None as NaN, which is missing, and rounds large integers as float() does
            columns.append(
                pl.Series(column.name, np.array(values, dtype=np.float64))
                if is_number
                else pl.Series(column.name, values, dtype=pl.Boolean if column.dtype == "boolean" else pl.String)
            )  # of which Polars takes no other values
    except (KeyError, TypeError, IndexError, OverflowError, UnicodeEncodeError):
        return None
    return pl.DataFrame(columns or None, height=len(rows))


def _by_column(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterable[Sequence[Any]]:
    """Return the values of each column; each row is looked at once, while it is near."""
    if isinstance(rows, ColumnRows):
        return [rows.columns[name] for name in names]
    if len(names) < 2 or not rows:
        return [[row[name] for row in rows] for name in names]
    return zip(*map(itemgetter(*names), rows), strict=True)


def _from_pandas(table: Any, schema: Schema, wordings: Mapping[str, Wording]) -> pl.DataFrame:
    """Return the inputs of a pandas frame, without its helper pyarrow, which need not be installed."""
    names = [str(name) for name in table.columns]
    refuse_missing(schema, names)
    columns = [_series_of(table[column.name], column, wordings[column.name]) for column in schema.columns]
    return pl.DataFrame(columns or None, height=len(table))


def _series_of(values: Any, column: Column, wording: Wording) -> pl.Series:
    """Return a pandas column; one of mixed values goes through the gate of one row value by value."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiubM":
        return pl.Series(column.name, values.to_numpy())
    plain = values.astype(object).where(values.notna(), None).tolist()
    try:
        return pl.Series(column.name, plain, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        read = reader_of(column, wording)
        return pl.Series(column.name, [read(value, []) for value in plain], dtype=CANONICAL[column.dtype])
