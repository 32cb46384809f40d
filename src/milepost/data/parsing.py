"""Columns of text read as numbers, truths and times: what `writing` says of one cell, said of a whole column.

Each function takes a column of text and gives a column of the same length; a text that says nothing becomes missing.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from milepost.data.writing import (
    COMMA,
    GROUPED,
    INTEGER,
    MISSING_TOKENS,
    MONTHS,
    NOT_DIGITS,
    NOT_DIGITS_COMMA,
    PLAIN,
    SPACES,
    Form,
    Order,
    time_patterns,
)

_LATEST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
_LEAST = datetime(1, 1, 1, tzinfo=UTC)


def whole(pattern: str) -> str:
    """Return the pattern that matches a text from its first to its last character."""
    return rf"\A(?:{pattern})\z"


def cleaned(text: pl.Expr, *, present: tuple[str, ...] = ()) -> pl.Expr:
    """Return text without outer spaces, and without the tokens that mean missing unless present names them."""
    stripped = text.cast(pl.String).str.strip_chars(SPACES)
    tokens = sorted(MISSING_TOKENS.difference(present))
    return pl.when(~stripped.is_in(tokens)).then(stripped)


def numbers(text: pl.Expr, form: Form = "") -> pl.Expr:
    """Return the numbers that a column of text says, Float64; `number_of` for a column."""
    return text.map_batches(lambda cells: _numbers(cells, form), return_dtype=pl.Float64(), is_elementwise=True)


def integers(text: pl.Expr, form: Form = "") -> pl.Expr:
    """Return the whole numbers that a column of text says, Int64; another number is missing."""

    def read(cells: pl.Series) -> pl.Series:
        exact = cells.str.contains(whole(INTEGER))
        if exact.all():  # missing ones aside
            return cells.cast(pl.Int64, strict=False)
        broken = _numbers(cells, form).to_frame("number").select(as_integers(pl.col("number"))).to_series()
        return pl.select(pl.when(exact).then(cells.cast(pl.Int64, strict=False)).otherwise(broken)).to_series()

    return text.map_batches(read, return_dtype=pl.Int64(), is_elementwise=True)


def _numbers(cells: pl.Series, form: Form) -> pl.Series:
    """Return the numbers in text, step by step: most columns are plain, and the rest costs more."""
    frame = cells.cast(pl.String).to_frame("text")
    text = pl.col("text")
    if form == "decimal comma":
        digits = text.str.replace_all(NOT_DIGITS_COMMA, "").str.replace(",", ".", literal=True)
        comma = pl.when(text.str.contains(whole(COMMA))).then(digits)
        return frame.select(comma.cast(pl.Float64, strict=False)).to_series()
    plain = frame["text"].str.contains(whole(PLAIN))
    if plain.all():
        return frame.select(finite(text.cast(pl.Float64, strict=False))).to_series()
    digits = text.str.replace_all(NOT_DIGITS, "")
    grouped = pl.when(text.str.contains(whole(GROUPED))).then(digits)
    written = pl.when(plain).then(text).otherwise(grouped)
    return frame.select(finite(written.cast(pl.Float64, strict=False))).to_series()


def as_integers(number: pl.Expr) -> pl.Expr:
    """Return whole floating numbers as Int64; another number is missing."""
    return pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)


def finite(number: pl.Expr) -> pl.Expr:
    """Return numbers with infinities and NaN as missing."""
    return pl.when(number.is_finite()).then(number)


def truths(text: pl.Expr) -> pl.Expr:
    """Return what a column of "true" and "false" says, Boolean; `truth_of` for a column."""
    return text.str.to_lowercase().replace_strict(["true", "false"], [True, False], default=None)


def times(text: pl.Expr, form: Form = "", zone: str = "UTC") -> pl.Expr:
    """Return the times that a column of text says, Datetime in UTC; `time_of` for a column."""

    def read(cells: pl.Series) -> pl.Series:
        found = moments(cells, form)
        moved = found.select(_time(found, zone)).to_series()
        return moved.set(~moved.is_between(_LEAST, _LATEST).fill_null(True), None)

    return text.map_batches(read, return_dtype=pl.Datetime("us", "UTC"), is_elementwise=True)


def dates(text: pl.Expr, form: Form = "") -> pl.Expr:
    """Return the dates that a column of text says, as they stand there; `date_of` for a column."""

    def read(cells: pl.Series) -> pl.Series:
        return moments(cells, form).get_column("naive").cast(pl.Date)

    return text.map_batches(read, return_dtype=pl.Date(), is_elementwise=True)


def in_utc(naive: pl.Expr, zone: str) -> pl.Expr:
    """Return local times of a zone in UTC.

    An hour that comes twice in autumn is taken the first time; an hour that is skipped in spring counts on from before.
    """
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC")
    here = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    before = naive.dt.offset_by("-3h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(here.dt.convert_time_zone("UTC"), before.dt.convert_time_zone("UTC").dt.offset_by("3h"))


def _time(found: pl.DataFrame, zone: str) -> pl.Expr:
    """Return the expression that takes the columns naive and offset of found to UTC."""
    naive, offset = pl.col("naive"), pl.col("offset")
    offsets = set(found["offset"].unique())
    if offsets <= {"Z", "z", "UTC"}:  # most columns have one way of saying it
        return naive.dt.replace_time_zone("UTC")
    if offsets == {None}:
        return in_utc(naive, zone)
    moved = (naive - _ahead(offset)).dt.replace_time_zone("UTC")
    return pl.when(offset.is_null()).then(in_utc(naive, zone)).otherwise(moved)


def _ahead(offset: pl.Expr) -> pl.Expr:
    """Return how far an offset like "+02:00" lies ahead of UTC, as a Duration."""
    digits = offset.str.replace_all("[^0-9]", "")
    hours, minutes = _int(digits.str.slice(0, 2)), _int(digits.str.slice(2, 2))
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=sign * (hours * 60 + minutes))


def moments(cells: pl.Series, form: Form) -> pl.DataFrame:
    """Return a frame: naive, date and clock as they stand in text, and offset, the text that follows them.

    Step by step and not as one expression: so many parts of parts would take the optimiser seconds.
    """
    naive, offset = pl.lit(None, pl.Datetime("us")), pl.lit(None, pl.String)
    found = pl.DataFrame({"text": cells.cast(pl.String)}).with_columns(naive=naive, offset=offset)
    for pattern, order in time_patterns(form):
        if found["naive"].null_count() == cells.null_count():
            break
        parts = found.select(pl.col("text").str.extract_groups(whole(pattern))).unnest("text")
        read = _naive(parts, order).with_columns(parts["9"].alias("offset"))
        found = found.with_columns(pl.coalesce(found[name], read[name]).alias(name) for name in ("naive", "offset"))
    return found


def _naive(parts: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Return the column naive from the nine parts of a pattern, named "1" to "9"."""
    year, month, day = (pl.col(str(place)) for place in order)
    fraction = (pl.col("7").fill_null("") + pl.lit("000000")).str.slice(0, 6)
    half = pl.col("8").str.to_lowercase()
    read = parts.select(
        year=_year(year), month=_month(month), day=_int(day), clock=_int(pl.col("4")), half=half,
        minute=_int(pl.col("5")), second=_int(pl.col("6")), fraction=_int(fraction),
    )  # fmt: skip
    read = read.with_columns(days=_days(pl.col("year"), pl.col("month")), hour=_hour(pl.col("clock"), pl.col("half")))
    return read.with_columns(right=_right()).select(
        naive=pl.datetime(
            *(pl.when("right").then(part) for part in ("year", "month", "day", "hour", "minute", "second", "fraction"))
        )
    )


