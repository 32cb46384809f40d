from __future__ import annotations

import pytest

from milepost.ground.errors import MilepostError
from milepost.models.decisions import (
    Facts,
    ending,
    failed,
    kept_or_not,
    learnable,
    refuse_nothing_fitted,
    sample_was_enough,
)
from milepost.models.steps import Step
from milepost.stats.paired import Gain


def _says(mean, lo, hi, *, kept, loss="log", task="binary", loss_mean=0.4):
    # the simpler rung's loss is 0.5, so a mean gain of 0.1 is 20 %
    gain = Gain(mean, lo, hi, 0.95, mean / 0.5, lo / 0.5, hi / 0.5, 100, 100)
    return kept_or_not(
        Facts("boosted trees", task, loss, loss_mean, gain, kept, 2.0, 14.0), "logistic regression", 0.01
    )


def test_a_gain_is_told_with_its_interval_and_its_cost():
    assert _says(0.1, 0.05, 0.15, kept=True) == (
        "Boosted trees: log loss 0.4, 20.0 % less log loss than logistic regression (95 % interval 10.0 % to 30.0 %); "
        "kept. It took 2 s to train on all folds and answers one row in 14 µs."
    )


def test_a_gain_that_may_be_chance_is_not_kept():
    assert "so it may be no gain at all; not kept" in _says(0.1, -0.05, 0.25, kept=False)


def test_a_gain_too_small_for_its_complexity_is_not_kept():
    assert "under the 1.0 % that more complexity has to bring; not kept" in _says(0.002, 0.001, 0.003, kept=False)


def test_a_loss_is_told_as_more():
    assert "no better than logistic regression: 20.0 % more log loss (95 % interval 10.0 % to 30.0 %)" in _says(
        -0.1, -0.15, -0.05, kept=False
    )


def test_squared_errors_are_told_by_their_root():
    assert "error (RMSE) 20" in _says(0.1, 0.05, 0.15, kept=True, loss="squared", task="regression", loss_mean=400.0)


def test_a_failure_names_its_reason():
    assert (
        failed("one small tree", "out of memory") == "One small tree could not be fitted and is left out: out of memory"
    )


def test_nothing_is_learnable_where_no_rung_was_kept():
    dummy = Step("dummy", "always the same answer", True, 0.5, None, None, None, True, None, 0.1, 1.0, "")
    tried = Step("linear", "logistic regression", True, 0.5, None, None, "dummy", False, None, 0.1, 1.0, "")
    assert not learnable([dummy, tried]).holds


def test_a_simpler_rung_without_any_error_is_never_beaten():
    gain = Gain(-0.1, -0.2, 0.0, 0.95, *[float("-inf")] * 3, 100, 100)
    facts = Facts("boosted trees", "regression", "squared", 0.1, gain, False, 2.0, 14.0)
    assert "which makes no error at all; not kept" in kept_or_not(facts, "today's rule", 0.01)


def test_a_climb_without_a_rung_that_learns_says_why():
    dummy = Step("dummy", "always the same answer", True, 0.5, None, None, None, True, None, 0.1, 1.0, "")
    broken = Step("linear", "logistic regression", True, None, None, None, None, False, "no memory", 0.1, None, "")
    with pytest.raises(MilepostError, match="no memory"):
        refuse_nothing_fitted([dummy, broken])


def test_a_gain_beyond_chance_is_learnable_even_where_it_is_too_small_to_be_kept():
    dummy = Step("dummy", "always the same answer", True, 0.5, None, None, None, True, None, 0.1, 1.0, "")
    gain = Gain(0.002, 0.001, 0.003, 0.95, 0.004, 0.002, 0.006, 100, 100)
    little = Step("linear", "logistic regression", True, 0.498, None, gain, "dummy", False, None, 0.1, 1.0, "")
    assert learnable([dummy, little]).holds


def test_a_rule_that_no_model_may_use_is_only_compared_with():
    gain = Gain(0.1, 0.05, 0.15, 0.95, 0.2, 0.1, 0.3, 100, 100)
    facts = Facts("today's rule", "binary", "log", 0.4, gain, False, 2.0, 14.0, "it reads 'female'")
    assert "it reads 'female', so it is only something to compare with; not kept" in kept_or_not(facts, "dummy", 0.01)


def test_a_rule_that_may_only_be_compared_with_does_not_make_the_columns_tell():
    dummy = Step("dummy", "always the same answer", True, 0.5, None, None, None, True, None, 0.1, 1.0, "")
    gain = Gain(0.1, 0.05, 0.15, 0.95, 0.2, 0.1, 0.3, 100, 100)
    rule = Step("rule", "today's rule", True, 0.4, None, gain, "dummy", False, None, 0.1, 1.0, "")
    worse = Gain(-0.01, -0.02, 0.0, 0.95, -0.02, -0.04, 0.0, 100, 100)
    linear = Step("linear", "logistic regression", True, 0.51, None, worse, "dummy", False, None, 0.1, 1.0, "")
    assert not learnable([dummy, rule, linear]).holds


def test_a_rung_that_changes_hardly_anything_is_as_good():
    assert "as good as logistic regression, and more complex; not kept" in _says(0.0, -1e-5, 1e-5, kept=False)


@pytest.mark.parametrize(
    ("lo", "hi", "follows"),
    [
        (0.001, 0.006, "the sample was enough"),
        (0.02, 0.03, "more rows still help"),
        (-0.01, 0.05, "whether it was enough is open"),
        (float("-inf"), float("inf"), "whether it was enough is open"),
    ],
)
def test_a_sample_is_called_enough_only_where_the_interval_says_so(lo, hi, follows):
    gain = Gain(0.002, lo * 0.5, hi * 0.5, 0.95, 0.004, lo, hi, 100, 100)
    says = sample_was_enough("boosted trees", 60_000, 200_000, gain, 0.01)
    assert follows in says
    assert "60,000 of 200,000 development rows" in says
    assert "inf" not in says


def test_the_smallest_gain_that_is_kept_is_told_as_kept():
    gain = Gain(0.0001, 0.00009, 0.00011, 0.95, 0.0002, 0.00018, 0.00022, 100, 100)
    facts = Facts("boosted trees", "binary", "log", 0.4, gain, True, 2.0, 14.0)
    says = kept_or_not(facts, "logistic regression", 0.0)
    assert "kept" in says
    assert "not kept" not in says


def test_the_end_names_the_rungs_that_brought_nothing_and_no_others():
    def step(rung, *, kept=False, failed=None):
        return Step(rung, rung, False, 0.5, None, None, None, kept, failed, 0.1, 1.0, "")

    steps = [step("first"), step("second", kept=True), step("third", failed="no memory"), step("fourth"), step("fifth")]
    assert ending(steps, "second", ["sixth"]) == (
        "The climb ends with second: fourth, fifth brought no gain worth their complexity. Not tried after that: sixth."
    )
