"""What is odd about the values of a row: the same three things that the gate flags, asked of values that passed it.

"missing"       an input has no value, though it always had one before
"unseen"        a text is none of the levels that were seen
"out of range"  a number is smaller or larger than any that was seen

The gate says it in sentences for people; here it is a truth for one row and for a table, from the same limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import polars as pl

from milepost.data.schema import Column, Schema
from milepost.predictor.inputs import LEVELS_KEPT, missing_flag
from milepost.problem.conditions import Word

Values = Mapping[str, object]


def odd_in_row(word: Word, schema: Schema) -> Callable[[Values], bool]:
    """Return the function from the canonical values of one row to whether the word holds of any of them."""
    if word == "missing":
        names = _always_there(schema)
        return lambda values: None in [values[name] for name in names]
    if word == "unseen":
        levels = [(name, frozenset(known)) for name, known in _levels(schema)]
        return lambda values: any((value := values[name]) is not None and value not in known for name, known in levels)
    return _out_of_range(_ranges(schema))


def odd_in_table(word: Word, schema: Schema) -> pl.Expr:
    """Return the expression over canonical columns that says of each row whether the word holds of any value."""
    if word == "missing":
        found = [pl.col(name).is_null() for name in _always_there(schema)]
    elif word == "unseen":
        found = [pl.col(name).is_in(list(known)).not_() for name, known in _levels(schema)]
    else:
        found = [(pl.col(name) < lo) | (pl.col(name) > hi) for name, lo, hi in _ranges(schema)]
    return pl.any_horizontal([pl.lit(False), *(expression.fill_null(False) for expression in found)])


def _always_there(schema: Schema) -> list[str]:
    return [column.name for column in schema.columns if missing_flag(column)]


def _levels(schema: Schema) -> list[tuple[str, tuple[str, ...]]]:
    """Return the columns of text of which all levels are known, with their levels."""
    texts = (column for column in schema.columns if column.dtype == "text")
    return [(column.name, column.levels) for column in texts if 0 < len(column.levels) < LEVELS_KEPT]


def _ranges(schema: Schema) -> list[tuple[str, float, float]]:
    return [(column.name, *_ends(column)) for column in schema.columns if column.dtype in ("integer", "float")]


def _ends(column: Column) -> tuple[float, float]:
    return -math.inf if column.lo is None else column.lo, math.inf if column.hi is None else column.hi


def _out_of_range(ranges: list[tuple[str, float, float]]) -> Callable[[Values], bool]:
    def holds(values: Values) -> bool:
        for name, lo, hi in ranges:
            number: object = values[name]
            if isinstance(number, float) and not lo <= number <= hi:
                return True
        return False

    return holds
