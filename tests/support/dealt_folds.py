"""Folds for tests, from which fold validated which row."""

from __future__ import annotations

import numpy as np

from milepost.data.folds import Fold, Folds
from milepost.data.keys import RowKeys


def folds_of(fold_of, *, forward=False, late=0, units=None) -> Folds:
    """Return folds of rows.

    Args:
        fold_of: fold that validated each row, -1 where none did, shape (rows,) or (repeats, rows).
        forward: the rows stand in order of time, one each microsecond, and folds follow one another.
        late: microseconds from a row's time until its answer is known.
        units: variance unit of each row, shape (rows,); None where rows are independent.
    """
    dealt = np.atleast_2d(fold_of)
    time = np.arange(dealt.shape[1])
    folds = []
    for repeat, numbers in enumerate(dealt):
        for number in np.unique(numbers[numbers >= 0]):
            here = numbers == number
            train = time + late <= time[here].min() if forward else ~here
            folds.append(Fold(int(number), repeat, np.flatnonzero(train & ~here), np.flatnonzero(here)))
    keys = RowKeys("binary", np.zeros(len(time), dtype=np.int64), time=time, known=time + late)
    return Folds(tuple(folds), units, "", keys, "time" if forward else "stratified")
