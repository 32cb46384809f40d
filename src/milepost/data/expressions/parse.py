"""The parser: the text of an expression to its tree, with every mistake named and shown at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from milepost.data.expressions import forms
from milepost.data.expressions.functions import CALLED
from milepost.data.expressions.refused import BARE, refusal_of
from milepost.data.expressions.source import Source
from milepost.data.expressions.tokens import Token, Tokens
from milepost.data.expressions.tree import TYPE_OF, Tree, Type, columns_of
from milepost.data.expressions.typed import Node, call, grown, needed, too_deep
from milepost.data.schema import Dtype
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.text import listed, nearest

# functions of other dialects, and how the same is said here
_INSTEAD: Final = {
    "contains": "x LIKE '%text%'", "regexp_like": "x LIKE '%text%'", "position": "x LIKE '%text%'",
    "isnull": "x IS NULL", "is_null": "x IS NULL", "nvl": "COALESCE(x, y)", "iif": "IF(condition, x, y)",
    "len": "LENGTH(x)", "datediff": "a - b, which is a number of days", "date_diff": "a - b, which is a number of days",
    "dayofweek": "EXTRACT(isodow FROM t)", "weekday": "EXTRACT(isodow FROM t)", "to_number": "CAST(x AS DOUBLE)",
}  # fmt: skip
_NESTED: Final = 100  # parentheses within parentheses; each costs five frames of Python's stack of a thousand
# how tightly each sign and word binds to what stands left of it, as in Polars SQL
_OR, _AND, _NOT, _IS, _SUM, _PRODUCT, _CAST = 5, 10, 15, 17, 30, 40, 50
_BINDS: Final[dict[str, int]] = {
    "or": _OR, "and": _AND, "is": _IS, "like": forms.LIKE, "ilike": forms.LIKE,
    "between": forms.BETWEEN, "in": forms.BETWEEN,
    "=": forms.BETWEEN, "<>": forms.BETWEEN, "<": forms.BETWEEN, "<=": forms.BETWEEN, ">": forms.BETWEEN,
    ">=": forms.BETWEEN, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT, "||": _PRODUCT, "::": _CAST,
}  # fmt: skip
_NEGATED: Final = ("in", "between", "like", "ilike")  # may have NOT before them
_RESERVED: Final = (
    "and", "or", "not", "is", "in", "between", "like", "ilike", "null", "true", "false", "case", "when", "then", "else",
    "end", "as", "from",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expression:
    """A row-wise expression, understood.

    Attributes:
        text: as it was written.
        tree: what it says, plain JSON; `column.as_polars` and `scalar.as_function` evaluate it.
        type: what it gives.
        columns: what it reads, in the order of the text.
    """

    text: str
    tree: Tree
    type: Type
    columns: tuple[str, ...]


def parse(text: str, *, types: Mapping[str, Dtype], where: str, gives: tuple[Type, ...] | None = None) -> Expression:
    """Return the expression that text says.

    Args:
        text: in Polars SQL, without what looks beyond the row.
        types: the columns that may be read, with how they are stored.
        where: file, line and key of the text, for errors.
        gives: the types that are allowed for the result; any if None.

    Raises:
        MilepostError: anything that is not such an expression, with the place in the text and the cure.

    >>> parse("0.3 * 12 * charges - 20", types={"charges": "float"}, where="an example").type
    'number'
    """
    source = Source(text, where)
    parser = _Parser(source, types)
    node = parser.whole()
    if node.type == "null":
        raise source.error("The expression is always missing.", "Name a column in it.", node.start, node.end)
    if gives is not None and node.type not in gives:
        allowed = " or ".join(_GIVES[kind] for kind in gives)
        fix = "Write a comparison, such as x > 0." if gives == ("boolean",) else f"Write an expression for {allowed}."
        raise source.error(f"The expression gives {_GIVES[node.type]}, not {allowed}.", fix, node.start, node.end)
    return Expression(text, node.tree, node.type, columns_of(node.tree))


def names_in(text: str, *, where: str) -> tuple[str, ...]:
    r"""Return the columns that an expression names, without knowing what columns there are.

    Args:
        text: as for parse.
        where: as for parse.

    Raises:
        MilepostError: a word of it cannot be read.

    >>> names_in("0.3 * monthly_charges - coalesce(\"a b\", 20)", where="an example")
    ('monthly_charges', 'a b')
    """
    tokens, names = Tokens(Source(text, where)), dict[str, None]()
    while (token := tokens.take()).kind != "end":
        is_called = tokens.here.key == "("
        if token.kind == "quoted" or (token.kind == "name" and not is_called and token.key not in _RESERVED):
            names[token.value] = None
    return tuple(names)


_GIVES: Final[dict[str, str]] = {
    "number": "a number", "boolean": "true or false", "text": "a text", "date": "a date",
    "datetime": "a date with time",
}  # fmt: skip


class _Parser:
    """Precedence climbing over the words of one expression."""

    def __init__(self, source: Source, types: Mapping[str, Dtype]) -> None:
        self.source = source
        self.tokens = Tokens(source)
        self._types = types
        self._level = 0

    def whole(self) -> Node:
        """Return the whole text as one node."""
        node = self.expression()
        if self.tokens.here.kind != "end":
            self._refuse_rest()
        return node

    def expression(self, binding: int = 0) -> Node:
        """Return the longest expression here whose signs bind tighter than binding."""
        self._level += 1
        if self._level > _NESTED:
            raise too_deep(self.source, _NESTED, self.tokens.here.start, self.tokens.here.end)
        node = self._operand()
        while self._binds() > binding:
            node = self._continued(node)
        self._level -= 1
        return node

    def arguments(self) -> list[Node]:
        """Return the expressions in parentheses that begin here."""
        opened = self.tokens.need("(", "arguments stand in parentheses")
        nodes: list[Node] = []
        while self.tokens.here.key != ")":
            if nodes and not self.tokens.accept(","):
                break
            nodes.append(self.expression())
        self._close(opened)
        return nodes

    def _close(self, opened: Token) -> None:
        if self.tokens.accept(")"):
            return
        if self.tokens.here.kind == "end":
            raise self.source.error("This parenthesis is not closed.", "Write ) at its end.", opened.start, opened.end)
        self._refuse_rest()

    def _binds(self) -> int:
        token = self.tokens.here
        if token.key == "not" and self.tokens.following.key in _NEGATED:
            return _BINDS[self.tokens.following.key]
        return _BINDS.get(token.key, 0)

    def _continued(self, left: Node) -> Node:
        """Return left joined with the sign or word here and what follows."""
        negated = self.tokens.accept("not")
        token = self.tokens.take()
        node = self._joined(left, token)
        return forms.negation(self.source, node) if negated else node

    def _joined(self, left: Node, token: Token) -> Node:
        match token.key:
            case "and" | "or":
                return self._truth(left, token)
            case "is":
                return forms.read_is(self, left)
            case "in":
                return forms.read_in(self, left)
            case "between":
                return forms.read_between(self, left)
            case "like" | "ilike":
                return forms.read_like(self, left, any_case=token.key == "ilike")
            case "::":
                return forms.read_target(self, left, start=left.start)
        right = self.expression(_BINDS[token.key])
        span = (left.start, right.end)
        return call(self.source, _operator(token.key, left, right), [left, right], said=token.value, span=span)

    def _truth(self, left: Node, token: Token) -> Node:
        right = self.expression(_BINDS[token.key])
        parts = [needed(self.source, part, "boolean", said=token.key.upper()) for part in (left, right)]
        tree: Tree = [token.key, *(part.tree for part in parts)]
        return grown(self.source, tree, "boolean", parts, (left.start, right.end))

    def _operand(self) -> Node:
        token = self.tokens.take()
        match token.kind:
            case "number":
                return Node(float(token.value), "number", token.start, token.end)
            case "text":
                return Node(token.value, "text", token.start, token.end)
            case "quoted":
                return self._column(token)
            case "name":
                return self._named(token)
            case "sign":
                return self._signed(token)
        raise self.source.error("The expression ends too early.", "Write what is missing here.", token.start, token.end)

    def _signed(self, token: Token) -> Node:
        if token.key == "(":
            node = self.expression()
            self._close(token)
            return node
        if token.key in ("-", "+"):
            node = self.expression(_PRODUCT)
            return self._negative(token, node) if token.key == "-" else needed(self.source, node, "number", said="+")
        what = f"A value is missing before {token.value!r}."
        raise self.source.error(what, "Write a column, a number or a text here.", token.start, token.end)

    def _negative(self, token: Token, node: Node) -> Node:
        span = (token.start, node.end)
        if isinstance(node.tree, float):
            return Node(-node.tree, "number", *span)
        return call(self.source, "negative", [node], said="-", span=span)

    def _named(self, token: Token) -> Node:
        """Return what begins with a word: a literal, a form, a call, or a column."""
        following = self.tokens.here
        if token.key in ("true", "false"):
            return Node(token.key == "true", "boolean", token.start, token.end)
        if token.key == "null":
            return Node(["null", "number"], "null", token.start, token.end)
        if token.key == "not":
            node = self.expression(_NOT)
            return call(self.source, "not", [node], said="NOT", span=(token.start, node.end))
        if token.key == "case":
            return forms.read_case(self, token)
        if token.key in ("date", "timestamp", "datetime") and following.kind == "text":
            return forms.read_time(self.source, token, self.tokens.take())
        if token.key == "interval" and following.kind == "text":
            fix = "Compare a number of days: later - earlier > 30."
            raise self.source.error("Spans of time are not offered.", fix, token.start, following.end)
        if token.key in _RESERVED:
            fix = f'Write a value here; a column of that name stands in double quotes: "{token.value}".'
            raise self.source.error(f"{token.value.upper()} is not expected here.", fix, token.start, token.end)
        if following.key == "(":
            return self._call(token)
        return self._column(token)

    def _call(self, token: Token) -> Node:
        self._refuse_forbidden(token)
        if token.key in forms.CALLED_FORMS:
            return forms.CALLED_FORMS[token.key](self, token)
        if token.key not in CALLED:
            raise self._unknown_function(token)
        arguments = self.arguments()
        span = (token.start, self.tokens.passed)
        return call(self.source, CALLED[token.key].name, arguments, said=token.value.upper(), span=span)

    def _column(self, token: Token) -> Node:
        """Return the column that token names; it is looked up letter for letter."""
        dtype = self._types.get(token.value)
        if dtype is None:
            if token.key in BARE:
                self._refuse_forbidden(token)
            raise self._unknown_column(token)
        kind = TYPE_OF[dtype]
        return Node(["column", token.value, kind], kind, token.start, token.end)

    def _refuse_forbidden(self, token: Token) -> None:
        refusal = refusal_of(token.key)
        if refusal is not None:
            what = f"{token.value.upper()} is {refusal.why}."
            raise self.source.error(what, refusal.fix, token.start, token.end)

    def _refuse_rest(self) -> None:
        """Raise the error about a word that cannot follow what was read so far."""
        token = self.tokens.here
        self._refuse_forbidden(token)
        shown = token.value if token.kind != "text" else f"'{token.value}'"
        if token.kind == "sign":
            self.tokens.refuse(f"{shown!r} is not expected here.", "Leave it out, or close what stands before it.")
        fix = 'Put a sign or a word such as + or AND between; a column with spaces stands in double quotes: "A name".'
        self.tokens.refuse(f"Nothing joins {shown!r} to what stands before it.", fix)

    def _unknown_column(self, token: Token) -> MilepostError:
        place = self.source.at(token.start, token.end)
        spelled = [_spelled(name) for name in self._types]
        ahead = self.source.text[token.start :].casefold()
        longer = next(
            (name for name in self._types if len(name) > len(token.value) and ahead.startswith(name.casefold())), None
        )
        if longer is None and nearest(token.value, spelled):
            return UnknownNameError("column", token.value, known=spelled, where=place)
        fix = f"Choose one of: {listed(spelled)}; a text stands in single quotes: '{token.value}'."
        if longer is not None:
            fix = f"Write {_spelled(longer)} for the column of that name."
        return MilepostError(f"No column is called {token.value!r}.", where=place, fix=fix)

    def _unknown_function(self, token: Token) -> MilepostError:
        place = self.source.at(token.start, token.end)
        known = sorted({*CALLED, *forms.CALLED_FORMS})
        if token.key in _INSTEAD:
            fix = f"Write {_INSTEAD[token.key]}."
            return MilepostError(f"No function is called {token.value!r}.", where=place, fix=fix)
        return UnknownNameError("function", token.value, known=known, where=place)


def _operator(key: str, left: Node, right: Node) -> str:
    """Return the function behind a sign: a minus between two times counts days."""
    times = ("date", "datetime")
    return "days_between" if key == "-" and left.type in times and right.type in times else key


def _spelled(name: str) -> str:
    """Return how a column is written in an expression.

    >>> _spelled("tenure"), _spelled("Monthly Charges")
    ('tenure', '"Monthly Charges"')
    """
    plain = name.isidentifier() and name.lower() not in _RESERVED
    return name if plain else '"' + name.replace('"', '""') + '"'
