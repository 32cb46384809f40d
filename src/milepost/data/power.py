"""How well one column alone tells the answer: learned on half of the rows, measured on the other half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from milepost.data.keys import SplitRequest, row_keys, unit_codes
from milepost.data.schema import Schema
from milepost.ground.seeds import derived

MOST_ROWS = 20_000  # a sample of so many rows is enough
FEWEST_EVENTS = 20  # fewer of an answer and a column can look perfect by chance
_BINS = 64
_PRIOR_ROWS = 10.0  # a cell's mean is drawn to the overall mean as if by so many rows
_MOST_CLASSES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Rows with their answers, in two halves.

    Attributes:
        frame: the rows, in the table's order.
        answers: shape (rows, outputs): 0/1 for each class (binary: one output), or the value.
        weights: how much each output counts, shape (outputs,), sums to 1.
        half: which half each row is in, bool, shape (rows,).
    """

    frame: pl.DataFrame
    answers: np.ndarray
    weights: np.ndarray
    half: np.ndarray


def bench(frame: pl.DataFrame, schema: Schema, *, seed: int) -> Bench | None:
    """Return at most 20,000 of the rows to measure on; None where they are too few to tell skill from chance.

    Args:
        frame: rows in the table's order, with the target.
        schema: what the columns are.
        seed: decides the sample and the halves.
    """
    request = SplitRequest(schema.task, schema.target.name)
    rows = row_keys(frame.select(schema.target.name), request, together=None)
    chance = np.random.default_rng(derived(seed, "bench"))
    usable = np.flatnonzero(rows.labelled)
    picked = np.sort(chance.choice(usable, MOST_ROWS, replace=False)) if len(usable) > MOST_ROWS else usable
    target = rows.target[picked]
    half = chance.random(len(picked)) < 0.5
    if schema.task == "regression":
        enough = len(picked) >= 2 * FEWEST_EVENTS and target.min() < target.max()
        return Bench(frame[picked], target[:, None], np.ones(1), half) if enough else None
    counts = np.bincount(target, minlength=len(rows.classes))
    classes = np.flatnonzero(counts >= FEWEST_EVENTS)
    if len(classes) < 2:
        return None
    classes = (
        classes[-1:] if schema.task == "binary" else np.sort(classes[np.argsort(-counts[classes])[:_MOST_CLASSES]])
    )
    answers = (target[:, None] == classes).astype(float)
    return Bench(frame[picked], answers, counts[classes] / counts[classes].sum(), half)


def power(rows: Bench, values: pl.Series) -> float:
    """Return how well values alone order the answers: 0 not at all, 1 perfectly (normalised Gini).

    The better of two readings: as cells (levels, or bins of a number) whose mean answer is learned on one half and
    measured on the other, and, for numbers, as they stand.

    Args:
        rows: with their answers.
        values: one for each of the rows; numbers, times, flags or text.
    """
    by_cell = _by_cell(rows, _cells(values))
    if not _is_ordered(values) or values.null_count() == len(values):
        return max(by_cell, 0.0)
    numbers = numbers_of(values)
    plain = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
    each = [abs(normalised_gini(answer, plain)) for answer in rows.answers.T]
    return max(by_cell, float(np.dot(rows.weights, each)))


def normalised_gini(answers: np.ndarray, scores: np.ndarray) -> float:
    """Return how well scores order answers: 1 perfectly, 0 not at all, -1 in reverse; for 0/1 answers, 2 AUC - 1.

    Args:
        answers: shape (rows,).
        scores: shape (rows,), of any scale.

    >>> normalised_gini(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.5
    """
    centred = answers - answers.mean()
    best = float(np.mean(centred * _ranks(answers)))
    return float(np.mean(centred * _ranks(scores))) / best if best > 0 else 0.0


def _ranks(values: np.ndarray) -> np.ndarray:
    return pl.Series(values).rank("average").to_numpy()


def _by_cell(rows: Bench, cells: np.ndarray) -> float:
    return float(np.mean([_held_out(rows, cells, half) for half in (rows.half, ~rows.half)]))


def _held_out(rows: Bench, cells: np.ndarray, half: np.ndarray) -> float:
    size = int(cells.max()) + 1
    seen = np.bincount(cells[half], minlength=size) + _PRIOR_ROWS
    scores = np.empty((np.count_nonzero(~half), len(rows.weights)))
    for at, answers in enumerate(rows.answers[half].T):
        sums = np.bincount(cells[half], weights=answers - answers.mean(), minlength=size)
        scores[:, at] = (sums / seen)[cells[~half]]
    return _gini(rows.answers[~half], scores, rows.weights)


def _gini(answers: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    each = [normalised_gini(answer, score) for answer, score in zip(answers.T, scores.T, strict=True)]
    return float(np.dot(weights, each))


def _cells(values: pl.Series) -> np.ndarray:
    """Return the cell of each value, int: its level, or the bin of a number; missing values share a cell."""
    if not _is_ordered(values):
        return unit_codes(values.cast(pl.String).fill_null("\0missing"))
    numbers = numbers_of(values)
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else known
    return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="right"))


def _is_ordered(values: pl.Series) -> bool:
    return values.dtype.is_numeric() or values.dtype.is_temporal()


def numbers_of(values: pl.Series) -> np.ndarray:
    """Return values as floats, NaN where missing; times as µs or days since 1970."""
    physical = values.to_physical() if values.dtype.is_temporal() else values
    return physical.cast(pl.Float64).fill_null(np.nan).to_numpy()
