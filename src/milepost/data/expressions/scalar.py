"""The scalar evaluator: the tree of an expression as a Python function of one row.

A row holds canonical values: float for numbers, bool, str, date, datetime in UTC, and None where a value is missing.
The tree is walked once and becomes closures, so that a row costs a few hundred nanoseconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from milepost.data.expressions.function import Function
from milepost.data.expressions.functions import FUNCTIONS
from milepost.data.expressions.tree import Tree, literal_value

Row = Mapping[str, object]
_Evaluate = Callable[[Row], Any]

_MOST: Final = sys.float_info.max
_LEAST: Final = -_MOST  # _LEAST <= x <= _MOST is false for NaN and for infinity


def as_function(tree: Tree) -> Callable[[Row], object]:
    """Return the expression as a function of one row, which holds every column that the tree reads.

    It gives float, bool, str, date, datetime or None, and never raises for canonical values.

    >>> per_month = as_function(["/", ["column", "total", "number"], ["column", "months", "number"]])
    >>> per_month({"total": 90.0, "months": 3.0}), per_month({"total": 90.0, "months": 0.0})
    (30.0, None)
    """
    return _compiled(tree)


def _compiled(tree: Tree) -> _Evaluate:
    if not isinstance(tree, list):
        return _literal("", [tree])
    name = str(tree[0])
    return _BUILDERS.get(name, _call)(name, tree[1:])


def _literal(name: str, parts: list[Tree]) -> _Evaluate:
    value = literal_value([name, *parts] if name else parts[0])
    return lambda _: value


def _column(_: str, parts: list[Tree]) -> _Evaluate:
    name = str(parts[0])
    if parts[1] != "number":
        return lambda row: row[name]

    def number(row: Row) -> Any:
        value: Any = row[name]
        return value if value is not None and _LEAST <= value <= _MOST else None

    return number


def _and(_: str, parts: list[Tree]) -> _Evaluate:
    left, right = _compiled(parts[0]), _compiled(parts[1])

    def both(row: Row) -> bool | None:
        one = left(row)
        if one is False:
            return False
        other = right(row)
        if other is False:
            return False
        return None if one is None or other is None else True

    return both


def _or(_: str, parts: list[Tree]) -> _Evaluate:
    left, right = _compiled(parts[0]), _compiled(parts[1])

    def either(row: Row) -> bool | None:
        one = left(row)
        if one is True:
            return True
        other = right(row)
        if other is True:
            return True
        return None if one is None or other is None else False

    return either


def _case(_: str, parts: list[Tree]) -> _Evaluate:
    compiled = [_compiled(part) for part in parts]
    branches = tuple(zip(compiled[:-1:2], compiled[1::2], strict=True))
    otherwise = compiled[-1]

    def chosen(row: Row) -> Any:
        for condition, result in branches:
            if condition(row):
                return result(row)
        return otherwise(row)

    return chosen


def _in(_: str, parts: list[Tree]) -> _Evaluate:
    value_of = _compiled(parts[0])
    values = frozenset(literal_value(part) for part in parts[1:] if part is not None)
    no = None if None in parts else False

    def listed(row: Row) -> bool | None:
        value = value_of(row)
        if value is None:
            return None
        return True if value in values else no

    return listed


def _call(name: str, parts: list[Tree]) -> _Evaluate:
    function = FUNCTIONS[name]
    nodes = len(parts) - function.constants
    arguments = [_compiled(part) for part in parts[:nodes]]
    operate = _with_constants(function, parts[nodes:])
    if not function.strict:
        return _lenient(operate, arguments)
    if len(arguments) == 1:
        return _unary(operate, *arguments, is_number=function.gives == "number")
    return _binary(operate, *arguments, is_number=function.gives == "number")


def _with_constants(function: Function, constants: list[Tree]) -> Callable[..., Any]:
    operate = function.scalar
    return (lambda *values: operate(*values, *constants)) if constants else operate


def _lenient(operate: Callable[..., Any], arguments: list[_Evaluate]) -> _Evaluate:
    return lambda row: operate(*[argument(row) for argument in arguments])


def _unary(operate: Callable[[Any], Any], argument: _Evaluate, *, is_number: bool) -> _Evaluate:
    def number(row: Row) -> Any:
        value = argument(row)
        if value is None:
            return None
        answer = operate(value)
        return answer if _LEAST <= answer <= _MOST else None

    def other(row: Row) -> Any:
        value = argument(row)
        return None if value is None else operate(value)

    return number if is_number else other


def _binary(operate: Callable[[Any, Any], Any], left: _Evaluate, right: _Evaluate, *, is_number: bool) -> _Evaluate:
    def number(row: Row) -> Any:
        one = left(row)
        if one is None:
            return None
        other = right(row)
        if other is None:
            return None
        answer = operate(one, other)
        return answer if _LEAST <= answer <= _MOST else None

    def comparison(row: Row) -> Any:
        one = left(row)
        if one is None:
            return None
        other = right(row)
        return None if other is None else operate(one, other)

    return number if is_number else comparison


_BUILDERS: Final[dict[str, Callable[[str, list[Tree]], _Evaluate]]] = {
    "null": _literal,
    "date": _literal,
    "datetime": _literal,
    "column": _column,
    "and": _and,
    "or": _or,
    "case": _case,
    "in": _in,
}
