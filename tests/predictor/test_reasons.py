from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lightgbm
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.expressions.parse import parse
from milepost.data.schema import Column, Schema
from milepost.predictor.calibrate import calibrated
from milepost.predictor.encode import encode_table
from milepost.predictor.load import load_predictor
from milepost.predictor.members import FEWEST_AS_TABLE
from milepost.predictor.predictor import Predictor
from milepost.predictor.reasons import MOST, SCALES
from milepost.serve.parity_rows import raw_rows, typed_rows
from rung_bundles import RUNGS, TASKS, write_all_rungs, write_rung

EVERY = 99  # reasons, which are more than any of these bundles has
ALL = "all"
WITHIN = 1e-9  # of the largest term: rounding
WITH_MARGIN = ("linear", "curves", "additive", "boosted", "boosted_deep")
MARGIN = {"binary": "log-odds", "multiclass": "log-ratio"}
per_bundle = pytest.mark.parametrize(("rung", "task"), [(rung, task) for task in TASKS for rung in (*RUNGS, ALL)])


@dataclass(frozen=True)
class Bundle:
    """What a bundle folder holds."""

    predictor: Predictor
    model: dict[str, Any]
    trees: str


@cache
def bundle(rung: str, task: Any) -> Bundle:
    """Return the bundle of one rung, or of all together and calibrated."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        ref = write_all_rungs(path, task) if rung == ALL else write_rung(path, rung, task)
        trees = "".join(text.read_text() for text in ref.path.glob("trees/*.txt"))
        return Bundle(load_predictor(ref.path), json.loads((ref.path / "model.json").read_text()), trees)


def predictor(rung: str, task: Any) -> Predictor:
    return bundle(rung, task).predictor


def response_of(answer: dict[str, Any]) -> list[float]:
    """Return the probabilities or the number of an answer."""
    return list(answer["probabilities"].values()) if "probabilities" in answer else [answer["prediction"]]


def readable(asked: Predictor, seed: int, rows: int) -> list[dict[str, Any]]:
    """Return rows as JSON may bring them, and rows whose columns have the types of the inputs."""
    raw = [row for row in raw_rows(asked.schema, rows, seed=seed) if not asked.unreadable(row)]
    return [*raw, *typed_rows(asked.schema, rows, seed=seed).to_dicts()]


def bits(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bits(item) for item in value]
    return struct.pack("d", value) if isinstance(value, float) else value


def added(told: dict[str, Any]) -> float:
    """Return base, the contributions as listed, and others, added in this order."""
    total: float = told["margin"]["base"]
    for reason in told["reasons"]:
        total += reason["contribution"]
    return total + told["margin"]["others"]


def margin_of(scale: str, of: int, response: list[float]) -> float:
    """Return the margin on a scale that a response has."""
    if scale == "log-odds":
        return float(np.log(response[1] / response[0]))
    if scale == "log-ratio":
        return float(np.log(response[of]) - np.mean(np.log(response)))
    return response[of if len(response) > 1 else 0]


# sums


@per_bundle
@settings(max_examples=3)
@given(seed=st.integers(0, 2**32), most=st.integers(1, 9))
def test_base_reasons_and_others_add_up_to_the_total_to_the_last_bit(rung, task, seed, most):
    asked = predictor(rung, task)
    for told in asked.reasons_of(readable(asked, seed, 5), most=most):
        assert added(told) == told["margin"]["total"]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("task", TASKS)
def test_the_total_is_the_margin_of_the_answer(rung, task):
    asked = predictor(rung, task)
    rows = readable(asked, 7, 20)
    for row, told in zip(rows, asked.reasons_of(rows, most=EVERY), strict=True):
        margin, response = told["margin"], response_of(asked.answer(row))
        of = asked.classes_.index(margin["of"]) if "of" in margin else 0
        terms = [margin["base"], *(reason["contribution"] for reason in told["reasons"]), 1.0]
        near = WITHIN * max(map(abs, terms))
        if margin["scale"] in MARGIN.values():  # a share rounded to 1 has no finite odds
            near *= 1 / min(response)
        assert margin["total"] == pytest.approx(margin_of(margin["scale"], of, response), abs=near)


@pytest.mark.parametrize("task", TASKS)
def test_the_total_of_a_weighted_sum_is_its_answer_before_calibration(task):
    asked = predictor(ALL, task)
    rows = typed_rows(asked.schema, 40, seed=5)
    told, answers = asked.reasons_of(rows.to_dicts(), most=EVERY), asked.answer_table(rows)
    totals = np.array([each["margin"]["total"] for each in told])
    if task == "regression":
        assert totals == pytest.approx(answers["prediction"].to_numpy(), rel=WITHIN)
    elif task == "binary":
        expected = answers["probability_yes"].to_numpy()
        assert calibrated(totals[:, None], bundle(ALL, task).model["calibration"])[:, 0] == pytest.approx(
            expected, rel=WITHIN
        )
    else:  # temperature keeps the order of classes and of their shares
        assert [each["margin"]["of"] for each in told] == answers["prediction"].to_list()
        assert ((totals > 1 / 3 - WITHIN) & (totals <= 1)).all()


@per_bundle
def test_the_scale_and_the_class_are_named(rung, task):
    asked = predictor(rung, task)
    row = typed_rows(asked.schema, 1, seed=1).to_dicts()[0]
    margin = asked.reasons(row)["margin"]
    assert margin["scale"] in SCALES
    usual = "target" if task == "regression" else MARGIN[task] if rung in WITH_MARGIN else "probability"
    assert margin["scale"] == usual
    prediction = asked.answer(row)["prediction"]
    assert margin.get("of") == {"binary": "yes", "multiclass": prediction, "regression": None}[task]


# one way and the other


@per_bundle
def test_one_row_and_many_have_the_same_reasons_to_the_last_bit(rung, task):
    asked = predictor(rung, task)
    rows = readable(asked, 3, FEWEST_AS_TABLE)
    assert bits(asked.reasons_of(rows, most=3)) == [bits(asked.reasons(row, most=3)) for row in rows]


@per_bundle
def test_a_table_says_what_rows_say(rung, task):
    asked = predictor(rung, task)
    rows = typed_rows(asked.schema, FEWEST_AS_TABLE, seed=9)
    table = asked.reasons_table(rows, most=3, threads=2)
    for columns, told in zip(table.to_dicts(), asked.reasons_of(rows.to_dicts(), most=3), strict=True):
        for name in ("base", "others", "total"):
            assert columns[f"margin_{name}"] == told["margin"][name]
        for place, reason in enumerate(told["reasons"], 1):
            assert columns[f"reason_{place}"] == reason["input"]
            assert columns[f"reason_{place}_contribution"] == reason["contribution"]
            assert columns[f"reason_{place}_change"] == reason["change"]


def test_a_table_longer_than_a_part_is_told_whole_and_in_order(monkeypatch):
    asked = predictor("boosted", "binary")
    rows = typed_rows(asked.schema, 50, seed=2)
    whole = asked.reasons_table(rows)
    monkeypatch.setattr("milepost.predictor.predictor._ROWS_REASONED", 7)
    assert asked.reasons_table(rows).equals(whole)


def test_a_table_without_rows_has_the_same_columns():
    for rung in ("linear", "boosted", "tree", "rule", "dummy"):
        asked = predictor(rung, "binary")
        some = asked.reasons_table(typed_rows(asked.schema, 3, seed=2), most=2)
        assert asked.reasons_table([], most=2).schema == some.schema


# what is told


@per_bundle
def test_reasons_come_by_size_and_name_what_was_sent_or_derived(rung, task):
    asked = predictor(rung, task)
    for row in typed_rows(asked.schema, 20, seed=4).to_dicts():
        reasons, (_, values) = asked.reasons(row)["reasons"], asked.answer_and_inputs(row)
        sizes = [abs(reason["contribution"]) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)
        assert 0.0 not in sizes
        assert len(reasons) <= MOST
        for reason in reasons:
            assert reason["input"] == "baseline.rule" or reason["value"] == values[reason["input"]]


def test_what_few_reasons_leave_out_is_in_others():
    asked = predictor("linear", "binary")
    row = typed_rows(asked.schema, 1, seed=8).to_dicts()[0]
    every, few = asked.reasons(row, most=EVERY), asked.reasons(row, most=1)
    assert every["margin"]["others"] == 0.0
    assert few["reasons"] == every["reasons"][:1]
    rest = sum(reason["contribution"] for reason in every["reasons"][1:])
    assert few["margin"]["others"] == pytest.approx(rest)


def test_a_dummy_has_no_reasons_only_a_base():
    asked = predictor("dummy", "binary")
    told = asked.reasons(typed_rows(asked.schema, 1, seed=1).to_dicts()[0])
    assert told["reasons"] == []
    assert told["margin"]["base"] == told["margin"]["total"]


def test_the_rule_is_one_reason_with_its_branch():
    asked = predictor("rule", "binary")
    row = {**typed_rows(asked.schema, 1, seed=1).to_dicts()[0], "visits": 8, "plan": "pro"}
    (reason,) = asked.reasons(row)["reasons"]
    assert (reason["input"], reason["value"]) == ("baseline.rule", True)
    assert reason["change"] == pytest.approx(reason["contribution"])


def test_contributions_of_trees_are_those_of_the_lightgbm_package_summed_by_input():
    asked, (member,) = predictor("boosted", "multiclass"), bundle("boosted", "multiclass").model["members"]
    rows = typed_rows(asked.schema, 25, seed=6).to_dicts()
    matrix = encode_table(pl.DataFrame([asked.answer_and_inputs(row)[1] for row in rows]), member["encoding"])
    booster = lightgbm.Booster(model_str=bundle("boosted", "multiclass").trees)
    package = booster.predict(matrix, pred_contrib=True).reshape(25, 3, -1)
    centred = package - package.mean(axis=1, keepdims=True)
    sources = [block["column"] for block in member["encoding"]]  # each of one column
    for told, expected in zip(asked.reasons_of(rows, most=EVERY), centred, strict=True):
        own = expected[asked.classes_.index(told["margin"]["of"])]
        assert told["margin"]["base"] == pytest.approx(own[-1])
        for reason in told["reasons"]:
            mine = [column for column, source in enumerate(sources) if source == reason["input"]]
            assert reason["contribution"] == pytest.approx(own[mine].sum())


# by hand

SCHEMA = (Column("x", "float", "number", "feature"), Column("y", "float", "number", "feature"))


def number(column: str) -> dict[str, Any]:
    return {"op": "number", "column": column, "fill": 0.0, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0}


def linear(weight: float = 1.0, **model: Any) -> dict[str, Any]:
    own = {"kind": "linear", "link": "sigmoid", "intercept": [0.0], "coefficients": [[1.0, 2.0]], **model}
    return {"rung": "linear", "weight": weight, "encoding": [number("x"), number("y")], "model": own}


def by_hand(*members: dict[str, Any], task: Any = "binary", **changes: Any) -> Predictor:
    labels = {"binary": ("No", "Yes"), "multiclass": ("a", "b", "c"), "regression": ()}[task]
    decision = {"binary": {"kind": "threshold", "at": 0.3}, "multiclass": {"kind": "most_likely"}}.get(task)
    model = {"task": task, "labels": list(labels), "derived": [], "members": list(members), "decision": decision}
    return Predictor(Schema(SCHEMA, task, labels), {**model, "calibration": {"kind": "none"}, **changes}, {})


def test_a_change_is_what_the_probability_loses_without_the_contribution():
    told = by_hand(linear()).reasons({"x": 1.0, "y": -1.0})

    def sigmoid(margin: float) -> float:
        return 1 / (1 + float(np.exp(-margin)))

    # margin 1 - 2 = -1; without y it is 1, without x it is -2
    assert [(reason["input"], reason["contribution"]) for reason in told["reasons"]] == [("y", -2.0), ("x", 1.0)]
    assert told["reasons"][0]["change"] == pytest.approx(sigmoid(-1) - sigmoid(1))
    assert told["reasons"][1]["change"] == pytest.approx(sigmoid(-1) - sigmoid(-2))


def test_a_change_goes_through_the_calibration_and_the_margin_does_not():
    platt = {"kind": "platt", "slope": 2.0, "offset": 0.5}
    told = by_hand(linear(), calibration=platt).reasons({"x": 1.0, "y": 0.0}, most=1)
    assert told["margin"]["total"] == 1.0
    change = 1 / (1 + np.exp(-2.5)) - 1 / (1 + np.exp(-0.5))
    assert told["reasons"][0]["change"] == pytest.approx(change)


def test_a_weighted_sum_is_told_in_probability():
    other = {"rung": "dummy", "weight": 0.25, "encoding": [], "model": {"kind": "constant", "values": [0.6]}}
    told = by_hand(linear(0.75), other).reasons({"x": 1.0, "y": -1.0})
    fall = 0.75 * (1 / (1 + np.exp(1.0)) - 0.5)  # shared out as -2 to 1
    assert told["margin"]["scale"] == "probability"
    assert told["margin"]["base"] == pytest.approx(0.75 * 0.5 + 0.25 * 0.6)
    assert [reason["contribution"] for reason in told["reasons"]] == pytest.approx([2 * fall, -fall])


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_the_total_of_a_weighted_sum_is_the_probability_of_the_predicted_class(x, y):
    one = linear(0.7, link="softmax", intercept=[0.1, 0.0, -0.3], coefficients=[[1.0, 0.5], [0.0, -1.0], [-2.0, 0.3]])
    other = {"rung": "dummy", "weight": 0.3, "encoding": [], "model": {"kind": "constant", "values": [0.2, 0.5, 0.3]}}
    predictor = by_hand(one, other, task="multiclass")
    answer, margin = predictor.answer({"x": x, "y": y}), predictor.reasons({"x": x, "y": y})["margin"]
    assert margin["of"] == answer["prediction"]
    assert margin["total"] == pytest.approx(answer["probabilities"][margin["of"]], rel=WITHIN)


def test_what_is_added_to_all_classes_alike_is_no_reason():
    shifted = linear(link="softmax", intercept=[0.0] * 3, coefficients=[[5.0, 1.0], [5.0, 0.0], [5.0, -1.0]])
    told = by_hand(shifted, task="multiclass").reasons({"x": 1.0, "y": 2.0})
    assert [(reason["input"], reason["contribution"]) for reason in told["reasons"]] == [("y", 2.0)]
    assert told["margin"]["of"] == "a"


def test_a_change_in_a_number_is_its_contribution():
    told = by_hand(linear(link="identity"), task="regression").reasons({"x": 1.0, "y": 3.0})
    assert [reason["change"] for reason in told["reasons"]] == [6.0, 1.0]
    assert told["margin"] == {"scale": "target", "base": 0.0, "others": 0.0, "total": 7.0}


def test_a_derived_feature_is_a_reason_by_its_own_name():
    tree = parse("x * y", types={"x": "float", "y": "float"}, where="test").tree
    area = {"rung": "linear", "encoding": [number("area")], "model": linear(coefficients=[[1.0]])["model"]}
    derived = [{"name": "area", "tree": tree, "type": "number"}]
    told = by_hand({**area, "weight": 1.0}, derived=derived).reasons({"x": 2.0, "y": 3.0})
    assert [(reason["input"], reason["value"]) for reason in told["reasons"]] == [("area", 6.0)]


def test_a_missing_value_is_told_as_null():
    told = by_hand(linear(means=[1.0, 0.0])).reasons({"x": None, "y": 0.0})
    assert told["reasons"][0] | {"change": 0} == {"input": "x", "value": None, "contribution": -1.0, "change": 0}


@pytest.mark.parametrize("asked", [{"x": 1e308, "y": 1e308}, {"x": 1e308, "y": -1e308}])
def test_values_beyond_all_bounds_have_no_reasons(asked):
    predictor = by_hand(linear(link="identity", coefficients=[[9.0, 9.0]]), task="regression")
    rows = [asked, {"x": 1.0, "y": 1.0}]
    beyond, usual = predictor.reasons_of(rows)
    assert beyond == {"reasons": [], "margin": None}
    assert usual["margin"]["total"] == 18.0
    assert set(predictor.reasons_table(rows).row(0)) == {None}
