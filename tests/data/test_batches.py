from __future__ import annotations

import polars as pl
import pytest

from milepost.data.batches import batches, in_pieces, sample

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
