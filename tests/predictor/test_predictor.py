from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import Any

import lightgbm
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.data.expressions.parse import parse
from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.predictor import Predictor

COLUMNS = (
    Column("n", "integer", "number", "feature", missing_share=0.0, lo=0.0, hi=72.0),
    Column("x", "float", "number", "feature", missing_share=0.1, lo=-5.0, hi=5.0),
    Column("k", "integer", "flag", "feature", lo=0.0, hi=1.0),
    Column("flag", "boolean", "flag", "feature", missing_share=0.0),
    Column("c", "text", "category", "feature", missing_share=0.0, levels=("a", "b", "Month-to-month", "Ω")),
    Column("t", "datetime", "time", "time"),
    Column("d", "date", "time", "feature"),
)
STORED = {
    "n": pl.Int64(), "x": pl.Float64(), "k": pl.Int64(), "flag": pl.Boolean(), "c": pl.String(),
    "t": pl.Datetime("us", "UTC"), "d": pl.Date(),
}  # fmt: skip
DERIVED = {
    "ratio": ("x / nullif(n, 0)", "number"),
    "third": ("n / 3 - abs(x)", "number"),
    "is_new": ("c = 'Month-to-month' AND n < 6", "boolean"),
    "word": ("CASE WHEN n > 10 THEN 'many' ELSE c END", "text"),
}
LABELS = {"binary": ("No", "Yes"), "multiclass": ("a", "b", "c"), "regression": ()}
NUMBERS, LEVELS, TIMES = ("n", "x", "k", "flag", "ratio", "third", "is_new"), ("c", "word", "k", "flag"), ("t", "d")

cells = {
    "n": st.integers(-(2**63), 2**63 - 1) | st.integers(0, 80) | st.sampled_from([2**53 + 1, 0]),
    "x": st.floats() | st.floats(-10, 10) | st.sampled_from([0.0, -0.0, 1e300]),
    "k": st.integers(0, 2),
    "flag": st.booleans(),
    "c": st.text(max_size=3) | st.sampled_from(["a", "b", "month to month", "Month-to-month ", "Ω", "NA", "many"]),
    "t": st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda time: time.replace(tzinfo=UTC)),
    "d": st.dates(datetime(1, 2, 1).date().replace(year=2), datetime(9998, 1, 1).date()),
}
rows = st.lists(st.fixed_dictionaries({name: st.none() | cell for name, cell in cells.items()}), min_size=1, max_size=8)
weights = st.floats(-2, 2).map(lambda value: round(value, 3))
positive = st.floats(0.01, 0.99).map(lambda value: round(value, 3))


def parsed(text: str) -> Any:
    return parse(text, types=Schema(COLUMNS, "regression").dtypes, where="test").tree


@cache
def trees(width: int, task: str) -> str:
    rng = np.random.default_rng(width)
    x = rng.normal(size=(150, width)) * 5
    x[rng.random(x.shape) < 0.2] = np.nan
    truth = rng.integers(0, 3 if task == "multiclass" else 2, 150)
    settings = {"objective": task, "verbose": -1, "num_threads": 1, "num_leaves": 6, "min_data_in_leaf": 3}
    if task == "multiclass":
        settings["num_class"] = 3
    return lightgbm.train(settings, lightgbm.Dataset(x, truth.astype(float)), 4).model_to_string()


