from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.profile import BINS, SHARES, TOP, Profile, profile
from milepost.data.schema import Column, Schema

SCHEMA = Schema(
    (Column("x", "float", "number", "feature"), Column("n", "integer", "number", "feature"),
     Column("c", "text", "category", "feature"), Column("b", "boolean", "flag", "feature"),
     Column("d", "date", "time", "time"), Column("k", "text", "id", "id")),
    "regression",
)  # fmt: skip


def table(rows: int, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "x": rng.normal(size=rows),
            "n": rng.integers(0, 3, rows),
            "c": rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2]),
            "b": rng.random(rows) < 0.5,
            "d": pl.Series(rng.integers(0, 1000, rows)).cast(pl.Int32).cast(pl.Date),
            "k": [f"K{n}" for n in range(rows)],
        }
    ).with_columns(x=pl.when(pl.int_range(pl.len()) % 10 > 0).then("x"))


def test_counts_and_shares_are_those_of_the_table():
    found = profile(table(1000).lazy(), SCHEMA)
    x, c = found.column("x"), found.column("c")
    assert (found.rows, x.count, x.missing, x.missing_share) == (1000, 900, 100, 0.1)
    assert c.top == tuple(sorted(table(1000)["c"].value_counts().iter_rows(), key=lambda item: -item[1]))


def test_quantiles_and_mean_are_those_of_numpy_in_a_table_that_is_small():
    values = table(1000)["x"].drop_nulls().to_numpy()
    x = profile(table(1000).lazy(), SCHEMA).column("x")
    assert x.quantiles == pytest.approx(np.quantile(values, SHARES))
    assert x.mean == pytest.approx(values.mean())


def test_every_value_is_in_one_bin():
    found = profile(table(1000).lazy(), SCHEMA)
    for name in "xnd":
        column = found.column(name)
        assert (sum(column.counts), len(column.counts)) == (column.count, len(column.edges) - 1)
    assert max(found.column("x").counts) - min(found.column("x").counts) <= 2  # bins of equal weight


def test_its_size_is_bounded():
    frame = pl.DataFrame({"x": np.arange(5000.0), "c": [f"level {n % 900}" for n in range(5000)]})
    found = profile(frame.lazy(), SCHEMA)
    assert (len(found.column("x").counts), len(found.column("c").top)) == (BINS, TOP)
    assert found.column("c").other == 5000 - sum(rows for _, rows in found.column("c").top) > 0


def test_it_survives_json():
    found = profile(table(200).lazy(), SCHEMA)
    assert Profile.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_profile_made_like_another_can_be_compared():
    first = profile(table(1000).lazy(), SCHEMA)
    second = profile(table(500, seed=1).lazy(), SCHEMA, like=first)
    for name in "xncbd":
        one, other = first.column(name), second.column(name)
        assert (one.edges, [label for label, _ in one.top]) == (other.edges, [label for label, _ in other.top])
        assert sum(other.counts) in (0, other.count)


def test_columns_without_a_value_have_no_figures():
    found = profile(pl.DataFrame({"x": [None, None]}, schema={"x": pl.Float64}).lazy(), SCHEMA).column("x")
    assert (found.count, found.mean, found.edges, found.counts) == (0, None, (), ())


@settings(max_examples=25)
@given(st.lists(st.one_of(st.none(), st.integers(-5, 5), st.integers(-(10**9), 10**9)), min_size=1, max_size=60))
def test_bins_hold_all_values_whatever_they_are(values):
    frame = pl.DataFrame({"n": pl.Series(values, dtype=pl.Int64)})
    found = profile(frame.lazy(), SCHEMA).column("n")
    assert sum(found.counts) == found.count == len([value for value in values if value is not None])
