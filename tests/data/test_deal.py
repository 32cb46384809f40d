import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.deal import deal
from milepost.data.keys import RowKeys

FIFTHS = np.full(5, 0.2)


def binary(target, unit=None):
    return RowKeys("binary", np.asarray(target), ("No", "Yes"), unit=None if unit is None else np.asarray(unit))


def test_each_fifth_holds_a_fifth_of_each_answer():
    # 80 no and 20 yes: each part gets 16 and 4
    part = deal(binary([0] * 80 + [1] * 20), FIFTHS, seed=3)
    assert np.bincount(part[:80]).tolist() == [16] * 5
    assert np.bincount(part[80:]).tolist() == [4] * 5


@given(
    st.lists(st.integers(0, 3), min_size=20, max_size=300),
    st.sampled_from([(0.25, 0.75), (0.1, 0.9), (0.2, 0.2, 0.2, 0.2, 0.2)]),
    st.integers(0, 9),
)
def test_each_part_gets_its_share_of_each_answer_give_or_take_two(target, shares, seed):
    part = deal(RowKeys("multiclass", np.array(target), tuple("abcd")), np.array(shares), seed=seed)
    for answer in range(4):
        mine = part[np.array(target) == answer]
        counts = np.bincount(mine, minlength=len(shares))
        assert np.all(np.abs(counts - np.array(shares) * len(mine)) <= 2)
    sizes = np.bincount(part, minlength=len(shares))
    assert np.all(np.abs(sizes - np.array(shares) * len(target)) <= 1)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=5, max_size=200), st.integers(0, 9))
def test_rows_of_one_unit_get_one_part(rows, seed):
    unit, target = np.array(rows).T
    part = deal(binary(target, unit), FIFTHS, seed=seed)
    assert all(len(set(part[unit == code])) == 1 for code in set(unit))


def test_units_of_very_different_sizes_make_even_parts():
    sizes = np.round(np.random.default_rng(0).pareto(1.1, 400) * 10 + 1).clip(max=800).astype(int)
    part = deal(binary(np.arange(sizes.sum()) % 3 == 0, np.repeat(np.arange(400), sizes)), FIFTHS, seed=1)
    assert np.bincount(part) / len(part) == pytest.approx(FIFTHS, abs=0.01)


def test_a_unit_larger_than_the_small_part_goes_to_the_large_one():
    unit = np.concatenate([np.zeros(600, int), np.arange(1, 401)])
    part = deal(binary(np.arange(1000) % 2, unit), np.array([0.25, 0.75]), seed=0)
    assert part[0] == 1
    assert np.mean(part == 0) == pytest.approx(0.25, abs=0.01)


def test_numbers_are_dealt_with_the_same_spread():
    values = np.random.default_rng(0).lognormal(size=1_000)
    part = deal(RowKeys("regression", values), np.array([0.25, 0.75]), seed=0)
    for level in (0.1, 0.5, 0.9):
        share = np.mean(values[part == 0] <= np.quantile(values, level))
        assert share == pytest.approx(level, abs=0.01)


def test_the_seed_decides_and_nothing_else():
    rows = binary(np.arange(100) % 4 == 0)
    first, again, other = (deal(rows, FIFTHS, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
