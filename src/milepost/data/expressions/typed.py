"""Trees with their types and places: what may be combined, and the error where it may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from milepost.data.expressions.function import CONSTANTS, Function, Kind
from milepost.data.expressions.functions import FUNCTIONS
from milepost.data.expressions.source import Source
from milepost.data.expressions.tree import Tree, Type, is_literal
from milepost.ground.errors import MilepostError
from milepost.ground.text import count, counted

DEEPEST: Final = 200  # levels of one tree; each costs an evaluator three frames of Python's stack of a thousand
LARGEST: Final = 10_000  # nodes of one tree, written twice where the language says a thing twice (BETWEEN, NULLIF)


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of the expression.

    Attributes:
        tree: what it says.
        type: what it gives; "null" is a missing value whose type is not known yet.
        start, end: its place in the text, half-open.
        depth: levels of the tree.
        size: nodes of the tree.
    """

    tree: Tree
    type: Type | Literal["null"]
    start: int
    end: int
    depth: int = 1
    size: int = 1


_IS: Final = {
    "number": "a number", "boolean": "true or false", "text": "text", "date": "a date", "datetime": "a date with time",
    "null": "always missing",
}  # fmt: skip
_NEEDS: Final = {
    "number": "numbers", "boolean": "true or false", "text": "text", "date": "a date", "datetime": "a date with time",
    "time": "a date or a date with time", "moment": "a date or a date with time", "ordered": "numbers, texts or times",
}  # fmt: skip
_FITS: Final[dict[Kind, tuple[str, ...]]] = {"time": ("date", "datetime"), "moment": ("date", "datetime")}


def grown(
    source: Source, tree: Tree, gives: Type | Literal["null"], parts: Sequence[Node], span: tuple[int, int]
) -> Node:
    """Return the node that joins parts; MilepostError if it is nested too deep or grows too large."""
    depth = 1 + max((part.depth for part in parts), default=0)
    size = 1 + sum(part.size for part in parts)
    if depth > DEEPEST:
        raise too_deep(source, DEEPEST, *span)
    if size > LARGEST:
        what = f"The expression grows to more than {count(LARGEST)} steps."
        raise source.error(what, "Split it into several features.", *span)
    return Node(tree, gives, *span, depth=depth, size=size)


def too_deep(source: Source, levels: int, start: int, end: int) -> MilepostError:
    """Return the error for an expression that is nested too deep."""
    return source.error(
        f"The expression is nested more than {levels} levels deep.",
        "Split it into several features; a long row of OR is shorter as IN (…), and every sign of a row counts.",
        start,
        end,
    )


def call(source: Source, name: str, arguments: Sequence[Node], *, said: str, span: tuple[int, int]) -> Node:
    """Return the node of a function, with its arguments checked and converted.

    Args:
        source: the expression, for errors.
        name: the function's name in trees.
        arguments: as many as the function takes, or fewer if the rest has defaults.
        said: how the user wrote the function or sign.
        span: the place of the whole call.
    """
    function = FUNCTIONS[name]
    kinds = _kinds(source, function, len(arguments), said, span)
    alike = [node for node, kind in zip(arguments, kinds, strict=False) if kind in ("same", "ordered")]
    common = common_type(source, alike, said=said)
    nodes: list[Node] = []
    constants: list[Tree] = []
    for node, kind in zip(arguments, kinds, strict=False):
        if kind in CONSTANTS:
            constants.append(_constant(source, node, function, kind, said))
        else:
            nodes.append(_fitted(source, node, kind, common, said))
    missing = len(kinds) - len(arguments)
    constants.extend(function.defaults[len(function.defaults) - missing :])
    gives = common if function.gives == "same" else function.gives
    return grown(source, [name, *(node.tree for node in nodes), *constants], gives, nodes, span)


def common_type(source: Source, nodes: Sequence[Node], *, said: str) -> Type | Literal["null"]:
    """Return the one type that all nodes have; a date beside a datetime counts as a datetime, NULL as anything."""
    known = [node for node in nodes if node.type != "null"]
    if {node.type for node in known} == {"date", "datetime"}:
        return "datetime"
    for node in known[1:]:
        if node.type != known[0].type:
            raise _unlike(source, known[0], node, said)
    return known[0].type if known else "null"


def converted(node: Node, wanted: Type | Literal["null"]) -> Node:
    """Return the node as wanted: a missing value gets its type, a date its midnight; others are as they were."""
    if node.type == "null" and wanted != "null":
        return Node(["null", wanted], wanted, node.start, node.end)
    if node.type == "date" and wanted == "datetime":
        return replace(
            node, tree=["datetime_from_date", node.tree], type=wanted, depth=node.depth + 1, size=node.size + 1
        )
    return node


def needed(source: Source, node: Node, wanted: Type, *, said: str) -> Node:
    """Return the node, which must be of the wanted type (or NULL)."""
    return _fitted(source, node, wanted, wanted, said)


