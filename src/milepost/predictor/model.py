"""What a model of a bundle is: one function for a row, one for a table, which give the same bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

Values = Mapping[
    str, object
]  # one row: column name -> float, bool, str, date, aware datetime; None, never NaN, if missing
OfValues = Callable[[Values], list[float]]  # a row as it was given -> its answer, one number for each output
OfNumbers = Callable[[list[float]], list[float]]  # an encoded row -> its answer
OfMatrix = Callable[[np.ndarray, int], np.ndarray]  # encoded rows, threads -> answers, shape (rows, outputs)
OfFrame = Callable[["pl.DataFrame", int], np.ndarray]  # rows as they were given, threads -> answers
