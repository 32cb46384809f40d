"""Out-of-fold answers: every development row answered by a model that did not learn from it.

answers  shape (repeats, rows, outputs), NaN where a row was not validated (the first block of forward chaining)
fold_of  shape (repeats, rows), number of the fold that validated the row, -1 where none did
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milepost.data.folds import Folds
from milepost.metrics.losses import row_losses
from milepost.models.material import Material


def fold_numbers(folds: Folds, rows: int) -> np.ndarray:
    """Return fold_of."""
    numbers = np.full((repeats_of(folds), rows), -1)
    for fold in folds.folds:
        numbers[fold.repeat, fold.valid] = fold.number
    return numbers


def repeats_of(folds: Folds) -> int:
    """Return how often the rows are dealt into folds anew."""
    return 1 + max(fold.repeat for fold in folds.folds)


def plain(answers: np.ndarray, material: Material) -> np.ndarray:
    """Return answers (n, outputs) as metrics take them: (n,) where an answer is one number."""
    return answers if material.outputs > 1 else answers[:, 0]


def mean_row_losses(answers: np.ndarray, material: Material) -> np.ndarray:
    """Return each row's loss averaged over the repeats, shape (rows,); NaN where a row was never validated."""
    losses = np.full(answers.shape[:2], np.nan)
    for repeat, given in enumerate(answers):
        seen = ~np.isnan(given[:, 0])
        losses[repeat, seen] = row_losses(
            material.loss, material.task, material.truth[seen], plain(given[seen], material)
        )
    return np.asarray(losses.mean(axis=0))


def validated(answers: np.ndarray, use: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the answers (n, outputs) and row positions (n,) of the validated (repeat, row) pairs.

    Args:
        answers: see the module.
        use: further restriction, bool, shape (repeats, rows).
    """
    chosen = ~np.isnan(answers[:, :, 0])
    if use is not None:
        chosen &= use
    return answers[chosen], np.nonzero(chosen)[1]


def each_fold(fold_of: np.ndarray, *, forward: bool) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield each fold with the rows that may choose something for it: the other folds, or only the earlier ones.

    A triple is (repeat, the fold's rows as bool (rows,), the choosing (repeat, row) pairs of that repeat as bool).

    Args:
        fold_of: see the module.
        forward: folds follow one another in time, so that only earlier ones were known.
    """
    for repeat, folds in enumerate(fold_of):
        for number in np.unique(folds[folds >= 0]):
            here = folds == number
            others = np.zeros(fold_of.shape, dtype=bool)
            others[repeat] = (folds >= 0) & ((folds < number) if forward else ~here)
            yield repeat, here, others
