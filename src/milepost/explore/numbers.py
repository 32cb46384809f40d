"""Numbers: values far from the rest, and columns that say the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.power import numbers_of
from milepost.data.schema import Schema
from milepost.ground.seeds import derived
from milepost.ground.text import counted, figure, listed

FAR, FAR_IN_LOGARITHM = 10.0, 5.0  # widths of the middle half away from its middle
A_FEW, MOST_FAR = 3, 0.005  # rows, share of rows; more than both is a long tail, not a slip
SAME = 0.95  # rank correlation
MOST_COLUMNS = 200
MOST_ROWS = 50_000
_FEWEST_VALUES = 10  # different ones; fewer are codes


def about_numbers(frame: pl.DataFrame, schema: Schema, *, seed: int) -> list[Finding]:
    """Return what the numbers of development rows show.

    Args:
        frame: development rows.
        schema: what the columns are.
        seed: decides which rows are sampled where there are over 50,000.
    """
    names = [c.name for c in schema.with_role("feature") if c.kind == "number" and c.name in frame.columns]
    far = {name: found for name in names if (found := far_values(numbers_of(frame[name])))}
    return [*_far(far), *_same(frame, names, seed)]


def far_values(values: np.ndarray) -> tuple[int, float, float, float] | None:
    """Return how many values lie far from the rest, the farthest, and the middle half; None where none does.

    Far is over 10 widths of the middle half away, and for numbers from 0 on over 5 on the scale of their logarithm
    too, so that the long tail of an income is not far.

    Args:
        values: shape (rows,), NaN where missing.
    """
    known = values[~np.isnan(values)]
    if len(known) < _FEWEST_VALUES:
        return None
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    far = _is_far(known, FAR)
    if known.min() >= 0 and far.any():
        far &= _is_far(np.log1p(known), FAR_IN_LOGARITHM)
    if not far.any() or far.sum() > max(A_FEW, MOST_FAR * len(known)):
        return None
    farthest = known[far][np.argmax(np.abs(known[far] - middle))]
    return int(far.sum()), float(farthest), float(low), float(high)


def _is_far(values: np.ndarray, widths: float) -> np.ndarray:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    far: np.ndarray = (np.abs(values - middle) > widths * (high - low)) & (high > low)
    return far


def _far(far: dict[str, tuple[int, float, float, float]]) -> list[Finding]:
    return [
        Finding(
            "far-values",
            "note",
            name,
            f"{counted(rows, 'value')} of `{name}` {'lies' if rows == 1 else 'lie'} far from the rest, up to "
            f"{figure(farthest)}; the middle half is between {figure(low)} and {figure(high)}.",
            {"rows": rows, "farthest": farthest},
            "Check whether this is a slip of the pen or the unit; declare a repair under [data] if so.",
        )
        for name, (rows, farthest, low, high) in far.items()
    ]


def _same(frame: pl.DataFrame, names: list[str], seed: int) -> list[Finding]:
    """Return a finding about pairs of numbers that rise and fall together."""
    if len(frame) > MOST_ROWS:
        frame = frame.select(names).sample(MOST_ROWS, seed=derived(seed, "numbers"))
    ranks = {}
    for name in names[:MOST_COLUMNS]:
        if frame[name].n_unique() >= _FEWEST_VALUES and frame[name].null_count() < len(frame) / 2:
            ranked = frame[name].rank("average").to_numpy().astype(float)
            ranks[name] = np.where(np.isnan(ranked), np.nanmean(ranked), ranked)
    if len(ranks) < 2:
        return []
    correlation = np.abs(np.corrcoef(np.vstack(list(ranks.values()))))
    first, second = np.nonzero(np.triu(correlation >= SAME, k=1))
    if not len(first):
        return []
    kept = list(ranks)
    order = np.argsort(-correlation[first, second], kind="stable")
    pairs = [
        f"`{kept[first[at]]}` and `{kept[second[at]]}` ({figure(correlation[first[at], second[at]])})" for at in order
    ]
    return [
        Finding(
            "same-numbers",
            "note",
            None,
            f"{counted(len(pairs), 'pair')} of columns nearly say the same (rank correlation): "
            f"{listed(pairs, most=5)}.",
            {"pairs": len(pairs), "largest": float(correlation[first, second].max())},
            "Nothing for the prediction; keep one of each pair if columns cost money.",
        )
    ]
