"""What is understood, and what every mistake is answered with."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import parse
from milepost.data.expressions.scalar import as_function
from milepost.ground.errors import MilepostError, UnknownNameError
from real_tables import real_table

TYPES = {
    "total_charges": "float", "tenure": "integer", "contract": "text", "flag": "boolean", "d": "date", "t": "datetime",
    "Monthly Charges": "float", "month": "integer", "2nd": "float", 'a "b"': "float", "day-rate": "float",
}  # fmt: skip
WHERE = "milepost.toml, line 9, features.x"


def understood(text, **more):
    return parse(text, types=TYPES, where=WHERE, **more)


def refused(text, **more) -> MilepostError:
    with pytest.raises(MilepostError) as caught:
        understood(text, **more)
    return caught.value


def test_the_house_plans_examples_are_understood():
    per_month = understood("total_charges / nullif(tenure, 0)")
    assert (per_month.type, per_month.columns) == ("number", ("total_charges", "tenure"))
    rule = understood("contract = 'Month-to-month' AND tenure < 6", gives=("boolean",))
    assert (rule.type, rule.columns) == ("boolean", ("contract", "tenure"))
    assert understood('0.3 * 12 * "Monthly Charges" - 20').type == "number"


def test_the_tree_of_an_example_stays_what_it_is_in_bundles():
    tenure = ["column", "tenure", "number"]
    assert understood("total_charges / NULLIF(tenure, 0)").tree == [
        "/", ["column", "total_charges", "number"], ["case", ["=", tenure, 0.0], ["null", "number"], tenure],
    ]  # fmt: skip
    assert understood("d < TIMESTAMP '2024-01-31 12:00:00+01:00'").tree == [
        "<", ["datetime_from_date", ["column", "d", "date"]], ["datetime", "2024-01-31T11:00:00+00:00"],
    ]  # fmt: skip
    assert understood("LEFT(contract, 3) IN ('One', NULL)").tree == [
        "in", ["left", ["column", "contract", "text"], 3], "One", None,
    ]  # fmt: skip


def test_on_real_data_a_feature_is_missing_exactly_where_its_parts_are():
    churn = real_table("modeldata", "wa_churn").select("tenure", "total_charges")
    tree = parse(
        "total_charges / nullif(tenure, 0)", types={"tenure": "integer", "total_charges": "float"}, where=""
    ).tree
    answer = churn.select(a=as_polars(tree))["a"]
    assert answer.null_count() == 11  # the customers whose tenure is 0 have no total charges
    charges, tenure = churn.row(0, named=True)["total_charges"], churn.row(0, named=True)["tenure"]
    assert answer[0] == charges / tenure


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("tenure + 2 * 3", "tenure + (2 * 3)"),
        ("10 - tenure - 3", "(10 - tenure) - 3"),
        ("-tenure * 2", "(-tenure) * 2"),
        ("- tenure::TEXT::DOUBLE", "-((tenure::TEXT)::DOUBLE)"),
        ("flag OR flag AND NOT flag", "flag OR (flag AND (NOT flag))"),
        ("NOT tenure = 1", "NOT (tenure = 1)"),
        ("NOT flag IS NULL", "NOT (flag IS NULL)"),
        ("tenure = 1 IS TRUE", "(tenure = 1) IS TRUE"),
        ("tenure BETWEEN 1 AND 2 AND flag", "(tenure BETWEEN 1 AND 2) AND flag"),
        ("tenure NOT IN (1) OR flag", "(NOT tenure IN (1)) OR flag"),
        ("tenure > 1 = flag", "(tenure > 1) = flag"),
        ("contract || 'a' LIKE '%a'", "(contract || 'a') LIKE '%a'"),
    ],
)  # fmt: skip
def test_signs_bind_as_in_sql(text, same):
    assert understood(text).tree == understood(same).tree


def test_words_and_functions_are_read_in_any_case_and_columns_letter_for_letter():
    assert (
        understood("Case When flag tHeN abs(tenure) end").tree == understood("CASE WHEN flag THEN ABS(tenure) END").tree
    )
    assert "'tenure'" in refused("TENURE").fix


def test_columns_with_spaces_signs_and_quotes_stand_in_double_quotes():
    assert understood('"Monthly Charges" + "2nd" + "a ""b"""').columns == ("Monthly Charges", "2nd", 'a "b"')


