"""A table in pieces of bounded size, and a bounded sample of its rows: both the same at every number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
from polars.io.plugins import register_io_source

ROWS = 131_072  # rows of a piece; with 20 columns of text about 50 MB
SAMPLE = 200_000  # rows of a sample; a share is then known to within 0.1 % (one standard error)


def batches(frame: pl.LazyFrame, *, rows: int = ROWS) -> Iterator[pl.DataFrame]:
    """Give the table in its order, in pieces of about rows rows; the memory taken does not grow with the table."""
    for piece in frame.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming"):
        yield from piece.iter_slices(rows) if piece.height > rows else (piece,)


def in_pieces(frame: pl.LazyFrame, change: Callable[[pl.LazyFrame], pl.LazyFrame], *, rows: int = ROWS) -> pl.LazyFrame:
    """Return the table that change makes, computed piece by piece when it is read or written.

    For a change of single rows that takes much memory for each of them: Polars' own pieces would pile up.
    """

    def source(columns: list[str] | None, predicate: pl.Expr | None, *_: int | None) -> Iterator[pl.DataFrame]:
        for piece in batches(frame, rows=rows):
            changed = change(piece.lazy()) if predicate is None else change(piece.lazy()).filter(predicate)
            yield (changed if columns is None else changed.select(columns)).collect(engine="in-memory")

    return register_io_source(source, schema=change(frame).collect_schema())


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
