"""Forms with a grammar of their own: CASE, CAST, EXTRACT, IS, IN, BETWEEN, LIKE, and what is short for CASE."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final, Protocol

from milepost.data.expressions.functions import CASTS, PART_NAMES
from milepost.data.expressions.source import Source
from milepost.data.expressions.tokens import Token, Tokens
from milepost.data.expressions.tree import Tree, Type, is_literal
from milepost.data.expressions.typed import Node, call, common_type, converted, grown, needed
from milepost.ground.errors import UnknownNameError


class Reader(Protocol):
    """What a form asks of the parser."""

    source: Source
    tokens: Tokens

    def expression(self, binding: int = 0) -> Node: ...

    def arguments(self) -> list[Node]: ...


# how tightly they bind to what stands left of them, as in Polars SQL
LIKE: Final = 19
BETWEEN: Final = 20

_TARGETS: Final[dict[str, Type]] = {
    "double": "number", "float": "number", "float8": "number", "float64": "number", "numeric": "number",
    "text": "text", "varchar": "text", "string": "text", "char": "text",
    "boolean": "boolean", "bool": "boolean",
    "date": "date", "timestamp": "datetime", "datetime": "datetime",
}  # fmt: skip
_WHOLE: Final = ("integer", "int", "bigint", "smallint", "int8", "int4", "int2", "tinyint")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_case(reader: Reader, word: Token) -> Node:
    """Return CASE WHEN … or CASE x WHEN …; the word itself is taken."""
    tokens = reader.tokens
    subject = None if tokens.here.key == "when" else reader.expression()
    branches: list[tuple[Node, Node]] = []
    while tokens.accept("when"):
        condition = reader.expression()
        tokens.need("then", "WHEN has a condition, then a result")
        branches.append((condition, reader.expression()))
    if not branches:
        tokens.need("when", "CASE has at least one WHEN … THEN …")
    otherwise = reader.expression() if tokens.accept("else") else None
    span = (word.start, tokens.need("end", "CASE is closed by END").end)
    if subject is not None:
        branches = [(_equal(reader.source, subject, value), result) for value, result in branches]
    return _chosen(reader.source, branches, otherwise, said="CASE", span=span)


def _equal(source: Source, one: Node, other: Node) -> Node:
    return call(source, "=", [one, other], said="=", span=(other.start, other.end))


def _chosen(
    source: Source, branches: Sequence[tuple[Node, Node]], otherwise: Node | None, *, said: str, span: tuple[int, int]
) -> Node:
    """Return the choice of the first result whose condition is true; without otherwise the rest is missing."""
    last = otherwise or Node(["null", "number"], "null", *span)
    common = common_type(source, [*(result for _, result in branches), last], said=said)
    parts: list[Node] = []
    for condition, result in branches:
        parts += [needed(source, condition, "boolean", said="a condition"), converted(result, common)]
    parts.append(converted(last, common))
    return grown(source, ["case", *(part.tree for part in parts)], common, parts, span)


def _read_if(reader: Reader, word: Token) -> Node:
    condition, then, otherwise = _exactly(reader, word, 3, "IF(condition, x, y)")
    span = (word.start, reader.tokens.passed)
    return _chosen(reader.source, [(condition, then)], otherwise, said="IF", span=span)


def _read_nullif(reader: Reader, word: Token) -> Node:
    value, unwanted = _exactly(reader, word, 2, "NULLIF(x, y)")
    span = (word.start, reader.tokens.passed)
    missing = Node(["null", "number"], "null", *span)
    condition = call(reader.source, "=", [value, unwanted], said="NULLIF", span=span)
    return _chosen(reader.source, [(condition, missing)], value, said="NULLIF", span=span)


def _read_ifnull(reader: Reader, word: Token) -> Node:
    values = _exactly(reader, word, 2, "IFNULL(x, y)")
    return call(reader.source, "coalesce", values, said="IFNULL", span=(word.start, reader.tokens.passed))


def _exactly(reader: Reader, word: Token, how_many: int, form: str) -> list[Node]:
    arguments = reader.arguments()
    if len(arguments) != how_many:
        what = f"{word.value.upper()} takes {how_many} arguments, not {len(arguments)}."
        raise reader.source.error(what, f"Write {form}.", word.start, word.end)
    return arguments


def _read_cast(reader: Reader, word: Token) -> Node:
    reader.tokens.need("(", "CAST is written CAST(x AS DOUBLE)")
    value = reader.expression()
    reader.tokens.need("as", "CAST is written CAST(x AS DOUBLE)")
    node = read_target(reader, value, start=word.start)
    reader.tokens.need(")", "the parenthesis of CAST is not closed")
    return node


def read_target(reader: Reader, value: Node, *, start: int) -> Node:
    """Return the value as the type whose name comes next."""
    source, word = reader.source, reader.tokens.take()
    if word.key == "double":
        reader.tokens.accept("precision")
    if word.key == "real":
        fix = "Write DOUBLE: all numbers here are float64."
        raise source.error("REAL would be a number of half the precision.", fix, word.start, word.end)
    wanted = "number" if word.key in _WHOLE else _TARGETS.get(word.key)
    if wanted is None:
        place = source.at(word.start, word.end)
        raise UnknownNameError(
            "type", word.value, known=("double", "integer", "text", "boolean", "date", "timestamp"), where=place
        )
    span = (start, word.end)
    node = _cast(source, value, wanted, span)
    return call(source, "trunc", [node], said="CAST", span=span) if word.key in _WHOLE else node


def _cast(source: Source, value: Node, wanted: Type, span: tuple[int, int]) -> Node:
    if value.type == "null":
        return converted(value, wanted)
    if (value.type, wanted) not in CASTS:
        what = f"{source.said(value.start, value.end)!r} cannot be turned from {value.type} into {wanted}."
        dated = value.type == "text" and wanted in ("date", "datetime")
        name = "DATE" if wanted == "date" else "TIMESTAMP"
        fix = f"Write {name} '2024-01-31' for a fixed time." if dated else "Compare it, or take a part of it."
        raise source.error(what, fix, *span)
    function = CASTS[value.type, wanted]
    return call(source, function, [value], said="CAST", span=span) if function else value


def _read_extract(reader: Reader, word: Token) -> Node:
    """Return EXTRACT(part FROM time)."""
    form = "EXTRACT is written EXTRACT(year FROM t)"
    reader.tokens.need("(", form)
    part = reader.tokens.take()
    reader.tokens.need("from", form)
    time = reader.expression()
    end = reader.tokens.need(")", "the parenthesis of EXTRACT is not closed").end
    return _part(reader.source, part, time, (word.start, end))


def _read_date_part(reader: Reader, word: Token) -> Node:
    """Return DATE_PART('part', time)."""
    form = "DATE_PART is written DATE_PART('year', t)"
    reader.tokens.need("(", form)
    part = reader.tokens.take()
    reader.tokens.need(",", form)
    time = reader.expression()
    end = reader.tokens.need(")", "the parenthesis of DATE_PART is not closed").end
    return _part(reader.source, part, time, (word.start, end))


def _part(source: Source, part: Token, time: Node, span: tuple[int, int]) -> Node:
    name = part.value.lower()
    if name not in PART_NAMES:
        place = source.at(part.start, part.end)
        raise UnknownNameError("part of a time", part.value, known=PART_NAMES, where=place)
    return call(source, name, [time], said=name.upper(), span=span)


def read_time(source: Source, word: Token, text: Token) -> Node:
    """Return the literal DATE 'YYYY-MM-DD' or TIMESTAMP 'YYYY-MM-DD HH:MM:SS'; a time without a zone is UTC."""
    kind: Type = "date" if word.key == "date" else "datetime"
    try:
        if not _DATE.match(text.value) or (kind == "date" and len(text.value) != 10):
            raise ValueError(text.value)  # noqa: TRY301 - Python reads more forms than SQL has
        moment = date.fromisoformat(text.value) if kind == "date" else _utc(text.value)
    except (ValueError, OverflowError):
        form = "2024-01-31" if kind == "date" else "2024-01-31 12:00:00"
        what = f"{text.value!r} is no {'date' if kind == 'date' else 'date with time'}."
        raise source.error(what, f"Write {word.value.upper()} '{form}'.", text.start, text.end) from None
    return Node([kind, moment.isoformat()], kind, word.start, text.end)


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_is(reader: Reader, left: Node) -> Node:
    """Return x IS [NOT] NULL, TRUE or FALSE; IS itself is taken."""
    negated = reader.tokens.accept("not")
    word = reader.tokens.accept("null", "true", "false")
    if word is None:
        reader.tokens.refuse("IS is followed by NULL, TRUE or FALSE.", "Write x IS NULL; values are compared by =.")
    span = (left.start, word.end)
    node = call(reader.source, f"is_{word.key}", [left], said=f"IS {word.key.upper()}", span=span)
    return negation(reader.source, node) if negated else node


def read_in(reader: Reader, left: Node) -> Node:
    """Return x IN (literal, …); IN itself is taken."""
    tokens, source = reader.tokens, reader.source
    if tokens.here.key != "(":
        tokens.refuse("IN is followed by values in parentheses.", "Write x IN ('a', 'b').")
    values = reader.arguments()
    span = (left.start, tokens.passed)
    for value in values:
        if not is_literal(value.tree):
            what = f"IN needs values that are written out; {source.said(value.start, value.end)!r} is not."
            raise source.error(what, "Write x = a OR x = b.", value.start, value.end)
    if not values:
        raise source.error("IN () lists nothing.", "Write at least one value: x IN ('a').", *span)
    common = common_type(source, [left, *values], said="IN")
    if common == "datetime" and any(value.type == "date" for value in values):
        raise source.error("IN compares a date with time with a date.", "Write TIMESTAMP '2024-01-31'.", *span)
    listed: list[Tree] = [None if value.type == "null" else value.tree for value in values]
    subject = converted(left, common)
    return grown(source, ["in", subject.tree, *listed], "boolean", [subject, *values], span)


def read_between(reader: Reader, left: Node) -> Node:
    """Return x BETWEEN lo AND hi, both included; BETWEEN itself is taken."""
    lo = reader.expression(BETWEEN)
    reader.tokens.need("and", "BETWEEN is written x BETWEEN 1 AND 5")
    hi = reader.expression(BETWEEN)
    span = (left.start, hi.end)
    above = call(reader.source, ">=", [left, lo], said="BETWEEN", span=span)
    below = call(reader.source, "<=", [left, hi], said="BETWEEN", span=span)
    return grown(reader.source, ["and", above.tree, below.tree], "boolean", [above, below], span)


def read_like(reader: Reader, left: Node, *, any_case: bool = False) -> Node:
    """Return x LIKE 'pattern', or ILIKE in any case; the word itself is taken."""
    said = "ILIKE" if any_case else "LIKE"
    pattern = reader.expression(LIKE)
    span = (left.start, pattern.end)
    if any_case and isinstance(pattern.tree, str):
        pattern = Node(pattern.tree.lower(), "text", pattern.start, pattern.end)
        left = call(reader.source, "lower", [left], said=said, span=(left.start, left.end))
    return call(reader.source, "like", [left, pattern], said=said, span=span)


def negation(source: Source, node: Node) -> Node:
    """Return NOT node."""
    return call(source, "not", [node], said="NOT", span=(node.start, node.end))


CALLED_FORMS: Final[dict[str, Callable[[Reader, Token], Node]]] = {
    "if": _read_if,
    "nullif": _read_nullif,
    "ifnull": _read_ifnull,
    "cast": _read_cast,
    "try_cast": _read_cast,
    "extract": _read_extract,
    "date_part": _read_date_part,
}
