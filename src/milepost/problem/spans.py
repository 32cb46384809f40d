"""Spans of time as a problem file writes them: "30d", "12h", "90min", "2w"."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from milepost.ground.errors import MilepostError

ALLOWED = 'a number with its unit: s, min, h, d or w, such as "30d", "12h" or "2w"'
LONGEST = timedelta(days=36_525)  # a century; more is a slip of the pen

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "s": ("sec", "secs", "second", "seconds"),
    "min": ("mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "d": ("day", "days"),
    "w": ("wk", "wks", "week", "weeks"),
}
_UNIT = {spelling: unit for unit, others in _SPELLINGS.items() for spelling in (unit, *others)}
_MICROSECONDS = {"s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6, "w": 604_800 * 10**6}
_NO_FIXED_LENGTH = {
    **dict.fromkeys(("mo", "month", "months"), 30),
    **dict.fromkeys(("q", "quarter", "quarters"), 90),
    **dict.fromkeys(("y", "yr", "year", "years"), 365),
}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", re.ASCII)


def parse_span(text: str, *, where: str) -> timedelta:
    """Return the span that text says.

    Raises:
        MilepostError: text is no span, has no unit, or a unit without a fixed length.

    >>> parse_span("30d", where="here"), parse_span("2 weeks", where="here")
    (datetime.timedelta(days=30), datetime.timedelta(days=14))
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise MilepostError(f"{text!r} is no span of time.", where=where, fix=f"Write {ALLOWED}.")
    number, unit = match[1], match[2].casefold()
    if unit not in _UNIT:
        raise MilepostError(f"{text!r} is no span of time: {_doubt(unit)}.", where=where, fix=_cure(number, unit))
    microseconds = Decimal(number) * _MICROSECONDS[_UNIT[unit]]
    if microseconds > LONGEST // timedelta(microseconds=1):
        raise MilepostError(f"{text!r} is longer than a century.", where=where, fix="Write a shorter span.")
    return timedelta(microseconds=int(microseconds))


def span_text(span: timedelta) -> str:
    """Return the span in the largest of d, h, min, s that says it exactly.

    >>> span_text(timedelta(days=14)), span_text(timedelta(minutes=90)), span_text(timedelta(0))
    ('14d', '90min', '0d')
    """
    microseconds = span // timedelta(microseconds=1)
    for unit in ("d", "h", "min", "s"):
        if microseconds % _MICROSECONDS[unit] == 0:
            return f"{microseconds // _MICROSECONDS[unit]}{unit}"
    return f"{Decimal(microseconds).scaleb(-6).normalize():f}s"


def _doubt(unit: str) -> str:
    if not unit:
        return "it has no unit"
    if unit in _NO_FIXED_LENGTH:
        return f"{unit!r} has no fixed length"
    if unit == "m":
        return "'m' may be minutes or months"
    return f"{unit!r} is no unit"


def _cure(number: str, unit: str) -> str:
    if unit in _NO_FIXED_LENGTH:
        days = (Decimal(number) * _NO_FIXED_LENGTH[unit]).normalize()
        return f'Write it in days, such as "{days:f}d".'
    if unit == "m":
        return f'Write "{number}min", or a number of days for months.'
    if not unit:
        return f'Write the unit, such as "{number}d" for days.'
    return f"Write {ALLOWED}."
