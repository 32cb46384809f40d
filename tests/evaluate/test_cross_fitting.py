from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealt_folds import folds_of
from milepost.evaluate.cross_fitting import act_across, act_from, allowing_for_choice, measured_once, out_of_fold
from milepost.evaluate.value import Stakes
from milepost.metrics.measure import measure
from out_of_fold_answers import honest, in_folds, same_stakes


def _most_accurate(candidates):
    return int(np.argmax(candidates.figures["accuracy"]))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_no_answer_chooses_for_itself(seed, forward):
    p, truth = honest(60, seed)
    given_ = in_folds(p, truth, forward=forward, seed=seed)
    for choose, act in given_.parts:
        assert not set(choose.tolist()) & set(act.tolist())
        assert not forward or choose.max() < act.min()


def test_every_answer_is_judged_once_but_those_that_nobody_chose_for():
    p, truth = honest(600)
    assert len(act_from(in_folds(p, truth), 0.5).truth) == 600
    # forward: a block that is not validated, and a first fold that has no earlier one
    assert len(act_from(in_folds(p, truth, forward=True), 0.5).truth) == 400


def test_forward_in_time_later_answers_move_no_decision_before_them():
    p, truth = honest(600)
    later = truth.copy()
    later[500:] = 1 - later[500:]  # the last fold
    first, other = (
        next(act_across(in_folds(p, known, forward=True), [_most_accurate])).decision for known in (truth, later)
    )
    assert first.tolist() == other.tolist()


def test_the_decisions_are_those_of_a_loop_over_the_folds():
    p, truth = honest(200)
    given_ = in_folds(p, truth)
    (acted,) = act_across(given_, [_most_accurate])
    expected = np.zeros(200, dtype=int)
    for choose, act in given_.parts:
        ats = [1.0, *p[choose]]
        scores = [((p[choose] >= at) == truth[choose]).mean() for at in ats]
        best = max(at for at, score in zip(ats, scores, strict=True) if score == pytest.approx(max(scores)))
        expected[act] = p[act] >= best
    assert acted.decision.tolist() == expected.tolist()


def test_the_figure_of_a_search_on_its_own_rows_is_too_good_and_the_cross_fitted_one_is_not():
    # 60 rows whose probabilities say nothing: every threshold is worth 0 to any new row
    own, crossed = [], []
    stakes = same_stakes(60, tp=10.0, fp=-10.0)
    for seed in range(200):
        chance = np.random.default_rng(seed)
        given_ = in_folds(chance.uniform(size=60), chance.integers(0, 2, size=60), stakes=stakes, seed=seed)
        (acted,) = act_across(given_, [lambda candidates: int(np.argmax(candidates.value))])
        own.append(given_.sweep().value.max())
        crossed.append(acted.value.mean())
    error = np.std(crossed) / np.sqrt(len(crossed))
    assert np.mean(own) > 0.6
    assert abs(np.mean(crossed)) < 2 * error < 0.2


def test_an_interval_allows_for_the_distance_to_the_threshold_in_use():
    p, truth = honest(1000)
    given_ = in_folds(p, truth)
    here, there = act_from(given_, 0.5), act_from(given_, 0.2)
    seen = measure("recall", here)
    gap = 1.96 * abs(measure("recall", there).value - seen.value)
    wider = allowing_for_choice(seen, there)
    assert wider.interval.hi == pytest.approx(min(1, seen.value + np.hypot(seen.interval.hi - seen.value, gap)), 1e-3)
    assert wider.interval.lo == pytest.approx(max(0, seen.value - np.hypot(seen.value - seen.interval.lo, gap)), 1e-3)
    assert allowing_for_choice(seen, here) == seen


