"""Rows dealt to parts (test and development, or folds): whole units, the asked shares, the same mix of answers.

Big units go one by one to the part that needs them most; the many small ones are sorted by answer and size, in
random order within, and dealt in turn, so that each part gets its share of every answer, give or take one unit.
"""

from __future__ import annotations

import numpy as np

from milepost.data.keys import RowKeys, in_order

_STRATA = 10  # quantile bins of a number
_PERIOD = 100_000  # the order of dealing repeats after so many units


def deal(keys: RowKeys, shares: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the part of each row, int, shape (rows,): rows of one unit always get the same part.

    Args:
        keys: the rows, all with an answer.
        shares: share of the rows that each part should get, shape (parts,), sums to 1.
        seed: decides which rows of equal answers go where.
    """
    chance = np.random.default_rng(seed)
    unit = np.arange(keys.rows) if keys.unit is None else in_order(keys.unit)
    sizes = np.bincount(unit)
    part = np.full(len(sizes), -1)
    big = (sizes > 1) & (sizes > keys.rows * shares.min() / 200)
    strata = row_strata(keys)
    loads = _place_big(part, np.flatnonzero(big), unit, strata, shares, chance)
    small = np.flatnonzero(~big)
    if len(small):
        order = _mixed(small, sizes, _unit_strata(keys, unit, strata, sizes), chance)
        wanted = np.maximum(shares - loads, 0)
        part[order] = _turns(len(small), wanted / wanted.sum(), chance)
    return np.asarray(part[unit])


def row_strata(keys: RowKeys) -> np.ndarray:
    """Return the stratum of each row, int: its class, or the tenth of the answers that its value lies in."""
    return np.asarray(keys.target) if keys.task != "regression" else _tenths(keys.target)


def _tenths(values: np.ndarray) -> np.ndarray:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _STRATA + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def _unit_strata(keys: RowKeys, unit: np.ndarray, strata: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the stratum of each unit: by its mean answer; of more than two classes, by that of its first row."""
    if keys.unit is None:
        return strata
    if keys.task == "multiclass":
        first = np.empty(len(sizes), dtype=np.int64)
        first[unit[::-1]] = strata[::-1]
        return first
    means = np.bincount(unit, weights=keys.target) / sizes
    return np.rint(means * _STRATA).astype(np.int64) if keys.task == "binary" else _tenths(means)


def _place_big(
    part: np.ndarray,
    big: np.ndarray,
    unit: np.ndarray,
    strata: np.ndarray,
    shares: np.ndarray,
    chance: np.random.Generator,
) -> np.ndarray:
    """Fill in the parts of big units, largest first; return the share of all rows that each part then holds."""
    number = np.full(len(part), -1)
    number[big] = np.arange(len(big))
    mine = number[unit]
    kinds = min(int(strata.max()) + 1, 2 * _STRATA)
    cells = mine[mine >= 0] * kinds + np.minimum(strata[mine >= 0], kinds - 1)
    counts = np.bincount(cells, minlength=len(big) * kinds).reshape(len(big), kinds)
    # a unit in numbers: its share of all rows, then its share of the rows of each answer; both weigh the same
    in_all = np.maximum(np.bincount(np.minimum(strata, kinds - 1), minlength=kinds), 1)
    units = np.column_stack([counts.sum(axis=1) / len(unit), counts / in_all / np.sqrt(kinds)])
    loads = np.zeros((len(shares), kinds + 1))
    for at in np.argsort(-units[:, 0] * chance.uniform(0.9, 1.1, len(big)), kind="stable"):
        crowding = (2 * loads @ units[at] + units[at] @ units[at]) / shares
        chosen = int(np.argmin(crowding))
        loads[chosen] += units[at]
        part[big[at]] = chosen
    return np.asarray(loads[:, 0])


def _mixed(small: np.ndarray, sizes: np.ndarray, strata: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return the small units sorted by stratum, then size, in random order within."""
    shuffled = chance.permutation(small)
    cell = strata[shuffled].astype(np.int64) * (int(sizes[small].max()) + 1) + sizes[shuffled]
    narrow = cell.astype(np.uint16) if cell.max() < 2**16 else cell  # 16 bits sort in one pass
    return np.asarray(shuffled[np.argsort(narrow, kind="stable")])


def _turns(units: int, shares: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return whose turn it is for each of the units in order: every stretch holds each part in its share."""
    period = min(units, _PERIOD)
    counts = np.floor(shares * period).astype(np.int64)
    rest = np.argsort(counts - shares * period, kind="stable")[: period - counts.sum()]
    counts[rest] += 1
    due = np.concatenate([(np.arange(n) + 0.5) / n for n in counts if n])
    whose = np.repeat(np.arange(len(shares)), counts)[np.argsort(due, kind="stable")]
    return np.resize(np.roll(whose, int(chance.integers(period))), units)
