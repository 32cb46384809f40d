"""What turns a cell as it comes into the value that is meant: one repair for each column, plain data.

" 1,234 " -> 1234     "n/a" -> missing     "yes." -> "Yes"     999 -> missing, where the problem file says so
Two evaluators of the same repair: a column one (Polars) and a scalar one for a single cell.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from milepost.data import parsing
from milepost.data.schema import Dtype, Kind
from milepost.data.writing import MISSING_TOKENS, SPACES, Form, date_of, number_of, time_of, truth_of

TYPES: dict[Dtype, pl.DataType] = {
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "boolean": pl.Boolean(),
    "text": pl.String(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us", "UTC"),
}
_QUOTES = "\"'`´‘’“”„«»"


@dataclass(frozen=True, slots=True)
class Repair:
    """How the cells of one column become values.

    Attributes:
        column: its name.
        dtype: how the values are stored.
        form: how numbers or dates are written where that is not plain.
        zone: the zone of times that have no offset.
        missing: what means "no value" here, beside MISSING_TOKENS: declared, as text.
        present: tokens of MISSING_TOKENS that are values here: declared.
        spellings: other spellings of a label, each with the one that stays.
        kind: what the values mean, where the problem file says so.
    """

    column: str
    dtype: Dtype
    form: Form = ""
    zone: str = "UTC"
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()
    kind: Kind | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Repair:
        lists = {name: tuple(document[name]) for name in ("missing", "present")}
        pairs = tuple((old, new) for old, new in document["spellings"])
        return cls(**{**document, **lists, "spellings": pairs})


def spelling_key(text: str) -> str:
    """Return what is left of a label when case, spaces, quotes and a trailing full stop do not count.

    >>> spelling_key(' "New  York." ') == spelling_key("new york")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold().strip(SPACES + _QUOTES)
    return " ".join(folded.removesuffix(".").strip(SPACES + _QUOTES).split())


def respelled(levels: Iterable[str]) -> Callable[[str], str]:
    """Return the function that gives a label the spelling it has among levels; others stay, without outer spaces."""
    known = list(levels)
    by_key = {spelling_key(level): level for level in reversed(known)}
    exact = set(known)

    def respell(text: str) -> str:
        text = text.strip(SPACES)
        return text if text in exact else by_key.get(spelling_key(text), text)

    return respell


def apply_repairs(frame: pl.LazyFrame, repairs: Iterable[Repair]) -> pl.LazyFrame:
    """Return frame with each repaired column as it is meant; columns that frame lacks are passed over.

    A cell that cannot be read as its column's dtype becomes missing.
    """
    types = frame.collect_schema()
    return frame.with_columns(as_polars(repair, types[repair.column]) for repair in repairs if repair.column in types)


def as_polars(repair: Repair, source: pl.DataType) -> pl.Expr:
    """Return the repaired column, under its own name.

    Args:
        repair: what to do.
        source: how the column is stored as it comes.
    """
    column = pl.col(repair.column)
    if is_text(source):
        return _from_text(repair, column).cast(TYPES[repair.dtype]).alias(repair.column)
    if source.is_numeric():
        return _from_number(repair, column).cast(TYPES[repair.dtype]).alias(repair.column)
    if isinstance(source, pl.Datetime | pl.Date):
        return _from_time(repair, column, source).alias(repair.column)
    if isinstance(source, pl.Boolean):
        return _from_truth(repair, column).cast(TYPES[repair.dtype]).alias(repair.column)
    return pl.lit(None, TYPES[repair.dtype]).alias(repair.column)


def is_text(source: pl.DataType) -> bool:
    """Return whether a column so stored holds text."""
    return isinstance(source, pl.String | pl.Categorical | pl.Enum | pl.Time)


def _from_text(repair: Repair, column: pl.Expr) -> pl.Expr:
    text = parsing.cleaned(column, present=repair.present)
    if repair.missing:
        text = pl.when(~text.is_in(list(repair.missing))).then(text)
    if repair.dtype == "boolean":
        return parsing.truths(text)
    if repair.dtype == "integer":
        return _without(repair, parsing.integers(text, repair.form))
    if repair.dtype == "float":
        return _without(repair, parsing.numbers(text, repair.form))
    if repair.dtype == "date":
        return _without(repair, parsing.dates(text, repair.form))
    if repair.dtype == "datetime":
        return _without(repair, parsing.times(text, repair.form, repair.zone))
    old, new = zip(*repair.spellings, strict=True) if repair.spellings else ((), ())
    return text.replace(list(old), list(new)) if old else text


