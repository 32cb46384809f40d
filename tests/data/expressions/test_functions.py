"""What each function and operator answers, worked by hand; both evaluators are asked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.functions import CALLED, CASTS, FUNCTIONS
from milepost.data.expressions.parse import parse
from milepost.data.expressions.scalar import as_function

TYPES = {
    "x": "float", "nil": "float", "b": "boolean", "nob": "boolean", "s": "text", "nos": "text", "d": "date",
    "t": "datetime",
}  # fmt: skip
ROW = {
    "x": 7.0, "nil": None, "b": True, "nob": None, "s": "Straße", "nos": None, "d": date(2024, 2, 29),
    "t": datetime(2024, 3, 1, 12, 30, 15, 500000, UTC),
}  # fmt: skip
TABLE = pl.DataFrame(
    {name: [value] for name, value in ROW.items()},
    schema={
        "x": pl.Float64, "nil": pl.Float64, "b": pl.Boolean, "nob": pl.Boolean, "s": pl.String, "nos": pl.String,
        "d": pl.Date, "t": pl.Datetime("us", "UTC"),
    },
)  # fmt: skip

WORKED = [
    ("x / 2", 3.5),
    ("x / 0", None),
    ("0 / 0", None),
    ("1 / (1 / 0)", None),
    ("x + nil", None),
    ("1e308 * 10", None),
    ("-x % 3", -1.0),
    ("x % 0", None),
    ("MOD(x, 4)", 3.0),
    ("1 - 2 - 3", -4.0),
    ("2 + 3 * 4", 14.0),
    ("-2 * -3", 6.0),
    ("ABS(-x)", 7.0),
    ("SIGN(-x)", -1.0),
    ("SIGN(0)", 0.0),
    ("ROUND(2.5)", 2.0),
    ("ROUND(-3.5)", -4.0),
    ("ROUND(1.25, 1)", 1.2),
    ("ROUND(1e300, 5)", 1e300),
    ("FLOOR(-0.5)", -1.0),
    ("CEIL(0.2)", 1.0),
    ("CEILING(x)", 7.0),
    ("TRUNC(-1.7)", -1.0),
    ("SQRT(x + 2)", 3.0),
    ("SQRT(-1)", None),
    ("EXP(0)", 1.0),
    ("EXP(1000)", None),
    ("LN(1)", 0.0),
    ("LN(0)", None),
    ("LN(-1)", None),
    ("LOG(8, 2)", 3.0),
    ("LOG(8, 1)", None),
    ("LOG(1, 0)", None),
    ("LOG10(1000)", 3.0),
    ("LOG2(8)", 3.0),
    ("LOG1P(0)", 0.0),
    ("LOG1P(-1)", None),
    ("POWER(2, 10)", 1024.0),
    ("POW(x, 0)", 1.0),
    ("POWER(nil, 0)", None),
    ("POWER(-1, 0.5)", None),
    ("POWER(0, -1)", None),
    ("POWER(10, 400)", None),
    ("x = 7 AND x <> 8 AND x >= 7 AND NOT x < 7", True),
    ("nil = nil", None),
    ("nil IS NULL", True),
    ("x IS NOT NULL", True),
    ("nob AND FALSE", False),
    ("nob AND TRUE", None),
    ("nob OR TRUE", True),
    ("nob OR FALSE", None),
    ("NOT nob", None),
    ("nob IS TRUE", False),
    ("nob IS NOT TRUE", True),
    ("nob IS FALSE", False),
    ("nob IS NOT FALSE", True),
    ("b IS TRUE", True),
    ("x IN (1, 7)", True),
    ("x IN (1, NULL)", None),
    ("x IN (7, NULL)", True),
    ("x NOT IN (1, NULL)", None),
    ("nil IN (1)", None),
    ("s IN ('Straße')", True),
    ("d IN (DATE '2024-02-29')", True),
    ("b IN (FALSE)", False),
    ("t IN (TIMESTAMP '2024-03-01T12:30:15.5Z')", True),
    ("d IN (TIMESTAMP '2024-02-29 00:00:00')", True),
    ("x BETWEEN 7 AND 9", True),
    ("x NOT BETWEEN 7 AND 9", False),
    ("9 BETWEEN x AND nil", None),
    ("1 BETWEEN x AND nil", False),
    ("s LIKE 'Str%e'", True),
    ("s LIKE 'str%'", False),
    ("s ILIKE 'STR%'", True),
    ("s LIKE 'Stra_e'", True),
    ("s LIKE '%'", True),
    ("s LIKE ''", False),
    ("s NOT LIKE '%z%'", True),
    ("nos LIKE '%'", None),
    ("'a.c' LIKE 'abc'", False),
    ("'aXbYc' LIKE 'a%b%c'", True),
    ("'ab' LIKE 'ab%ab'", False),
    ("'a' || '\n' || 'b' LIKE 'a_b'", True),
    ("CASE WHEN x < 5 THEN 'low' WHEN x < 9 THEN 'mid' ELSE 'high' END", "mid"),
    ("CASE WHEN nob THEN 1 END", None),
    ("CASE x WHEN 7 THEN 'seven' ELSE 'other' END", "seven"),
    ("CASE nil WHEN NULL THEN 1 ELSE 2 END", 2.0),
    ("IF(x > 5, 'a', 'b')", "a"),
    ("IF(nob, 1, 2)", 2.0),
    ("COALESCE(nil, x, 1)", 7.0),
    ("IFNULL(nil, 3)", 3.0),
    ("COALESCE(x / 0, -1)", -1.0),
    ("NULLIF(x, 7)", None),
    ("NULLIF(x, nil)", 7.0),
    ("NULLIF(s, '')", "Straße"),
    ("GREATEST(1, x, nil)", 7.0),
    ("LEAST(x, nil, 3)", 3.0),
    ("GREATEST(nil, nil)", None),
    ("LEAST('b', s)", "Straße"),
    ("GREATEST(d, DATE '2020-01-01')", date(2024, 2, 29)),
    ("LOWER(s)", "straße"),
    ("UPPER(s)", "STRASSE"),
    ("LENGTH(s)", 6.0),
    ("TRIM(' \t' || s || '\u00a0')", "Straße"),
    ("LTRIM(' a ')", "a "),
    ("RTRIM(' a ')", " a"),
    ("LEFT(s, 3)", "Str"),
    ("LEFT(s, -2)", "Stra"),
    ("RIGHT(s, 2)", "ße"),
    ("RIGHT(s, 0)", ""),
    ("RIGHT(s, -2)", "raße"),
    ("LEFT(s, 99)", "Straße"),
    ("SUBSTR(s, 2, 3)", "tra"),
    ("SUBSTR(s, 5)", "ße"),
    ("SUBSTR(s, 0, 2)", "S"),
    ("SUBSTR(s, 99)", ""),
    ("SUBSTRING(s, -5, 3)", ""),
    ("CONCAT('a', nos, 'b')", "ab"),
    ("'a' || nos", None),
    ("s || '!'", "Straße!"),
    ("REPLACE(s, 'ß', 'ss')", "Strasse"),
    ("STARTS_WITH(s, 'Str')", True),
    ("ENDS_WITH(s, 'x')", False),
    ("STARTS_WITH(nos, 'a')", None),
    ("s < 'T'", True),
    ("EXTRACT(year FROM d)", 2024.0),
    ("EXTRACT(quarter FROM d)", 1.0),
    ("EXTRACT(month FROM d)", 2.0),
    ("DATE_PART('day', d)", 29.0),
    ("EXTRACT(week FROM DATE '2021-01-03')", 53.0),
    ("EXTRACT(isoyear FROM DATE '2021-01-03')", 2020.0),
    ("EXTRACT(dow FROM DATE '2021-01-03')", 0.0),
    ("EXTRACT(isodow FROM DATE '2021-01-03')", 7.0),
    ("EXTRACT(doy FROM d)", 60.0),
    ("HOUR(t)", 12.0),
    ("MINUTE(t)", 30.0),
    ("SECOND(t)", 15.0),
    ("YEAR(t)", 2024.0),
    ("EXTRACT(epoch FROM DATE '1970-01-02')", 86400.0),
    ("EXTRACT(epoch FROM TIMESTAMP '1969-12-31 23:59:59.5')", -0.5),
    ("d - DATE '2024-01-01'", 59.0),
    ("DATE '2024-01-01' - d", -59.0),
    ("t - TIMESTAMP '2024-03-01 06:30:15.5'", 0.25),
    ("t - d", 1.5210127314814814),
    ("d < t", True),
    ("d = TIMESTAMP '2024-02-29'", True),
    ("TIMESTAMP '2024-01-01 02:00:00+02:00' = DATE '2024-01-01'", True),
    ("CAST(t AS DATE)", date(2024, 3, 1)),
    ("CAST(d AS TIMESTAMP)", datetime(2024, 2, 29, tzinfo=UTC)),
    ("CAST(b AS DOUBLE)", 1.0),
    ("CAST('1.5e1' AS DOUBLE)", 15.0),
    ("CAST(s AS DOUBLE)", None),
    ("CAST('nan' AS DOUBLE)", None),
    ("CAST('1_0' AS DOUBLE)", None),
    ("CAST('1e999' AS DOUBLE)", None),
    ("TRY_CAST('' AS DOUBLE)", None),
    ("CAST(-7.9 AS INTEGER)", -7.0),
    ("'12'::INT + 1", 13.0),
    ("x::TEXT || '%'", "7%"),
    ("CAST(0.1 AS TEXT)", "0.1"),
    ("CAST(-0.0 AS TEXT)", "0"),
    ("CAST(1e15 AS TEXT)", "1000000000000000.0"),
    ("CAST(b AS VARCHAR)", "true"),
    ("CAST(x AS BOOLEAN)", True),
    ("CAST(0 AS BOOL)", False),
    ("CAST(NULL AS DOUBLE PRECISION)", None),
    ("CAST(x AS DOUBLE)", 7.0),
]


@pytest.mark.parametrize(("text", "answer"), WORKED, ids=[text for text, _ in WORKED])
def test_worked_by_hand(text, answer):
    tree = parse(text, types=TYPES, where="a test").tree
    alone = as_function(tree)(ROW)
    assert (alone, type(alone)) == (answer, type(answer))
    assert TABLE.with_columns(answer=as_polars(tree))["answer"].item() == answer


def test_every_row_of_the_table_is_worked_by_hand():
    def names(tree):
        return {tree[0]}.union(*map(names, tree[1:])) if isinstance(tree, list) else set()

    worked = set().union(*(names(parse(text, types=TYPES, where="a test").tree) for text, _ in WORKED))
    assert set(FUNCTIONS) <= worked


def test_the_names_that_users_call_are_lower_case_and_belong_to_one_function():
    called = [name for row in FUNCTIONS.values() for name in row.called]
    assert len(called) == len(set(called)) == len(CALLED)
    assert all(name == name.lower() for name in called)


def test_constants_come_last_and_casts_name_functions():
    for row in FUNCTIONS.values():
        assert not any(kind in ("whole", "word") for kind in row.takes[: len(row.takes) - row.constants])
    assert {name for name in CASTS.values() if name} <= set(FUNCTIONS)
