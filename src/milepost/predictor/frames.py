"""The gate of a table: the same meaning as the gate of a row, column by column.

Columns that already hold what the schema says, or say it in text, pass in a few vector operations. What is left, such
as spellings of a level, goes through the row's own gate once for each distinct value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from milepost.data import parsing
from milepost.data.schema import Column, Schema
from milepost.data.writing import SPACES
from milepost.ground.errors import MilepostError
from milepost.ground.text import count
from milepost.predictor.inputs import out_of_calendar, range_flag, reader_of, refuse_missing
from milepost.predictor.wording import Wording
from milepost.predictor.zones import FIRST_YEAR, LAST_YEAR, offsets_of

CANONICAL: dict[str, pl.DataType | type[pl.DataType]] = {
    "integer": pl.Float64,
    "float": pl.Float64,
    "boolean": pl.Boolean,
    "text": pl.String,
    "date": pl.Date,
    "datetime": pl.Datetime("us", "UTC"),
}
_FLAGS = {"row": pl.UInt32, "flag": pl.String}


class UnreadableCell(MilepostError):
    """A cell of a table that cannot be read as what its column holds."""

    def __init__(self, what: str, *, column: str, row: int, fix: str) -> None:
        """Say which cell it is; row counts from 0."""
        self.column, self.row = column, row
        super().__init__(what, where=f"column {column!r}, row {count(row + 1)}", fix=fix)

    def below(self, rows: int) -> UnreadableCell:
        """Return the same error in a table that has so many rows above."""
        return UnreadableCell(self.what, column=self.column, row=self.row + rows, fix=self.fix)


def canonical_frame(
    frame: pl.DataFrame, schema: Schema, wordings: Mapping[str, Wording]
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the inputs as canonical values, and the flags of each row (a list of text), both with frame's rows.

    Args:
        frame: holds the inputs by name; other columns are ignored.
        schema: of the inputs.
        wordings: how each input may be written.

    Raises:
        MilepostError: frame lacks an input, or a value cannot be read; the error names the column and its first row.
    """
    refuse_missing(schema, frame.columns)
    columns: list[pl.Series] = []
    flagged: list[pl.DataFrame] = []
    for column in schema.columns:
        values, flags = _canonical(frame.get_column(column.name), column, wordings[column.name])
        columns.append(values.alias(column.name))
        flagged.extend(flags)
    return pl.DataFrame(columns or None, height=frame.height), _flags_by_row(flagged, frame.height)


def _canonical(values: pl.Series, column: Column, wording: Wording) -> tuple[pl.Series, list[pl.DataFrame]]:
    """Return one input as canonical values, and its flags."""
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    if values.dtype == pl.Null:
        values = values.cast(CANONICAL[column.dtype])
    if column.dtype == "text" and values.dtype == pl.String:
        return _levels(values, column, wording) if column.levels else _free_text(values, column, wording)
    if values.dtype == pl.String:
        values = _said(values, column, wording)
    if not _is_native(values.dtype, column):
        return _value_by_value(values, column, wording)
    if isinstance(values.dtype, pl.Datetime | pl.Date):
        _check_calendar(values, column)
    if isinstance(values.dtype, pl.Datetime):
        values = _in_utc(values, wording.zone)
    if column.dtype in ("integer", "float"):
        values = _finite(values.cast(pl.Float64))
    values = _without(values, wording.sentinels)
    return values, [*_missing_flags(values, column), *_range_flags(values, column)]


def _is_native(dtype: pl.DataType, column: Column) -> bool:
    """Return whether a column is stored in a way that needs no look at single values."""
    if column.dtype in ("integer", "float"):
        return dtype.is_numeric() or dtype == pl.Boolean
    if column.dtype == "datetime":
        return isinstance(dtype, pl.Datetime)
    return dtype == CANONICAL[column.dtype]


def _said(values: pl.Series, column: Column, wording: Wording) -> pl.Series:
    """Return what text says, read as a whole column; as it is where a text says nothing that the column can hold."""
    text = values.str.strip_chars(SPACES)
    text = text.set(text.is_in(list(wording.missing)), None)
    cells = pl.col(column.name)
    readers: dict[str, pl.Expr] = {
        "boolean": parsing.truths(cells),
        "date": parsing.dates(cells, wording.form),
        "datetime": parsing.times(cells, wording.form, wording.zone),
    }
    said = text.alias(column.name).to_frame().select(readers.get(column.dtype, parsing.numbers(cells, wording.form)))
    read = said.to_series()
    return read if read.null_count() == text.null_count() else values


def _finite(values: pl.Series) -> pl.Series:
    """Return numbers with those that are not finite as missing."""
    finite = np.isfinite(values.to_numpy())  # what is missing is NaN there
    return values if finite.all() else values.set(pl.Series(~finite), None)


def _without(values: pl.Series, sentinels: frozenset[object]) -> pl.Series:
    """Return values with those that mean no value as missing."""
    if not sentinels:
        return values
    return values.set(values.is_in(pl.Series(list(sentinels), dtype=values.dtype)), None)


