"""Conditions that a person would write about one column: a level, a few levels, a side of a round number.

contract = 'Month-to-month'      tenure < 6      auto_pay      reason IS NULL
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from milepost.data.expressions.parse import parse
from milepost.data.schema import Column, Dtype
from milepost.ground.errors import MilepostError

CUTS = 16  # a number is cut at sixteenths of the rows, moved to the roundest number nearby
FEW = 40  # different values between which every cut is tried
MOST_LEVELS = 12  # of a category that are tried, the most frequent ones
MOST_TOGETHER = 3  # levels in one condition
LONGEST_LEVEL = 60  # characters; longer ones make no readable rule

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One condition on one column.

    Attributes:
        text: in the expression language.
        column: what it reads.
        holds: for which rows it is true, bool, shape (rows,); a missing value is not.
        values: how many values it names; the more, the harder to read.
    """

    text: str
    column: str
    holds: np.ndarray
    values: int = 1


def conditions(frame: pl.DataFrame, column: Column, scores: np.ndarray) -> Iterator[Condition]:
    """Give the conditions on one column that are worth a try; none where its values make no readable rule.

    Args:
        frame: rows with the column.
        column: what it is.
        scores: one number for each row, shape (rows,); levels that go with high and with low scores are tried together.
    """
    values, name = frame[column.name], spelled(column.name, column.dtype)
    missing = values.is_null().to_numpy()
    if column.dtype == "boolean":
        truth = values.fill_null(False).to_numpy()
        yield Condition(name, column.name, truth)
        yield Condition(f"NOT {name}", column.name, ~truth & ~missing)
    elif column.dtype == "text" and column.kind in ("category", "flag"):
        yield from _levels(values, name, scores)
    elif column.dtype in ("integer", "float") and column.kind in ("number", "flag", "category"):
        yield from _numbers(values, name)
    if 0 < missing.sum() < len(missing):
        yield Condition(f"{name} IS NULL", column.name, missing)


def spelled(name: str, dtype: Dtype) -> str:
    """Return how an expression names a column: bare where that is read as the column, else in double quotes.

    >>> spelled("tenure", "integer"), spelled("Monthly Charges", "float"), spelled("case", "text")
    ('tenure', '"Monthly Charges"', '"case"')
    """
    if _WORD.fullmatch(name):
        try:
            if parse(name, types={name: dtype}, where="").columns == (name,):
                return name
        except MilepostError:
            pass
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """Return text as an expression writes it.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def written(number: float) -> str:
    """Return a number as an expression writes it: shortest digits, no thousands, no exponent where it can be helped.

    >>> written(6.0), written(0.25), written(-1200.0)
    ('6', '0.25', '-1200')
    """
    return f"{number:.0f}" if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


def rounded(number: float, digits: int) -> float:
    """Return a number rounded to so many significant digits.

    >>> rounded(12345.6, 2), rounded(0.0, 2)
    (12000.0, 0.0)
    """
    if number == 0 or not math.isfinite(number):
        return number
    return round(number, digits - 1 - math.floor(math.log10(abs(number))))


def round_to(number: float, step: float) -> float:
    """Return a number rounded to the power of ten of step.

    >>> round_to(193456.0, 2600.0), round_to(0.0172, 1.5), round_to(13.94, 0.02)
    (193000.0, 0.0, 13.94)
    """
    if step <= 0 or not math.isfinite(step):
        return number
    return round(number, -math.floor(math.log10(step))) + 0.0


def roundest(lo: float, hi: float) -> float:
    """Return the number in (lo, hi] with the fewest digits; hi where nothing lies between.

    >>> roundest(4.0, 7.0), roundest(69.2, 71.4), roundest(0.0231, 0.0239)
    (5.0, 70.0, 0.0235)
    """
    if not lo < hi:
        return hi
    for step in _steps(hi - lo):
        number = math.floor(hi / step + 1e-9) * step
        number = round(number, max(0, -math.floor(math.log10(step)) + 1))
        if lo < number <= hi:
            return number
    return hi


def _steps(width: float) -> Iterator[float]:
    """Give steps 10, 5, 1 of falling powers of ten, from wider than width down to a hundredth of it."""
    power = math.ceil(math.log10(width))
    for exponent in range(power, power - 4, -1):
        for lead in (1.0, 0.5):
            yield lead * 10.0**exponent


def _numbers(values: pl.Series, name: str) -> Iterator[Condition]:
    numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = numbers[np.isfinite(numbers)]
    if values.dtype.is_integer() and len(known) and len(ends := np.unique(known)) == 2:
        yield from (Condition(f"{name} = {written(end)}", values.name, numbers == end) for end in ends)
        return
    for cut in _cuts(known):
        yield Condition(f"{name} < {written(cut)}", values.name, numbers < cut)
        yield Condition(f"{name} >= {written(cut)}", values.name, numbers >= cut)


def _cuts(known: np.ndarray) -> list[float]:
    """Return round numbers that cut the values; each leaves values on both sides."""
    if not len(known) or known.min() == known.max():
        return []
    distinct = np.unique(known)
    if len(distinct) <= FEW:
        return [roundest(float(lo), float(hi)) for lo, hi in pairwise(distinct)]
    ends = np.quantile(known, np.linspace(0, 1, 2 * CUTS + 1), method="lower")
    pairs = zip(ends[:-2:2], ends[2::2], strict=True)
    cuts = (roundest(float(lo), float(hi)) for lo, hi in pairs if lo < hi)
    return [cut for cut in dict.fromkeys(cuts) if known.min() < cut <= known.max()]


def _levels(values: pl.Series, name: str, scores: np.ndarray) -> Iterator[Condition]:
    counts = values.drop_nulls().value_counts(sort=True, name="__rows__")
    frequent = counts.sort("__rows__", values.name, descending=[True, False])[values.name].to_list()[:MOST_LEVELS]
    texts = [level for level in frequent if len(level) <= LONGEST_LEVEL]
    masks = {level: (values == level).fill_null(False).to_numpy() for level in texts}
    for level, holds in masks.items():
        yield Condition(f"{name} = {quoted(level)}", values.name, holds)
    if len(texts) <= 2:
        return
    ranked = sorted(texts, key=lambda level: -float(scores[masks[level]].mean()))
    for ordered in (ranked, ranked[::-1]):
        for size in range(2, min(MOST_TOGETHER, len(texts) - 1) + 1):
            yield _one_of(ordered[:size], values.name, name, masks)


def _one_of(levels: Sequence[str], column: str, name: str, masks: dict[str, np.ndarray]) -> Condition:
    listed = ", ".join(quoted(level) for level in sorted(levels))
    holds = np.logical_or.reduce([masks[level] for level in levels])
    return Condition(f"{name} IN ({listed})", column, holds, len(levels))
