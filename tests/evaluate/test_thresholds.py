from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from milepost.evaluate.cross_fitting import OutOfFold
from milepost.evaluate.thresholds import ThresholdChoice, choose_threshold, pick_threshold
from milepost.evaluate.value import Stakes
from milepost.ground.records import as_document, from_document
from out_of_fold_answers import criteria_of, honest, in_folds, same_stakes

seeds = st.integers(0, 2**32 - 1)


def _choose(p, truth, *, stakes=None, capacity=None, **bounds):
    return choose_threshold(in_folds(p, truth, stakes=stakes), criteria=criteria_of(**bounds), most_positives=capacity)


def test_with_honest_probabilities_the_most_money_is_where_theory_says():
    # act where p * 100 - (1 - p) * 20 >= 0, that is p >= 20 / 120
    p, truth = honest(200_000)
    given_ = in_folds(p, truth, stakes=same_stakes(len(p)))
    assert pick_threshold(given_, criteria=[], meeting_all=True) == pytest.approx(1 / 6, abs=0.02)


def test_money_is_chosen_among_the_thresholds_that_meet_every_criterion():
    p, truth = honest()
    choice = _choose(p, truth, stakes=same_stakes(len(p)), precision=">= 0.7")
    assert choice.meets_all
    assert metrics.precision_score(truth, p >= choice.at) >= 0.7
    assert choice.at > _choose(p, truth, stakes=same_stakes(len(p))).at


def test_a_collision_is_shown_with_the_price_of_each_criterion():
    p, truth = honest()
    choice = _choose(p, truth, stakes=same_stakes(len(p)), recall=">= 0.95", precision=">= 0.8")
    assert not choice.meets_all
    assert not choice.holds_up
    assert "No threshold meets recall >= 0.95 and precision >= 0.80 at once" in choice.says
    by_role = {row.role: row for row in choice.rows}
    assert by_role["best with recall >= 0.95"].figures["recall"].value == pytest.approx(0.95, abs=0.02)
    assert by_role["best with precision >= 0.80"].figures["recall"].value < 0.5


def test_without_money_the_criteria_are_cleared_by_as_much_as_possible():
    p, truth = honest()
    chosen = _choose(p, truth, recall=">= 0.5", precision=">= 0.4").rows[0].figures
    assert min(chosen["recall"].value - 0.5, chosen["precision"].value - 0.4) > 0.1


def test_without_money_and_criteria_accuracy_decides():
    p, truth = honest(50_000)
    assert _choose(p, truth).at == pytest.approx(0.5, abs=0.05)


def test_criteria_that_no_threshold_changes_are_passed_over():
    p, truth = honest()
    choice = _choose(p, truth, stakes=same_stakes(len(p)), roc_auc=">= 0.99")
    assert choice.meets_all
    assert choice.rows[0].meets == (None,)


def test_money_can_be_a_criterion():
    p, truth = honest()
    choice = _choose(p, truth, stakes=same_stakes(len(p)), value=">= 1000", value_per_row=">= 9999")
    assert choice.rows[0].meets == (True, False)
    assert not choice.meets_all


def test_where_no_money_is_known_accuracy_decides():
    p, truth = honest()
    unknown = Stakes(np.full(len(p), np.nan), *(np.zeros(len(p)) for _ in range(3)))
    choice = _choose(p, truth, stakes=unknown)
    assert choice.at == _choose(p, truth).at
    assert choice.curve_value == ()
    assert choice.rows[0].value.why == "The value of every row depends on a missing cell."


@given(seeds, st.floats(0.0, 1.0), st.booleans())
@settings(max_examples=40)
def test_no_threshold_acts_on_more_than_the_capacity(seed, capacity, has_money):
    p, truth = honest(60, seed)
    stakes = same_stakes(60) if has_money else None
    choice = _choose(p, truth, stakes=stakes, capacity=capacity, recall=">= 0.9", precision=">= 0.3")
    assert all((p >= row.at).mean() <= capacity for row in choice.rows if not row.role.endswith("over the capacity"))
    assert all(row.role.startswith("0.5") for row in choice.rows if (p >= row.at).mean() > capacity)


