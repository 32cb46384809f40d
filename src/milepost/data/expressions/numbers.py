"""Functions of numbers.

Both evaluators compute with the same numpy functions, which give one number and an array of numbers the same bits on
one machine. Polars' own arithmetic would not do: it takes short cuts when one side is a constant or a table has one row
(x / 3 becomes x * (1 / 3), x ** 2 becomes x * x), and its logarithms of base 2 and 10 round differently.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from milepost.data.expressions.function import Function, Kind, by_row

_Scalar = Callable[..., float]
_LARGEST_EXPONENT: Final = 709.782712893384  # exp of the next float64 is infinite
_TINY: Final = 5e-324  # the smallest float64 above 0
_WHOLE_FROM: Final = 2.0**52  # from here on every float64 is a whole number


def computed(operate: Callable[..., Any]) -> Callable[..., pl.Expr]:
    """Return the column form of a numpy function: a missing argument or a result that is not finite is missing.

    Args:
        operate: one float64 array for each argument (NaN where missing) to one array; NaN in must give NaN out.
    """

    def apply(columns: Sequence[pl.Series]) -> pl.Series:
        with np.errstate(all="ignore"):
            answers = np.asarray(operate(*(column.to_numpy() for column in columns)), dtype=np.float64)
        return pl.Series(np.where(np.isfinite(answers), answers, np.nan), nan_to_null=True)

    def column(*parts: pl.Expr) -> pl.Expr:
        return pl.map_batches(parts, apply, return_dtype=pl.Float64, is_elementwise=True)

    return column


def _divided(left: float, right: float) -> float:
    return left / right if right else math.nan


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right else math.nan


def _within(ufunc: np.ufunc, *, lo: float = -math.inf, hi: float = math.inf) -> _Scalar:
    """Return ufunc of one number, NaN outside lo..hi (inclusive), where numpy would warn."""

    def scalar(x: float) -> float:
        return float(ufunc(x)) if lo <= x <= hi else math.nan

    return scalar


def _logarithm(x: float, base: float) -> float:
    return _divided(float(np.log(x)), float(np.log(base))) if x > 0 and base > 0 else math.nan


def _logarithms(x: Any, base: Any) -> Any:
    bases = np.log(base)
    return np.log(x) / np.where(np.isfinite(bases), bases, np.nan)


def _power(x: float, exponent: float) -> float:
    """Return the C library's power: numpy's is computed otherwise when the exponent is one number for all rows."""
    try:
        return math.pow(x, exponent) if x == x and exponent == exponent else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _rounded(x: float, places: int) -> float:
    scale = 10.0**places
    scaled = x * scale
    return float(np.rint(scaled)) / scale if -_WHOLE_FROM < scaled < _WHOLE_FROM else x


def _rounded_column(part: pl.Expr, places: int) -> pl.Expr:
    scale = 10.0**places

    def operate(x: Any) -> Any:
        scaled = x * scale
        return np.where(np.abs(scaled) < _WHOLE_FROM, np.rint(scaled) / scale, x)

    return computed(operate)(part)


def _read(text: str) -> float:
    """Return the number that a text says, NaN if it says none; NaN, infinity and 1_000 are no numbers here."""
    try:
        return float(text) if text.isascii() and not set(text) & set("_nN") else math.nan
    except ValueError:
        return math.nan


def _written(x: float) -> str:
    return str(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)


def _read_column(part: pl.Expr) -> pl.Expr:
    return computed(np.positive)(by_row(_read, pl.Float64)(part))


def _number(name: str, ufunc: Any, scalar: _Scalar | None = None, *also: str, takes: int = 1) -> Function:
    """Return the row of a number function that numpy knows; scalar is given where Python is faster or numpy warns."""
    kinds: list[Kind] = ["number"] * takes
    called = (name, *also) if name.isidentifier() else also
    return Function(name, tuple(kinds), "number", computed(ufunc), scalar or _within(ufunc), called)


NUMBERS: Final = (
    _number("+", np.add, operator.add, takes=2),
    _number("-", np.subtract, operator.sub, takes=2),
    _number("*", np.multiply, operator.mul, takes=2),
    _number("/", np.divide, _divided, takes=2),
    _number("%", np.fmod, _remainder, "mod", takes=2),
    Function("negative", ("number",), "number", computed(np.negative), operator.neg),
    _number("abs", np.abs, abs),
    _number("sign", np.sign),
    _number("floor", np.floor),
    _number("ceil", np.ceil, None, "ceiling"),
    _number("trunc", np.trunc),
    _number("sqrt", np.sqrt, _within(np.sqrt, lo=0.0)),
    _number("exp", np.exp, _within(np.exp, hi=_LARGEST_EXPONENT)),
    _number("ln", np.log, _within(np.log, lo=_TINY)),
    _number("log10", np.log10, _within(np.log10, lo=_TINY)),
    _number("log2", np.log2, _within(np.log2, lo=_TINY)),
    _number("log1p", np.log1p, _within(np.log1p, lo=math.nextafter(-1.0, 0.0))),
    Function(
        "log", ("number", "number"), "number", computed(_logarithms), _logarithm, ("log",),
        form="LOG(x, base), LN(x) or LOG10(x)",
    ),
    _number("power", np.frompyfunc(_power, 2, 1), _power, "pow", takes=2),
    Function(
        "round", ("number", "whole"), "number", _rounded_column, _rounded, ("round",), defaults=(0,),
        form="ROUND(x) or ROUND(x, places)", lowest=0, highest=15,
    ),
    Function("number_from_boolean", ("boolean",), "number", lambda part: part.cast(pl.Float64), float),
    Function("number_from_text", ("text",), "number", _read_column, _read),
    Function("text_from_number", ("number",), "text", by_row(_written, pl.String), _written),
)  # fmt: skip
