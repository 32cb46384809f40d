"""One conformance suite for every rung: a new rung gets its tests by being listed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from milepost.data.expressions.parse import parse
from milepost.metrics.losses import row_losses
from milepost.models.out_of_fold import plain
from milepost.models.rungs import LADDER, Rung, Work, usual_penalty
from milepost.predictor.encode import encode_table
from milepost.predictor.members import answers_of, row_function

TASKS = ("binary", "multiclass", "regression")
RUNGS = [rung for rung in LADDER if rung.name != "rule"]
every_rung = pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
every_task = pytest.mark.parametrize("task", TASKS)


def _work(material, *, settled=None, seed=3):
    rows = np.arange(len(material.truth))
    return Work(material, rows[:300], rows[300:], settled, seed)


def _mean_loss(member, material):
    answers = plain(answers_of(member.document, member.files, material.frame), material)
    return row_losses(material.loss, material.task, material.truth, answers).mean()


@every_task
@every_rung
def test_the_same_seed_gives_the_same_member(rung: Rung, task, make_material):
    first, second = (rung.fit(_work(make_material(task))) for _ in range(2))
    assert first == second


@every_task
@every_rung
def test_a_member_is_plain_data(rung: Rung, task, make_material):
    member = rung.fit(_work(make_material(task)))
    assert json.loads(json.dumps(member.document)) == member.document
    assert all(isinstance(text, str) for text in member.files.values())


@every_task
@every_rung
def test_answers_are_finite_and_shares_sum_to_one(rung: Rung, task, make_material):
    material = make_material(task)
    member = rung.fit(_work(material))
    strange = pl.DataFrame({"amount": [None, 1e9], "age": [None, -5.0], "plan": [None, "never seen"]})
    answers = answers_of(member.document, member.files, pl.concat([material.frame, strange], how="vertical_relaxed"))
    assert np.isfinite(answers).all()
    if task == "multiclass":
        assert answers.sum(axis=1) == pytest.approx(1.0)
    if task == "binary":
        assert ((answers >= 0) & (answers <= 1)).all()


@every_task
@every_rung
@pytest.mark.parametrize("slip", [1e300, -1e300, 4e38])
def test_numbers_beyond_all_measure_are_learned_from_and_answered(rung: Rung, task, slip, make_material):
    material = make_material(task)
    slipped = pl.when(pl.int_range(pl.len()) % 100 == 7).then(slip).otherwise("amount").alias("amount")
    material = replace(material, frame=material.frame.with_columns(slipped))
    member = rung.fit(_work(material))
    assert json.loads(json.dumps(member.document, allow_nan=False)) == member.document
    answers = answers_of(member.document, member.files, material.frame)
    assert np.isfinite(answers).all()
    answer = row_function(member.document, member.files)
    assert np.array_equal([answer(row) for row in material.frame.head(20).to_dicts()], answers[:20])


@every_task
@every_rung
def test_one_row_and_many_give_the_same_bits(rung: Rung, task, make_material):
    material = make_material(task)
    member = rung.fit(_work(material))
    answer = row_function(member.document, member.files)
    one_by_one = np.array([answer(row) for row in material.frame.head(50).to_dicts()])
    assert np.array_equal(one_by_one, answers_of(member.document, member.files, material.frame.head(50)))


@every_task
@pytest.mark.parametrize("rung", [r for r in RUNGS if r.name not in ("dummy",)], ids=lambda rung: rung.name)
def test_a_rung_that_learns_beats_the_dummy_where_there_is_signal(rung: Rung, task, make_material):
    material, new = make_material(task), make_material(task, seed=99)
    dummy = next(r for r in RUNGS if r.name == "dummy")
    assert _mean_loss(rung.fit(_work(material)), new) < _mean_loss(dummy.fit(_work(material)), new)


@every_rung
@pytest.mark.parametrize("loss", ["absolute", "quantile:0.9"])
def test_every_regression_loss_is_learned(rung: Rung, loss, make_material):
    material = make_material("regression", loss=loss)
    member = rung.fit(_work(material))
    above = (material.truth > answers_of(member.document, member.files, material.frame)[:, 0]).mean()
    assert above == pytest.approx(0.5 if loss == "absolute" else 0.1, abs=0.08)


@pytest.mark.parametrize("rung", [r for r in RUNGS if not r.is_baseline], ids=lambda rung: rung.name)
def test_the_last_fit_uses_what_the_folds_settled_on(rung: Rung, make_material):
    material = make_material("binary")
    rows = np.arange(len(material.truth))
    member = rung.fit(Work(material, rows, rows[:0], 20.0, 0))
    # 20 rounds of fewer rows are 1.15 times as many of all rows
    assert next(iter(member.files.values())).count("\nTree=") == 23


@pytest.mark.parametrize("rung", [r for r in RUNGS if not r.is_baseline], ids=lambda rung: rung.name)
def test_threads_do_not_change_the_trees(rung: Rung, make_material):
    work = _work(make_material("binary"))
    assert rung.fit(work) == rung.fit(replace(work, threads=2))


@pytest.mark.parametrize("rung", [r for r in RUNGS if r.settle], ids=lambda rung: rung.name)
def test_what_folds_found_alike_is_what_the_last_fit_settles_on(rung: Rung, make_material):
    work = _work(make_material("binary"))
    found = rung.fit(work).found
    again = rung.fit(replace(work, settled=rung.settle(np.array([found, found]))))
    if not rung.is_baseline:
        assert rung.settle(np.array([found, found])) == pytest.approx(found[0])
    assert again.found == (() if rung.is_baseline else (round(found[0] * 1.15),))


def test_the_penalty_of_the_last_fit_lies_between_the_folds_own_and_that_of_all_together():
    # the weak ones win most folds by a little and lose one by far: their mean is the worse one
    losses = [[0.30, 0.29, 0.28, 0.27, 0.26, 0.26]] * 4 + [[0.30, 0.29, 0.29, 0.40, 0.80, 1.60]]
    own = [0.1, 0.1, 0.1, 0.1, 1000.0]
    found = np.array([[penalty, *fold] for penalty, fold in zip(own, losses, strict=True)])
    # by hand: the folds' mean is 10 ** (-4 / 5 + 3 / 5) = 10 ** -0.2, that of all together 10 ** 1
    assert usual_penalty(found) == pytest.approx(10**0.4)


def test_additive_trees_never_mix_two_columns(make_material):
    rung = next(r for r in RUNGS if r.name == "additive")
    member = rung.fit(_work(make_material("binary")))
    for line in next(iter(member.files.values())).splitlines():
        if line.startswith("split_feature="):
            assert len(set(line.removeprefix("split_feature=").split())) == 1


def _with_rule(material, text):
    types = {"amount": "float", "age": "float", "plan": "text"}
    return replace(material, rule=parse(text, types=types, where="here"))


def test_a_rule_answers_with_the_smoothed_rate_of_its_branch(make_material):
    material = _with_rule(make_material("binary"), "amount > 0")
    rule = next(rung for rung in LADDER if rung.name == "rule")
    answers = answers_of(*_pieces(rule.fit(_work(material))), material.frame)[:, 0]
    positive = (material.frame["amount"] > 0).to_numpy()
    # (sum + 10 * overall) / (rows + 10), overall smoothed by one row of a half
    overall = (material.truth.sum() + 0.5) / (len(material.truth) + 1)
    by_hand = (material.truth[positive].sum() + 10 * overall) / (positive.sum() + 10)
    assert np.unique(answers[positive]) == pytest.approx([by_hand])


def test_a_rule_that_reads_no_column_answers_with_the_overall_rate(make_material):
    material = _with_rule(make_material("binary"), "1 = 1")
    rule = next(rung for rung in LADDER if rung.name == "rule")
    answers = answers_of(*_pieces(rule.fit(_work(material))), material.frame)[:, 0]
    assert np.allclose(answers, material.truth.mean(), atol=0.01)


def test_a_case_rule_serves_several_classes(make_material):
    material = _with_rule(make_material("multiclass"), "CASE WHEN amount > 1 THEN 'high' ELSE 'low' END")
    rule = next(rung for rung in LADDER if rung.name == "rule")
    answers = answers_of(*_pieces(rule.fit(_work(material))), material.frame)
    assert answers.shape == (400, 3)
    assert answers.sum(axis=1) == pytest.approx(1.0)


def test_a_number_is_a_rule_for_numbers(make_material):
    material = _with_rule(make_material("regression"), "10 * amount")
    rule = next(rung for rung in LADDER if rung.name == "rule")
    answers = answers_of(*_pieces(rule.fit(_work(material))), material.frame)[:, 0]
    assert answers == pytest.approx(10 * material.frame["amount"].to_numpy())


def _pieces(member):
    return member.document, member.files


@every_task
@pytest.mark.parametrize("name", ["linear", "curves"])
def test_a_linear_rung_keeps_the_average_row_for_the_reasons_of_others(name, task, make_material):
    material = make_material(task)
    (rung,) = (rung for rung in LADDER if rung.name == name)
    document = rung.fit(_work(material)).document
    seen = encode_table(material.frame, document["encoding"])
    assert document["model"]["means"] == pytest.approx(seen.mean(axis=0), abs=1e-12)


@every_task
def test_a_tree_keeps_how_many_rows_went_each_way(task, make_material):
    material = make_material(task)
    (rung,) = (rung for rung in LADDER if rung.name == "tree")
    tree = rung.fit(_work(material)).document["model"]
    assert tree["rows"][0] == len(material.truth)
    for rows, left, right in zip(tree["rows"], tree["left"], tree["right"], strict=True):
        assert left == -1 or rows == tree["rows"][left] + tree["rows"][right]
