import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from milepost.data.power import bench, normalised_gini, power
from milepost.data.schema import Column, Schema


def bench_of(answers, task="binary"):
    schema = Schema((Column("y", "integer", "number", "target"),), task)
    return bench(pl.DataFrame({"y": answers}), schema, seed=0)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 5)), min_size=4, max_size=50))
def test_for_two_answers_the_gini_is_twice_the_area_less_one(rows):
    answers, scores = np.array(rows).T
    if 0 < answers.sum() < len(answers):
        assert normalised_gini(answers, scores) == pytest.approx(2 * roc_auc_score(answers, scores) - 1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30, unique=True))
def test_a_number_orders_itself_perfectly(values):
    answers = np.array(values)
    assert normalised_gini(answers, answers) == pytest.approx(1)
    assert normalised_gini(answers, -answers) == pytest.approx(-1)


def test_noise_has_no_power_however_many_levels_it_has():
    chance = np.random.default_rng(0)
    rows = bench_of(chance.integers(0, 2, 5_000))
    assert power(rows, pl.Series(chance.normal(size=5_000))) < 0.1
    assert power(rows, pl.Series(chance.integers(0, 2_000, 5_000)).cast(pl.String)) < 0.1


def test_a_column_may_tell_the_answer_without_rising_with_it():
    x = np.linspace(-1, 1, 2_000)
    rows = bench_of((np.abs(x) > 0.5).astype(int))
    assert power(rows, pl.Series(x)) > 0.98


def test_levels_tell_each_of_several_classes():
    answers = np.arange(900) % 3
    assert power(bench_of(answers, "multiclass"), pl.Series(answers).cast(pl.String)) == pytest.approx(1)


def test_a_missing_value_is_a_level_of_its_own():
    answers = np.arange(900) % 2
    values = pl.Series([None if answer else 1.0 for answer in answers])
    assert power(bench_of(answers), values) == pytest.approx(1)


@pytest.mark.parametrize("answers", [[0] * 100 + [1] * 5, [1] * 100])
def test_too_few_answers_are_not_measured(answers):
    assert bench_of(answers) is None
