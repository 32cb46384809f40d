from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pytest

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.tables import canonical_table
from milepost.predictor.wording import wordings_of

SCHEMA = Schema(
    (
        Column("n", "integer", "number", "feature"),
        Column("c", "text", "category", "feature", missing_share=0.0, levels=("a", "b", "3")),
        Column("t", "datetime", "time", "time"),
        Column("f", "boolean", "flag", "feature"),
    ),
    "regression",
)
TIMES = [datetime(2024, 5, 1, tzinfo=UTC), None, datetime(2024, 5, 2, tzinfo=UTC)]
ROWS = {"n": [1, 2, None], "c": ["a", None, "zz"], "t": TIMES, "f": [True, None, False]}
EXPECTED = canonical_table(pl.DataFrame(ROWS), SCHEMA, wordings_of(SCHEMA))


class ArrowTable:
    """Whatever speaks Arrow's stream protocol, such as a table of pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pl.DataFrame(ROWS).__arrow_c_stream__(requested_schema)


def read(table):
    return canonical_table(table, SCHEMA, wordings_of(SCHEMA))


@pytest.mark.parametrize(
    "table",
    [
        pl.LazyFrame(ROWS),
        ArrowTable(),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).convert_dtypes(),
        pd.DataFrame(ROWS).astype({"c": "category", "n": "Int64", "f": "boolean"}),
        pd.DataFrame(ROWS).astype(object),
        [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)],
    ],
    ids=["lazy", "arrow", "pandas", "pandas-converted", "pandas-categories", "pandas-objects", "rows"],
)
def test_every_kind_of_table_means_the_same(table):
    frame, flags = read(table)
    assert frame.equals(EXPECTED[0])
    assert flags.to_list() == EXPECTED[1].to_list() == [[], ["c is missing"], ["unseen level 'zz' in c"]]


def test_a_pandas_column_of_mixed_values_is_read_value_by_value():
    frame, flags = read(pd.DataFrame({**ROWS, "c": pd.Series(["a", 3, None], dtype=object)}))
    assert frame["c"].to_list() == ["a", "3", None]
    assert flags.to_list() == [[], [], ["c is missing"]]


def test_numpy_times_without_zone_are_read_in_the_zone():
    table = pd.DataFrame({**ROWS, "t": pd.to_datetime(["2024-05-01", None, "2024-05-02"])})
    frame, _ = canonical_table(table, SCHEMA, wordings_of(SCHEMA, timezone="Europe/Berlin"))
    assert frame["t"].to_list()[0] == datetime(2024, 4, 30, 22, tzinfo=UTC)


def test_a_pandas_frame_without_an_input_is_refused_with_the_nearest_name():
    with pytest.raises(MilepostError, match="Rename 'nn' to 'n'"):
        read(pd.DataFrame(ROWS).rename(columns={"n": "nn"}))


@pytest.mark.parametrize("table", ["n,c", 3, None, object()])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(MilepostError, match="is no table"):
        read(table)


def test_no_rows_are_a_table_too():
    frame, flags = read([])
    assert (frame.height, len(flags), frame.columns) == (0, 0, ["n", "c", "t", "f"])
