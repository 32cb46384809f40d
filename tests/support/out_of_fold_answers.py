"""Out-of-fold answers for tests, with folds drawn at random."""

from __future__ import annotations

import numpy as np

from dealt_folds import folds_of
from milepost.evaluate.cross_fitting import OutOfFold, out_of_fold
from milepost.evaluate.value import Stakes
from milepost.problem.criteria import Criterion


def same_stakes(rows, tp=100.0, fp=-20.0):
    """Return the same money for each row."""
    return Stakes(np.full(rows, tp), np.full(rows, fp), np.zeros(rows), np.zeros(rows))


def criteria_of(**bounds):
    return [Criterion.parse(metric, bound, where="here") for metric, bound in bounds.items()]


def honest(rows=2000, seed=0):
    """Return probabilities that mean what they say, and the truth."""
    chance = np.random.default_rng(seed)
    p = chance.beta(1, 2, size=rows)
    return p, (chance.uniform(size=rows) < p).astype(np.int64)


def in_folds(p, truth, *, stakes=None, folds=5, forward=False, late=0, units=None, seed=0) -> OutOfFold:
    """Return answers in folds of equal size: at random, or forward in time with a first block that nobody validates.

    Forward, an answer is known as many rows later as late says.
    """
    if forward:
        fold_of = np.arange(len(p)) * (folds + 1) // len(p) - 1
    else:
        fold_of = np.random.default_rng(seed).permutation(np.arange(len(p)) % folds)
    answers = np.where(fold_of < 0, np.nan, p)[None, :, None]
    labels = ("No", "Yes")
    dealt = folds_of(fold_of, forward=forward, late=late, units=units)
    return out_of_fold(answers, truth, dealt, stakes=stakes, labels=labels)
