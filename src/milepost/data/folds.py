"""Folds of the development rows by the logic of the split: forward in time, whole groups, or repeated stratified.

time        |--never validated--|--valid 0--|--valid 1--|--valid 2--|    trained on answers known when valid begins
group       each group is validated once, whole
stratified  each row is validated once in each repeat
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import polars as pl

from milepost.data.deal import deal
from milepost.data.keys import RowKeys, SplitRequest, Strategy, in_order, row_keys
from milepost.data.split import Split
from milepost.ground.errors import MilepostError
from milepost.ground.seeds import derived
from milepost.ground.text import counted

FEWEST_TRAINED_ROWS = 10
MOST_BLOCKS = 50  # of time, as units of variance
FEWEST_BLOCKS = 10
ROWS_PER_BLOCK = 20

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]  # train, valid


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One division of the development rows.

    Attributes:
        number: 0..count-1 within its repeat.
        repeat: 0..repeats-1.
        train: positions within the development rows, ascending, int64.
        valid: positions within the development rows, ascending, int64.
    """

    number: int
    repeat: int
    train: np.ndarray
    valid: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """The folds of a climb.

    Attributes:
        folds: in order of repeat, then number.
        units: the unit of variance of each development row, int: its group, its block of time, or its set of copies;
            None where rows are independent.
        says: what was done, one sentence.
        keys: of the development rows, for inner splits.
        folds_by: the logic of the folds.
    """

    folds: tuple[Fold, ...]
    units: np.ndarray | None
    says: str
    keys: RowKeys
    folds_by: Strategy


def make_folds(
    split: Split, keys: pl.DataFrame, request: SplitRequest, *, count: int, repeats: int, seed: int
) -> Folds:
    """Return folds of the development rows; fewer than count where the rows do not bear more.

    Args:
        split: of the same table.
        keys: as split_keys gives them.
        request: what the problem asks.
        count: folds in each repeat, 2 or more.
        repeats: how often the rows are dealt anew, 1 or more; folds in time are not repeated.
        seed: decides what chance decides.

    Raises:
        MilepostError: not even two folds can be trained and validated.
    """
    rows = row_keys(keys, request, together=split.together).take(split.development)
    if split.folds_by == "time":
        repeats = 1
    for fewer in range(count, 1, -1):
        dealt = [_pairs(rows, split.folds_by, fewer, derived(seed, "folds", repeat)) for repeat in range(repeats)]
        if all(len(pairs) == fewer and all(_is_usable(rows, *pair) for pair in pairs) for pairs in dealt):
            break
    else:
        raise _too_few(rows, split, request)
    folds = tuple(Fold(n, repeat, *pair) for repeat, pairs in enumerate(dealt) for n, pair in enumerate(pairs))
    return Folds(folds, _units(rows, split.folds_by, request), _says(folds, rows, split, request), rows, split.folds_by)


def variance_units(split: Split, keys: pl.DataFrame, request: SplitRequest, rows: np.ndarray) -> np.ndarray | None:
    """Return the unit of variance of each of some rows, int; None where rows are independent.

    Args:
        split: of the same table.
        keys: as split_keys gives them.
        request: what the problem asks.
        rows: row numbers in the table, such as split.test.
    """
    some = row_keys(keys, request, together=split.together).take(rows)
    return _units(some, split.folds_by, request)


def inner_split(folds: Folds, positions: np.ndarray, *, seed: int, share: float = 0.2) -> Pair:
    """Return which of the rows to fit on and which to stop by, both as positions within the development rows.

    By the logic of the folds: the newest rows, whole groups, or the same mix of answers. The newest rows keep their
    distance from those fitted on while that leaves half of them.

    Args:
        folds: of the development rows.
        positions: rows that may be seen, within the development rows, ascending.
        seed: decides what chance decides.
        share: of the rows to stop by, 0..1.
    """
    rows = folds.keys.take(positions)
    stop = _newest(rows, share) if folds.folds_by == "time" else _some(rows, share, seed)
    fit = ~stop
    if folds.folds_by == "time":
        assert rows.time is not None
        assert rows.known is not None
        known = fit & (rows.known <= rows.time[stop].min(initial=np.iinfo(np.int64).max))
        fit = known if np.count_nonzero(known) * 2 >= np.count_nonzero(fit) and _varies(rows, known) else fit
    if not (_varies(rows, fit) and stop.any()):  # one group, one time, or one answer: chance decides
        stop = _some(replace(rows, unit=None), share, seed)
        fit = ~stop
    return positions[fit], positions[stop]


def suggested(rows: int, events: int, budget: str | int = "medium") -> tuple[int, int]:
    """Return how many folds, and how many repeats of them, are worth their work.

    Args:
        rows: development rows.
        events: development rows of the rarest answer; all rows for regression.
        budget: of the climb: small, medium, large, or a number of trials.
    """
    size = min(rows, 20 * events)  # rare answers make a large table as uncertain as a small one
    if budget == "small":
        return (5 if size < 20_000 else 3), 1
    repeats = 4 if size < 1_000 else 2 if size < 5_000 else 1
    return (10, repeats) if budget == "large" else (5, repeats)