def test_repeats_are_one_row_each():
    p, truth = honest(100)
    fold_of = np.stack([np.random.default_rng(seed).permutation(np.arange(100) % 5) for seed in range(3)])
    answers = np.repeat(p[None, :, None], 3, axis=0)
    given_ = out_of_fold(answers, truth, folds_of(fold_of))
    thrice = measured_once("accuracy", act_from(given_, 0.5), given_.repeats)
    once = measure("accuracy", act_from(in_folds(p, truth), 0.5))
    assert (thrice.value, thrice.rows, thrice.events) == (pytest.approx(once.value), 100, once.events)
    assert thrice.interval.hi - thrice.interval.lo == pytest.approx(once.interval.hi - once.interval.lo, rel=0.1)


def test_repeats_do_not_make_enough_of_too_few():
    truth = (np.arange(100) < 4).astype(int)  # 4 positives, answered three times
    fold_of = np.stack([np.random.default_rng(seed).permutation(np.arange(100) % 5) for seed in range(3)])
    given_ = out_of_fold(np.full((3, 100, 1), 0.2), truth, folds_of(fold_of), labels=("No", "Yes"))
    seen = measured_once("accuracy", act_from(given_, 0.5), given_.repeats)
    assert seen.interval is None
    assert seen.events == 4
    assert seen.why == 'Only 4 of 100 rows are "Yes"; an interval needs at least 10.'


@pytest.mark.parametrize(("positives", "repeats"), [(3, 3), (9, 1), (9, 3)])
def test_the_reason_for_no_interval_counts_each_row_once(positives, repeats):
    truth = (np.arange(100) < positives).astype(int)  # with repeats fewer than ten, or more, answers to positives
    fold_of = np.stack([np.random.default_rng(seed).permutation(np.arange(100) % 5) for seed in range(repeats)])
    given_ = out_of_fold(np.full((repeats, 100, 1), 0.2), truth, folds_of(fold_of), labels=("No", "Yes"))
    why = measured_once("recall", act_from(given_, 0.5), repeats).why
    assert why == f'Only {positives} of 100 rows are "Yes"; an interval needs at least 10.'


def test_the_reason_for_no_interval_of_money_counts_each_row_once():
    p, truth = honest(200)
    fold_of = np.stack([np.random.default_rng(seed).permutation(np.arange(200) % 5) for seed in range(3)])
    rare = np.where(np.arange(200) < 4, 1000.0, 1.0)  # the money of four rows stands against all others
    stakes = Stakes(rare, rare, rare, rare)
    given_ = out_of_fold(np.repeat(p[None, :, None], 3, axis=0), truth, folds_of(fold_of), stakes=stakes)
    seen = measured_once("value", act_from(given_, 0.5), 3)
    assert seen.interval is None
    assert seen.why == "Only 4 rows lie on one side of the mean; an interval needs at least 10."


def test_no_fold_is_acted_on_by_answers_that_came_later():
    p, truth = honest(600)
    late = slice(330, 400)  # sure to be acted on, and not known at row 400, where the fourth of five folds begins
    p[late], truth[late], later = 0.99, 1, truth.copy()
    later[late] = 0
    first, other = (
        next(act_across(in_folds(p, known, forward=True, late=71), [_most_accurate])).decision
        for known in (truth, later)
    )
    assert first[:300].tolist() == other[:300].tolist()  # the second fold to the fourth
    assert first[300:].tolist() != other[300:].tolist()


def test_folds_that_no_answer_is_known_for_are_left_out():
    p, truth = honest(600)
    given_ = in_folds(p, truth, forward=True, late=150)
    assert len(given_.parts) == 3  # the first fold has no earlier one, the second none whose answers are known
    assert len(act_from(given_, 0.5).truth) == 300
    assert in_folds(p, truth, forward=True, late=600).parts == ()


def test_rows_that_depend_on_each_other_are_judged_by_their_units():
    p, truth = np.repeat(honest(40), 5, axis=1)
    alone, grouped = (in_folds(p, truth.astype(int), units=units) for units in (None, np.repeat(np.arange(40), 5)))
    narrow, wide = (measure("accuracy", act_from(one, 0.5)).interval for one in (alone, grouped))
    assert wide.hi - wide.lo > 1.5 * (narrow.hi - narrow.lo)
