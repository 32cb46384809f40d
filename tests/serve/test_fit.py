"""Guards and redactions are held against the columns of the table before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.problem.read import parse_problem
from milepost.problem.spec import Problem
from milepost.serve.fit import check_serve

PROBLEM = (
    '[problem]\nname = "churn"\ntarget = "churn"\n[data]\nsource = "x.csv"\nid = "customer"\nsensitive = ["female"]\n'
)
SCHEMA = Schema(
    (
        Column("customer", "text", "id", "id"),
        Column("tenure", "integer", "number", "feature"),
        Column("income", "float", "number", "unused"),
        Column("female", "boolean", "flag", "sensitive"),
        Column("churn", "text", "category", "target"),
    ),
    "binary",
    ("No", "Yes"),
)


def problem_with(text: str) -> Problem:
    return parse_problem(PROBLEM + text, path=Path("milepost.toml"))


def guard(when: str, rest: str = 'then = "abstain"') -> str:
    first = "[[serve.guards]]\nname = 'first'\nwhen = 'missing'\nthen = 'flag'\n"
    return f"{first}[[serve.guards]]\nname = 'g'\nwhen = \"{when}\"\n{rest}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        guard("tenure < 6"),
        guard("confidence < 0.6"),
        guard("out of range", 'then = "override"\nto = "Yes"'),
        '[serve.redaction]\ncustomer = "hash"\nincome = "bucket 5000"\nfemale = "drop"',
        '[serve]\nretrain_from_log = false\nredaction = { tenure = "bucket 12" }',
    ],
)
def test_what_fits_the_table_passes(text):
    check_serve(problem_with(text), SCHEMA, ["tenure"])


@pytest.mark.parametrize(
    ("text", "place", "what", "fix"),
    [
        (guard("tenur < 6"), "line 14, serve.guards[2].when", "called 'tenur'", "'tenure'"),
        (guard("avg(tenure) < 6"), "line 14, serve.guards[2].when", "AVG is", ""),
        (guard("tenure"), "line 14, serve.guards[2].when", "gives a number", "comparison"),
        (
            guard("churn = 'Yes'"),
            "line 14, serve.guards[2].when",
            "no input of the model: its role is 'target'",
            "'churn'",
        ),
        (guard("tenure < 6 AND female"), "serve.guards[2].when", "its role is 'sensitive'", "without 'female'"),
        (guard("missing", 'then = "override"\nto = "yes"'), "line 16, serve.guards[2].to", "called 'yes'", "'Yes'"),
        ('[serve.redaction]\ntenur = "drop"', "line 9, serve.redaction.tenur", "'tenur'", "'tenure'"),
        ('[serve.redaction]\ntenure = "drop"', "serve.redaction.tenure", "is redacted", "retrain_from_log = false"),
        ('[serve.redaction]\nincome = "bucket 1d"', "serve.redaction.income", "its values are numbers", '"bucket 10"'),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(text, place, what, fix):
    with pytest.raises(MilepostError) as caught:
        check_serve(problem_with(text), SCHEMA, ["tenure"])
    assert caught.value.where.startswith("milepost.toml, line ")
    assert place in caught.value.where
    assert what in caught.value.what
    assert fix in caught.value.fix
