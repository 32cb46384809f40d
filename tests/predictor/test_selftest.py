from __future__ import annotations

import pytest

from milepost.ground.errors import MilepostError
from milepost.predictor.load import load_predictor
from milepost.predictor.selftest import refuse_unfit, synthetic_rows, usual_row

TASKS = ("binary", "multiclass", "regression")


@pytest.mark.parametrize("task", TASKS)
def test_bundles_that_train_makes_pass(task, bundles):
    refuse_unfit(load_predictor(bundles(task)))


@pytest.mark.parametrize("task", TASKS)
def test_rows_show_missing_and_odd_values_of_every_input(task, bundles):
    predictor = load_predictor(bundles(task))
    rows = synthetic_rows(predictor.schema)
    flags = " ".join(flag for row in rows for flag in predictor.answer(row)["flags"])
    for column in predictor.schema.columns:
        values = [row[column.name] for row in rows]
        assert None in values
        if column.dtype == "text" and column.levels:
            assert f"in {column.name}" in flags
        if column.dtype in ("integer", "float"):
            assert f"{column.name} " in flags
    assert not predictor.answer(usual_row(predictor.schema))["flags"]


def test_two_ways_that_disagree_are_refused(bundles, monkeypatch):
    predictor = load_predictor(bundles("binary"))
    table = predictor.answer_table
    monkeypatch.setattr(predictor, "answer_table", lambda rows, **how: table(rows[::-1], **how))
    with pytest.raises(MilepostError, match="fails its self-test: row 0 alone gives"):
        refuse_unfit(predictor)


@pytest.mark.parametrize("task", TASKS)
def test_answers_unlike_those_where_the_bundle_was_made_are_refused(task, bundles):
    predictor = load_predictor(bundles(task))
    for answer in predictor.expected["answers"]:
        _nudge(answer, 1e-12)  # the last digits of another processor
    refuse_unfit(predictor)
    _nudge(predictor.expected["answers"][1], 1e-6)
    with pytest.raises(MilepostError, match=r"row 1 gives .*, where it was made"):
        refuse_unfit(predictor)


def test_a_bundle_without_expected_answers_is_asked_all_the_same(bundles):
    predictor = load_predictor(bundles("binary"))
    predictor.expected = None
    refuse_unfit(predictor)


def _nudge(answer, share):
    if "probabilities" in answer:
        answer["probabilities"] = {label: value * (1 + share) for label, value in answer["probabilities"].items()}
    else:
        answer["prediction"] *= 1 + share