@st.composite
def blocks(draw: st.DrawFn, derived: list[str]) -> dict[str, Any]:
    known = [*STORED, *derived]
    op = draw(st.sampled_from(["number", "missing", "one_hot", "codes", "means", "time_part", "time_wave"]))
    among = {"number": NUMBERS, "time_part": TIMES, "time_wave": TIMES, "missing": tuple(known)}.get(op, LEVELS)
    column = draw(st.sampled_from([name for name in among if name in known]))
    scaled = {
        "fill": draw(st.none() | weights),
        "shift": draw(st.just(0.0) | weights),
        "scale": draw(st.just(1.0) | positive),
        "lo": draw(st.none() | st.just(-3.0)),
        "hi": draw(st.none() | st.just(4.5)),
    }
    part = {
        "part": draw(st.sampled_from(["days", "hour", "weekday"])),
        "zone": draw(st.sampled_from([None, "Europe/Berlin"])),
    }
    levels = draw(st.lists(st.sampled_from(["a", "Ω", "many", "0", "1", "true"]), unique=True))
    others = {"other": draw(st.booleans()), "missing": draw(st.booleans())}
    return {"op": op, "column": column} | {
        "number": scaled,
        "missing": {},
        "one_hot": {"levels": levels, **others},
        "codes": {"levels": levels, **others},
        "means": {"levels": levels, "values": [[draw(weights)] for _ in levels], "otherwise": [0.5], "missing": [0.25]},
        "time_part": {**scaled, **part},
        "time_wave": {**part, "period": 7.0, "wave": draw(st.sampled_from(["sin", "cos"]))},
    }[op]


def width_of(encoding: list[dict[str, Any]]) -> int:
    return sum(
        len(block["levels"]) + block["other"] + block["missing"] if block["op"] == "one_hot" else 1
        for block in encoding
    )


@st.composite
def members(draw: st.DrawFn, task: str, derived: list[str]) -> dict[str, Any]:
    outputs = 3 if task == "multiclass" else 1
    answer = st.lists(positive, min_size=outputs, max_size=outputs)
    kinds = ["constant", "branches", "linear", "tree", "trees"] + ["expression"] * (task == "regression")
    kind, encoding = draw(st.sampled_from(kinds)), draw(st.lists(blocks(derived), min_size=1, max_size=4))
    width = width_of(encoding)
    if kind == "trees" and width == 0:
        kind = "constant"
    link = {"binary": "sigmoid", "multiclass": "softmax", "regression": "identity"}[task]
    fits = st.lists(weights, min_size=width, max_size=width)
    rule, of_type, keys = draw(st.sampled_from(
        [("n > 10", "boolean", [True, False]), ("c", "text", ["a", "zz"]), ("n % 3", "number", [0.0, 1.0])]
    ))  # fmt: skip
    leaf = {"feature": [0, -2, -2], "threshold": [draw(weights), -2.0, -2.0], "left": [1, -1, -1], "right": [2, -1, -1]}
    stump = leaf if width else {"feature": [-2], "threshold": [-2.0], "left": [-1], "right": [-1]}
    nodes = len(stump["left"])
    model = {
        "constant": {"values": draw(answer)},
        "branches": {
            "tree": parsed(rule), "type": of_type, "otherwise": draw(answer),
            "branches": [[key, draw(answer)] for key in keys],
        },
        "expression": {"tree": parsed("x * 2 + n"), "otherwise": [1.0]},
        "linear": {
            "link": link, "intercept": [draw(weights) for _ in range(outputs)],
            "coefficients": [draw(fits) for _ in range(outputs)],
        },
        "tree": {
            **stump, "missing_left": [draw(st.booleans())] * nodes,
            "values": draw(st.lists(answer, min_size=nodes, max_size=nodes)),
        },
        "trees": {"file": f"trees/{width}.txt", "link": link},
    }[kind]  # fmt: skip
    weight = draw(st.sampled_from([1.0, 0.3, 0.7]))
    return {"rung": kind, "weight": weight, "encoding": encoding, "model": {"kind": kind, **model}}