def _free_text(values: pl.Series, column: Column, wording: Wording) -> tuple[pl.Series, list[pl.DataFrame]]:
    """Return text of which no levels are known."""
    values = values.str.strip_chars(SPACES)
    values = values.set(values.is_in(list(wording.missing)), None)
    if wording.spellings:
        values = values.replace(list(wording.spellings), list(wording.spellings.values()))
    return values, list(_missing_flags(values, column))


def _levels(values: pl.Series, column: Column, wording: Wording) -> tuple[pl.Series, list[pl.DataFrame]]:
    """Return text whose known levels pass as they are and whose other values go through the gate."""
    is_known = values.is_in(column.levels)
    flags = list(_missing_flags(values, column))
    if is_known.all():  # which is missing, and counts for nothing, where the value is
        return values, flags
    rows = is_known.not_().fill_null(False).arg_true()
    read, more = _value_by_value(values.gather(rows), column, wording)
    flags.extend(part.with_columns(rows.gather(part["row"]).cast(pl.UInt32).alias("row")) for part in more)
    return values.scatter(rows, read), flags


def _value_by_value(values: pl.Series, column: Column, wording: Wording) -> tuple[pl.Series, list[pl.DataFrame]]:
    """Return values after the gate of one row, which reads each distinct one once."""
    if values.dtype.is_nested() or values.dtype in (pl.Object, pl.Binary):
        raise MilepostError(
            f"{column.name} holds values of type {values.dtype}.",
            where=f"column {column.name!r}",
            fix="Give one plain value in each row.",
        )
    read = reader_of(column, wording)
    distinct = values.unique(maintain_order=True)  # so that the first value that cannot be read is named
    canonical: list[object] = []
    notes: list[str | None] = []
    for raw in distinct.to_list():
        flags: list[str] = []
        try:
            canonical.append(read(raw, flags))
        except MilepostError as why:
            raise _at_rows(why, values, raw, column) from None
        notes.append(flags[0] if flags else None)
    book = pl.DataFrame(
        {
            "raw": distinct,
            "canonical": pl.Series(canonical, dtype=CANONICAL[column.dtype]),
            "flag": pl.Series(notes, dtype=pl.String),
        }
    )
    joined = pl.DataFrame({"raw": values}).join(book, on="raw", how="left", nulls_equal=True, maintain_order="left")
    flagged = joined.with_row_index("row").select("row", "flag").drop_nulls()
    return joined.get_column("canonical"), [flagged]


def _at_rows(why: MilepostError, values: pl.Series, raw: object, column: Column) -> MilepostError:
    rows = (values == raw).arg_true()
    if not len(rows):
        return MilepostError(why.what, where=f"column {column.name!r}", fix=why.fix)
    return UnreadableCell(why.what, column=column.name, row=int(rows[0]), fix=why.fix)


# times


def _check_calendar(values: pl.Series, column: Column) -> None:
    years = values.dt.year()
    if not years.is_between(FIRST_YEAR, LAST_YEAR).all():
        raise out_of_calendar(column)


def _in_utc(values: pl.Series, zone: str) -> pl.Series:
    """Return moments in UTC; those without zone are readings of a clock in zone."""
    assert isinstance(values.dtype, pl.Datetime)
    stamps = values.dt.cast_time_unit("us").to_physical()
    if values.dtype.time_zone is None and zone != "UTC" and stamps.null_count() < len(stamps):
        first, last = int(stamps.min()), int(stamps.max())  # type: ignore[arg-type]
        utc = pl.Series(offsets_of(zone, first, last).utc(stamps.fill_null(first).to_numpy()))
        stamps = pl.select(pl.when(stamps.is_not_null()).then(utc)).to_series()
    return stamps.cast(pl.Datetime("us", "UTC"))


# flags


def _missing_flags(values: pl.Series, column: Column) -> Iterator[pl.DataFrame]:
    if column.missing_share == 0 and values.null_count():
        rows = values.is_null().arg_true()
        yield _flagged(rows, pl.Series([f"{column.name} is missing"]).new_from_index(0, len(rows)))


def _range_flags(values: pl.Series, column: Column) -> Iterator[pl.DataFrame]:
    if column.dtype not in ("integer", "float"):
        return
    lo = -math.inf if column.lo is None else column.lo
    hi = math.inf if column.hi is None else column.hi
    numbers = values.to_numpy()
    rows = pl.Series(np.flatnonzero((numbers < lo) | (numbers > hi)))
    if len(rows):
        texts = [range_flag(column, number) for number in values.gather(rows).to_list()]
        yield _flagged(rows, pl.Series(texts, dtype=pl.String))


def _flagged(rows: pl.Series, flags: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"row": rows.cast(pl.UInt32), "flag": flags}, schema=_FLAGS)


def _flags_by_row(flagged: list[pl.DataFrame], height: int) -> pl.Series:
    """Return the list of flags of each row, in the order of the columns."""
    none = pl.Series("flags", [[]], dtype=pl.List(pl.String))
    parts = [part for part in flagged if part.height]
    if not parts or not height:
        return none.new_from_index(0, height)
    by_row = pl.concat(parts).group_by("row", maintain_order=True).agg("flag")
    rows = pl.DataFrame({"row": np.arange(height, dtype=np.uint32)})
    lists = rows.join(by_row, on="row", how="left", maintain_order="left").get_column("flag")
    return lists.fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias("flags")
