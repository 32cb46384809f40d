from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.data.batches import batches, in_pieces, rows_where, sample

FRAME = pl.DataFrame({"n": range(1000)}).lazy()


def test_pieces_hold_every_row_once_and_in_order():
    pieces = list(batches(FRAME, rows=300))
    assert [piece.height for piece in pieces] == [300, 300, 300, 100]
    assert pl.concat(pieces)["n"].to_list() == list(range(1000))


def test_a_table_changed_piece_by_piece_is_the_changed_table():
    def double(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.with_columns(m=pl.col("n") * 2)

    changed = in_pieces(FRAME, double, rows=300)
    assert changed.collect().equals(double(FRAME).collect())
    assert changed.filter(pl.col("m") > 1990).select("m").collect()["m"].to_list() == [1992, 1994, 1996, 1998]


def test_wanted_rows_are_picked_in_order_whatever_is_asked_of_them():
    wanted = np.random.default_rng(0).random(1000) < 0.3
    picked, numbers = rows_where(FRAME.with_columns(m=pl.col("n") * 2), wanted, rows=300), np.flatnonzero(wanted)
    assert picked.collect()["n"].to_list() == numbers.tolist()
    assert (
        picked.filter(pl.col("n") >= 900).select("m").collect()["m"].to_list() == (2 * numbers[numbers >= 900]).tolist()
    )
    assert picked.head(7).collect()["n"].to_list() == numbers[:7].tolist()
    assert picked.select(pl.len()).collect().item() == wanted.sum()


def test_the_first_rows_of_a_changed_table_are_the_first_rows():
    changed = in_pieces(FRAME, lambda frame: frame.with_columns(m=pl.col("n") * 2), rows=300)
    assert changed.head(301).collect()["m"].to_list() == list(range(0, 602, 2))


def test_a_small_table_is_its_own_sample():
    assert sample(FRAME, 1000, most=1000)["n"].to_list() == list(range(1000))


@pytest.mark.parametrize("most", [50, 100, 500])
def test_a_sample_is_spread_over_the_table_and_always_the_same(most):
    taken = sample(FRAME, 1000, most=most)["n"].to_list()
    assert taken == sample(FRAME, 1000, most=most)["n"].to_list()
    assert len(taken) == pytest.approx(most, rel=0.05)
    assert all(
        len([n for n in taken if lo <= n < lo + 250]) == pytest.approx(most / 4, rel=0.2) for lo in (0, 250, 500, 750)
    )
    assert sum(n % 2 for n in taken) == pytest.approx(most / 2, rel=0.2)  # no period of the table is hit