def test_words_of_the_language_may_be_columns_where_no_call_follows():
    assert understood("MONTH(d) + month").columns == ("d", "month")
    assert parse("date > DATE '2024-01-31'", types={"date": "date"}, where="").columns == ("date",)
    assert (
        parse("now + left + current_date", types=dict.fromkeys(["now", "left", "current_date"], "float"), where="").type
        == "number"
    )


def test_an_error_shows_the_place_with_a_caret():
    assert str(refused("1 + contract")) == (
        "'contract' is text; + needs numbers.\n"
        "  where: milepost.toml, line 9, features.x, character 5\n"
        "           1 + contract\n"
        "               ^^^^^^^^\n"
        "  fix:   Join texts with ||, or turn it into a number: CAST(contract AS DOUBLE)."
    )


MISTAKES = [
    # text, what it is answered with, what cures it, the character
    ("tenur > 5", "No column is called 'tenur'", "Write 'tenure'", 1),
    ("1 + Monthly Charges", "No column is called 'Monthly'", 'Write "Monthly Charges"', 5),
    ('"Monthly Chargs"', "No column is called", '"Monthly Charges"', 1),
    ("day-rate", "No column is called 'day'", '"day-rate"', 1),
    ('contract = "One year"', "No column is called 'One year'", "single quotes: 'One year'", 12),
    ("contract = Yes", "No column is called 'Yes'", "single quotes: 'Yes'", 12),
    ("nulif(tenure, 0)", "No function is called 'nulif'", "'nullif'", 1),
    ("CONTAINS(contract, 'a')", "No function is called", "LIKE '%text%'", 1),
    ("tenure > 'a'", "'tenure' is a number and 'a' is text; > needs both of one type", "CAST(tenure AS TEXT)", 10),
    ("contract = 1", "needs both of one type", "CAST(contract AS DOUBLE)", 12),
    ("d > '2024-01-01'", "'d' is a date and '2024-01-01' is text", "DATE '2024-01-01'", 5),
    ("d > 5", "'d' is a date and '5' is a number", "EXTRACT(year FROM", 5),
    ("flag = 1", "'flag' is true or false and '1' is a number", "TRUE or FALSE", 8),
    ("flag > TRUE", "'flag' is true or false; > needs numbers, texts or times", "= or <>", 1),
    ("flag + 1", "'flag' is true or false; + needs numbers", "CAST(flag AS DOUBLE)", 1),
    ("d + 1", "'d' is a date; + needs numbers", "EXTRACT(year FROM d)", 1),
    ("d + INTERVAL '1 day'", "Spans of time are not offered", "days", 5),
    ("tenure AND flag", "'tenure' is a number; AND needs true or false", "tenure <> 0", 1),
    ("NOT contract", "'contract' is text; NOT needs true or false", "contract <> ''", 5),
    ("LOWER(tenure)", "'tenure' is a number; LOWER needs text", "CAST(tenure AS TEXT)", 7),
    ("EXTRACT(hour FROM d)", "'d' is a date; HOUR needs a date with time", "time of day", 19),
    ("EXTRACT(yaer FROM d)", "No part of a time is called 'yaer'", "'year'", 9),
    ("CASE WHEN tenure THEN 1 END", "a condition needs true or false", "tenure <> 0", 11),
    ("COALESCE(tenure, 'x')", "COALESCE needs both of one type", "CAST(tenure AS TEXT)", 18),
    ("tenure IN (month, 5)", "IN needs values that are written out; 'month' is not", "OR", 12),
    ("tenure IN ()", "IN () lists nothing", "at least one", 1),
    ("tenure IN 5", "IN is followed by values in parentheses", "IN ('a', 'b')", 11),
    ("t IN (DATE '2024-01-31')", "IN compares a date with time with a date", "TIMESTAMP", 1),
    ("contract LIKE contract", "LIKE needs a text that is written out", "Write it out", 15),
    ("ROUND(tenure, month)", "ROUND needs a whole number from 0 to 15 that is written out", "Write it out", 15),
    ("ROUND(tenure, 0.5)", "ROUND needs a whole number", "Write it out", 15),
    ("ROUND(tenure, 400)", "from 0 to 15", "Write it out", 15),
    ("ROUND(tenure, -1)", "from 0 to 15", "Write it out", 15),
    ("LOG(tenure)", "LOG takes 2 arguments, not 1", "LN(x)", 1),
    ("ABS()", "ABS takes 1 argument, not 0", "ABS(x)", 1),
    ("GREATEST()", "GREATEST takes at least 1 argument, not 0", "GREATEST(x, …)", 1),
    ("IF(flag, 1)", "IF takes 3 arguments, not 2", "IF(condition, x, y)", 1),
    ("CAST(tenure AS REAL)", "half the precision", "DOUBLE", 16),
    ("CAST(tenure AS DUBLE)", "No type is called 'DUBLE'", "'double'", 16),
    ("CAST(contract AS DATE)", "cannot be turned from text into date", "DATE '2024-01-31'", 1),
    ("CAST(tenure DOUBLE)", "AS is missing: CAST is written CAST(x AS DOUBLE)", "Write AS", 13),
    ("DATE '2024-02-30'", "'2024-02-30' is no date", "DATE '2024-01-31'", 6),
    ("DATE '20240130'", "is no date", "DATE '2024-01-31'", 6),
    ("TIMESTAMP '2024-01-01 25:00'", "is no date with time", "TIMESTAMP '2024-01-31 12:00:00'", 11),
    ("1e999", "too large", "1.8e308", 1),
    ("1_000", "'1_000' is not a number", "1000", 1),
    ("2nd > 3", "'2nd' is not a number", '"2nd"', 1),
    ("(tenure + 1", "This parenthesis is not closed", ")", 1),
    ("tenure + 1)", "')' is not expected here", "Leave it out", 11),
    ("tenure +", "The expression ends too early", "missing", 9),
    ("tenure 5", "Nothing joins '5'", "between", 8),
    ("tenure 'x'", "Nothing joins \"'x'\"", "between", 8),
    ("ABS(tenure 5)", "Nothing joins '5'", "between", 12),
    ("5 * / 3", "A value is missing before '/'", "Write", 5),
    ("CASE tenure WHEN 1 THEN 2", "END is missing", "END", 26),
    ("CASE ELSE 1 END", "ELSE is not expected here", "double quotes", 6),
    ("CASE tenure ELSE 1 END", "WHEN is missing", "WHEN", 13),
    ("tenure IS 5", "IS is followed by NULL, TRUE or FALSE", "IS NULL", 11),
    ("tenure IS NOT DISTINCT FROM 1", "IS is followed by", "IS NULL", 15),
    ("contract = 'abc", "The text that begins here has no end", "'", 12),
    ('"abc', "The column name that begins here has no end", '"', 1),
    ("", "The expression is empty", "leave out its key", 1),
    ("  ", "The expression is empty", "leave out its key", 1),
    ("NULL", "The expression is always missing", "column", 1),
    ("COALESCE(NULL, NULL)", "The expression is always missing", "column", 1),
    # what looks beyond the row, or is not SQL
    ("SUM(tenure)", "SUM is an aggregate", "row itself", 1),
    ("1 + avg(tenure)", "AVG is an aggregate", "row itself", 5),
    ("COUNT(*)", "COUNT is an aggregate", "row itself", 1),
    ("MAX(tenure)", "MAX is an aggregate", "GREATEST", 1),
    ("LAG(tenure)", "LAG is a window function", "column of its own", 1),
    ("tenure OVER (ORDER BY d)", "OVER is a window function", "column of its own", 8),
    ("ABS(tenure) OVER ()", "OVER is a window function", "column of its own", 13),
    ("(SELECT 1)", "SELECT is a subquery", "Join the tables", 2),
    ("SELECT tenure", "SELECT is a subquery", "Join the tables", 1),
    ("EXISTS (SELECT 1)", "EXISTS is a subquery", "Join the tables", 1),
    ("tenure IN (SELECT 1)", "SELECT is a subquery", "Join the tables", 12),
    ("read_csv('/etc/passwd')", "READ_CSV is a function that reads files", "data.source", 1),
    ("scan_parquet('x')", "SCAN_PARQUET is a function that reads files", "data.source", 1),
    ("NOW() > t", "NOW is the clock", "DATE '2024-01-31'", 1),
    ("CURRENT_DATE > d", "CURRENT_DATE is the clock", "DATE '2024-01-31'", 1),
    ("RANDOM() < 0.5", "RANDOM is chance", "Leave it out", 1),
    ("tenure; DROP TABLE x", "A semicolon", "semicolon", 7),
    ("tenure = ?", "Parameters are not allowed", "value", 10),
    ("tenure = $1", "Parameters are not allowed", "value", 10),
    ("tenure = :x", "Parameters are not allowed", "value", 10),
    ("tenure -- all", "no comments", "problem file", 8),
    ("/* all */ tenure", "no comments", "problem file", 1),
    ("tenure # all", "no comments", "problem file", 8),
    ("tenure ** 2", "operator for powers", "POWER(x, 2)", 8),
    ("tenure ^ 2", "operator for powers", "POWER(x, 2)", 8),
    ("tenure // 2", "no operator //", "FLOOR", 8),
    ("flag && flag", "&& is not SQL", "AND", 6),
    ("flag | flag", "Operators on bits", "OR", 6),
    ("!flag", "! alone is not SQL", "NOT", 1),
    ("contract = ‘x’", "not a quote", "straight single quotes", 12),
    ("contract = “x”", "not a quote", "straight double quotes", 12),
    ("`tenure`", "not a quote", "double quotes", 1),
    ("[tenure]", "Square brackets", "double quotes", 1),
    ("a.tenure", "would mean a table", "double quotes", 2),
    ("tenure ¤ 1", "The character '¤' has no meaning", "Leave it out", 8),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "fix", "character"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named_with_its_place_and_its_cure(text, what, fix, character):
    if text == "a.tenure":
        with pytest.raises(MilepostError) as caught:
            parse(text, types={"a": "float"}, where=WHERE)
        error = caught.value
    else:
        error = refused(text)
    assert what in error.what
    assert fix in error.fix
    assert error.where.split("\n")[0] == f"{WHERE}, character {character}"


def test_unknown_names_are_a_family_of_their_own():
    assert isinstance(refused("tenur"), UnknownNameError)
    assert isinstance(refused("nulif(tenure, 0)"), UnknownNameError)


def test_a_result_of_the_wrong_type_is_refused_where_a_type_is_needed():
    error = refused("tenure + 1", gives=("boolean",))
    assert error.what == "The expression gives a number, not true or false."
    assert "comparison" in error.fix
    assert "not a number or true or false" in refused("contract", gives=("number", "boolean")).what


def test_the_place_in_a_text_of_several_lines_names_the_line():
    where = refused("CASE\n  WHEN flag THEN tenur\nEND").where
    assert where.startswith(f"{WHERE}, character 18 of line 2\n")
    assert "  WHEN flag THEN tenur\n" in where
    assert "CASE" not in where


DEEP = {
    "parentheses": "(" * 5_000, "closed": "(" * 300 + "1" + ")" * 300, "sum": "+".join(["tenure"] * 1_000),
    "not": "NOT " * 2_000 + "flag", "minus": "- " * 4_000 + "tenure", "calls": "ABS(" * 2_000, "long": "1" * 10_001,
    "case": "CASE WHEN flag THEN " * 400, "doubling": "NULLIF(" * 60 + "tenure" + ", 0)" * 60,
}  # fmt: skip


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_too_deep_too_long_or_grows_too_large_is_refused(text):
    assert "Split it" in refused(text).fix


def test_what_is_just_deep_enough_works_far_down_the_stack():
    def deeper(frames: int) -> tuple[object, object]:
        if frames:
            return deeper(frames - 1)
        tree = understood("ABS(" * 99 + "tenure" + ")" * 99 + " + 1" * 100).tree
        json.dumps(tree)
        return as_function(tree)({"tenure": -2.0}), pl.DataFrame({"tenure": [-2]}).select(as_polars(tree)).item()

    assert deeper(250) == (102.0, 102.0)


def test_a_sum_of_a_hundred_columns_works():
    tree = understood(" + ".join(["tenure"] * 100)).tree
    assert as_function(tree)({"tenure": 0.25}) == 25.0
    assert pl.DataFrame({"tenure": [1, 2]}).select(a=as_polars(tree))["a"].to_list() == [100.0, 200.0]


def understood_or_error(text):
    try:
        return understood(text)
    except MilepostError as error:
        return error


WORDS = [
    "tenure", "contract", "flag", "d", "1", "'a'", "+", "-", "*", "(", ")", ",", "AND", "NOT", "IN", "IS", "NULL",
    "CASE", "WHEN", "THEN", "END", "LIKE", "BETWEEN", "ABS", "CAST", "AS", "DOUBLE", "EXTRACT", "FROM", "year",
    "=", "<", "||", "::", "DATE", "IF", "COALESCE", "ROUND", "LEFT",
]  # fmt: skip


@settings(max_examples=400)
@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), st.text(max_size=12)))
def test_any_text_is_understood_or_refused_with_its_place(text):
    answer = understood_or_error(text)
    if isinstance(answer, MilepostError):
        assert answer.what.endswith(".")
        assert answer.fix.endswith(".")
        assert answer.where.startswith(WHERE)
    else:
        assert set(answer.columns) <= set(TYPES)
        assert json.loads(json.dumps(answer.tree)) == answer.tree