# ---- the ways


def _pairs(rows: RowKeys, folds_by: Strategy, count: int, seed: int) -> list[Pair]:
    if folds_by == "time":
        return _forward(rows, count)
    number = deal(rows, np.full(count, 1 / count), seed=seed)
    return [(np.flatnonzero(number != n), np.flatnonzero(number == n)) for n in range(count)]


def _forward(rows: RowKeys, count: int) -> list[Pair]:
    """Return folds forward in time; none where equal times or late answers leave fewer than count."""
    assert rows.time is not None
    assert rows.known is not None
    first = int(np.partition(rows.known, at := rows.rows // (count + 1))[at])  # enough answers are known here
    later = np.sort(rows.time[rows.time > first])
    begins = np.unique(later[len(later) * np.arange(count) // count]) if len(later) else later
    pairs = []
    for begin, end in pairwise([*begins, np.iinfo(np.int64).max]):
        valid = (rows.time >= begin) & (rows.time < end)
        pairs.append((np.flatnonzero((rows.time < begin) & (rows.known <= begin)), np.flatnonzero(valid)))
    return pairs


def _is_usable(rows: RowKeys, train: np.ndarray, valid: np.ndarray) -> bool:
    return len(train) >= FEWEST_TRAINED_ROWS and len(valid) > 0 and _varies(rows, train)


def _varies(rows: RowKeys, some: np.ndarray) -> bool:
    """Return whether some of the rows have more than one answer between them."""
    answers = rows.target[some]
    return len(answers) > 1 and bool(answers.min() != answers.max())


def _newest(rows: RowKeys, share: float) -> np.ndarray:
    """Return which rows are the newest, bool; rows of one time are on one side."""
    assert rows.time is not None
    at = min(int(rows.rows * (1 - share)), rows.rows - 1)
    begins = int(np.partition(rows.time, at)[at])
    newest: np.ndarray = rows.time >= begins if begins > rows.time.min() else rows.time > begins
    return newest


def _some(rows: RowKeys, share: float, seed: int) -> np.ndarray:
    """Return which rows chance draws, bool: whole units, the same mix of answers."""
    drawn: np.ndarray = deal(rows, np.array([share, 1 - share]), seed=seed) == 0
    if rows.task == "regression":
        return drawn
    untaught = np.setdiff1d(rows.target[drawn], rows.target[~drawn])
    return np.asarray(drawn & ~np.isin(rows.target, untaught))


# ---- units of variance


def _units(rows: RowKeys, folds_by: Strategy, request: SplitRequest) -> np.ndarray | None:
    if folds_by == "time":
        assert rows.time is not None
        return _blocks(rows.time, request.embargo // timedelta(microseconds=1))
    if rows.unit is None:
        return None
    unit = in_order(rows.unit)
    few_copies = folds_by == "stratified" and rows.rows - int(unit.max()) - 1 <= 0.01 * rows.rows
    return None if few_copies else unit


def _blocks(time: np.ndarray, embargo: int) -> np.ndarray:
    """Return the block of time of each row: at most 50 of about equal rows, as long as the embargo where it can be."""
    ordered = np.sort(time)
    wanted = max(min(MOST_BLOCKS, len(time) // ROWS_PER_BLOCK), 2)
    edges = np.unique(ordered[len(time) * np.arange(1, wanted) // wanted])
    kept: list[int] = []
    for least in (embargo, embargo // 2, embargo // 4, 0):
        kept = []
        for edge in edges.tolist():
            if edge - (kept[-1] if kept else ordered[0]) > max(least - 1, 0):
                kept.append(edge)
        if len(kept) + 1 >= FEWEST_BLOCKS:
            break
    return np.searchsorted(np.array(kept, dtype=np.int64), time, side="right")


# ---- words


def _says(folds: Sequence[Fold], rows: RowKeys, split: Split, request: SplitRequest) -> str:
    number, repeats = folds[-1].number + 1, folds[-1].repeat + 1
    if split.folds_by == "time":
        validated = sum(len(fold.valid) for fold in folds)
        return (
            f"{number} folds forward in time: each is trained on the answers known before it begins; the oldest "
            f"{counted(rows.rows - validated, 'row')} are never validated."
        )
    anew = f", dealt {repeats} times anew" if repeats > 1 else ""
    if split.folds_by == "group":
        return f"{number} folds{anew}; no `{request.entity}` is on both sides of a fold."
    return f"{number} folds{anew}, each with the same mix of `{request.target}`."


def _too_few(rows: RowKeys, split: Split, request: SplitRequest) -> MilepostError:
    why = {
        "time": ("their answers are known too late, or too many rows have the same time", "data.time"),
        "group": (f"too few values of {request.entity!r}, or one answer in one of them only", "data.group"),
        "stratified": (f"too few rows of each value of {request.target!r}", "problem.target"),
    }
    reason, key = why[split.folds_by]
    return MilepostError(
        f"The {counted(rows.rows, 'development row')} do not make two folds to learn and to validate: {reason}.",
        where=request.place(key),
        fix="Bring more rows, or lower test under [split].",
    )