def _kinds(source: Source, function: Function, given: int, said: str, span: tuple[int, int]) -> tuple[Kind, ...]:
    """Return the kind of each argument; MilepostError if there are too few or too many."""
    most, fewest = len(function.takes), len(function.takes) - len(function.defaults)
    if function.more and given > most:
        return (*function.takes, *(function.takes[-1],) * (given - most))
    if not fewest <= given <= most:
        asked = counted(most, "argument") if fewest == most else f"{fewest} to {counted(most, 'argument')}"
        what = f"{said} takes {'at least ' if function.more else ''}{asked}, not {given}."
        raise source.error(what, f"Write {_form(function, said)}.", *span)
    return function.takes


def _form(function: Function, said: str) -> str:
    names = {"text": "text", "whole": "n", "word": "'text'", "boolean": "flag", "time": "t", "moment": "t"}
    letters = iter("xyz")
    shown = [names.get(kind) or next(letters) for kind in function.takes] + (["…"] if function.more else [])
    return function.form or f"{said}({', '.join(shown)})"


def _constant(source: Source, node: Node, function: Function, kind: Kind, said: str) -> Tree:
    """Return what is written out; MilepostError if it is computed, or not what is needed."""
    tree = node.tree
    if kind == "word" and isinstance(tree, str):
        return tree
    lowest, highest = function.lowest, function.highest
    if kind == "whole" and isinstance(tree, float) and tree.is_integer() and lowest <= tree <= highest:
        return int(tree)
    meant, example = "a text", "'a text'"
    if kind == "whole":
        meant, example = f"a whole number from {count(lowest)} to {count(highest)}", "2"
    what = f"{said} needs {meant} that is written out; {source.said(node.start, node.end)!r} is not."
    raise source.error(what, f"Write it out, like {example}.", node.start, node.end)


def _fitted(source: Source, node: Node, kind: Kind, common: Type | Literal["null"], said: str) -> Node:
    if kind == "same":
        return converted(node, common)
    if kind == "ordered":
        if common == "boolean":
            raise _unfit(source, node, kind, said)
        return converted(node, common)
    fits = _FITS.get(kind, (kind,))
    if node.type != "null" and node.type not in fits:
        raise _unfit(source, node, kind, said)
    if kind == "moment":
        return converted(node, "datetime")
    return converted(node, fits[0]) if node.type == "null" else node  # type: ignore[arg-type]


def _unfit(source: Source, node: Node, kind: Kind, said: str) -> MilepostError:
    words = source.said(node.start, node.end)
    what = f"{_quoted(words)} is {_IS[node.type]}; {said} needs {_NEEDS[kind]}."
    return source.error(what, _cure(node, kind, words, said), node.start, node.end)


def _cure(node: Node, kind: Kind, words: str, said: str) -> str:
    """Return the sentence that helps where a value has the wrong type."""
    if kind == "number" and node.type in ("date", "datetime"):
        return f"Take a part of it, EXTRACT(year FROM {words}), or subtract another time to get days."
    if kind == "number":
        join = "Join texts with ||, or turn" if said == "+" and node.type == "text" else "Turn"
        return f"{join} it into a number: CAST({words} AS DOUBLE)."
    if kind == "boolean":
        other = {"number": "0", "text": "''"}.get(node.type, "DATE '2024-01-31'")
        return f"Compare it with something: {words} <> {other}."
    if kind == "text" and node.type in ("number", "boolean"):
        return f"Turn it into text: CAST({words} AS TEXT)."
    if kind == "datetime" and node.type == "date":
        return "Give a column that has a time of day."
    if kind == "ordered":
        return "Compare true or false by = or <>, or leave the comparison out."
    return f"Give {_NEEDS[kind]}" + (": DATE '2024-01-31'." if kind in ("time", "moment", "date") else ".")


def _unlike(source: Source, one: Node, other: Node, said: str) -> MilepostError:
    first, second = source.said(one.start, one.end), source.said(other.start, other.end)
    types = f"{_quoted(first)} is {_IS[one.type]} and {_quoted(second)} is {_IS[other.type]}"
    what = f"{types}; {said} needs both of one type."
    words: dict[str, str] = {one.type: first, other.type: second}
    literal = next((node for node in (one, other) if node.type == "text" and is_literal(node.tree)), None)
    return source.error(what, _likening(words, literal), other.start, other.end)


def _likening(words: dict[str, str], literal: Node | None) -> str:
    """Return the sentence that helps where two values are of different types."""
    if "text" in words and ("date" in words or "datetime" in words):
        return f"Write DATE {words['text']} for a date." if literal else "Compare it with a date: DATE '2024-01-31'."
    if "boolean" in words:
        other = next(kind for kind in words if kind != "boolean")
        return f"Write TRUE or FALSE instead of {words[other]}."
    if "text" in words and "number" in words:
        if literal:
            return f"Write the number without quotes, or turn the other into text: CAST({words['number']} AS TEXT)."
        return f"Put text in single quotes, or turn it into a number: CAST({words['text']} AS DOUBLE)."
    return "Take a part of the time, such as EXTRACT(year FROM …), or write a date: DATE '2024-01-31'."


def _quoted(words: str) -> str:
    """Return words in single quotes, unless they stand in quotes already.

    >>> _quoted("tenure"), _quoted("'Yes'")
    ("'tenure'", "'Yes'")
    """
    return words if words.startswith("'") and words.endswith("'") else f"'{words}'"
