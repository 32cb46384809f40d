"""What the values of a column mean: a number, a flag, a category, a time, free text, an id, or a constant.

Facts(dtype "integer", rows 7,043, distinct 7,043, rising)  ->  "id", "numbers the rows"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from milepost.data.column_names import has_id_name
from milepost.data.repairs import TYPES
from milepost.data.schema import Dtype, Kind
from milepost.ground.text import count, share

EXACT_ROWS = 200_000  # distinct values are counted exactly in tables of up to so many rows
EXACT_DISTINCT = 5_000  # in larger tables where an estimate (within some 12 %) says so few,
EXACT_KEYS = (
    20_000_000  # and in tables of up to so many rows where nearly each may have its own (0.3 GB for 10 million)
)
FEW_ROWS = 20  # in a smaller table "every row has its own value" says nothing


@dataclass(frozen=True, slots=True)
class Facts:
    """What one or two passes know of an understood column.

    Attributes:
        name, dtype: of the column.
        rows, missing: how many rows, how many of them without a value.
        distinct: different values, the missing one not counted; exact where they are few or nearly all, else about.
        lo, hi: smallest and largest number, or time in seconds since 1970; None for other columns.
        is_whole: all its numbers are whole.
        is_rising: each row's value is above that of the row before; only looked at where all values differ.
        words, letters: of text, the sum over its rows; else 0.
    """

    name: str
    dtype: Dtype
    rows: int
    missing: int
    distinct: int
    lo: float | None = None
    hi: float | None = None
    is_whole: bool = False
    is_rising: bool = False
    words: int = 0
    letters: int = 0

    @property
    def present(self) -> int:
        return self.rows - self.missing

    @property
    def distinct_share(self) -> float:
        return min(1.0, self.distinct / self.present) if self.present else 0.0


def gather_facts(frame: pl.LazyFrame) -> dict[str, Facts]:
    """Return the facts of each column of an understood table, in a few streaming passes of bounded memory."""
    types = frame.collect_schema()
    if not types:
        return {}
    sums = [each for place, (name, dtype) in enumerate(types.items()) for each in _sums(place, pl.col(name), dtype)]
    found = frame.select(pl.len().alias("rows"), *sums).collect(engine="streaming").row(0, named=True)
    rows = found["rows"]
    distinct = _distinct(frame, {name: found[f"{place} distinct"] for place, name in enumerate(types)}, rows)
    facts = {}
    for place, (name, dtype) in enumerate(types.items()):
        own: dict[str, Any] = {
            key: found.get(f"{place} {key}") for key in ("missing", "lo", "hi", "whole", "words", "letters")
        }
        rising = _is_rising(frame, name, dtype, rows, own["missing"], distinct[name])
        facts[name] = Facts(
            name, dtype_of(dtype), rows, own["missing"], rows if rising else distinct[name], own["lo"], own["hi"],
            is_whole=bool(own["whole"]), is_rising=rising,
            words=own["words"] or 0, letters=own["letters"] or 0,
        )  # fmt: skip
    return facts


def dtype_of(dtype: pl.DataType) -> Dtype:
    """Return the name of a type that an understood table stores; TypeError for another type."""
    for name, known in TYPES.items():
        if known == dtype:
            return name
    raise TypeError(f"{dtype} is no type of an understood table")


def _sums(place: int, column: pl.Expr, dtype: pl.DataType) -> Iterable[pl.Expr]:
    yield column.null_count().alias(f"{place} missing")
    yield column.approx_n_unique().alias(f"{place} distinct")
    if dtype.is_numeric() or isinstance(dtype, pl.Date | pl.Datetime):
        number = as_seconds(column, dtype)
        yield number.min().alias(f"{place} lo")
        yield number.max().alias(f"{place} hi")
    if dtype.is_numeric():
        yield (column.is_null() | (column == column.floor())).all().alias(f"{place} whole")
    if isinstance(dtype, pl.String):
        yield column.str.count_matches(r"\S+").sum().cast(pl.Int64).alias(f"{place} words")
        yield column.str.len_chars().sum().cast(pl.Int64).alias(f"{place} letters")


def as_seconds(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return a number or a time as Float64; times as seconds since 1970, UTC."""
    if isinstance(dtype, pl.Date):
        return column.cast(pl.Int64).cast(pl.Float64) * 86_400.0
    if isinstance(dtype, pl.Datetime):
        return column.dt.timestamp("us") / 1_000_000.0
    return column.cast(pl.Float64)


