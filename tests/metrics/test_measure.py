from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure
from milepost.metrics.names import METRIC_NAMES, metrics_for

TASKS = ("binary", "multiclass", "regression")
EVERY = [(task, row.name) for task in TASKS for row in metrics_for(task)]


def answers_of(task, rows, seed=0, clusters=None):
    """Answers with ties and errors, whatever the number of rows."""
    random = np.random.default_rng([rows, seed])
    unit = None if clusters is None else random.integers(0, clusters, rows)
    value = random.normal(5, 30, rows).round()
    if task == "regression":
        prediction = random.normal(50, 10, rows)
        return Answers(task, prediction + random.laplace(1, 5, rows), prediction, prediction, (), value, unit)
    classes = 2 if task == "binary" else 3
    truth = random.integers(0, classes, rows)
    prediction = random.dirichlet(np.ones(classes), rows).reshape(rows, classes) + 0.6 * np.eye(classes)[truth]
    prediction = (prediction / prediction.sum(axis=1, keepdims=True)).round(2)
    decision = prediction.argmax(axis=1)
    if task == "binary":
        return Answers(task, truth, prediction[:, 1], decision, ("No", "Yes"), value, unit)
    return Answers(task, truth, prediction, decision, ("a", "b", "c"), value, unit)


@pytest.mark.parametrize(("task", "name"), EVERY)
@pytest.mark.parametrize("clusters", [None, 30])
def test_every_metric_has_a_value_inside_its_interval_and_its_bounds(task, name, clusters):
    seen, promise = measure(name, answers_of(task, 400, clusters=clusters)), METRIC_NAMES[name]
    assert seen.why is None
    assert promise.lowest <= seen.interval.lo <= seen.value <= seen.interval.hi <= promise.highest
    assert seen.interval.lo < seen.interval.hi
    assert seen.method


@given(st.sampled_from(TASKS), st.integers(0, 30), st.integers(0, 50), st.sampled_from([None, 1, 4, 12]))
@settings(max_examples=150)
def test_any_number_of_rows_gives_an_interval_or_a_reason(task, rows, seed, clusters):
    answers = answers_of(task, rows, seed, clusters)
    for row in metrics_for(task):
        seen = measure(row.name, answers)
        assert (seen.interval is None) == (seen.why is not None)
        assert seen.value is not None or seen.interval is None
        assert seen.rows == rows


@given(st.sampled_from(TASKS), st.integers(10, 40), st.integers(0, 2))
@settings(max_examples=60)
def test_perfect_and_constant_answers_crash_nothing(task, rows, kind):
    answers = answers_of(task, rows)
    if kind == 0 and task == "multiclass":
        answers = dataclasses.replace(answers, prediction=np.eye(3)[answers.truth], decision=answers.truth)
    elif kind == 0:
        answers = dataclasses.replace(answers, prediction=answers.truth.astype(float), decision=answers.truth)
    elif kind == 1:
        answers = dataclasses.replace(
            answers, prediction=np.zeros_like(answers.prediction) + 0.25, decision=np.zeros_like(answers.decision)
        )
    else:
        answers = dataclasses.replace(answers, truth=np.zeros_like(answers.truth))
    for row in metrics_for(task):
        seen = measure(row.name, answers)
        assert (seen.interval is None) == (seen.why is not None)


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_the_order_of_rows_does_not_matter(task, name):
    answers, order = answers_of(task, 200, clusters=20), np.random.default_rng(2).permutation(200)
    shuffled = Answers(
        task,
        answers.truth[order],
        answers.prediction[order],
        answers.decision[order],
        answers.labels,
        answers.value[order],
        answers.clusters[order],
    )
    first, second = measure(name, answers), measure(name, shuffled)
    assert second.value == pytest.approx(first.value)
    assert (second.interval.lo, second.interval.hi) == pytest.approx((first.interval.lo, first.interval.hi), rel=1e-6)


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_a_higher_level_gives_a_wider_interval(task, name):
    answers = answers_of(task, 300)
    narrow, wide = (measure(name, answers, level=level).interval for level in (0.9, 0.99))
    assert wide.lo <= narrow.lo
    assert narrow.hi <= wide.hi
    assert wide.level == 0.99


def few(positives, negatives):
    truth = np.repeat([1, 0], [positives, negatives])
    prediction = np.linspace(0.9, 0.1, len(truth))
    return Answers("binary", truth, prediction, (prediction > 0.5).astype(int), ("No", "Yes"))


def test_nine_positives_are_too_few_and_ten_suffice():
    seen = measure("accuracy", few(9, 91))
    assert seen.interval is None
    assert seen.why == 'Only 9 of 100 rows are "Yes"; an interval needs at least 10.'
    assert seen.events == 9
    assert measure("accuracy", few(10, 90)).interval is not None


def test_nine_negatives_are_too_few():
    assert measure("roc_auc", few(91, 9)).why == 'Only 9 of 100 rows are "No"; an interval needs at least 10.'


def test_a_small_denominator_is_named():
    answers = dataclasses.replace(few(50, 50), decision=(np.arange(100) < 4).astype(int))
    seen = measure("precision", answers)
    assert (seen.value, seen.denominator) == (1.0, 4)
    assert seen.why == 'There are only 4 rows called "Yes"; an interval needs at least 10.'


def test_nine_clusters_are_too_few():
    answers = dataclasses.replace(few(50, 50), clusters=np.arange(100) % 9)
    assert (
        measure("accuracy", answers).why
        == "The rows come from only 9 independent units; an interval needs at least 10."
    )


def test_a_rare_class_leaves_no_interval_for_an_average_over_classes():
    truth = np.repeat([0, 1, 2], [60, 30, 7])
    answers = Answers("multiclass", truth, np.eye(3)[truth], truth, ("a", "b", "c"))
    assert measure("recall", answers).why == 'There are only 7 rows that are "c"; an interval needs at least 10.'
    assert measure("accuracy", answers).interval is not None


def test_one_class_and_a_handful_leave_no_interval():
    truth = np.repeat([0, 1, 2], [90, 5, 4])
    answers = Answers("multiclass", truth, np.eye(3)[truth], truth)
    seen = measure("accuracy", answers)
    assert seen.why == "Only 9 of 99 rows are outside the most frequent class; an interval needs at least 10."
    assert seen.events == 9


def test_a_metric_of_another_task_is_refused_with_those_that_fit():
    with pytest.raises(MilepostError, match="'rmse' cannot judge a binary task") as caught:
        measure("rmse", few(20, 20))
    assert "accuracy" in caught.value.fix


def test_an_unknown_metric_is_refused():
    with pytest.raises(UnknownNameError):
        measure("acuracy", few(20, 20))


def test_the_quantile_loss_judges_the_quantile_it_is_told():
    answers = answers_of("regression", 100)
    short = answers.truth - answers.prediction
    expected = np.where(short > 0, 0.9 * short, -0.1 * short).mean()
    assert measure("quantile_loss", answers, quantile=0.9).value == pytest.approx(expected)


def test_rows_repeated_within_clusters_never_look_surer():
    answers = answers_of("binary", 120)
    again = {part: np.repeat(getattr(answers, part), 10) for part in ("truth", "prediction", "decision", "value")}
    many = dataclasses.replace(answers, **again, clusters=np.repeat(np.arange(120), 10))
    for row in metrics_for("binary"):
        once, often = measure(row.name, answers).interval, measure(row.name, many).interval
        assert often.hi - often.lo > 0.85 * (once.hi - once.lo), row.name