def _from_number(repair: Repair, column: pl.Expr) -> pl.Expr:
    number = column.cast(pl.Float64)
    held = pl.when(number.is_finite()).then(column)
    if repair.dtype == "integer":
        return _without(repair, pl.when(held == held.floor()).then(held).cast(pl.Int64, strict=False))
    if repair.dtype == "float":
        return _without(repair, held.cast(pl.Float64))
    if repair.dtype == "boolean":
        return pl.when(number.is_in([0.0, 1.0])).then(number == 1.0)
    if repair.dtype != "text":
        return pl.lit(None)
    wholes = parsing.as_integers(held).cast(pl.String)
    return _from_text(repair, pl.coalesce(wholes, held.cast(pl.String)))


def _from_time(repair: Repair, column: pl.Expr, source: pl.Datetime | pl.Date) -> pl.Expr:
    if repair.dtype not in ("date", "datetime"):
        return _from_text(repair, column.cast(pl.String)).cast(TYPES[repair.dtype])
    if isinstance(source, pl.Datetime):
        column = column.dt.cast_time_unit("us")
        aware = column.dt.convert_time_zone("UTC") if source.time_zone else parsing.in_utc(column, repair.zone)
        return _without(repair, aware.cast(TYPES[repair.dtype]) if repair.dtype == "datetime" else column.cast(pl.Date))
    midnight = parsing.in_utc(column.cast(pl.Datetime("us")), repair.zone)
    return _without(repair, column if repair.dtype == "date" else midnight)


def _from_truth(repair: Repair, column: pl.Expr) -> pl.Expr:
    if repair.dtype == "text":
        return _from_text(repair, column.cast(pl.String))
    return column if repair.dtype in ("boolean", "integer", "float") else pl.lit(None)


def _without(repair: Repair, values: pl.Expr) -> pl.Expr:
    """Return values with those that the problem file declares missing as missing."""
    sentinels = _sentinels(repair)
    return pl.when(~values.is_in(sentinels)).then(values) if sentinels else values


def _sentinels(repair: Repair) -> list[Any]:
    """Return the declared missing values as values of the column's dtype; words that say none are left out."""
    read: dict[Dtype, Callable[[str], Any]] = {
        "integer": lambda text: _integer(number_of(text), text),
        "float": number_of,
        "date": date_of,
        "datetime": lambda text: time_of(text, zone=repair.zone),
    }
    values = (read[repair.dtype](text) for text in repair.missing) if repair.dtype in read else ()
    return [value for value in values if value is not None]


def as_function(repair: Repair) -> Callable[[object], object]:
    """Return the function that repairs one cell: text, a number, a truth, a time, or None."""
    spellings, sentinels = dict(repair.spellings), set(_sentinels(repair))
    tokens = MISSING_TOKENS.difference(repair.present).union(repair.missing)

    def from_text(text: str) -> object:
        text = text.strip(SPACES)
        return None if text in tokens else _READERS[repair.dtype](repair, spellings.get(text, text))

    def repaired(cell: object) -> object:
        value = from_text(_as_text(cell)) if isinstance(cell, str) or repair.dtype == "text" else _typed(repair, cell)
        return None if value in sentinels and repair.dtype != "text" else value

    return lambda cell: None if cell is None else repaired(cell)


_READERS: dict[Dtype, Callable[[Repair, str], object]] = {
    "text": lambda _, text: text,
    "boolean": lambda _, text: truth_of(text),
    "integer": lambda repair, text: _integer(number_of(text, repair.form), text),
    "float": lambda repair, text: number_of(text, repair.form),
    "date": lambda repair, text: date_of(text, repair.form),
    "datetime": lambda repair, text: time_of(text, repair.form, repair.zone),
}


def _integer(number: float | None, text: str = "") -> int | None:
    """Return a whole number exactly: from its digits where there are such, else from the floating number."""
    if number is None or not number.is_integer() or not -(2.0**63) <= number < 2.0**63:
        return None
    return int(text) if text.lstrip("+-").isdigit() else int(number)


def _as_text(cell: object) -> str:
    """Return a cell as a label: true, 1, Yes."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _typed(repair: Repair, cell: object) -> object:
    """Return a cell that is no text as a value of the column's dtype, or None."""
    if isinstance(cell, datetime | date):
        return _moment(repair, cell)
    if not isinstance(cell, bool | int | float) or not math.isfinite(cell):
        return None
    if repair.dtype == "float":
        return float(cell)
    if repair.dtype == "integer":
        return cell if type(cell) is int else _integer(float(cell))
    return bool(cell) if repair.dtype == "boolean" and cell in (0, 1) else None


def _moment(repair: Repair, cell: date) -> date | None:
    if repair.dtype == "date":
        return cell.date() if isinstance(cell, datetime) else cell
    if repair.dtype != "datetime":
        return None
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(repair.zone))).astimezone(UTC)
