"""One sentence about several columns, so that thirty equal findings are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milepost.ground.text import listed

MOST_NAMED = 5


def columns_of(names: Sequence[str]) -> str:
    """Return column names for a sentence, the first five by name.

    >>> columns_of(["a", "b"])
    '`a`, `b`'
    """
    return listed([f"`{name}`" for name in names], most=MOST_NAMED)


def measured(figures: Mapping[str, str]) -> str:
    """Return column names with a figure each, in the given order.

    >>> measured({"a": "12.0 %", "b": "1.5 %"})
    '`a` 12.0 %, `b` 1.5 %'
    """
    return listed([f"`{name}` {figure}" for name, figure in figures.items()], most=MOST_NAMED)


def only(names: Sequence[str]) -> str | None:
    """Return the name if there is just one, else None: the column that a finding is about."""
    return names[0] if len(names) == 1 else None