CALIBRATIONS = {
    "binary": [
        {"kind": "platt", "slope": 1.3, "offset": 0.1}, {"kind": "beta", "a": 0.9, "b": 1.2, "c": -0.1},
        {"kind": "isotonic", "x": [0.1, 0.5, 0.9], "y": [0.0, 0.6, 1.0]}, {"kind": "none"},
    ],
    "multiclass": [{"kind": "temperature", "temperature": 1.4}, {"kind": "none"}],
    "regression": [{"kind": "conformal", "level": 0.9, "lo": -1.5, "hi": 0.3}, {"kind": "none"}],
}  # fmt: skip
DECISIONS = {
    "binary": [{"kind": "threshold", "at": 0.4}, {"kind": "most_likely"}],
    "multiclass": [{"kind": "most_likely"}, {"kind": "most_valuable", "matrix": [[1, -2, 0], [0, 3, 0], [-9, 0, 1]]}],
    "regression": [{"kind": "none"}],
}


@st.composite
def predictors(draw: st.DrawFn) -> Predictor:
    task = draw(st.sampled_from(["binary", "multiclass", "regression"]))
    schema = Schema(COLUMNS, task, LABELS[task])
    used = draw(st.lists(st.sampled_from(list(DERIVED)), unique=True))
    derived = [
        {"name": name, "tree": parsed(text), "type": of_type}
        for name, (text, of_type) in DERIVED.items() if name in used
    ]  # fmt: skip
    chosen = draw(st.lists(members(task, used), min_size=1, max_size=3))
    model = {
        "task": task, "labels": list(schema.labels), "derived": derived, "members": chosen,
        "calibration": draw(st.sampled_from(CALIBRATIONS[task])), "decision": draw(st.sampled_from(DECISIONS[task])),
    }  # fmt: skip
    files = {
        member["model"]["file"]: trees(width_of(member["encoding"]), task)
        for member in chosen if member["model"]["kind"] == "trees"
    }  # fmt: skip
    return Predictor(schema, model, files)


def bits(value: Any) -> Any:
    """Return value with each float as its bytes, so that 0.0 and -0.0 differ."""
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bits(item) for item in value]
    return struct.pack("d", value) if isinstance(value, float) else value


