"""Out-of-fold answers: every development row answered by a model that did not learn from it.

answers  shape (repeats, rows, outputs), NaN where a row was not validated (the first block of forward chaining)
fold_of  shape (repeats, rows), number of the fold that validated the row, -1 where none did
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milepost.data.folds import FEWEST_TRAINED_ROWS, Folds
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


def each_fold(folds: Folds) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield each fold with the rows that may choose something for it: those it was trained on that were validated too.

    So a choice knows what a model knows: folds in time choose by answers that were known before the fold begins, and
    like a model by no fewer than ten of them; else nothing chooses.
    A triple is (repeat, the fold's rows as bool (rows,), the choosing (repeat, row) pairs of that repeat as bool).
    """
    validated_by = fold_numbers(folds, folds.keys.rows)
    for fold in folds.folds:
        here = validated_by[fold.repeat] == fold.number
        others = np.zeros(validated_by.shape, dtype=bool)
        choosing = fold.train[validated_by[fold.repeat, fold.train] >= 0]
        others[fold.repeat, choosing] = len(choosing) >= FEWEST_TRAINED_ROWS
        yield fold.repeat, here, others
