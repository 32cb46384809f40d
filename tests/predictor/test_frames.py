from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.frames import canonical_frame
from milepost.predictor.inputs import compile_gate
from milepost.predictor.wording import wordings_of

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]
COLUMNS = [
    Column("integer", "integer", "number", "feature", missing_share=0.0, lo=-3.0, hi=72.0),
    Column("float", "float", "number", "feature", missing_share=0.1, lo=0.0),
    Column("flag", "boolean", "flag", "feature", missing_share=0.0),
    Column(
        "category", "text", "category", "feature", missing_share=0.0, levels=("Yes", "No", "1", "true", "n/a", "2.5")
    ),
    Column("text", "text", "text", "feature", missing_share=0.0),
    Column("day", "date", "time", "feature", missing_share=0.0),
    Column("moment", "datetime", "time", "time", missing_share=0.0),
]
REPAIR = {"form": "", "zone": "UTC", "missing": [], "present": [], "spellings": []}
REPAIRS = [
    {**REPAIR, "column": "integer", "missing": ["999", "-1"]},
    {**REPAIR, "column": "float", "form": "decimal comma"},
    {**REPAIR, "column": "category", "spellings": [["Ja", "Yes"]]},
    {**REPAIR, "column": "text", "missing": ["nothing"], "present": ["?"], "spellings": [["a", "b"]]},
    {**REPAIR, "column": "day", "missing": ["1900-01-01"], "form": "day/month/year"},
    {**REPAIR, "column": "moment", "missing": ["1900-01-01"], "zone": "Europe/Berlin"},
]

WRITTEN = (
    "Yes", " yes.", "YES", "no", "n/a", "NA", "", " ", "?", "12", " 1,234.5 ", "1.234,5", "1e3", "-0.0", "nan", "inf",
    "1_000", "true", "FALSE", "Ja", "2024-02-29", "29.02.2024", "2024-02-29T12:30+02:00", "2024-03-31 02:30",
    "unknown", "a", "nothing",
)  # fmt: skip
texts = st.text() | st.sampled_from(WRITTEN)
numbers = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, 999.0, -1.0, 72.0, 72.5, 1e300, 2.5])
naive = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)) | st.datetimes(
    datetime(1969, 1, 1), datetime(2060, 1, 1)
)
STORED: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int64(): st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, 999, 2**53 + 1]),
    pl.UInt8(): st.integers(0, 255),
    pl.Float64(): numbers,
    pl.Float32(): st.floats(width=32),
    pl.Boolean(): st.booleans(),
    pl.String(): texts,
    pl.Categorical(): st.sampled_from(["Yes", "yes", "12", "x"]),
    pl.Date(): st.dates(date(1, 1, 1), date(9999, 12, 31)) | st.just(date(1900, 1, 1)),
    pl.Datetime("us"): naive,
    pl.Datetime("ms"): naive.map(lambda time: time.replace(microsecond=0)),
    pl.Datetime("us", "UTC"): naive.map(lambda time: time.replace(tzinfo=UTC)),
    pl.Null(): st.none(),
}


@st.composite
def stored_columns(draw: st.DrawFn) -> pl.Series:
    dtype = draw(st.sampled_from(list(STORED)))
    values = draw(st.lists(st.none() | STORED[dtype], max_size=12))
    return pl.Series("raw", values, dtype=dtype)


def outcome(work: Any) -> Any:
    try:
        return work()
    except MilepostError:
        return MilepostError


@settings(max_examples=250)
@given(column=st.sampled_from(COLUMNS), values=stored_columns(), zone=st.sampled_from(ZONES), repaired=st.booleans())
@example(
    COLUMNS[6], pl.Series("raw", [datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30)]), "Europe/Berlin", False
)
@example(COLUMNS[0], pl.Series("raw", [2**53 + 1, 2**63 - 1]), "UTC", False)
def test_a_column_means_what_its_rows_mean(column, values, zone, repaired):
    schema = Schema((column,), "regression")
    wordings = wordings_of(schema, REPAIRS if repaired else (), timezone=zone)
    gate, name = compile_gate(schema, wordings), column.name

    def by_row() -> list[tuple[object, list[str]]]:
        gated = [gate({name: value}) for value in values.to_list()]
        return [(repr(read[name]), flags) for read, flags in gated]

    def by_column() -> list[tuple[object, list[str]]]:
        frame, flags = canonical_frame(pl.DataFrame({name: values}), schema, wordings)
        read = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in frame[name].to_list()]
        return list(zip(map(repr, read), flags.to_list(), strict=True))

    assert outcome(by_row) == outcome(by_column)


def test_flags_of_one_row_stand_in_the_order_of_the_columns():
    schema = Schema((COLUMNS[3], COLUMNS[0], COLUMNS[2]), "regression")
    table = pl.DataFrame({"category": ["maybe", "Yes"], "integer": [900, 5], "flag": [None, True]})
    _, flags = canonical_frame(table, schema, wordings_of(schema))
    assert flags.to_list() == [
        ["unseen level 'maybe' in category", "integer 900 is above anything seen (72)", "flag is missing"],
        [],
    ]


def test_a_table_without_an_input_is_refused_with_the_nearest_name():
    schema = Schema((COLUMNS[2],), "regression")
    with pytest.raises(MilepostError, match="Rename 'flags' to 'flag'"):
        canonical_frame(pl.DataFrame({"flags": [True]}), schema, wordings_of(schema))


def test_a_table_without_several_inputs_is_told_to_add_them():
    schema = Schema(COLUMNS[:2], "regression")
    names = [repr(column.name) for column in schema.columns]
    with pytest.raises(MilepostError, match=f"lacks {', '.join(names)}") as caught:
        canonical_frame(pl.DataFrame({"zzz": [True]}), schema, wordings_of(schema))
    assert caught.value.fix == f"Add the columns {', '.join(names)}; empty where not known."


def test_the_first_row_that_cannot_be_read_is_named():
    schema = Schema((COLUMNS[0],), "regression")
    table = pl.DataFrame({"integer": ["1", "2", "abc", "xyz"]})
    with pytest.raises(MilepostError, match=r"'abc', which is not a number(.|\n)*row 3"):
        canonical_frame(table, schema, wordings_of(schema))


def test_a_column_of_lists_is_refused():
    schema = Schema((COLUMNS[0],), "regression")
    with pytest.raises(MilepostError, match="List"):
        canonical_frame(pl.DataFrame({"integer": [[1], [2]]}), schema, wordings_of(schema))


def test_a_table_without_rows_or_inputs_keeps_its_shape():
    schema = Schema(tuple(COLUMNS), "regression")
    frame, flags = canonical_frame(
        pl.DataFrame(schema=dict.fromkeys(schema.names, pl.String)), schema, wordings_of(schema)
    )
    assert (frame.shape, len(flags)) == ((0, len(COLUMNS)), 0)
    bare = Schema((), "regression")
    frame, flags = canonical_frame(pl.DataFrame({"other": [1, 2]}), bare, {})
    assert (frame.height, flags.to_list()) == (2, [[], []])


def test_moments_with_an_offset_become_utc():
    schema = Schema((COLUMNS[6],), "regression")
    table = pl.DataFrame({"moment": [datetime(2024, 5, 1, 10, tzinfo=timezone(timedelta(hours=2)))]})
    frame, _ = canonical_frame(
        table.with_columns(pl.col("moment").dt.convert_time_zone("Asia/Tokyo")), schema, wordings_of(schema)
    )
    assert frame["moment"].to_list() == [datetime(2024, 5, 1, 8, tzinfo=UTC)]
