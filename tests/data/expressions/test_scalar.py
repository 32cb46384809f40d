"""The two evaluators give the same bits, on generated expressions over generated rows."""

from __future__ import annotations

import math
import struct
import warnings
from datetime import UTC

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import parse
from milepost.data.expressions.scalar import as_function

TYPES = {
    "x": "float", "y": "float", "n": "integer", "b": "boolean", "c": "boolean", "s": "text", "u": "text",
    "d": "date", "e": "date", "t": "datetime", "v": "datetime",
}  # fmt: skip
STORED = {
    "float": pl.Float64, "integer": pl.Int64, "boolean": pl.Boolean, "text": pl.String, "date": pl.Date,
    "datetime": pl.Datetime("us", "UTC"),
}  # fmt: skip
ODD = [
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 1e-320, 1e308, -1e308, 709.782712893384, 709.7827128933841,
    -0.9999999999999999, math.nan, math.inf, -math.inf, 2.675, 1e15, 123456.5, 1 / 3, 2.0**53,
]  # fmt: skip
WORDS = [
    "",
    "a",
    "abc",
    "Straße",
    "ΑΣ",
    "İi",
    "ﬁn",
    " a\t",
    "\u00a0x\u2003",
    "\x1cq",
    "a%b_c",
    "a.b\nc",
    "12.5",
    "1_0",
    "nan",
    "1e999",
]

numbers = st.one_of(st.sampled_from(ODD), st.floats(), st.floats(-100, 100))
texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=6))
VALUES = {
    "float": numbers,
    "integer": st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5),
    "boolean": st.booleans(),
    "text": texts,
    "date": st.dates(),
    "datetime": st.datetimes(timezones=st.just(UTC)),
}
rows = st.fixed_dictionaries({name: st.none() | VALUES[dtype] for name, dtype in TYPES.items()})

BINARY = ["+", "-", "*", "/", "%"]
COMPARE = ["=", "<>", "<", "<=", ">", ">="]
UNARY = ["ABS", "SIGN", "FLOOR", "CEIL", "TRUNC", "SQRT", "EXP", "LN", "LOG10", "LOG2", "LOG1P", "ROUND"]
PARTS = ["year", "isoyear", "quarter", "month", "week", "day", "doy", "dow", "isodow", "epoch"]
CLOCK_PARTS = ["hour", "minute", "second"]
LITERALS = {
    "number": st.sampled_from(["0", "1", "2", "0.5", "3", "10", "1e308", "7.25", "NULL"]),
    "boolean": st.sampled_from(["TRUE", "FALSE", "NULL"]),
    "text": st.sampled_from(["''", "'a'", "'%'", "'ß'", "'it''s'", "NULL"]),
    "date": st.sampled_from(["DATE '2024-02-29'", "DATE '1969-12-31'", "NULL"]),
    "datetime": st.sampled_from(["TIMESTAMP '2024-02-29 23:59:59.999999'", "TIMESTAMP '1900-01-01'", "NULL"]),
}
COLUMNS = {"number": "xyn", "boolean": "bc", "text": "su", "date": "de", "datetime": "tv"}
PATTERNS = st.text("ab%_ß\n.", max_size=5).map(lambda text: f"'{text}'")


