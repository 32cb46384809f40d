"""The words of an expression, and a cursor over them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from milepost.data.expressions.refused import SIGNS
from milepost.data.expressions.source import Source
from milepost.ground.text import count

LONGEST: Final = 10_000  # characters of one expression

_PATTERN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<name>[^\W\d][\w$]*)
      | (?P<sign>(?!--|//|/\*|\*\*)(?:<>|!=|==|<=|>=|\|\||::|[-+*/%=<>(),]))""",
    re.VERBOSE,
)
_REFUSED: Final = tuple((re.compile(pattern), what, fix) for pattern, what, fix in SIGNS)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text.

    Attributes:
        kind: "name" is a word without quotes, "quoted" a column in double quotes, "text" in single quotes.
        value: what it says, without its quotes.
        key: what the grammar compares: a name in lower case, a sign as it is; empty for values and the end.
        start, end: its place in the text, half-open.
    """

    kind: Literal["name", "quoted", "text", "number", "sign", "end"]
    value: str
    key: str
    start: int
    end: int


class Tokens:
    """A cursor over the words of one expression."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._items = _tokenized(source)
        self._at = 0

    @property
    def here(self) -> Token:
        return self._items[self._at]

    @property
    def following(self) -> Token:
        return self._items[min(self._at + 1, len(self._items) - 1)]

    @property
    def passed(self) -> int:
        """Return where the last word that was taken ends."""
        return self._items[self._at - 1].end if self._at else 0

    def take(self) -> Token:
        """Return the word here and go on; the end is never passed."""
        token = self.here
        self._at = min(self._at + 1, len(self._items) - 1)
        return token

    def accept(self, *keys: str) -> Token | None:
        """Return the word here and go on if it is one of keys."""
        return self.take() if self.here.key in keys and self.here.key else None

    def need(self, key: str, why: str) -> Token:
        """Return the word here, which must be key; why says what it belongs to."""
        return self.accept(key) or self.refuse(f"{key.upper()} is missing: {why}.", f"Write {key.upper()} here.")

    def refuse(self, what: str, fix: str) -> NoReturn:
        """Raise the error about the word here."""
        raise self.source.error(what, fix, self.here.start, self.here.end)


def _tokenized(source: Source) -> tuple[Token, ...]:
    text = source.text
    if not text.strip():
        raise source.error("The expression is empty.", "Write an expression, or leave out its key.", 0, 0)
    if len(text) > LONGEST:
        what = f"The expression has {count(len(text))} characters; {count(LONGEST)} are the most."
        raise source.error(what, "Split it into several features.", LONGEST, LONGEST)
    tokens, at = [], 0
    while at < len(text):
        found = _PATTERN.match(text, at) or _refuse(source, at)
        if found.lastgroup != "space":
            tokens.append(_token(source, str(found.lastgroup), found))
        at = found.end()
    end = len(text.rstrip())
    return (*tokens, Token("end", "", "", end, end))


def _token(source: Source, kind: str, found: re.Match[str]) -> Token:
    words, start, end = found.group(), found.start(), found.end()
    if kind == "number":
        _check_number(source, words, start, end)
        return Token("number", words, "", start, end)
    if kind == "text":
        return Token("text", words[1:-1].replace("''", "'"), "", start, end)
    if kind == "quoted":
        return Token("quoted", words[1:-1].replace('""', '"'), "", start, end)
    if kind == "name":
        return Token("name", words, words.lower(), start, end)
    return Token("sign", words, {"==": "=", "!=": "<>"}.get(words, words), start, end)


def _check_number(source: Source, words: str, start: int, end: int) -> None:
    tail = re.compile(r"[\w.]+").match(source.text, end)
    if tail:
        what = f"{source.said(start, tail.end())!r} is not a number."
        fix = 'Write numbers like 1000, 0.5 or 1e6; put a column name that begins with a digit in double quotes: "2nd".'
        raise source.error(what, fix, start, tail.end())
    if math.isinf(float(words)):
        raise source.error(f"{words} is too large for a float64.", "Write a number below 1.8e308.", start, end)


def _refuse(source: Source, at: int) -> NoReturn:
    if source.text[at] in "'\"":
        quote, meant = ("'", "text") if source.text[at] == "'" else ('"', "column name")
        raise source.error(f"The {meant} that begins here has no end.", f"Close it with {quote}.", at, len(source.text))
    for pattern, what, fix in _REFUSED:
        found = pattern.match(source.text, at)
        if found:
            raise source.error(what, fix, at, found.end())
    letter = source.text[at]
    raise source.error(f"The character {letter!r} has no meaning here.", "Leave it out.", at, at + 1)
