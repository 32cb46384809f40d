from __future__ import annotations

import polars as pl
import pytest

from milepost.data.expressions.parse import parse
from milepost.predictor.rules import (
    branches_row,
    branches_table,
    constant_row,
    constant_table,
    expression_row,
    expression_table,
)

FRAME = pl.DataFrame({"n": [1.0, 8.0, None, 0.0], "c": ["a", "b", None, "new"]})


def tree(text: str) -> object:
    return parse(text, types={"n": "float", "c": "text"}, where="test").tree


def rows_of(document, row_of, table_of) -> list[list[float]]:
    table = table_of(document)(FRAME, 1).tolist()
    assert [row_of(document)(row) for row in FRAME.to_dicts()] == table
    return table


def test_a_constant_is_the_same_for_every_row():
    assert rows_of({"values": [0.2, 0.8]}, constant_row, constant_table) == [[0.2, 0.8]] * 4


@pytest.mark.parametrize(
    ("rule", "branches", "expected"),
    [
        ("n > 5", [[True, [0.9]], [False, [0.2]]], [0.2, 0.9, 0.5, 0.2]),
        ("c", [["a", [0.1]], ["b", [0.3]]], [0.1, 0.3, 0.5, 0.5]),
        ("CASE WHEN n > 5 THEN 2 ELSE 0 END", [[0, [0.1]], [2.0, [0.3]]], [0.1, 0.3, 0.1, 0.1]),
        ("true", [[True, [0.7]]], [0.7] * 4),
    ],
)
def test_each_branch_has_its_answer_and_what_is_missing_or_new_the_other(rule, branches, expected):
    document = {"tree": tree(rule), "branches": branches, "otherwise": [0.5]}
    assert rows_of(document, branches_row, branches_table) == [[answer] for answer in expected]


def test_a_rule_that_is_a_number_answers_itself():
    document = {"tree": tree("10 / n"), "otherwise": [-1.0]}
    assert rows_of(document, expression_row, expression_table) == [[10.0], [1.25], [-1.0], [-1.0]]
