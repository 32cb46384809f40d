"""A problem file as text: each key with a comment for a beginner, and what is uncertain behind a #.

target = "churn"               # the column to predict
# group = "account"            # rows that may not be on both sides of the split: ask who may come back
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

WIDTH = 118  # of a line with its comment
COLUMN = 31  # where comments begin

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a problem file.

    Attributes:
        key: its name.
        value: text, number, truth, list or table; written as TOML.
        comment: what it means, or why it has this value; for one that is off, why that is.
        is_on: whether it counts; one that is off stands behind a #.
    """

    key: str
    value: Any
    comment: str
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a problem file.

    Attributes:
        name: of the table.
        comment: what it is for.
        settings: its keys, in order.
        is_on: whether its heading counts; one that is off has no setting that is on.
        notes: comments above its keys.
    """

    name: str
    comment: str
    settings: tuple[Setting, ...]
    is_on: bool = True
    notes: tuple[str, ...] = ()


def problem_text(opening: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the text of a problem file.

    Args:
        opening: comments at the top.
        sections: the tables, in order.
    """
    blocks = ["\n".join(line for text in opening for line in _comment_lines(text))]
    for section in sections:
        heading = f"[{section.name}]" if section.is_on else f"# [{section.name}]"
        lines = [
            *_commented(heading, section.comment),
            *(line for note in section.notes for line in _comment_lines(note)),
        ]
        for setting in section.settings:
            written = f"{toml_key(setting.key)} = {toml(setting.value)}"
            lines += _commented(written if setting.is_on else f"# {written}", setting.comment)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def toml(value: Any) -> str:
    r"""Return a value as TOML writes it, on one line.

    >>> print(toml({"column": 'the "rate"', "change": -0.5}), toml(["a", True]))
    { column = "the \"rate\"", change = -0.5 } ["a", true]
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(str(key))} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return repr(value)


def toml_key(key: str) -> str:
    """Return a key as TOML writes it: bare where that is allowed, else in quotes.

    >>> toml_key("pdays"), toml_key("days since")
    ('pdays', '"days since"')
    """
    return key if _BARE.fullmatch(key) else toml(key)


def _commented(code: str, comment: str) -> Iterator[str]:
    """Give a line with its comment behind it, or above it where both do not fit in one line."""
    comment = _on_one_line(comment)
    behind = f"{code:<{COLUMN}}# {comment}"
    if not comment:
        yield code
    elif len(behind) <= WIDTH and len(code) < COLUMN * 2:
        yield behind if len(code) < COLUMN else f"{code}   # {comment}"
    else:
        yield from _comment_lines(comment)
        yield code


def _comment_lines(comment: str) -> list[str]:
    return [f"# {line}" for line in wrap(_on_one_line(comment), WIDTH - 2, break_on_hyphens=False)] or ["#"]


def _on_one_line(comment: str) -> str:
    """Return a comment without what would end its line: names of columns may hold anything."""
    return _CONTROL.sub(" ", comment).strip()
