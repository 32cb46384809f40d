"""Guards around real predictors: the same for one row and for a table, the first that decides has the decision."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.predictor.predictor import Predictor
from milepost.serve.guards import compile_guards

COLUMNS = (
    Column("tenure", "integer", "number", "feature", missing_share=0.0, lo=0.0, hi=72.0),
    Column("charge", "float", "number", "feature", missing_share=0.1, lo=0.0, hi=100.0),
    Column("contract", "text", "category", "feature", missing_share=0.0, levels=("Month-to-month", "One year")),
    Column("late", "boolean", "flag", "feature", missing_share=0.2),
)
LABELS = {"binary": ("No", "Yes"), "multiclass": ("1", "2", "3"), "regression": ()}
LINKS = {"binary": ("sigmoid", 1), "multiclass": ("softmax", 3), "regression": ("identity", 1)}


def predictor(task: str) -> Predictor:
    """Return a linear model of tenure and charge; regression answers tenure + charge."""
    link, outputs = LINKS[task]
    number = {"op": "number", "fill": 0.0, "shift": 0.0, "scale": 1.0, "lo": None, "hi": None}
    slope = 0.1 if task == "binary" else 1.0
    member = {
        "rung": "linear",
        "weight": 1.0,
        "encoding": [{**number, "column": "tenure"}, {**number, "column": "charge"}],
        "model": {
            "kind": "linear",
            "intercept": [0.0] * outputs,
            "coefficients": [[slope * (1 - output), slope] for output in range(outputs)],
            "link": link,
        },
    }
    decision = {"binary": {"kind": "threshold", "at": 0.5}, "multiclass": {"kind": "most_likely"}}
    model = {
        "task": task, "labels": list(LABELS[task]), "derived": [], "members": [member],
        "calibration": {"kind": "none"}, "decision": decision.get(task, {"kind": "none"}),
    }  # fmt: skip
    return Predictor(Schema(COLUMNS, task, LABELS[task]), model, {})


PREDICTORS = {task: predictor(task) for task in LABELS}
ROW = {"tenure": 12, "charge": 20.0, "contract": "One year", "late": False}


def guard(when: str, then: str = "abstain", to: object = None, *, name: str = "g") -> dict[str, object]:
    return {"name": name, "when": when, "then": then} | ({} if to is None else {"to": to})


def guarded(
    guards: list[dict[str, object]], task: str = "binary", **changes: object
) -> tuple[dict[str, Any], list[str]]:
    """Return the answer to the row with changes after the guards, and which of them acted."""
    model = PREDICTORS[task]
    answer, values = model.answer_and_inputs({**ROW, **changes})
    return compile_guards(guards, model.schema).row(values, answer)


def refused(when: str, then: str = "abstain", to: object = None, *, task: str = "binary") -> MilepostError:
    with pytest.raises(MilepostError) as caught:
        compile_guards(
            [guard(when, then, to)], PREDICTORS[task].schema, where=lambda key: f"milepost.toml, line 9, {key}"
        )
    return caught.value


# ---- what guards do


def test_without_guards_there_is_nothing():
    assert compile_guards([], PREDICTORS["binary"].schema) is None


def test_an_answer_on_which_no_guard_acts_stays_as_it_is():
    plain = PREDICTORS["binary"].answer(ROW)
    assert guarded([guard("tenure = 0")]) == (plain, [])


def test_to_abstain_takes_the_decision_and_keeps_the_prediction():
    answer, names = guarded([guard("tenure = 0", name="new")], tenure=0)
    assert (answer["prediction"], answer["decision"], names) == ("Yes", None, ["new"])
    assert answer["flags"] == ["guard new acted"]


def test_an_override_puts_another_decision_in_place_and_says_so():
    answer, names = guarded([guard("contract = 'One year'", "override", "No")])
    assert (answer["prediction"], answer["decision"], names) == ("Yes", "No", ["g"])
    assert answer["flags"] == ["guard g acted"]


def test_a_class_that_is_a_number_can_be_decided_on():
    answer, _ = guarded([guard("tenure >= 0", "override", 2.0)], "multiclass")
    assert answer["decision"] == "2"


def test_a_clamp_moves_a_number_to_the_nearer_end_and_acts_only_outside():
    clamp = [guard("true", "clamp", [10, 50])]
    assert guarded(clamp, "regression", tenure=2, charge=1.5)[0]["decision"] == 10.0
    high, names = guarded(clamp, "regression", tenure=60, charge=20.0)
    assert (high["prediction"], high["decision"], names) == (80.0, 50.0, ["g"])
    assert high["flags"][-1:] == ["guard g acted"]
    inside, names = guarded(clamp, "regression")
    assert (inside["decision"], names) == (32.0, [])


def test_a_flag_only_says_so_beside_what_the_gate_says():
    answer, names = guarded([guard("out of range", "flag", name="far")], tenure=99)
    assert answer["decision"] == "Yes"
    assert answer["flags"] == ["tenure 99 is above anything seen (72)", "guard far acted"]
    assert names == ["far"]


def test_all_guards_that_act_are_named_and_the_first_that_decides_decides():
    answer, names = guarded(
        [
            guard("tenure < 6", "flag", name="a"),
            guard("unseen", "override", "No", name="b"),
            guard("missing", "override", "Yes", name="c"),
            guard("tenure < 6", name="d"),
        ],
        tenure=1,
        contract="weekly",
    )
    assert (answer["decision"], names) == ("No", ["a", "b", "d"])


@pytest.mark.parametrize(
    ("when", "changes"),
    [
        ("missing", {"tenure": None}),
        ("unseen", {"contract": "weekly"}),
        ("out of range", {"charge": 101.0}),
        ("confidence < 0.6", {"tenure": 0, "charge": 1.0}),
        ("confidence < 0.6 AND tenure = 0", {"tenure": 0, "charge": 1.0}),
        ("late", {"late": True}),
    ],
)
def test_a_condition_acts_where_it_holds_and_only_there(when, changes):
    assert guarded([guard(when)], **changes)[1] == ["g"]
    assert guarded([guard(when)])[1] == []


def test_a_condition_over_a_missing_value_does_not_hold():
    assert guarded([guard("charge < 1000")], charge=None)[1] == []
    assert guarded([guard("charge IS NULL")], charge=None)[1] == ["g"]


def test_where_the_model_has_no_answer_there_is_no_confidence_and_an_override_decides():
    far = {"tenure": 1e308, "charge": 1e308}
    assert PREDICTORS["multiclass"].answer({**ROW, **far})["decision"] is None
    guards = [guard("confidence < 1"), guard("tenure > 1000", "override", "1", name="o")]
    answer, names = guarded(guards, "multiclass", **far)
    assert (answer["prediction"], answer["decision"], names) == (None, "1", ["o"])
    model = PREDICTORS["multiclass"]
    after, names = compile_guards(guards, model.schema).table(
        *reversed(model.answer_table_and_inputs([{**ROW, **far}]))
    )
    assert (after["prediction"][0], after["decision"][0], names[0].to_list()) == (None, "1", ["o"])


# ---- one row and a table


conditions = st.sampled_from(
    [
        "missing", "unseen", "out of range", "true", "late", "late IS NULL", "tenure < 6", "charge / tenure > 3",
        "contract = 'One year' OR charge > 90", "contract LIKE 'M%' AND NOT late",
    ]
)  # fmt: skip
sure = st.sampled_from(["confidence < 0.6", "confidence >= 0.9 AND tenure > 3", "confidence IS NULL"])
ends = st.tuples(st.floats(-50, 50), st.floats(51, 200)).map(list)


def guards_of(task: str) -> st.SearchStrategy[list[dict[str, object]]]:
    if task == "regression":
        decisions = st.tuples(st.just("override"), st.floats(-5, 5)) | st.tuples(st.just("clamp"), ends)
    else:
        decisions = st.tuples(st.just("override"), st.sampled_from(LABELS[task]))
    plain = st.sampled_from([("abstain", None), ("flag", None)])
    when = conditions if task == "regression" else conditions | sure
    one = st.builds(lambda when, do: guard(when, *do), when, plain | decisions)
    numbered = st.lists(one, min_size=1, max_size=4)
    return numbered.map(lambda each: [{**one, "name": f"g{place}"} for place, one in enumerate(each)])


tables = st.lists(
    st.fixed_dictionaries(
        {
            "tenure": st.none() | st.integers(-2, 80),
            "charge": st.none() | st.floats(-10, 110) | st.sampled_from([1e308, -0.0]),
            "contract": st.none() | st.sampled_from(["Month-to-month", "one year", "weekly"]),
            "late": st.none() | st.booleans(),
        }
    ),
    max_size=6,
)


@pytest.mark.parametrize("task", LABELS)
@given(data=st.data())
def test_one_row_and_a_table_get_the_same(task, data):
    rows, guards = data.draw(tables), data.draw(guards_of(task))
    model = PREDICTORS[task]
    compiled = compile_guards(guards, model.schema)
    answers, inputs = model.answer_table_and_inputs(rows)
    after, names = compiled.table(inputs, answers)
    assert after.schema == answers.schema
    assert (names.dtype, len(names)) == (pl.List(pl.String), len(rows))
    assert after.drop("decision", "flags").equals(answers.drop("decision", "flags"))
    for place, row in enumerate(rows):
        answer, values = model.answer_and_inputs(row)
        one, acted = compiled.row(values, answer)
        assert names[place].to_list() == acted
        assert (one["decision"], one["flags"]) == (after["decision"][place], after["flags"][place].to_list())


def test_a_column_may_have_any_name():
    columns = (Column("guard 0", "float", "number", "feature"), Column("decision", "float", "number", "feature"))
    schema = Schema(columns, "binary", ("No", "Yes"))
    guards = compile_guards([guard('"guard 0" > 1'), guard("decision > 1", "override", "No", name="h")], schema)
    answers = pl.DataFrame(
        {"prediction": ["Yes"] * 3, "probability_No": [0.0] * 3, "probability_Yes": [1.0] * 3, "decision": ["Yes"] * 3},
    ).with_columns(flags=pl.lit([], dtype=pl.List(pl.String)))
    frame = pl.DataFrame({"guard 0": [2.0, 0.0, 0.0], "decision": [2.0, 2.0, 0.0]})
    after, names = guards.table(frame, answers)
    assert after["decision"].to_list() == [None, "No", "Yes"]
    assert names.to_list() == [["g", "h"], ["h"], []]


# ---- what is refused


@pytest.mark.parametrize(
    ("when", "what", "fix"),
    [
        ("tenur < 6", "No column is called 'tenur'", "Write 'tenure' instead"),
        ("sum(tenure) > 6", "SUM is", ""),
        ("now() > tenure", "NOW is", ""),
        ("tenure + 1", "gives a number, not true or false", "Write a comparison"),
        ("tenure <", "ends too early", "Write what is missing"),
        ("out-of-range", "No column", 'Write "out of range"; allowed are "missing"'),
        ("unseen level", "", 'Write "unseen"'),
    ],
)
def test_a_condition_that_is_none_is_refused_with_its_place(when, what, fix):
    error = refused(when)
    assert what in error.what
    assert fix in error.fix
    assert error.where.startswith("milepost.toml, line 9, serve.guards[1].when, character ")


def test_a_regression_has_no_confidence():
    assert "has no confidence" in refused("confidence < 0.6", task="regression").what


def test_a_column_called_confidence_makes_the_condition_mean_two_things():
    columns = (*COLUMNS, Column("confidence", "float", "number", "feature"))
    with pytest.raises(MilepostError, match="as well as the largest probability"):
        compile_guards([guard("confidence < 0.6")], Schema(columns, "binary", ("No", "Yes")))
    compile_guards([guard('"confidence" < 0.6')], Schema(columns, "regression"))


def test_what_is_decided_on_must_be_an_answer():
    error = refused("true", "override", "Maybe")
    assert isinstance(error, UnknownNameError)
    assert error.what == "No class is called 'Maybe'."
    assert error.where == "milepost.toml, line 9, serve.guards[1].to"
    assert "is no number" in refused("true", "override", "5", task="regression").what
    assert "A clamp needs" in refused("true", "clamp", [0, 1]).what