def _right() -> pl.Expr:
    """Return whether the parts make a date and a clock that exist."""
    return (
        (pl.col("year") >= 1000)
        & pl.col("month").is_between(1, 12)
        & pl.col("day").is_between(1, pl.col("days"))
        & (pl.col("hour") <= 23)
        & (pl.col("minute") <= 59)
        & (pl.col("second") <= 59)
        & (pl.col("half").is_null() | pl.col("clock").is_between(1, 12))
    )


def _hour(clock: pl.Expr, half: pl.Expr) -> pl.Expr:
    """Return the hour of the day from the hour on a clock, which may be followed by am or pm."""
    return pl.when(half == "pm").then(clock % 12 + 12).when(half == "am").then(clock % 12).otherwise(clock)


def _int(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Int32, strict=False).fill_null(0)


def _year(text: pl.Expr) -> pl.Expr:
    year, century = _int(text), pl.when(_int(text) >= 69).then(1900).otherwise(2000)
    return pl.when(text.str.len_bytes() == 2).then(year + century).otherwise(year)


def _month(text: pl.Expr) -> pl.Expr:
    named = text.str.to_lowercase().replace_strict(list(MONTHS), list(MONTHS.values()), default=None)
    return pl.coalesce(text.cast(pl.Int32, strict=False), named.cast(pl.Int32)).fill_null(0)


def _days(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    february = pl.when(leap).then(29).otherwise(28)
    return pl.when(month == 2).then(february).when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)
