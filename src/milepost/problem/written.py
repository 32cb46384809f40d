"""Values as a problem file writes them, short and without secrets, for messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time

from milepost.ground.text import listed
from milepost.problem.secrets import mask_secrets

_LONGEST = 60
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a truth value"),
    (str, "text"),
    (int, "a whole number"),
    (float, "a number"),
    (Mapping, "a table"),
    ((list, tuple), "a list"),
)

SMALLEST_PERCENT = 5  # from here on a number where a share is needed was probably meant as a percentage


def shown(value: object) -> str:
    """Return a value as TOML writes it, cut where it is long.

    >>> shown("a"), shown(True), shown([1, "x"]), shown({"trials": 3})
    ('"a"', 'true', '[1, "x"]', '{ trials = 3 }')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = mask_secrets(value)
        return f'"{text[:_LONGEST]}…"' if len(text) > _LONGEST else f'"{text}"'
    if isinstance(value, Mapping):
        return f"{{ {listed([f'{key} = {shown(item)}' for key, item in value.items()], most=3)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{listed([shown(item) for item in value], most=4)}]"
    return value.isoformat() if isinstance(value, date | time) else str(value)[:_LONGEST]


def kind_of(value: object) -> str:
    """Return what sort of TOML value it is, in words."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "a date or time")
