from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import parse
from milepost.data.schema import Column, Schema
from milepost.draft.rule import find_rule

ROWS = 1_000


def chance(seed=0):
    return np.random.default_rng(seed)


def schema_of(frame, task, target, labels=()):
    kinds = {pl.String: ("text", "category"), pl.Boolean: ("boolean", "flag")}
    columns = []
    for name, dtype in frame.schema.items():
        stored, kind = kinds.get(dtype, ("float" if dtype.is_float() else "integer", "number"))
        columns.append(Column(name, stored, kind, "target" if name == target else "feature"))
    return Schema(tuple(columns), task, labels)


def rule_of(columns, task, labels=()):
    frame = pl.DataFrame(columns)
    schema = schema_of(frame, task, "y", labels)
    return find_rule(frame, schema, schema.features), frame, schema


def said(rule, frame, schema):
    """What the rule answers, by the evaluator of expressions."""
    tree = parse(rule.text, types=schema.dtypes, where="here").tree
    return frame.with_columns(as_polars(tree).alias("said"))["said"]


def test_a_rule_of_two_conditions_that_makes_the_answers_is_found():
    plan, months = chance(0).choice(["monthly", "yearly"], ROWS), chance(1).integers(0, 24, ROWS)
    answers = np.where((plan == "monthly") & (months < 6), "Yes", "No")
    rule, frame, schema = rule_of({"y": answers, "plan": plan, "months": months}, "binary", ("No", "Yes"))
    assert sorted(rule.text.split(" AND ")) == ["months < 6", "plan = 'monthly'"]
    assert (said(rule, frame, schema) == (frame["y"] == "Yes")).all()


def test_the_figures_of_a_yes_or_no_rule_are_counted_right():
    # 200 rows: x < 1 in 100, of these 80 Yes; of the other 100 none is
    columns = {"y": ["Yes"] * 80 + ["No"] * 120, "x": [0] * 100 + [1] * 100}
    rule, *_ = rule_of(columns, "binary", ("No", "Yes"))
    assert rule.text == "x = 0"
    assert rule.says == (
        "It is true for 50.0 % of the rows; 80.0 % of these have y = 'Yes' (40.0 % of all rows do), and it finds "
        "100.0 % of them."
    )


def test_one_condition_is_enough_where_a_second_adds_nothing():
    x = chance().normal(size=ROWS)
    columns = {"y": np.where(x > 0, "Yes", "No"), "x": x, "noise": chance(1).normal(size=ROWS)}
    assert rule_of(columns, "binary", ("No", "Yes"))[0].columns == ("x",)


def test_no_rule_is_made_up_from_columns_that_say_nothing_of_several_classes_or_numbers():
    noise = chance(1).normal(size=ROWS)
    assert rule_of({"y": chance().choice(["a", "b", "c"], ROWS), "x": noise}, "multiclass", ("a", "b", "c"))[0] is None
    assert rule_of({"y": chance().normal(size=ROWS), "x": noise}, "regression")[0] is None


def test_a_case_names_each_of_several_classes():
    x = np.repeat([0.0, 1.0, 2.0], 100) + chance().normal(0, 0.05, 300)
    labels = np.repeat(["a", "b", "c"], 100)
    rule, frame, schema = rule_of({"y": labels, "x": x}, "multiclass", ("a", "b", "c"))
    assert rule.text.startswith("CASE WHEN x")
    assert (said(rule, frame, schema) == frame["y"]).mean() > 0.99


def test_classes_that_are_numbers_are_written_as_numbers():
    x = np.repeat([0.0, 1.0, 2.0], 100)
    rule, *_ = rule_of({"y": np.repeat([3, 5, 7], 100), "x": x}, "multiclass", ("3", "5", "7"))
    assert "THEN 3" in rule.text or "ELSE 3" in rule.text


def test_a_case_of_means_is_nearer_than_one_mean_and_its_figures_are_those_of_the_expression():
    x = chance().uniform(0, 4, ROWS)
    y = np.floor(x) * 1000 + chance(1).normal(0, 100, ROWS)
    rule, frame, schema = rule_of({"y": y, "x": x}, "regression")
    off = float((said(rule, frame, schema) - frame["y"]).abs().mean())
    assert rule.text.count("WHEN") == 3
    assert off < 0.3 * float((frame["y"] - frame["y"].mean()).abs().mean())
    assert rule.says.startswith(f"It is off by {off:.3g} on average") or f"{round(off):,}" in rule.says


@pytest.mark.parametrize("rows", [10, 39])
def test_too_few_rows_make_no_rule(rows):
    assert rule_of({"y": ["Yes", "No"] * (rows // 2), "x": [0, 1] * (rows // 2)}, "binary", ("No", "Yes"))[0] is None


def test_the_same_rows_give_the_same_rule():
    columns = {name: chance(seed).normal(size=ROWS) for seed, name in enumerate("xzw")}
    columns["y"] = np.where(columns["x"] + columns["z"] > 0, "Yes", "No")
    assert rule_of(columns, "binary", ("No", "Yes"))[0] == rule_of(columns, "binary", ("No", "Yes"))[0]
