"""Comparisons, tests for missing values, and choices among values: what works on every type.

Truth has three values: a comparison with a missing value is neither true nor false but missing, as in SQL.
"""

from __future__ import annotations

import operator
from typing import Any, Final

import polars as pl

from milepost.data.expressions.function import Function


def _first_known(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _greatest(*values: Any) -> Any:
    """Return the last of the largest known values, as Polars does: it matters for 0.0 beside -0.0."""
    return max((value for value in reversed(values) if value is not None), default=None)


def _least(*values: Any) -> Any:
    return min((value for value in reversed(values) if value is not None), default=None)


LOGIC: Final = (
    Function("=", ("same", "same"), "boolean", operator.eq, operator.eq),
    Function("<>", ("same", "same"), "boolean", operator.ne, operator.ne),
    Function("<", ("ordered", "ordered"), "boolean", operator.lt, operator.lt),
    Function("<=", ("ordered", "ordered"), "boolean", operator.le, operator.le),
    Function(">", ("ordered", "ordered"), "boolean", operator.gt, operator.gt),
    Function(">=", ("ordered", "ordered"), "boolean", operator.ge, operator.ge),
    Function("not", ("boolean",), "boolean", operator.invert, operator.not_),
    Function("is_null", ("same",), "boolean", pl.Expr.is_null, lambda value: value is None, strict=False),
    Function("is_true", ("boolean",), "boolean", lambda p: p.fill_null(False), lambda v: v is True, strict=False),
    Function("is_false", ("boolean",), "boolean", lambda p: ~p.fill_null(True), lambda v: v is False, strict=False),
    Function("boolean_from_number", ("number",), "boolean", lambda part: part != 0.0, bool),
    Function(
        "text_from_boolean", ("boolean",), "text", lambda part: part.cast(pl.String), lambda v: "true" if v else "false"
    ),
    Function(
        "coalesce", ("same",), "same", lambda *parts: pl.coalesce(parts), _first_known, ("coalesce",), more=True,
        strict=False,
    ),
    Function(
        "greatest", ("ordered",), "same", lambda *parts: pl.max_horizontal(parts), _greatest, ("greatest",), more=True,
        strict=False,
    ),
    Function(
        "least", ("ordered",), "same", lambda *parts: pl.min_horizontal(parts), _least, ("least",), more=True,
        strict=False,
    ),
)  # fmt: skip
