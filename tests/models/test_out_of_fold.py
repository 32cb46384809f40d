from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from dealt_folds import folds_of
from milepost.data.folds import Folds, make_folds
from milepost.data.keys import SplitRequest, split_keys
from milepost.data.split import make_split
from milepost.models.out_of_fold import each_fold

OUTCOME, DELAY = timedelta(days=30), timedelta(days=30)


def _in_time(rows: int = 4000, *, days: float = 600) -> Folds:
    """Return five folds forward in time over rows whose answers are known 60 days later."""
    chance = np.random.default_rng(0)
    begin = datetime(2024, 1, 1)
    time = [begin + timedelta(days=day) for day in np.sort(chance.uniform(0, days, rows)).tolist()]
    table = pl.DataFrame({"time": time, "answer": np.where(chance.random(rows) < 0.4, "Yes", "No")})
    request = SplitRequest("binary", "answer", time="time", horizon=OUTCOME, label_delay=DELAY)
    keys = split_keys(table.lazy(), request)
    return make_folds(make_split(keys, request, seed=0), keys, request, count=5, repeats=1, seed=0)


@pytest.mark.parametrize("days", [300, 600, 3000])
def test_nothing_chooses_by_an_answer_that_was_not_known_when_the_fold_begins(days):
    folds = _in_time(days=days)
    time, known = folds.keys.time, folds.keys.known
    chosen_for = 0
    for _, here, others in each_fold(folds):
        assert (known[others[0]] <= time[here].min()).all()
        chosen_for += others.any()
    assert chosen_for >= (4 if days == 3000 else 1)  # the first fold has nobody


def test_every_earlier_answer_that_was_known_may_choose():
    fold_of = np.arange(100) // 20 - 1  # the first rows are never validated
    choosing = [
        np.flatnonzero(others[0]).tolist() for _, _, others in each_fold(folds_of(fold_of, forward=True, late=5))
    ]
    # fold 1 begins at row 40: of fold 0 (rows 20 to 39), rows 20 to 35 are known by then
    assert choosing == [[], [*range(20, 36)], [*range(20, 56)], [*range(20, 76)]]


def test_fewer_than_ten_known_answers_choose_nothing():
    fold_of = np.arange(100) // 20 - 1
    choosing = [others.sum() for _, _, others in each_fold(folds_of(fold_of, forward=True, late=11))]
    assert choosing == [0, 10, 30, 50]
    choosing = [others.sum() for _, _, others in each_fold(folds_of(fold_of, forward=True, late=12))]
    assert choosing == [0, 0, 29, 49]


def test_without_time_all_other_folds_of_the_repeat_choose():
    fold_of = np.stack([np.random.default_rng(seed).permutation(np.arange(60) % 3) for seed in range(2)])
    for repeat, here, others in each_fold(folds_of(fold_of)):
        assert np.array_equal(others[repeat], ~here)
        assert not others[1 - repeat].any()
