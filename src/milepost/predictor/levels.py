"""Where the values of a column stand among known levels, for one value and for a column.

A text stands where the same text stands; a number where its value stands ("12" is 12.0); a flag where "true" or "false"
stands, or else 1 or 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

UNKNOWN, MISSING = -1, -2  # as places in an array: the last, and the one before


def numbers_of(values: pl.Series) -> np.ndarray:
    """Return numbers or flags as float64, shape (rows,); NaN where missing."""
    import polars as pl

    return values.cast(pl.Float64).to_numpy()


@dataclass(frozen=True, slots=True)
class Levels:
    """Where each level stands, for values of text and for numbers and flags."""

    texts: dict[str, int]
    numbers: dict[float, int]

    @classmethod
    def of(cls, levels: Sequence[str]) -> Levels:
        texts: dict[str, int] = {}
        numbers: dict[float, int] = {}
        for position, level in enumerate(levels):
            texts.setdefault(level, position)
            number = {"true": 1.0, "false": 0.0}.get(level, _number_in(level))
            if math.isfinite(number):
                numbers.setdefault(number, position)
        return cls(texts, numbers)

    def positions(self, values: pl.Series) -> np.ndarray:
        """Return the position of each value among the levels; -1 where it is none of them, -2 where it is missing."""
        import polars as pl

        if values.dtype == pl.Null:
            return np.full(len(values), MISSING)
        if values.dtype.is_numeric() or values.dtype == pl.Boolean:
            return self._positions_of_numbers(numbers_of(values))
        levels = pl.Enum(list(self.texts))
        codes, places = values.cast(levels, strict=False).to_physical(), [*self.texts.values(), UNKNOWN]
        if not codes.null_count():
            return np.asarray(np.array(places, dtype=np.int64)[codes.to_numpy()])
        known = np.array(places, dtype=np.int64)[codes.cast(pl.Int64).fill_null(UNKNOWN).to_numpy()]
        return np.where(values.is_null().to_numpy(), MISSING, known)

    def _positions_of_numbers(self, numbers: np.ndarray) -> np.ndarray:
        keys = np.array(sorted(self.numbers))
        places = np.array([self.numbers[key] for key in keys.tolist()] + [UNKNOWN], dtype=np.int64)
        at = np.searchsorted(keys, numbers)
        known = np.append(keys, math.nan)[at] == numbers
        return np.where(np.isnan(numbers), MISSING, np.where(known, places[at], UNKNOWN))

    def for_rows(self) -> dict[object, int]:
        """Return one dictionary for both; no text equals a number."""
        return dict([*self.texts.items(), *self.numbers.items()])


def _number_in(level: str) -> float:
    try:
        return float(level)
    except ValueError:
        return math.nan
