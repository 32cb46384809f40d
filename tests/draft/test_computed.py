from __future__ import annotations

import polars as pl
import pytest

from milepost.draft.computed import break_even, check_computed
from milepost.ground.errors import MilepostError

DATA = '[data]\nsource = "x.csv"\n'


def codes(case, text, **known):
    given = case(DATA + text, **known)
    found = check_computed(
        given.problem, given.frame, given.schema, given.truth, derived=given.derived, rule=given.rule
    )
    return [finding.code for finding in found]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[features]\na = "charge * 0"', "feature-constant"),
        ('[baseline]\nrule = "charge > 1000"', "rule-always-same"),
        ('[baseline]\nrule = "spare > 0"', "rule-mostly-missing"),
        ("[baseline]\nrule = \"plan = 'yearly'\"", "rule-wrong-way"),
        ('[value]\ntrue_positive = "spare"\nfalse_positive = -1', "value-missing"),
        ('[value]\ntrue_positive = "100 - 20"\nfalse_positive = -20\nfalse_negative = "1/0"', "value-missing"),
        ("[value]\ntrue_positive = -5\nfalse_positive = -10", "value-never-act"),
        ("[value]\ntrue_positive = 5\nfalse_positive = 0", "value-always-act"),
        (
            "[value]\ntrue_positive = 5\nfalse_positive = -1\ncapacity = { positives = 5 }",
            "capacity-without-population",
        ),
    ],
)
def test_what_is_odd_about_an_expression_is_told(case, text, code):
    assert codes(case, text) == [code]


def test_sound_expressions_are_not_mentioned(case):
    text = """
[features]
half = "charge / 2"
[baseline]
rule = "plan = 'monthly'"
[value]
true_positive = "0.3 * charge - 2"
false_positive = -2
"""
    assert codes(case, text) == []


def test_a_rule_that_goes_by_what_is_sensitive_is_told(case):
    assert codes(case, "[baseline]\nrule = \"plan = 'monthly'\"", plan="sensitive") == ["rule-reads-sensitive"]


@pytest.mark.parametrize("role", ["context", "id", "group", "known_at", "excluded"])
def test_a_rule_that_reads_a_hidden_column_is_told(case, role):
    assert codes(case, "[baseline]\nrule = \"plan = 'monthly'\"", plan=role) == ["rule-reads-hidden"]


def test_money_that_reads_an_unknown_column_is_refused(case):
    with pytest.raises(MilepostError, match="chrage"):
        codes(case, '[value]\ntrue_positive = "chrage"')


def test_classes_that_do_not_occur_are_noted_in_the_rule(case):
    frame = pl.DataFrame({"churn": ["gold", "silver", "bronze"] * 20, "x": [1, 2, 3] * 20})
    rule = "[baseline]\nrule = \"CASE WHEN x = 1 THEN 'Gold' ELSE 'silver' END\""
    assert codes(case, rule, frame=frame, task="multiclass") == ["rule-unknown-class"]


def test_acting_pays_from_the_chance_at_which_gain_and_cost_are_even(case):
    # 5 p = 10 (1 - p)  ->  p = 2/3
    given = case(DATA + "[value]\ntrue_positive = 5\nfalse_positive = -10")
    assert break_even(given.problem, given.frame, given.schema) == pytest.approx(2 / 3)


def test_a_rule_with_an_answer_for_each_row_is_told(case):
    frame = pl.DataFrame({"churn": ["yes", "no"] * 60, "x": [n / 7 for n in range(120)]})
    assert codes(case, '[baseline]\nrule = "x"', frame=frame) == ["rule-many-answers"]
