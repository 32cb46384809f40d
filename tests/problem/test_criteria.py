from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion, contradiction


def parse(metric: str, bound: object) -> Criterion:
    return Criterion.parse(metric, bound, where="here")


@given(st.sampled_from([">=", "<=", ">", "<"]), st.floats(0.001, 0.999))
def test_a_criterion_written_out_reads_back_as_itself(sense, threshold):
    criterion = Criterion("accuracy", sense, threshold)
    assert parse("accuracy", criterion.bound) == criterion


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_a_threshold_in_units_of_the_target_reads_back_as_itself(threshold):
    criterion = Criterion("rmse", "<=", threshold)
    assert parse("rmse", criterion.bound) == criterion


@pytest.mark.parametrize(
    ("metric", "bound", "text"),
    [
        ("accuracy", ">= 0.8", "accuracy >= 0.80"),
        ("accuracy", ">=80%", "accuracy >= 0.80"),
        ("accuracy", "> = 80 %", "accuracy >= 0.80"),
        ("recall", "≥ .625", "recall >= 0.625"),
        ("rmse", "< 5,000", "rmse < 5000"),
        ("rmse", "<= 1_000.5", "rmse <= 1000.5"),
        ("mape", "<= 12%", "mape <= 0.12"),
        ("AUC", "> 0.85", "roc_auc > 0.85"),
        ("log_loss", "<= 4e-1", "log_loss <= 0.4"),
        ("value", ">= -100", "value >= -100"),
        ("r2", "> -1", "r2 > -1.00"),
    ],
)
def test_spellings_of_a_bound_are_understood(metric, bound, text):
    assert parse(metric, bound).text == text


@pytest.mark.parametrize(
    ("metric", "bound", "what", "fix"),
    [
        ("accuracy", 0.8, "accuracy is 0.8: a bare number", 'accuracy = ">= 0.80"'),
        ("accuracy", 80, "a bare number", 'accuracy = ">= 0.80"'),
        ("rmse", 5000, "a bare number", 'rmse = "<= 5000"'),
        ("accuracy", "0.8", "no bound", 'accuracy = ">= 0.80"'),
        ("accuracy", "at least 80%", "no bound", 'accuracy = ">= 0.80"'),
        ("recall", "== 0.9", "no bound", 'recall = ">= 0.90"'),
        ("accuracy", ">= high", "no bound", 'accuracy = ">= '),
        ("accuracy", True, "accuracy is true: no bound", 'accuracy = ">= '),
        ("accuracy", ">= 80", "always between 0 and 1", 'Did you mean accuracy = ">= 0.80"?'),
        ("recall", "> 1", "nothing can reach", "recall"),
        ("rmse", "<= -1", "always 0 or more", "Write a number 0 or more"),
        ("rmse", "< 0", "nothing can reach", "rmse"),
        ("accuracy", "< 0", "nothing can reach", "accuracy"),
        ("r2", ">= 30", "always 1 or less", 'Did you mean r2 = ">= 0.30"?'),
        ("accuracy", ">= 1.5", "always between 0 and 1", "Write a number between 0 and 1."),
        ("rmse", "<= 5%", "a percentage", "without the % sign"),
        ("log_loss", "<= 5%", "a percentage", "without the % sign"),
    ],
)
def test_a_wrong_bound_is_refused_with_what_was_probably_meant(metric, bound, what, fix):
    with pytest.raises(MilepostError) as caught:
        parse(metric, bound)
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_misspelled_metric_gets_the_nearest_name():
    with pytest.raises(UnknownNameError, match="Write 'accuracy' instead"):
        parse("acuracy", ">= 0.8")


def test_what_holds_depends_on_the_side_and_never_on_nan():
    assert parse("recall", ">= 0.6").holds(0.6)
    assert not parse("recall", "> 0.6").holds(0.6)
    assert parse("rmse", "<= 5").holds(5)
    assert not parse("rmse", "< 5").holds(5)
    assert not any(parse("recall", f"{sense} 0.6").holds(math.nan) for sense in (">=", "<=", ">", "<"))


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (">= 0.9", "<= 0.5", "never both hold"),
        ("> 0.5", "<= 0.5", "never both hold"),
        (">= 0.5", "<= 0.5", None),
        (">= 0.5", "<= 0.9", None),
        (">= 0.5", "> 0.6", "twice on one side"),
    ],
)
def test_two_bounds_of_one_metric_must_leave_room(first, second, clash):
    found = contradiction([parse("recall", first), parse("recall", second)])
    assert (found is None) if clash is None else (clash in found)


def test_bounds_of_different_metrics_never_contradict():
    assert contradiction([parse("recall", ">= 0.9"), parse("precision", "<= 0.5")]) is None


@given(st.sampled_from(sorted(METRIC_NAMES)), st.text(max_size=15))
def test_any_text_is_a_bound_or_a_clear_error(metric, bound):
    with suppress(MilepostError):
        assert parse(metric, bound).metric == metric
