"""The gate of one row: raw values, as JSON or Python brings them, become canonical values with flags, or clear errors.

raw        {"tenure": "12", "contract": "one year ", "seen_at": "2024-05-01T10:00+02:00", …}
canonical  {"tenure": 12.0, "contract": "One year", "seen_at": datetime(2024, 5, 1, 8, tzinfo=UTC), …}

A number is a float, a category or text a str, a flag a bool, a time a date or a UTC datetime. Missing is None, not NaN.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import islice
from typing import Any, TypeGuard

from milepost.data.schema import Column, Schema
from milepost.data.writing import SPACES, date_of, number_of, time_of, truth_of
from milepost.ground.errors import MilepostError
from milepost.ground.text import listed, nearest
from milepost.predictor.wording import Wording
from milepost.predictor.zones import FIRST_YEAR, LAST_YEAR, zone_called

Raw = Mapping[str, Any]
Canonical = dict[str, object]
Reader = Callable[[Any, list[str]], object]  # a raw value, and the flags so far -> the canonical value

LEVELS_KEPT = 10_000  # a schema that holds this many levels may not hold them all
# Half of a surrogate pair is no character: no file and no answer could hold it.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_MOST_LOOKED_AT = 200  # fields of a row, for the one that was meant
_EXACT = 2**1000  # integers up to here become a float without overflow
_LARGEST_INTEGER = 2.0**63  # whole floats beyond are written with their exponent


def compile_gate(schema: Schema, wordings: Mapping[str, Wording]) -> Callable[[Raw], tuple[Canonical, list[str]]]:
    """Return the function from a raw row to its canonical values and flags; threads may share it.

    The function raises MilepostError that names every field that is absent or cannot be read. Other fields are ignored.

    Args:
        schema: of the inputs.
        wordings: how each input may be written.
    """
    readers = [(column.name, reader_of(column, wordings[column.name])) for column in schema.columns]

    def read(row: Raw) -> tuple[Canonical, list[str]]:
        flags: list[str] = []
        try:
            return {name: read_value(row[name], flags) for name, read_value in readers}, flags
        except (MilepostError, KeyError, TypeError, IndexError):
            _refuse(_problems(row, readers))
            raise

    return read


def compile_check(schema: Schema, wordings: Mapping[str, Wording]) -> Callable[[Any], list[MilepostError]]:
    """Return the function from a raw row to one error for each field that is absent or cannot be read.

    Args:
        schema: of the inputs.
        wordings: how each input may be written.
    """
    readers = [(column.name, reader_of(column, wordings[column.name])) for column in schema.columns]
    return lambda row: _problems(row, readers)


def reader_of(column: Column, wording: Wording) -> Reader:
    """Return the function from a raw value of column to its canonical value; it adds a flag to the list it is given.

    The function raises MilepostError where the value cannot be read.
    """
    if column.dtype in ("integer", "float"):
        return _number_reader(column, wording)
    if column.dtype == "boolean":
        return _flag_reader(column, wording)
    return _text_reader(column, wording) if column.dtype == "text" else _time_reader(column, wording)


def _problems(row: Any, readers: list[tuple[str, Reader]]) -> list[MilepostError]:
    """Return all that is wrong with a row."""
    if not isinstance(row, Mapping):
        what = f"A row is a mapping from column names to values, not {_shown(row)}."
        return [MilepostError(what, where="the row", fix='Give {"column": value, …}.')]
    problems: list[MilepostError] = []
    known = frozenset(name for name, _ in readers)
    for name, read in readers:
        if name not in row:
            problems.append(_absent(name, row, known))
            continue
        try:
            read(row[name], [])
        except MilepostError as problem:
            problems.append(problem)
    return problems


def _refuse(problems: list[MilepostError]) -> None:
    """Raise one error for all of them."""
    if problems:
        what, where = " ".join(problem.what for problem in problems), ", ".join(problem.where for problem in problems)
        raise MilepostError(what, where=where, fix=problems[0].fix)


def refuse_missing(schema: Schema, names: Sequence[str], *, where: str = "the table to be answered") -> None:
    """Refuse a table that lacks inputs.

    Args:
        schema: of the inputs.
        names: the columns of the table.
        where: what the table is called.

    Raises:
        MilepostError: inputs are not there; the error names them all.
    """
    missing = [name for name in schema.names if name not in names]
    if not missing:
        return
    near = nearest(missing[0], [name for name in names if name not in schema.names])
    noun = "column" if len(missing) == 1 else "columns"
    shown = listed([repr(name) for name in missing])
    raise MilepostError(
        f"The table lacks {shown}, which the bundle answers from.",
        where=where,
        fix=f"Rename {near!r} to {missing[0]!r}." if near else f"Add the {noun} {shown}; empty where not known.",
    )


@lru_cache(maxsize=1024)
def _nearest(name: str, given: tuple[str, ...]) -> str | None:
    """Return what nearest does; thousands of rows with the same mistake ask once."""
    return nearest(name, given)


def _absent(name: str, row: Raw, known: Collection[str]) -> MilepostError:
    """Return the error for an input that is not there; another input is never taken for it.

    Args:
        name: of the input.
        row: without it.
        known: the names of all inputs.
    """
    unknown = (field for field in islice(map(str, row), _MOST_LOOKED_AT) if field not in known)
    near = _nearest(name, tuple(unknown))
    hint = f"Write {name!r} instead of {near!r}." if near else f"Add {name!r}; null where it is not known."
    return MilepostError(f"The row has no {name!r}.", where=f"field {name!r}", fix=hint)


# numbers and flags


def _number_reader(column: Column, wording: Wording) -> Reader:
    lo = -math.inf if column.lo is None else column.lo
    hi = math.inf if column.hi is None else column.hi
    missing, sentinels = missing_flag(column), wording.sentinels

    def read(raw: Any, flags: list[str]) -> float | None:
        if raw.__class__ is float or (raw.__class__ is int and -_EXACT < raw < _EXACT):
            number = float(raw)
        else:
            number = _number_in(raw, column, wording)
        if lo <= number <= hi and number not in sentinels and math.isfinite(number):
            return number
        if not math.isfinite(number) or number in sentinels:
            flags.extend(missing)
            return None
        flags.append(range_flag(column, number))
        return number

    return read


def _number_in(raw: Any, column: Column, wording: Wording) -> float:
    """Return the number that a raw value holds; NaN where it is missing."""
    value = _plain(raw)
    if value is None:
        return math.nan
    if isinstance(value, str):
        text = value.strip(SPACES)
        number = math.nan if text in wording.missing else number_of(text, wording.form)
        if number is not None:
            return number
    elif _is_number(value):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    raise _unreadable(column, raw, "a number", "Give a number, or null where it is not known.")


def range_flag(column: Column, number: float) -> str:
    """Return the flag for a number outside of what was seen."""
    if column.lo is not None and number < column.lo:
        return f"{column.name} {_figure(number)} is below anything seen ({_figure(column.lo)})"
    return f"{column.name} {_figure(number)} is above anything seen ({_figure(column.hi)})"


def _flag_reader(column: Column, wording: Wording) -> Reader:
    missing = missing_flag(column)

    def read(raw: Any, flags: list[str]) -> bool | None:
        if raw is True or raw is False:
            return bool(raw)
        value = _truth_in(raw, column, wording)
        if value is None:
            flags.extend(missing)
        return value

    return read


def _truth_in(raw: Any, column: Column, wording: Wording) -> bool | None:
    value = _plain(raw)
    if value is None:
        return None
    if isinstance(value, str):
        if value.strip(SPACES) in wording.missing:
            return None
        truth = truth_of(value)
        if truth is not None:
            return truth
    elif _is_number(value):
        if value == 0 or value == 1:
            return bool(value)
        if value != value:
            return None
    raise _unreadable(column, raw, "true or false", "Give true, false, or null where it is not known.")


# text


def _text_reader(column: Column, wording: Wording) -> Reader:
    levels = frozenset(column.levels)
    missing = missing_flag(column)

    def read(raw: Any, flags: list[str]) -> str | None:
        if raw.__class__ is str and raw in levels:
            return raw
        text = _text_in(raw, column)
        if text is None or (text in wording.missing and text not in levels):
            flags.extend(missing)
            return None
        text = wording.spellings.get(text, text)
        if not levels or text in levels:
            return text
        level = _level_like(text, column)
        if level is not None:
            flags.append(f"{column.name} {text!r} is read as {level!r}")
            return level
        if len(levels) < LEVELS_KEPT:
            flags.append(f"unseen level {text!r} in {column.name}")
        return text

    return read


def _level_like(text: str, column: Column) -> str | None:
    """Return the one level that is spelled like text; None where there is none or more than one."""
    from milepost.data.repairs import spelling_key

    return _unique_spellings(column.levels).get(spelling_key(text))


@cache
def _unique_spellings(levels: tuple[str, ...]) -> dict[str, str]:
    """Return the level behind each spelling key that only one level has."""
    from milepost.data.repairs import spelling_key

    by_key: dict[str, list[str]] = {}
    for level in levels:
        by_key.setdefault(spelling_key(level), []).append(level)
    return {key: alike[0] for key, alike in by_key.items() if len(alike) == 1}


def _text_in(raw: Any, column: Column) -> str | None:
    """Return the text that a raw value holds, without outer spaces; whole numbers are written without a point."""
    value = _plain(raw)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\ufffd", value).strip(SPACES)
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        return _figure(value)
    if isinstance(value, date):
        return value.isoformat()
    raise _unreadable(column, raw, "text", "Give text, or null where it is not known.")


# times


def _time_reader(column: Column, wording: Wording) -> Reader:
    zone = zone_called(wording.zone)
    missing = missing_flag(column)
    only_day = column.dtype == "date"

    def read(raw: Any, flags: list[str]) -> date | None:
        value = _time_in(raw, column, wording)
        if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise out_of_calendar(column)
        if isinstance(value, datetime):
            aware = value.replace(tzinfo=zone) if value.tzinfo is None else value
            value = value.date() if only_day else aware.astimezone(UTC)
        elif value is not None and not only_day:
            value = datetime(value.year, value.month, value.day, tzinfo=zone).astimezone(UTC)
        if value is None or value in wording.sentinels:
            flags.extend(missing)
            return None
        return value

    return read


def _time_in(raw: Any, column: Column, wording: Wording) -> date | None:
    """Return the date or the time, aware or naive, that a raw value holds."""
    value = _plain(raw)
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.strip(SPACES)
        if text in wording.missing:
            return None
        only_day = column.dtype == "date"
        time = date_of(text, wording.form) if only_day else time_of(text, wording.form, wording.zone)
        if time is not None:
            return time
    raise _unreadable(column, raw, "a date or time", "Write it like 2024-05-31 or 2024-05-31T10:00:00Z, or give null.")


def out_of_calendar(column: Column) -> MilepostError:
    """Return the error for a time so far away that it cannot be read in every zone."""
    return MilepostError(
        f"{column.name} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}.",
        where=f"field {column.name!r}",
        fix="Correct the year, or give null where the time is not known.",
    )


# what all share


def missing_flag(column: Column) -> tuple[str, ...]:
    """Return the flag for a missing value, none where values were missing before."""
    return (f"{column.name} is missing",) if column.missing_share == 0 else ()


def _plain(raw: Any) -> Any:
    """Return Python's own value for a scalar of numpy or pandas; None for what these and Decimal call missing."""
    family = type(raw)
    if family.__name__ in ("NAType", "NaTType") or (family.__name__ == "Decimal" and raw.is_nan()):
        return None
    if family.__module__ == "numpy" and family.__name__ != "ndarray":
        return raw.item()
    return raw


def _is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number of any family that becomes a float."""
    return isinstance(value, numbers.Number) and not isinstance(value, complex)


def _unreadable(column: Column, raw: Any, noun: str, fix: str) -> MilepostError:
    return MilepostError(
        f"{column.name} is {_shown(raw)}, which is not {noun}.", where=f"field {column.name!r}", fix=fix
    )


def _shown(raw: Any) -> str:
    text = _HALF_CHARACTER.sub("\ufffd", repr(raw))
    return text if len(text) <= 60 else f"{text[:57]}…"


def _figure(number: Any) -> str:
    """Return a number exactly, a whole one without a point."""
    if isinstance(number, float) and number == math.floor(number) and abs(number) < _LARGEST_INTEGER:
        return str(int(number))
    return str(number)