@given(seeds, st.sampled_from([{}, {"recall": ">= 0.6"}, {"recall": ">= 0.9", "precision": ">= 0.9"}]))
@settings(max_examples=40)
def test_the_order_of_the_rows_does_not_move_the_threshold(seed, bounds):
    p, truth = honest(80, seed)
    chance = np.random.default_rng(seed)
    p, order = p.round(1), chance.permutation(80)
    stakes = Stakes(*(chance.normal(size=80) for _ in range(4)))
    wanted = {"criteria": criteria_of(**bounds), "meeting_all": True}
    one = pick_threshold(in_folds(p, truth, stakes=stakes), **wanted)
    other = in_folds(p[order], truth[order], stakes=stakes.rows(order))
    assert pick_threshold(other, **wanted) == one


def test_a_model_beside_the_chosen_one_comes_as_near_to_the_criteria_as_it_can():
    p, truth = honest()
    given_ = in_folds(p, truth, stakes=same_stakes(len(p)))
    out_of_reach = criteria_of(precision=">= 0.99", recall=">= 0.3")
    near = pick_threshold(given_, criteria=out_of_reach, meeting_all=True)
    rich = pick_threshold(given_, criteria=out_of_reach, meeting_all=False)
    assert metrics.precision_score(truth, p >= near) > metrics.precision_score(truth, p >= rich)


def _nearest_to_money_and(recall, p, truth, unit):
    """Return the threshold nearest to this recall and more money than any brings, with money counted in units."""
    given_ = in_folds(p, truth, stakes=same_stakes(len(p), tp=100.0 * unit, fp=-100.0 * unit))
    wanted = criteria_of(recall=f">= {recall}", value_per_row=f">= {12 * unit}")
    return pick_threshold(given_, criteria=wanted, meeting_all=True)


def test_money_and_a_share_both_say_what_is_nearest_whatever_the_currency():
    p, truth = honest()
    near = _nearest_to_money_and(0.99, p, truth, 1.0)
    assert near == _nearest_to_money_and(0.99, p, truth, 1 / 1024) == _nearest_to_money_and(0.99, p, truth, 1024.0)
    # neither the recall alone nor the money alone decides: the most money is near 0.5
    assert 0.05 < near < 0.45
    assert 0.5 < metrics.recall_score(truth, p >= near) < 0.99


def test_a_criterion_missed_by_the_same_everywhere_leaves_the_choice_to_the_others():
    p, truth = honest()
    free = same_stakes(len(p), tp=0.0, fp=0.0)  # no threshold moves the money
    with_money, alone = (
        pick_threshold(in_folds(p, truth, stakes=free), criteria=criteria_of(**bounds), meeting_all=True)
        for bounds in (
            {"recall": ">= 0.9", "precision": ">= 0.9", "value": ">= 5"},
            {"recall": ">= 0.9", "precision": ">= 0.9"},
        )
    )
    assert with_money == alone
    assert pick_threshold(in_folds(p, truth, stakes=free), criteria=criteria_of(value=">= 5"), meeting_all=True) > 0


def test_money_per_row_has_its_own_figure_and_its_own_doubt():
    p, truth = honest()
    brought = _choose(p, truth, stakes=same_stakes(len(p))).rows[0].value.value / 1000
    choice = _choose(p, truth, stakes=same_stakes(len(p)), value_per_row=f">= {brought - 0.1:.2f}")
    seen = choice.rows[0].figures["value_per_row"]
    assert seen.value == pytest.approx(choice.rows[0].value.value / 1000)
    assert seen.interval.lo < brought - 0.1 < seen.interval.hi
    assert "It is close for value_per_row" in choice.says
    assert " per row (95 % interval" in choice.says


@pytest.mark.parametrize(("forward", "measured"), [(True, 400), (False, 600)])
def test_the_curves_say_how_many_rows_they_cover(forward, measured):
    p, truth = honest(600)
    choice = choose_threshold(in_folds(p, truth, forward=forward), criteria=())
    assert choice.swept == (500 if forward else 600)  # forward, nobody chose for the first fold
    assert choice.rows[0].figures["accuracy"].rows == measured


@given(seeds)
@settings(max_examples=40)
def test_no_threshold_brings_more_money_than_the_chosen_one(seed):
    p, truth = honest(80, seed)
    choice = _choose(p, truth, stakes=same_stakes(80))
    acted = np.where(p >= choice.at, np.where(truth == 1, 100.0, -20.0), 0.0)
    assert acted.mean() == pytest.approx(max(choice.curve_value))


