"""The column evaluator: the tree of an expression as a Polars expression over a whole table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import polars as pl

from milepost.data.expressions.functions import FUNCTIONS
from milepost.data.expressions.times import DATETIME
from milepost.data.expressions.tree import Tree, Type, literal_value

_STORED: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "text": pl.String,
    "date": pl.Date,
    "datetime": DATETIME,
}


def as_polars(tree: Tree) -> pl.Expr:
    """Return the expression over a whole table; it needs a name of its own.

    >>> table = pl.DataFrame({"total": [90.0, 10.0], "months": [3, 0]})
    >>> per_month = ["/", ["column", "total", "number"], ["column", "months", "number"]]
    >>> table.select(as_polars(per_month).alias("per_month"))["per_month"].to_list()
    [30.0, None]
    """
    if not isinstance(tree, list):
        return pl.lit(literal_value(tree))
    name = str(tree[0])
    return _BUILDERS.get(name, _call)(name, tree[1:])


def _literal(name: str, parts: list[Tree]) -> pl.Expr:
    stored = _STORED[str(parts[0]) if name == "null" else name]
    return pl.lit(literal_value([name, *parts]), dtype=stored)


def _column(_: str, parts: list[Tree]) -> pl.Expr:
    """Return a column as its type is computed with; numbers that are not finite are missing."""
    stored = pl.col(str(parts[0])).cast(_STORED[cast(Type, parts[1])])
    return pl.when(stored.is_finite()).then(stored) if parts[1] == "number" else stored


def _and(_: str, parts: list[Tree]) -> pl.Expr:
    return as_polars(parts[0]) & as_polars(parts[1])


def _or(_: str, parts: list[Tree]) -> pl.Expr:
    return as_polars(parts[0]) | as_polars(parts[1])


def _case(_: str, parts: list[Tree]) -> pl.Expr:
    branches: Any = pl
    for condition, result in zip(parts[:-1:2], parts[1::2], strict=True):
        branches = branches.when(as_polars(condition)).then(as_polars(result))
    return cast(pl.Expr, branches.otherwise(as_polars(parts[-1])))


def _in(_: str, parts: list[Tree]) -> pl.Expr:
    """Return whether the value is listed; a missing one in the list makes every "no" unknown."""
    values = [literal_value(part) for part in parts[1:] if part is not None]
    listed = as_polars(parts[0]).is_in(values)
    return listed if None not in parts else pl.when(listed).then(True)


def _call(name: str, parts: list[Tree]) -> pl.Expr:
    function = FUNCTIONS[name]
    nodes = len(parts) - function.constants
    return function.column(*[as_polars(part) for part in parts[:nodes]], *parts[nodes:])


_BUILDERS: Final[dict[str, Callable[[str, list[Tree]], pl.Expr]]] = {
    "null": _literal,
    "date": _literal,
    "datetime": _literal,
    "column": _column,
    "and": _and,
    "or": _or,
    "case": _case,
    "in": _in,
}