@st.composite
def expressions(draw, kind: str, depth: int = 3) -> str:
    """Return the text of an expression of one type."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(LITERALS[kind]) if draw(st.integers(0, 3)) == 0 else draw(st.sampled_from(COLUMNS[kind]))

    def of(inner: str) -> str:
        return draw(expressions(inner, depth - 1))

    def one_of(*choices: str) -> str:
        return draw(st.sampled_from(choices))

    def listed(inner: str) -> str:
        return f"{draw(LITERALS[inner])}, {draw(LITERALS[inner])}"

    anything = [
        lambda: f"CASE WHEN {of('boolean')} THEN {of(kind)} WHEN {of('boolean')} THEN {of(kind)} ELSE {of(kind)} END",
        lambda: f"CASE {of(kind)} WHEN {of(kind)} THEN {of(kind)} END",
        lambda: f"COALESCE({of(kind)}, {of(kind)}, {of(kind)})",
        lambda: f"NULLIF({of(kind)}, {of(kind)})",
        lambda: f"IF({of('boolean')}, {of(kind)}, {of(kind)})",
    ]
    if kind != "boolean":
        anything.append(lambda: f"{one_of('GREATEST', 'LEAST')}({of(kind)}, {of(kind)}, {of(kind)})")
    time = one_of("date", "datetime")
    any_kind = one_of("number", "boolean", "text", "date", "datetime")
    ordered = one_of("number", "text", "date", "datetime")
    special = {
        "number": [
            lambda: f"({of('number')} {one_of(*BINARY)} {of('number')})",
            lambda: f"{one_of(*UNARY)}({of('number')})",
            lambda: f"{one_of('POWER', 'LOG', 'MOD')}({of('number')}, {of('number')})",
            lambda: f"ROUND({of('number')}, {one_of('1', '2', '15')})",
            lambda: f"(-{of('number')})",
            lambda: f"LENGTH({of('text')})",
            lambda: f"EXTRACT({one_of(*PARTS)} FROM {of(time)})",
            lambda: f"EXTRACT({one_of(*CLOCK_PARTS)} FROM {of('datetime')})",
            lambda: f"(COALESCE({of(time)}, DATE '2020-01-01') - COALESCE({of(time)}, DATE '2020-01-01'))",
            lambda: f"CAST({of(one_of('boolean', 'text'))} AS DOUBLE)",
            lambda: f"CAST({of('number')} AS INTEGER)",
        ],
        "boolean": [
            lambda: f"({of(ordered)} {one_of(*COMPARE)} {of(ordered)})",
            lambda: f"({of('boolean')} {one_of('=', '<>')} {of('boolean')})",
            lambda: f"({of('boolean')} {one_of('AND', 'OR')} {of('boolean')})",
            lambda: f"(NOT {of('boolean')})",
            lambda: f"({of(any_kind)} IS {one_of('NULL', 'NOT NULL')})",
            lambda: f"({of('boolean')} IS {one_of('TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE')})",
            lambda: f"({of(any_kind)} {one_of('IN', 'NOT IN')} ({listed(any_kind)}))",
            lambda: f"({of(ordered)} {one_of('BETWEEN', 'NOT BETWEEN')} {of(ordered)} AND {of(ordered)})",
            lambda: f"({of('text')} {one_of('LIKE', 'NOT LIKE', 'ILIKE')} {draw(PATTERNS)})",
            lambda: f"{one_of('STARTS_WITH', 'ENDS_WITH')}({of('text')}, {of('text')})",
            lambda: f"CAST({of('number')} AS BOOLEAN)",
        ],
        "text": [
            lambda: f"{one_of('LOWER', 'UPPER', 'TRIM', 'LTRIM', 'RTRIM')}({of('text')})",
            lambda: f"({of('text')} || {of('text')})",
            lambda: f"CONCAT({of('text')}, {of('text')}, {of('text')})",
            lambda: f"{one_of('LEFT', 'RIGHT')}({of('text')}, {one_of('0', '1', '3', '-1', '-3')})",
            lambda: f"SUBSTR({of('text')}, {one_of('-1', '0', '1', '2')}{one_of('', ', 0', ', 1', ', 3')})",
            lambda: f"REPLACE({of('text')}, {one_of(repr(''), repr('a'))}, 'xy')",
            lambda: f"CAST({of(one_of('number', 'boolean'))} AS TEXT)",
        ],
        "date": [lambda: f"CAST({of('datetime')} AS DATE)"],
        "datetime": [lambda: f"CAST({of('date')} AS TIMESTAMP)"],
    }  # fmt: skip
    return draw(st.sampled_from(special[kind] * 3 + anything))()


def rooted(kind: str) -> st.SearchStrategy[str]:
    """Return expressions that are not NULL alone: a column stands in for what is missing."""
    return expressions(kind).map(lambda text: f"COALESCE({text}, {COLUMNS[kind][0]})")


def canonical(row: dict[str, object]) -> dict[str, object]:
    """Return the row as the scalar evaluator is given it: whole numbers as float."""
    return {**row, "n": None if row["n"] is None else float(row["n"])}


def bits(value: object) -> object:
    return (type(value), struct.pack("<d", value)) if isinstance(value, float) else (type(value), value)


def table_of(some_rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(some_rows, schema={name: STORED[dtype] for name, dtype in TYPES.items()}, strict=False)


def by_column(tree: object, table: pl.DataFrame) -> list[object]:
    return table.with_columns(answer=as_polars(tree))["answer"].to_list()


@settings(max_examples=600, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(list(COLUMNS)).flatmap(rooted), st.lists(rows, min_size=1, max_size=4))
def test_both_evaluators_give_the_same_bits(text, some_rows):
    tree = parse(text, types=TYPES, where="a test").tree
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = [as_function(tree)(canonical(row)) for row in some_rows]
        together = by_column(tree, table_of(some_rows))
    assert [bits(a) for a in together] == [bits(a) for a in alone], text
