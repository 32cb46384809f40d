"""Numbers, percentages and spans of time as prose writes them: "5,000", "eighty-five percent", "a quarter"."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

FLAGS = re.IGNORECASE | re.ASCII
LONGEST_SPAN = timedelta(days=36_525)

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORTH = {word: number for number, word in enumerate((*_ONES, *_TEENS), start=1)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
_SCALES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "mio": 10**6}
_DAYS = {"fortnight": 14, "month": 30, "quarter": 90, "year": 365}
_SPANS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1),
          "day": timedelta(days=1), "week": timedelta(weeks=1)} | {
    unit: timedelta(days=days) for unit, days in _DAYS.items()
}  # fmt: skip
_SHORT = {"sec": "second", "min": "minute", "hr": "hour", "h": "hour", "wk": "week", "mo": "month", "yr": "year"}

WORDED = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_ONES)}))?|(?:(?:a|one)\s)?hundred|{'|'.join(_TEENS)}"
    rf"|{'|'.join(_ONES)})(?![a-z])"
)
DIGITS = r"(?:0,[0-9]{1,6}|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,9})?|[0-9]{1,15}(?:[.,][0-9]{1,9})?|\.[0-9]{1,9})"
NUMBER = rf"(?:{DIGITS}|{WORDED})"
PERCENT = r"(?:%|per\s?cent(?![a-z])|pct(?![a-z]))"
UNIT = rf"(?:(?:{'|'.join(_SPANS)})s?|(?:{'|'.join(_SHORT)})s?\.?)(?![a-z])"
_BETWEEN = re.compile(rf"between(\s{NUMBER}(?:\s?{PERCENT})?\s)and(\s{NUMBER})", FLAGS)


def plain(statement: str) -> str:
    """Return statement with odd blanks, dashes and quotes made plain, character by character, so places stay.

    >>> plain("between 80 and 90 %")
    '        80 to  90 %'
    """
    return _BETWEEN.sub(lambda match: f"{'':7}{match[1]}to {match[2]}", statement.translate(_PLAIN))


def number_in(text: str) -> Decimal:
    """Return the number that NUMBER matched.

    >>> number_in("5,000"), number_in("eighty-five"), number_in("0,8")
    (Decimal('5000'), Decimal('85'), Decimal('0.8'))
    """
    if text[0] in "0123456789.":
        grouped = re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?", text)
        return Decimal(text.replace(",", "") if grouped else text.replace(",", "."))
    words = re.split(r"[\s-]", text.casefold())
    return Decimal(100) if "hundred" in words else Decimal(sum(_WORTH[word] for word in words))


def scale_of(word: str | None) -> int:
    """Return what a word such as "k" or "million" multiplies by."""
    return _SCALES[word.casefold()] if word else 1


def span_in(number: Decimal, unit: str) -> timedelta | None:
    """Return the span of a number of units, months as 30, quarters as 90, years as 365 days; None beyond a century."""
    name = unit_name(unit)
    if name == "month" and number % 12 == 0:
        name, number = "year", number / 12
    seconds = number * Decimal(_SPANS[name].total_seconds())
    return timedelta(seconds=float(seconds)) if seconds <= LONGEST_SPAN.total_seconds() else None


def unit_name(unit: str) -> str:
    """Return the full singular name of what UNIT matched: "wks." is "week"."""
    name = unit.casefold().rstrip(".")
    for candidate in (name, name.removesuffix("s")):
        if candidate in _SPANS or candidate in _SHORT:
            return _SHORT.get(candidate, candidate)
    raise KeyError(unit)


def has_fixed_length(unit: str) -> bool:
    """Return whether a unit is always as long as span_in takes it to be."""
    return unit_name(unit) not in ("month", "quarter", "year")


_PLAIN = str.maketrans(
    dict.fromkeys("\xa0\u2007\u2009\u202f\u2002\u2003", " ")
    | dict.fromkeys("‐‑‒–—−", "-")
    | dict.fromkeys('‘’“”"', "'")
    | {"\uff05": "%"}
)
