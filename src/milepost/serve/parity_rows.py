"""Rows that are hard to send and hard to read, made by chance from a seed: for comparing two ways to the same answer.

typed   a frame whose columns have the types of the inputs: nulls, -0.0, 2**53 + 1, times of several zones, any text
raw     rows as JSON may bring them: numbers as text, levels spelled otherwise, empty texts, days with a clock
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import polars as pl

from milepost.data.repairs import TYPES
from milepost.data.schema import Column, Schema

T = TypeVar("T")

BEYOND_FLOATS = 2**53 + 1  # the smallest whole number that no float64 holds

_ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu")
_ALPHABETS = (  # ranges of characters
    (0x20, 0x7E),
    (0x00, 0x1F),  # control characters, the zero among them
    (0xA0, 0x17F),
    (0x300, 0x36F),  # combining
    (0x5D0, 0x5EA),  # from right to left
    (0x2000, 0x206F),  # spaces of all widths, and what turns the direction of writing
    (0x4E00, 0x9FFF),
    (0xE000, 0xFFFD),  # private use, up to the replacement character
    (0x1F300, 0x1FAFF),  # astral
    (0x10FFF0, 0x10FFFF),
)
_WORDS = ("", " ", "NA", "null", "true", "007", "-0", "1e5", "é", "e\u0301", "ﬁ", "İ", "ß", "\ufeff", "👩‍👩‍👧", "a; b")
_FIRST, _DAYS = date(1950, 1, 1), 40_000


def typed_rows(schema: Schema, rows: int, *, seed: int) -> pl.DataFrame:
    """Return rows whose columns have the types of a schema's inputs.

    Args:
        schema: of the inputs.
        rows: how many.
        seed: the same one gives the same rows.
    """
    chance = random.Random(seed)
    columns = [_typed_column(column, rows, chance) for column in schema.columns]
    return pl.DataFrame(columns or None, height=rows)


def raw_rows(schema: Schema, rows: int, *, seed: int) -> list[dict[str, Any]]:
    """Return rows as JSON may bring them; a few values cannot be read as what their column holds.

    Args:
        schema: of the inputs.
        rows: how many.
        seed: the same one gives the same rows.
    """
    chance = random.Random(seed)
    return [{column.name: _raw_value(column, chance) for column in schema.columns} for _ in range(rows)]


# typed


def _typed_column(column: Column, rows: int, chance: random.Random) -> pl.Series:
    make, dtype = _MAKERS[column.dtype], TYPES[column.dtype]
    values = [None if chance.random() < 0.1 else make(column, chance) for _ in range(rows)]
    series = pl.Series(column.name, values, dtype=dtype)
    if column.dtype == "datetime":
        return series.dt.convert_time_zone(chance.choice(_ZONES))
    return series


def _integer(column: Column, chance: random.Random) -> int:
    lo, hi = (math.floor(bound or 0) for bound in (column.lo, column.hi))
    far = (0, -1, BEYOND_FLOATS, -BEYOND_FLOATS, 2**63 - 1, -(2**63))
    return _one_of(chance, (lambda: chance.randint(lo, max(lo, hi)), 6), (lambda: chance.choice(far), 1))


def _float(column: Column, chance: random.Random) -> float:
    lo, hi = column.lo or 0.0, column.hi or 0.0
    far = (-0.0, 0.0, float(BEYOND_FLOATS), 5e-324, 1e308, -1e308, 0.1 + 0.2, math.nan, math.inf)
    return _one_of(
        chance,
        (lambda: chance.uniform(lo, hi), 4),
        (lambda: float(round(chance.uniform(lo, hi))), 2),
        (lambda: chance.gauss(lo, 3 * (hi - lo) + 1), 1),
        (lambda: chance.choice(far), 2),
    )


def _boolean(column: Column, chance: random.Random) -> bool:  # noqa: ARG001  as the other makers
    return chance.random() < 0.5


def _text(column: Column, chance: random.Random) -> str:
    levels = column.levels or ("x",)
    return _one_of(
        chance,
        (lambda: chance.choice(levels), 6),
        (lambda: _any_text(chance), 2),
        (lambda: f" {chance.choice(levels).upper()}\u00a0", 1),
        (lambda: chance.choice(_WORDS), 1),
    )


def _any_text(chance: random.Random) -> str:
    ranges = (chance.choice(_ALPHABETS) for _ in range(chance.randint(1, 8)))
    return "".join(chr(chance.randint(*ends)) for ends in ranges)


def _day(column: Column, chance: random.Random) -> date:
    if column.lo is None or column.hi is None or chance.random() < 0.2:
        return _FIRST + timedelta(days=chance.randrange(_DAYS))
    return datetime.fromtimestamp(chance.uniform(column.lo, column.hi), UTC).date()


def _moment(column: Column, chance: random.Random) -> datetime:
    clock = timedelta(microseconds=chance.randrange(86_400_000_000))
    return datetime.combine(_day(column, chance), datetime.min.time(), UTC) + clock


_MAKERS: dict[str, Callable[[Column, random.Random], Any]] = {
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "text": _text,
    "date": _day,
    "datetime": _moment,
}


# raw


def _raw_value(column: Column, chance: random.Random) -> Any:
    if chance.random() < 0.1:
        return None
    return _RAW[column.dtype](column, chance)


def _raw_number(column: Column, chance: random.Random) -> Any:
    number = _integer(column, chance) if column.dtype == "integer" else _float(column, chance)
    number = number if math.isfinite(number) else -0.0
    return _one_of(
        chance,
        (lambda: number, 4),
        (lambda: str(number), 2),
        (lambda: f" {number:,}\u202f", 1),
        (lambda: chance.choice(("", "NA", "-", "1e3", "12 %", "unknown")), 1),
        (lambda: chance.choice((True, False, 2**64, -0.0, 1e-320, "abc")), 1),
    )


def _raw_truth(column: Column, chance: random.Random) -> Any:
    return chance.choice((_boolean(column, chance), "true", "False", " TRUE ", 1, 0, 1.0, "", "n/a", "yes"))


def _raw_text(column: Column, chance: random.Random) -> Any:
    other = (12, 12.0, 0.1, -0.0, True, BEYOND_FLOATS, 1e22)
    return _one_of(chance, (lambda: _text(column, chance), 5), (lambda: chance.choice(other), 1))


def _raw_time(column: Column, chance: random.Random) -> Any:
    moment = _moment(column, chance)
    offset = timedelta(minutes=chance.choice((-210, 0, 60, 345)))
    sign, minutes = "-" if offset < timedelta(0) else "+", abs(offset) // timedelta(minutes=1)
    forms = (
        moment.isoformat(),
        f"{moment:%Y-%m-%dT%H:%M:%S}Z",
        f"{moment:%Y-%m-%d %H:%M}",
        f"{moment:%Y-%m-%dT%H:%M:%S.%f}{sign}{minutes // 60:02d}:{minutes % 60:02d}",
        f"{moment:%Y/%m/%d}",
        f"{moment:%d %b %Y}",
        f"{moment:%B %d, %Y %I:%M %p}",
        "",
        "not yet",
    )
    return chance.choice(forms)


_RAW: dict[str, Callable[[Column, random.Random], Any]] = {
    "integer": _raw_number,
    "float": _raw_number,
    "boolean": _raw_truth,
    "text": _raw_text,
    "date": _raw_time,
    "datetime": _raw_time,
}


def _one_of(chance: random.Random, *ways: tuple[Callable[[], T], int]) -> T:
    """Return what one of several ways makes, each as often as its weight says."""
    makes: Sequence[Callable[[], T]] = [make for make, _ in ways]
    return chance.choices(makes, [weight for _, weight in ways])[0]()
