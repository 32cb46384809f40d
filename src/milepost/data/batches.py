"""A table in pieces of bounded size, and a bounded sample of its rows: both the same at every number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

ROWS = 131_072  # rows of a piece; with 20 columns of text about 50 MB
SAMPLE = 200_000  # rows of a sample; a share is then known to within 0.1 % (one standard error)

Pieces = Iterator[pl.DataFrame]


def batches(frame: pl.LazyFrame, *, rows: int = ROWS) -> Pieces:
    """Give the table in its order, in pieces of about rows rows; the memory taken does not grow with the table."""
    for piece in frame.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming"):
        yield from piece.iter_slices(rows) if piece.height > rows else (piece,)


def in_pieces(frame: pl.LazyFrame, change: Callable[[pl.LazyFrame], pl.LazyFrame], *, rows: int = ROWS) -> pl.LazyFrame:
    """Return the table that change makes, computed piece by piece when it is read or written.

    For a change of single rows that takes much memory for each of them: Polars' own pieces would pile up.
    """

    def source(columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _: int | None) -> Pieces:
        changed = (change(piece.lazy()).collect(engine="in-memory") for piece in batches(frame, rows=rows))
        return _asked(changed, columns, predicate, most)

    return register_io_source(source, schema=change(frame).collect_schema())


def rows_where(frame: pl.LazyFrame, wanted: np.ndarray, *, rows: int = ROWS) -> pl.LazyFrame:
    """Return the rows that are wanted, picked piece by piece when they are read.

    Polars would hold a filter by a whole column, and the table with it, in memory.

    Args:
        frame: the table.
        wanted: bool, shape (rows of the table,).
        rows: of a piece.
    """

    def picked(columns: list[str]) -> Pieces:
        start = 0
        for piece in batches(frame.select(columns), rows=rows):
            yield piece.filter(pl.Series(wanted[start : start + piece.height]))
            start += piece.height

    def source(columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _: int | None) -> Pieces:
        asked = [*(columns or names), *(() if predicate is None else predicate.meta.root_names())]
        return _asked(picked(list(dict.fromkeys(asked))), columns, predicate, most)

    names = frame.collect_schema().names()
    return register_io_source(source, schema=frame.collect_schema())


def rows_at(frame: pl.LazyFrame, numbers: np.ndarray, height: int) -> pl.LazyFrame:
    """Return the rows at ascending row numbers, picked piece by piece when they are read.

    Args:
        frame: the table.
        numbers: of the wanted rows.
        height: rows of the table.
    """
    wanted = np.zeros(height, dtype=bool)
    wanted[numbers] = True
    return rows_where(frame, wanted)


def _asked(pieces: Pieces, columns: list[str] | None, predicate: pl.Expr | None, most: int | None) -> Pieces:
    """Give what Polars asks of a source: some columns, the rows that a predicate keeps, the first few rows."""
    for whole in pieces:
        piece = whole if predicate is None else whole.filter(predicate)
        piece = piece if most is None else piece.head(most)
        yield piece if columns is None else piece.select(columns)
        if most is not None:
            most -= piece.height
            if most <= 0:
                return


def sample(frame: pl.LazyFrame, rows: int, *, most: int = SAMPLE) -> pl.DataFrame:
    """Return at most about most rows, in their order, spread over the table by their row numbers alone.

    Args:
        frame: the table.
        rows: how many rows it has.
        most: how many to take; a table with no more rows comes back whole.
    """
    if rows <= most:
        return frame.collect(engine="streaming")
    # Fibonacci hashing: multiples of 2**32 / golden ratio fall evenly, so no period of the table is hit or missed
    place = (pl.col("__row__").cast(pl.UInt64) * 2_654_435_769) % 2**32
    kept = place < int(2**32 * most / rows)
    return frame.with_row_index("__row__").filter(kept).drop("__row__").collect(engine="streaming")
