"""The column evaluator against Polars SQL, and against itself on tables of other sizes."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.functions import FUNCTIONS
from milepost.data.expressions.parse import parse
from milepost.data.expressions.scalar import as_function

TYPES = {
    "x": "float", "y": "float", "n": "integer", "b": "boolean", "c": "boolean", "s": "text", "d": "date",
    "t": "datetime",
}  # fmt: skip
TABLE = pl.DataFrame(
    {
        "x": [1.5, -2.5, None, 0.0, 4.0, 100.25, -0.5, 7.0],
        "y": [2.0, None, 1.0, 3.0, -4.0, 0.5, 8.0, 7.0],
        "n": [1, 2, None, 0, -3, 40, 5, 7],
        "b": [True, False, None, True, False, None, True, False],
        "c": [True, True, True, None, None, None, False, False],
        "s": ["abc", "", None, " a b ", "aBc%", "x_y", "cab", "b\nc"],
        "d": [
            date(2024, 2, 29), date(1969, 12, 31), None, date(2021, 1, 3), date(2000, 1, 1), date(2026, 12, 31),
            date(1900, 3, 1), date(2020, 12, 28),
        ],
        "t": [
            datetime(2024, 2, 29, 13, 45, 59, 999999, UTC), None,
            *[datetime(2020 + i, i + 1, 2 * i + 1, i, 5 * i, 7, tzinfo=UTC) for i in range(6)],
        ],
    },
    schema_overrides={"t": pl.Datetime("us", "UTC")},
)  # fmt: skip

CHOICE = st.sampled_from
TERMS = CHOICE(
    ["x", "y", "-x", "ABS(y)", "2", "n", "FLOOR(x)", "CEIL(y)", "ROUND(x)", "SIGN(x)", "COALESCE(x, n)", "-4", "+y"]
)
SUMS = st.lists(st.tuples(TERMS, CHOICE(["+", "-", "*", "/ 2 -", "/ 4 *", "% 3 +", "% 2 *"])), max_size=4)
NUMBERS = st.builds(lambda links, last: " ".join(part for link in links for part in link) + f" {last}", SUMS, TERMS)
TEXTS = CHOICE([
    "s", "LOWER(s)", "UPPER(s) || s", "TRIM(s)", "LTRIM(s)", "RTRIM(s)", "LEFT(s, 2)", "RIGHT(s, 2)", "LEFT(s, -1)",
    "RIGHT(s, -1)", "SUBSTR(s, 2)", "SUBSTR(s, 0, 2)", "SUBSTR(s, 2, 2)", "REPLACE(s, 'b', 'xx')", "CONCAT(s, '-', s)",
    "s || 'z' || s", "CASE WHEN b THEN s ELSE 'no' END", "COALESCE(s, 'none')", "NULLIF(s, 'abc')", "IFNULL(s, 'q')",
    "'it''s'", "CAST(b AS VARCHAR)",
])  # fmt: skip
TESTS = st.one_of(
    st.builds(
        lambda a, sign, b: f"{a} {sign} {b}", NUMBERS, CHOICE(["=", "==", "<>", "!=", "<", "<=", ">", ">="]), NUMBERS
    ),
    st.builds(lambda a, sign, b: f"{a} {sign} {b}", TEXTS, CHOICE(["=", "<>", "<", ">="]), TEXTS),
    st.builds(lambda a, lo, hi, no: f"{a} {no} BETWEEN {lo} AND {hi}", NUMBERS, TERMS, TERMS, CHOICE(["", "NOT"])),
    st.builds(
        lambda a, how, p: f"{a} {how} '{p}'",
        TEXTS,
        CHOICE(["LIKE", "NOT LIKE", "ILIKE"]),
        CHOICE(["a%", "%b%", "_b_", "%", "", "A_c\\%", "a.c", "%c"]),
    ),
    st.builds(lambda a, no: f"{a} {no} IN ('abc', '', 'cab')", TEXTS, CHOICE(["", "NOT"])),
    st.builds(lambda a, no: f"{a} {no} IN (1, 2, NULL)", CHOICE(["x", "y"]), CHOICE(["", "NOT"])),
    st.builds(lambda a, no: f"{a} IS {no}", CHOICE(["b", "c"]), CHOICE(["NULL", "NOT NULL"])),
    st.builds(lambda a, no: f"{a} IS {no} NULL", NUMBERS, CHOICE(["", "NOT"])),
    CHOICE(
        [
            "b",
            "c",
            "TRUE",
            "d > DATE '2020-01-01'",
            "t >= DATE '2021-01-01'",
            "STARTS_WITH(s, 'a')",
            "ENDS_WITH(s, 'c')",
        ]
    ),
)
BOOLEANS = st.builds(
    lambda links, no, last: " ".join(f"{no_} {test} {word}" for no_, test, word in links) + f" {no} {last}",
    st.lists(st.tuples(CHOICE(["", "NOT"]), TESTS, CHOICE(["AND", "OR"])), max_size=3),
    CHOICE(["", "NOT"]),
    TESTS,
)
WHOLES = st.one_of(
    NUMBERS,
    TEXTS,
    BOOLEANS,
    st.builds(lambda test, a, b: f"CASE WHEN {test} THEN {a} ELSE {b} END", BOOLEANS, NUMBERS, NUMBERS),
    st.builds(lambda test, a, b: f"IF({test}, {a}, {b})", BOOLEANS, NUMBERS, NUMBERS),
    st.builds(lambda a, b: f"CASE x WHEN {a} THEN 'one' WHEN {b} THEN 'two' END", TERMS, TERMS),
    st.builds(lambda how, a, b: f"{how}({a}, {b}, x)", CHOICE(["GREATEST", "LEAST"]), NUMBERS, NUMBERS),
    st.builds(
        lambda part, of: f"EXTRACT({part} FROM {of})",
        CHOICE(["year", "isoyear", "quarter", "month", "week", "day", "dow", "isodow", "doy"]),
        CHOICE(["d", "t"]),
    ),
    st.builds(lambda part: f"DATE_PART('{part}', t)", CHOICE(["hour", "minute", "second", "epoch"])),
    CHOICE(
        [
            "LENGTH(s)",
            "YEAR(d)",
            "HOUR(t)",
            "MOD(x, 3)",
            "MOD(n, 2)",
            "SQRT(y)",
            "CAST(t AS DATE)",
            "TRUNC(x)",
            "x::DOUBLE / 2",
            "CAST(b AS DOUBLE) + 1",
        ]
    ),
)


def ours(text: str, table: pl.DataFrame = TABLE) -> pl.Series:
    return table.with_columns(answer=as_polars(parse(text, types=TYPES, where="a test").tree))["answer"]


def agree(answer: pl.Series, theirs: pl.Series, *, rel: float) -> bool:
    """Return whether two answers are equal, numbers up to rel; what is not finite is missing."""
    if not theirs.dtype.is_numeric():
        return answer.to_list() == theirs.to_list()
    known = [value if value is not None and math.isfinite(value) else math.nan for value in theirs.cast(pl.Float64)]
    return answer.fill_null(math.nan).to_list() == pytest.approx(known, rel=rel, abs=0, nan_ok=True)


@settings(max_examples=500)
@given(WHOLES)
def test_polars_sql_gives_the_same_on_the_shared_language(text):
    assert agree(ours(text), TABLE.with_columns(answer=pl.sql_expr(text))["answer"], rel=1e-15), text


@pytest.mark.parametrize(
    "text", ["LN(x)", "EXP(x)", "LOG10(y)", "LOG2(y)", "LOG1P(y)", "LOG(y, 3)", "POWER(y, 3)", "ROUND(x / 3, 2)"]
)
def test_polars_sql_gives_nearly_the_same_where_only_the_last_bits_differ(text):
    assert agree(ours(text), TABLE.with_columns(answer=pl.sql_expr(text))["answer"], rel=1e-14)


NUMERIC = [row.name for row in FUNCTIONS.values() if row.gives == "number" and set(row.takes) <= {"number", "whole"}]


@pytest.mark.parametrize("name", NUMERIC)
def test_a_long_column_gives_each_row_the_bits_that_the_row_gets_alone(name):
    rng = np.random.default_rng(7)
    wide = np.exp(rng.normal(size=20_000) * 20) * rng.choice([-1, 1], 20_000)
    left = np.concatenate([wide, rng.normal(size=20_000) * 50, rng.integers(0, 2**63, 5_000).view(np.float64)])
    right = np.concatenate([rng.normal(size=22_500) * 5, rng.choice([2.0, 0.5, 3.0, -1.0, 0.0, 10.0, 7.0], 22_500)])
    table = pl.DataFrame({"x": left, "y": right})
    row = FUNCTIONS[name]
    columns = [["column", "x", "number"], ["column", "y", "number"]][: len(row.takes) - row.constants]
    tree = [name, *columns, *[2] * row.constants]
    alone = as_function(tree)
    expected = pl.Series([alone({"x": x, "y": y}) for x, y in table.iter_rows()], dtype=pl.Float64)
    answer = table.select(a=as_polars(tree))["a"]
    assert answer.is_null().equals(expected.is_null())
    assert np.array_equal(
        answer.drop_nulls().to_numpy().view(np.int64), expected.drop_nulls().to_numpy().view(np.int64)
    )


@pytest.mark.parametrize(
    "text",
    ["x / 3", "3 / x", "POWER(x, 2)", "POWER(2, x)", "LN(x) / 7", "(x - 0.1) * 3.3", "MOD(x, 0.7)", "ROUND(x, 1)"],
)
def test_a_table_of_one_row_gives_the_bits_of_a_long_table(text):
    table = pl.DataFrame({"x": np.random.default_rng(3).normal(size=300) * 10})
    together = ours(text, table).to_list()
    assert [ours(text, table[i : i + 1]).item() for i in range(300)] == together


def test_integers_are_computed_as_float64():
    answer = ours("n + 1", pl.DataFrame({"n": [2**53, -1]}))
    assert answer.dtype == pl.Float64
    assert answer.to_list() == [2.0**53, 0.0]  # 2**53 + 1 is no float64; ties go to even


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("x * 2", pl.Float64), ("x > 2", pl.Boolean), ("LOWER(s)", pl.String), ("NULLIF(d, d)", pl.Date),
        ("CAST(d AS TIMESTAMP)", pl.Datetime("us", "UTC")), ("LENGTH(s)", pl.Float64), ("t - d", pl.Float64),
        ("CASE WHEN b THEN NULL ELSE s END", pl.String), ("LN(-1)", pl.Float64),
    ],
)  # fmt: skip
def test_the_dtype_is_that_of_the_type_even_for_an_empty_table(text, dtype):
    assert ours(text).dtype == dtype
    empty = ours(text, TABLE.head(0))
    assert (empty.dtype, len(empty)) == (dtype, 0)


def test_a_column_that_is_all_missing_and_has_no_dtype_stays_missing():
    table = pl.DataFrame({"x": [None, None], "s": [None, None]})
    assert ours("x / 2 + LENGTH(LOWER(s))", table).to_list() == [None, None]


def test_what_names_no_column_fills_every_row():
    assert ours("2 * 3 - 7").to_list() == [-1.0] * len(TABLE)
    assert ours("LOWER('A') || 'b'").to_list() == ["ab"] * len(TABLE)


def test_the_streaming_engine_gives_the_same():
    texts = ["x / NULLIF(y, 0)", "LN(x) > 1 AND s LIKE 'a%'", "UPPER(s)", "POWER(x, y)", "t - d"]
    named = {f"f{i}": as_polars(parse(text, types=TYPES, where="a test").tree) for i, text in enumerate(texts)}
    long = pl.concat([TABLE] * 5_000)
    assert_frame_equal(long.lazy().select(**named).collect(engine="streaming"), long.select(**named), check_exact=True)


def test_a_tree_that_went_through_json_gives_the_same():
    tree = parse("CASE WHEN t > TIMESTAMP '2021-01-01' THEN ROUND(x, 1) ELSE 0.1 END", types=TYPES, where="a test").tree
    again = json.loads(json.dumps(tree))
    assert again == tree
    assert TABLE.select(a=as_polars(again))["a"].to_list() == TABLE.select(a=as_polars(tree))["a"].to_list()