def as_answers(predictor: Predictor, table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a table of answers in the form of answers to single rows."""
    answers = []
    for row in table.to_dicts():
        shares = [value for name, value in row.items() if name.startswith("probability_")]
        answer = {"prediction": row["prediction"], "decision": row["decision"], "flags": row["flags"]}
        if shares:
            answer["probabilities"] = dict(zip(predictor.classes_, shares, strict=True))
        if "lo" in row:
            answer["interval"] = None if row["lo"] is None else [row["lo"], row["hi"]]
        answers.append(answer)
    return answers


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(predictors(), rows, st.integers(1, 4))
def test_one_row_and_many_have_the_same_bits_in_any_pieces_at_any_number_of_threads(predictor, asked, piece):
    table = pl.DataFrame({name: pl.Series([row[name] for row in asked], dtype=dtype) for name, dtype in STORED.items()})
    one_by_one = bits([predictor.answer(row) for row in asked])
    assert bits(as_answers(predictor, predictor.answer_table(table, threads=1))) == one_by_one
    pieces = [predictor.answer_table(table[at : at + piece], threads=2) for at in range(0, len(asked), piece)]
    assert bits(as_answers(predictor, pl.concat(pieces))) == one_by_one
    assert bits(as_answers(predictor, predictor.answer_table(asked))) == one_by_one


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(predictors(), rows, st.integers(0, 6))
def test_reasons_of_any_model_add_up_and_have_the_same_bits_for_one_row_and_many(predictor, asked, most):
    many = predictor.reasons_of(asked, most=most)
    assert bits(many) == [bits(predictor.reasons(row, most=most)) for row in asked]
    for told, total in zip(many, predictor.reasons_table(asked, most=most)["margin_total"], strict=True):
        parts = told["margin"] or {"base": None, "others": 0.0}
        added = parts["base"]
        for number in (*(reason["contribution"] for reason in told["reasons"]), parts["others"]):
            added = None if added is None else added + number
        assert added == total == (told["margin"] or {"total": None})["total"]


def simple(task: str = "binary", **changes: Any) -> Predictor:
    """Build a predictor of two inputs: margin = x, or 2x - 1 for a regression."""
    schema = Schema((COLUMNS[1], COLUMNS[4]), task, LABELS[task])
    number = {"op": "number", "column": "x", "fill": 0.0, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0}
    linear = {"kind": "linear", "link": "sigmoid", "intercept": [0.0], "coefficients": [[1.0]]}
    if task == "regression":
        linear |= {"link": "identity", "intercept": [-1.0], "coefficients": [[2.0]]}
    model = {
        "task": task, "labels": list(LABELS[task]), "derived": [], "calibration": {"kind": "none"},
        "members": [{"rung": "linear", "weight": 1.0, "encoding": [number], "model": linear}],
        "decision": {"binary": {"kind": "threshold", "at": 0.3}, "multiclass": {"kind": "most_likely"}}.get(task),
    }  # fmt: skip
    return Predictor(schema, model | changes, {}, bundle_id="0123456789abcdef")


CONSTANT = {"rung": "dummy", "weight": 1.0, "encoding": [], "model": {"kind": "constant", "values": [0.2, 0.3, 0.5]}}


def test_a_class_is_predicted_by_chance_and_decided_by_threshold():
    # sigmoid(ln(2/3)) = 0.4: not the most probable, but over the threshold
    answer = simple().answer({"x": float(np.log(2 / 3)), "c": "a"})
    assert (answer["prediction"], answer["decision"], answer["flags"]) == ("No", "Yes", [])
    assert answer["probabilities"] == {"No": pytest.approx(0.6), "Yes": pytest.approx(0.4)}


def test_a_number_comes_with_its_interval_if_one_was_learned():
    assert simple("regression").answer({"x": 2.0, "c": "a"}) == {"prediction": 3.0, "decision": 3.0, "flags": []}
    predictor = simple("regression", calibration={"kind": "conformal", "level": 0.9, "lo": -1.0, "hi": 4.0})
    assert predictor.answer({"x": 2.0, "c": "a"})["interval"] == [2.0, 7.0]
    table = predictor.answer_table(pl.DataFrame({"x": [2.0], "c": ["a"]}))
    assert table.columns == ["prediction", "lo", "hi", "decision", "flags"]


def test_members_are_weighted_and_added():
    half = {"rung": "dummy", "encoding": [], "model": {"kind": "constant", "values": [0.5]}}
    members = [{**half, "weight": 0.25}, {**half, "weight": 0.75, "model": {"kind": "constant", "values": [0.9]}}]
    answer = simple(members=members).answer({"x": 0, "c": "a"})
    assert answer["probabilities"]["Yes"] == 0.25 * 0.5 + 0.75 * 0.9


def test_declared_repairs_and_the_time_zone_of_the_bundle_are_used():
    repair = {"column": "x", "form": "decimal comma", "zone": "UTC", "missing": ["999"], "present": [], "spellings": []}
    predictor = simple("regression", repairs=[repair])
    assert predictor.answer({"x": "1,5", "c": "a"})["prediction"] == 2.0
    assert predictor.answer({"x": 999, "c": "a"})["prediction"] == -1.0  # the fill, 0


def test_values_beyond_all_bounds_have_no_answer_rather_than_a_wrong_one():
    predictor = simple("regression")
    asked = [{"x": 1e308, "c": "a"}, {"x": 1.0, "c": "a"}]
    table = predictor.answer_table(asked)
    assert table["prediction"].to_list() == [None, 1.0]
    assert table["flags"].to_list()[0][-1] == "the model has no answer to these values"
    assert predictor.answer(asked[0])["prediction"] is None


def test_a_table_of_any_kind_is_answered_alike():
    import pandas as pd

    asked = {"x": [0.5, None, 9.0], "c": ["a", "b", None]}
    expected = simple().answer_table(pl.DataFrame(asked))
    rows = [dict(zip(asked, values, strict=True)) for values in zip(*asked.values(), strict=True)]
    for table in (pd.DataFrame(asked), pl.LazyFrame(asked), rows):
        assert simple().answer_table(table).equals(expected)


def test_predict_and_predict_proba_follow_scikit_learn():
    table = pl.DataFrame({"x": [-5.0, 0.0, 5.0], "c": ["a", "a", "a"]})
    predictor = simple()
    assert predictor.classes_ == ["No", "Yes"]
    assert predictor.predict(table).tolist() == ["No", "Yes", "Yes"]
    shares = predictor.predict_proba(table)
    assert shares.shape == (3, 2)
    assert shares.sum(axis=1) == pytest.approx([1, 1, 1])
    assert simple("regression").predict(table).tolist() == [-11.0, -1.0, 9.0]


def test_a_regression_has_no_probabilities():
    with pytest.raises(MilepostError, match="no probabilities"):
        simple("regression").predict_proba(pl.DataFrame({"x": [1.0], "c": ["a"]}))


def test_an_empty_table_has_answers_of_the_same_columns():
    empty = pl.DataFrame(schema={"x": pl.Float64, "c": pl.String})
    table = simple().answer_table(empty)
    full = simple().answer_table(pl.DataFrame({"x": [1.0], "c": ["a"]}))
    assert (table.height, table.schema) == (0, full.schema)


def test_the_columns_of_answers_are_known_without_a_row():
    table = simple("multiclass", members=[CONSTANT]).answer_table(pl.DataFrame({"x": [1.0], "c": ["a"]}))
    assert simple("multiclass", members=[CONSTANT]).no_answers().schema == table.schema


def test_a_predictor_says_what_it_is():
    assert repr(simple()) == "Predictor(binary, 2 inputs, bundle 0123456789abcdef)"


def test_a_kept_column_may_not_hide_an_answer():
    frame = pl.LazyFrame({"x": [1.0], "c": ["a"], "decision": ["mine"]})
    with pytest.raises(MilepostError, match="'decision' has the name of an answer"):
        next(simple().answer_batches(frame, keep=["decision"]))


@pytest.fixture
def long_table() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame({"id": np.arange(150_000), "x": rng.normal(size=150_000), "c": ["a", "b", "new"] * 50_000})


def test_batches_hold_every_row_once_in_order_beside_its_id(long_table, tmp_path):
    long_table.write_parquet(tmp_path / "long.parquet", row_group_size=7000)
    batches = list(simple().answer_batches(pl.scan_parquet(tmp_path / "long.parquet"), keep=["id"], rows=20_000))
    assert len(batches) > 2
    whole = pl.concat([long_table.select("id"), simple().answer_table(long_table)], how="horizontal")
    assert pl.concat(batches).equals(whole)


def test_a_long_table_has_the_bits_of_its_rows(long_table):
    answers = simple().answer_table(long_table)
    for at in (0, 65_535, 65_536, 149_999):
        assert bits(as_answers(simple(), answers[at : at + 1])) == [
            bits(simple().answer(long_table.row(at, named=True)))
        ]


def test_threads_that_share_a_predictor_get_the_answers_of_one():
    width = 3
    number = {"op": "number", "column": "x", "fill": None, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0}
    member = {
        "rung": "boosted",
        "encoding": [number] * width,
        "model": {"kind": "trees", "file": "t", "link": "sigmoid"},
    }
    predictor = Predictor(simple().schema, {**simple()._model, "members": [member]}, {"t": trees(width, "binary")})
    asked = [{"x": value, "c": "a"} for value in np.random.default_rng(0).normal(size=300).tolist()]
    expected = [predictor.answer(row) for row in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda at: predictor.answer(asked[at % 300]), range(6000))) == expected * 20
        tables = pool.map(predictor.predict_proba, [asked] * 16)
        assert all(np.array_equal(table, predictor.predict_proba(asked)) for table in tables)