@given(seeds, st.integers(20, 60))
@settings(max_examples=40)
def test_the_usual_choice_is_exactly_a_half(seed, rows):
    chance = np.random.default_rng(seed)
    p = chance.integers(0, 6, size=rows) / 5  # no probability is near 0.5
    truth = chance.permutation(np.arange(rows) % 2)
    row = next(row for row in _choose(p, truth, stakes=same_stakes(rows)).rows if row.role == "0.5")
    acted = p >= 0.5
    assert row.at == 0.5
    assert row.figures["accuracy"].value == pytest.approx(metrics.accuracy_score(truth, acted))
    assert row.figures["recall"].value == pytest.approx(metrics.recall_score(truth, acted))
    assert row.figures["positive_rate"].value == pytest.approx(acted.mean())
    assert row.value.value == pytest.approx(1000 * np.where(acted, np.where(truth, 100.0, -20.0), 0.0).mean())


def test_every_figure_shown_has_its_interval():
    p, truth = honest()
    choice = _choose(p, truth, stakes=same_stakes(len(p)), recall=">= 0.6", f1=">= 0.5")
    for row in choice.rows:
        assert {"accuracy", "recall", "precision", "positive_rate", "f1"} == set(row.figures)
        assert all(seen.interval.lo < seen.value < seen.interval.hi for seen in (*row.figures.values(), row.value))
        assert row.value.rows == len(p)


def _steep(seed, rows=400):
    """Return answers, truth and a contract that some samples seem to meet and others not."""
    chance = np.random.default_rng(seed)
    truth = (chance.uniform(size=rows) < 0.3).astype(int)
    score = chance.normal(size=rows) + 1.3 * truth
    return 1 / (1 + np.exp(-(1.3 * score - 1.69))), truth, {"accuracy": ">= 0.775", "recall": ">= 0.60"}


def test_what_is_shown_of_the_chosen_threshold_is_nearly_what_it_does_to_new_rows():
    p, truth, bounds = _steep(0, rows=200_000)
    own, shown = [], []
    for seed in range(1, 121):
        few, known, _ = _steep(seed)
        choice = _choose(few, known, stakes=same_stakes(len(few), tp=60.0), **bounds)
        really = ((p >= choice.at) == truth).mean()
        own.append(((few >= choice.at) == known).mean() - really)
        shown.append(choice.rows[0].figures["accuracy"].value - really)
    assert np.mean(own) > 0.01  # the search flatters itself
    assert abs(np.mean(shown)) < 0.3 * np.mean(own)


def test_the_interval_shown_holds_what_the_chosen_threshold_does_to_new_rows():
    p, truth, _ = _steep(0, rows=200_000)
    held = {"accuracy": 0, "recall": 0}
    for seed in range(1, 201):
        few, known, _ = _steep(seed)
        row = _choose(few, known, stakes=same_stakes(len(few), tp=60.0)).rows[0]
        really = {"accuracy": ((p >= row.at) == truth).mean(), "recall": (p[truth == 1] >= row.at).mean()}
        for name, value in really.items():
            held[name] += row.figures[name].interval.lo <= value <= row.figures[name].interval.hi
    assert min(held.values()) >= 0.9 * 200  # 95 % less what chance does to 200 samples


def test_a_criterion_that_only_the_search_met_is_not_said_to_be_kept():
    for seed in range(1, 60):
        p, truth, bounds = _steep(seed)
        choice = _choose(p, truth, stakes=same_stakes(len(p)), **bounds)
        if choice.meets_all and not choice.holds_up:
            assert "do not count on" in choice.says
            return
    raise AssertionError("no such sample")


def test_where_nobody_may_choose_for_anybody_nothing_is_claimed():
    p, truth = honest(50)
    choice = choose_threshold(OutOfFold(p, truth, ()), criteria=criteria_of(recall=">= 0.5"))
    assert choice.rows[0].figures["recall"].value is None
    assert choice.rows[0].meets == (None,)
    assert not choice.holds_up
    assert "is unknown: too few answers were known" in choice.says
    assert "luck" not in choice.says


def test_a_choice_survives_storing():
    p, truth = honest(300)
    choice = _choose(p, truth, stakes=same_stakes(300), recall=">= 0.5", roc_auc=">= 0.5")
    assert repr(from_document(ThresholdChoice, as_document(choice))) == repr(choice)  # NaN is not equal to itself
