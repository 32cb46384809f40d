"""The tree of an expression: nested lists that are plain JSON, kept in bundles, with a meaning that never changes.

    node     = 3.5 | "text" | true | false              a literal
             | ["null", type]                           a missing value
             | ["date", "2024-01-31"]
             | ["datetime", "2024-01-31T12:00:00+00:00"]
             | ["column", name, type]
             | ["and", node, node] | ["or", node, node]
             | ["case", condition, result, …, otherwise]  the first condition that is true decides
             | ["in", node, literal or null, …]
             | [function, node, …, constant, …]         a row of functions.py; constants are whole numbers or texts
    type     = "number" | "boolean" | "text" | "date" | "datetime"

    total_charges / nullif(tenure, 0)
    ["/", ["column", "total_charges", "number"],
          ["case", ["=", ["column", "tenure", "number"], 0.0], ["null", "number"], ["column", "tenure", "number"]]]

A function's name is never given another meaning: a change gets a new name, so that an old bundle answers as it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from milepost.data.schema import Dtype

Type = Literal["number", "boolean", "text", "date", "datetime"]
Tree: TypeAlias = "float | str | bool | list[Tree] | None"
Value = float | bool | str | date | datetime | None

TYPE_OF: Final[dict[Dtype, Type]] = {
    "integer": "number",
    "float": "number",
    "boolean": "boolean",
    "text": "text",
    "date": "date",
    "datetime": "datetime",
}
_VALUES: Final = ("null", "date", "datetime")


def is_literal(tree: Tree) -> bool:
    """Return whether the node is a value that is written out."""
    return not isinstance(tree, list) or tree[0] in _VALUES


def literal_value(tree: Tree) -> Value:
    """Return what a literal node stands for; numbers as float.

    >>> literal_value(["date", "2024-01-31"]), literal_value(3)
    (datetime.date(2024, 1, 31), 3.0)
    """
    if isinstance(tree, list):
        kind, text = tree[0], str(tree[1])
        if kind == "null":
            return None
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    return float(tree) if isinstance(tree, (int, float)) and not isinstance(tree, bool) else tree


def columns_of(tree: Tree) -> tuple[str, ...]:
    """Return the columns that the expression reads, each once, in the order of the text.

    >>> columns_of(["+", ["column", "b", "number"], ["*", ["column", "a", "number"], ["column", "b", "number"]]])
    ('b', 'a')
    """
    return tuple(dict.fromkeys(_column_names(tree)))


def _column_names(tree: Tree) -> Iterator[str]:
    if isinstance(tree, list):
        if tree[0] == "column":
            yield str(tree[1])
        else:
            for part in tree[1:]:
                yield from _column_names(part)
