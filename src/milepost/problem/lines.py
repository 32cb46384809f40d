r"""On which line each key of a TOML text stands, so that an error can point at it.

'[data]\nid = "customer"'  ->  {"data": 1, "data.id": 2}
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (  # longest quotes first; TOML lets one or two more quotes stand before the closing three
    re.compile(r'"""(?:[^\\]|\\[\s\S])*?"{3,5}'),
    re.compile(r"'''[\s\S]*?'{3,5}"),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def lines_of(text: str) -> dict[str, int]:
    """Return the line, counted from 1, of each table and key of a valid TOML text, by dotted key.

    In an array of tables each table has its number, from 1, as "list[2].key"; "list.key" is its first line.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


@dataclass(slots=True)
class _Scan:
    """A walk over a text that tomllib has already found to be valid."""

    text: str
    at: int = 0
    counted_to: int = 0
    line: int = 1
    lines: dict[str, int] = field(default_factory=dict)
    counts: dict[tuple[str, ...], int] = field(default_factory=dict)  # tables so far of each array of tables

    def document(self) -> None:
        table: tuple[str, ...] = ()
        self.blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.blank()

    def header(self) -> tuple[str, ...]:
        line, is_one_of_many = self.line_here(), self.text.startswith("[[", self.at)
        self.at = _end_of(r"\[+\s*", self.text, self.at)
        table = self.dotted_key()
        if is_one_of_many:
            self.counts[table] = self.counts.get(table, 0) + 1
        self.note(table, line)
        self.at = _end_of(r"\s*\]+", self.text, self.at)
        return table

    def pair(self, table: tuple[str, ...]) -> None:
        line, key = self.line_here(), self.dotted_key()
        self.note((*table, *key), line)
        self.at = _end_of(r"[ \t]*=[ \t]*", self.text, self.at)
        self.value((*table, *key))

    def value(self, key: tuple[str, ...]) -> None:
        opening = self.text[self.at : self.at + 1]
        if opening in ("[", "{"):
            self.at += 1
            self.members(key, "]" if opening == "[" else "}")
        elif opening in ('"', "'"):
            self.string()
        else:
            self.at = _end_of(_SCALAR, self.text, self.at)

    def members(self, key: tuple[str, ...], closing: str) -> None:
        self.blank()
        while self.at < len(self.text) and self.text[self.at] != closing:
            if closing == "}":
                self.pair(key)
            else:
                self.item(key)
            self.blank()
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
                self.blank()
        self.at += 1

    def item(self, key: tuple[str, ...]) -> None:
        """Walk over one item of a list; a table has its number."""
        if self.text[self.at] == "{":
            self.counts[key] = self.counts.get(key, 0) + 1
            self.note(key, self.line_here())
        self.value(key)

    def dotted_key(self) -> tuple[str, ...]:
        parts = [self.key_part()]
        while (after := _end_of(r"[ \t]*\.[ \t]*", self.text, self.at)) > self.at:
            self.at = after
            parts.append(self.key_part())
        return tuple(parts)

    def key_part(self) -> str:
        start = self.at
        if self.text[start] not in "\"'":
            self.at = _end_of(_BARE, self.text, start)
            return self.text[start : self.at]
        self.string()
        return _unquoted(self.text[start : self.at])

    def string(self) -> None:
        for pattern in _STRINGS:
            match = pattern.match(self.text, self.at)
            if match:
                self.at = match.end()
                return
        raise AssertionError(f"no string at {self.at}: the text was not valid TOML")

    def blank(self) -> None:
        self.at = _end_of(_BLANK, self.text, self.at)

    def note(self, key: tuple[str, ...], line: int) -> None:
        parts: list[str] = []
        for depth in range(1, len(key) + 1):
            number = self.counts.get(key[:depth])
            parts.append(key[depth - 1] if number is None else f"{key[depth - 1]}[{number}]")
            self.lines.setdefault(".".join(key[:depth]), line)
            self.lines.setdefault(".".join(parts), line)

    def line_here(self) -> int:
        self.line += self.text.count("\n", self.counted_to, self.at)
        self.counted_to = self.at
        return self.line


def _end_of(pattern: str | re.Pattern[str], text: str, at: int) -> int:
    match = re.compile(pattern).match(text, at)
    return match.end() if match else at


def _unquoted(quoted: str) -> str:
    import tomllib

    return next(iter(tomllib.loads(f"{quoted} = 0")))
