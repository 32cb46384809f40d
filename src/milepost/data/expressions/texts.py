"""Functions of texts. A letter is a Unicode code point; texts are ordered by code point."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import polars as pl

from milepost.data.expressions.function import Function, Kind, by_row

# What Unicode calls white space. Python's strip() would also take U+001C to U+001F.
_SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)


def _matches(text: str, pattern: str) -> bool:
    return _matcher(pattern)(text)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return the test for a LIKE pattern: % is any text, _ any letter.

    The pieces between % are looked for from left to right, so that no pattern takes more than quadratic time.
    """
    first, *pieces = (re.compile(_piece(part), re.DOTALL) for part in pattern.split("%"))
    widths = [len(part) for part in pattern.split("%")]

    def matches(text: str) -> bool:
        if not pieces:
            return first.fullmatch(text) is not None
        at = widths[0]
        last = len(text) - widths[-1]
        if last < at or not first.match(text) or not pieces[-1].match(text, last):
            return False
        for piece in pieces[:-1]:
            found = piece.search(text, at, last)
            if found is None:
                return False
            at = found.end()
        return True

    return matches


def _piece(part: str) -> str:
    return "".join("." if letter == "_" else re.escape(letter) for letter in part)


def _like_column(part: pl.Expr, pattern: str) -> pl.Expr:
    pieces = ("".join("." if c == "_" else pl.escape_regex(c) for c in piece) for piece in pattern.split("%"))
    return part.str.contains(rf"(?s)\A{'.*'.join(pieces)}\z")


def _right(text: str, letters: int) -> str:
    return text[-letters:] if letters else ""


def _right_column(part: pl.Expr, letters: int) -> pl.Expr:
    return part.str.tail(letters) if letters else part.str.head(0)


def _part(text: str, start: int, letters: int | None) -> str:
    """Return letters of text from start on, which counts from 1; places before the first letter are counted too."""
    end = None if letters is None else max(start - 1 + letters, 0)
    return text[max(start - 1, 0) : end]


def _part_column(part: pl.Expr, start: int, letters: int | None) -> pl.Expr:
    begin = max(start - 1, 0)
    return part.str.slice(begin, None if letters is None else max(start - 1 + letters - begin, 0))


def _joined(*texts: str | None) -> str:
    return "".join(text for text in texts if text is not None)


def _text(
    name: str, column: Callable[..., pl.Expr], scalar: Callable[..., str], *constants: Kind, also: tuple[str, ...] = ()
) -> Function:
    return Function(name, ("text", *constants), "text", column, scalar, (name, *also))


TEXTS: Final = (
    Function("||", ("text", "text"), "text", lambda a, b: pl.concat_str(a, b), lambda a, b: a + b),
    Function(
        "concat", ("text",), "text", lambda *parts: pl.concat_str(parts, ignore_nulls=True), _joined, ("concat",),
        more=True, strict=False,
    ),
    _text("lower", by_row(str.lower, pl.String), str.lower),
    _text("upper", by_row(str.upper, pl.String), str.upper),
    _text("trim", lambda part: part.str.strip_chars(_SPACES), lambda text: text.strip(_SPACES)),
    _text("ltrim", lambda part: part.str.strip_chars_start(_SPACES), lambda text: text.lstrip(_SPACES)),
    _text("rtrim", lambda part: part.str.strip_chars_end(_SPACES), lambda text: text.rstrip(_SPACES)),
    _text("left", lambda part, letters: part.str.head(letters), lambda text, letters: text[:letters], "whole"),
    _text("right", _right_column, _right, "whole"),
    Function(
        "substr", ("text", "whole", "whole"), "text", _part_column, _part, ("substr", "substring"), defaults=(None,),
        form="SUBSTR(text, start) or SUBSTR(text, start, letters)",
    ),
    _text(
        "replace", lambda part, old, new: part.str.replace_all(old, new, literal=True), str.replace, "word", "word"
    ),
    Function(
        "length", ("text",), "number", lambda part: part.str.len_chars().cast(pl.Float64),
        lambda text: float(len(text)),
        ("length", "char_length", "character_length"),
    ),
    Function(
        "starts_with", ("text", "text"), "boolean", lambda part, start: part.str.starts_with(start), str.startswith,
        ("starts_with",),
    ),
    Function(
        "ends_with", ("text", "text"), "boolean", lambda part, end: part.str.ends_with(end), str.endswith,
        ("ends_with",),
    ),
    Function("like", ("text", "word"), "boolean", _like_column, _matches),
)  # fmt: skip
