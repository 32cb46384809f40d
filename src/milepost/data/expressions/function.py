"""What one function or operator is: what it takes, what it gives, and how it is computed for a table and for a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from milepost.data.expressions.tree import Type

# What an argument may be, beside one of the five types:
#   same      any type, but one for all such arguments      ordered   the same, not boolean
#   time      a date or a datetime                          moment    a datetime, or a date as its midnight in UTC
#   whole     a whole number that is written out            word      a text that is written out
Kind = Literal[
    "number", "boolean", "text", "date", "datetime", "same", "ordered", "time", "moment", "whole", "word"
]  # fmt: skip
CONSTANTS: tuple[Kind, ...] = ("whole", "word")


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the table of functions.

    Attributes:
        name: its name in trees, for ever.
        takes: the kind of each argument, constants last.
        gives: the type of the result; "same" is the common type of its arguments.
        column: Polars expressions, then constants, to an expression.
        scalar: values (float, bool, str, date, datetime), then constants, to a value; a number may be NaN or infinite,
            which the evaluator takes for missing.
        called: how users call it, NAME(…); empty for operators and for what has a syntax of its own.
        more: the last kind of takes may be given any number of times.
        defaults: constants that stand in for the last arguments when they are left out.
        strict: a missing argument makes the result missing, and scalar is never asked; otherwise scalar sees None.
        form: how it is written, where the kinds of its arguments do not say enough.
        lowest, highest: the range of its whole numbers, both included.
    """

    name: str
    takes: tuple[Kind, ...]
    gives: Type | Literal["same"]
    column: Callable[..., pl.Expr]
    scalar: Callable[..., Any]
    called: tuple[str, ...] = ()
    more: bool = False
    defaults: tuple[int | None, ...] = ()
    strict: bool = True
    form: str = ""
    lowest: int = -1_000_000
    highest: int = 1_000_000

    @property
    def constants(self) -> int:
        """Return how many of the last arguments are constants."""
        return sum(kind in CONSTANTS for kind in self.takes)


def by_row(operate: Callable[..., Any], dtype: pl.DataType | type[pl.DataType]) -> Callable[..., pl.Expr]:
    """Return the column form of a Python function of one value, for what Polars and Python do differently."""

    def column(part: pl.Expr, *constants: object) -> pl.Expr:
        def apply(values: pl.Series) -> pl.Series:
            answers = [None if value is None else operate(value, *constants) for value in values.to_list()]
            return pl.Series(answers, dtype=dtype)

        return part.map_batches(apply, return_dtype=dtype, is_elementwise=True)

    return column