def _distinct(frame: pl.LazyFrame, estimates: Mapping[str, int], rows: int) -> dict[str, int]:
    """Return how many values differ: counted where that is cheap or matters, else the estimate."""
    few = [name for name, estimate in estimates.items() if rows <= EXACT_ROWS or estimate <= EXACT_DISTINCT]
    exact: dict[str, int] = {}
    if few:
        counts = frame.select(pl.col(name).drop_nulls().n_unique() for name in few).collect(engine="streaming")
        exact = counts.row(0, named=True)
    types = frame.collect_schema()
    for name, estimate in estimates.items():
        is_key = types[name].is_integer() or isinstance(types[name], pl.String)
        if is_key and name not in exact and estimate > 0.75 * rows and rows <= EXACT_KEYS:  # one by one, for memory
            exact[name] = _different(frame, name, types[name])
    return {name: min(exact.get(name, estimate), rows) for name, estimate in estimates.items()}


def _different(frame: pl.LazyFrame, name: str, dtype: pl.DataType) -> int:
    """Return how many values of a column differ, by sorting; a set of ten million texts would take 2 GB.

    Texts are told apart by their hash; that two of ten million share one has a chance of 3 in a million.
    """
    values = pl.col(name).drop_nulls()
    wanted = values.hash(seed=0) if dtype == pl.String else values
    keys = frame.select(wanted).collect(engine="streaming").to_series().sort()
    return int((keys[1:] != keys[:-1]).sum()) + 1 if len(keys) else 0


def _is_rising(frame: pl.LazyFrame, name: str, dtype: pl.DataType, rows: int, missing: int, distinct: int) -> bool:
    if not dtype.is_integer() or missing or rows < 3 or distinct < 0.95 * rows:
        return False
    rises = frame.select((pl.col(name).diff().drop_nulls() > 0).all())
    return bool(rises.collect(engine="streaming").item())


def kind_of(facts: Facts, declared: Kind | None = None) -> tuple[Kind, str]:
    """Return what a column means, with a clause that says why.

    Args:
        facts: what is known of it.
        declared: what the problem file says it is.
    """
    if facts.distinct == 0:
        return "constant", "no row has a value"
    if declared:
        return declared, "data.repairs says so"
    if facts.distinct == 1 and not facts.missing:
        return "constant", "every row has the same value"
    if facts.dtype in ("date", "datetime"):
        return "time", "its values are times"
    if facts.dtype == "boolean":
        return "flag", "its values are true and false"
    return _text_kind(facts) if facts.dtype == "text" else _number_kind(facts)


def _number_kind(facts: Facts) -> tuple[Kind, str]:
    if facts.dtype == "integer" and (facts.lo, facts.hi) == (0.0, 1.0):
        return "flag", "its values are 0 and 1"
    if facts.dtype == "integer":
        reason = _names_rows(facts)
        if reason:
            return "id", reason
    return "number", "its values are whole numbers" if facts.dtype == "integer" else "its values are numbers"


def _names_rows(facts: Facts) -> str:
    """Return why a column of whole numbers names its rows, or nothing."""
    span = (facts.hi or 0.0) - (facts.lo or 0.0) + 1
    differ = not facts.missing and facts.distinct == facts.rows
    if differ and facts.is_rising and span == facts.rows and facts.lo in (0.0, 1.0):
        return "numbers the rows"
    if has_id_name(facts.name) and facts.distinct > FEW_ROWS and facts.distinct_share >= 0.5:
        return f"its name says id and {_how_many(facts)} values differ"
    if not differ or facts.rows < FEW_ROWS:
        return ""
    if facts.is_rising:
        return "every row has its own value, each above the last"
    return "every row has its own value, without gaps" if span <= 1.1 * facts.rows else ""


def _text_kind(facts: Facts) -> tuple[Kind, str]:
    words, letters = facts.words / facts.present, facts.letters / facts.present
    if (facts.distinct_share > 0.5 and (words >= 4 or letters > 40)) or letters > 200:
        return "text", f"its values are sentences of {words:.0f} words, {_how_many(facts)} different"
    if facts.present >= FEW_ROWS and facts.distinct_share > 0.9:
        return "id", f"{_how_many(facts)} values differ"
    if has_id_name(facts.name) and facts.distinct > FEW_ROWS and facts.distinct_share >= 0.5:
        return "id", f"its name says id and {_how_many(facts)} values differ"
    return "category", f"it has {count(facts.distinct)} labels" if facts.distinct > 1 else "it has one label"


def _how_many(facts: Facts) -> str:
    return "all" if facts.distinct_share == 1 else f"{share(facts.distinct_share, digits=0)} of the"
