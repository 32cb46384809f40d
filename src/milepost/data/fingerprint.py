"""The content hash of a table: the same rows in the same order give the same 64 digits on every machine.

Each column is hashed as a stream of bytes: its values in little-endian order (missing as zero), the lengths of its
texts, and which rows have a value. Pieces, threads and package versions leave no trace in it.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from milepost.data.batches import batches
from milepost.data.kinds import dtype_of
from milepost.ground.files import canonical_json, hash_of_text

_FORM = 1  # rises when the same table would get another hash


class _ColumnHash:
    """The running hash of one column."""

    def __init__(self, name: str, dtype: pl.DataType) -> None:
        self.name, self.dtype = name, dtype_of(dtype)
        self._values, self._present = hashlib.sha256(), hashlib.sha256()

    def add(self, column: pl.Series) -> None:
        present = column.is_not_null()
        self._present.update(present.to_numpy().astype(np.uint8).tobytes())
        if self.dtype == "text":
            texts = column.fill_null("")
            self._present.update(texts.str.len_bytes().to_numpy().astype("<u4").tobytes())
            self._values.update((texts.str.join("").item() or "").encode())
        else:
            self._values.update(_numbers(column, self.dtype).tobytes())

    def digest(self) -> list[str]:
        return [self.name, self.dtype, self._values.hexdigest(), self._present.hexdigest()]


def fingerprint(frame: pl.LazyFrame) -> str:
    """Return the SHA-256 of an understood table's content, as 64 hexadecimal digits, in one streaming pass.

    It depends on names, types, values and their order; not on where the table is stored.
    """
    hashes = [_ColumnHash(name, dtype) for name, dtype in frame.collect_schema().items()]
    rows = 0
    for batch in batches(frame):
        rows += batch.height
        for each in hashes:
            each.add(batch[each.name])
    return hash_of_text(canonical_json([_FORM, rows, [each.digest() for each in hashes]]))


def _numbers(column: pl.Series, dtype: str) -> np.ndarray:
    """Return values as eight (dates: four) bytes each; minus zero is zero, and one NaN is like another."""
    if dtype == "float":
        values = column.fill_null(0.0).to_numpy().astype("<f8") + 0.0
        return np.where(np.isnan(values), np.nan, values)
    if dtype == "boolean":
        return column.fill_null(False).to_numpy().astype(np.uint8)
    return column.to_physical().fill_null(0).to_numpy().astype("<i8")
