"""How values are written in text: which texts mean missing, and the patterns of numbers, truths and times.

The same patterns read a whole column (with Polars) and one cell (with Python), so they use only what both
understand alike, and are matched against a whole text whose outer spaces are cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

Form = Literal["", "decimal comma", "day/month/year", "month/day/year"]

SPACES = " \t\n\r\x0b\x0c\u00a0\u2007\u202f\u3000\u200b\ufeff"  # what is cut from both ends of every text


def _cased(words: Iterable[str]) -> frozenset[str]:
    """Return each word in lower and upper case; "Na" is sodium, so other spellings count only as they are listed."""
    return frozenset(spelled for word in words for spelled in (word.lower(), word.upper()))


MISSING_TOKENS: frozenset[str] = (  # mean "no value" wherever they stand
    _cased(["na", "n/a", "n.a.", "#n/a", "<na>", "nan", "-nan", "null", "(null)", "<null>", "nat"])
    | _cased(["#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!"])  # a spreadsheet's errors
    | {"", "N/a", "NaN", "-NaN", "Null", "NaT", "\\N", "?", "??", "-", "--", "---", "–", "—", ".", ".."}
)

_WORDS = (
    "none", "nil", "missing", "unknown", "undefined", "not available", "not applicable", "unspecified", "tbd",
    "inf", "-inf", "+inf", "infinity", "-infinity",
)  # fmt: skip
# mean "no value" beside numbers, truths and times; among other words they may be a level of their own
MISSING_WORDS: frozenset[str] = _cased(_WORDS) | {word.capitalize() for word in _WORDS}

_GAP = "[,'’ \u00a0\u202f]"
_DOT = "[.'’ \u00a0\u202f]"
_SIGN = "(?:[+-][$€£¥]?|[$€£¥]? ?[+-]?)"
INTEGER = r"[+-]?[0-9]{1,18}"
PLAIN = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
GROUPED = rf"{_SIGN}(?:[1-9][0-9]{{0,2}}(?:{_GAP}[0-9]{{3}})+|[0-9]+)(?:\.[0-9]*)? ?[%$€£¥]?"
COMMA = rf"{_SIGN}(?:[1-9][0-9]{{0,2}}(?:{_DOT}[0-9]{{3}})+|[0-9]+)(?:,[0-9]+)? ?[%$€£¥]?"
NOT_DIGITS = "[^0-9.+-]"  # what a grouped number loses before it is read
NOT_DIGITS_COMMA = "[^0-9,+-]"

_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)? ?([AaPp][Mm])?"
_OFFSET = r" ?(Z|z|UTC|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
_END = rf"(?:(?:T|,? +){_CLOCK}(?:{_OFFSET})?)?"
# Each pattern has nine groups: three parts of the date, hour, minute, second, fraction, half of the day, offset.
YEAR_FIRST = rf"([0-9]{{4}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{1,2}}){_END}"
YEAR_LAST = rf"([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{4}}|[0-9]{{2}}){_END}"
DAY_NAME_YEAR = rf"([0-9]{{1,2}})[ ./-]+([A-Za-z]{{3,9}})[ .,/-]+([0-9]{{4}}|[0-9]{{2}}){_END}"
NAME_DAY_YEAR = rf"([A-Za-z]{{3,9}})\.? +([0-9]{{1,2}}),? +([0-9]{{4}}){_END}"

_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
MONTHS: dict[str, int] = {
    **{name: number for number, name in enumerate(_NAMES, 1)},
    **{name[:3]: number for number, name in enumerate(_NAMES, 1)},
    "sept": 9,
}

# pattern -> which of its first three groups are year, month, day
Order = tuple[int, int, int]


def time_patterns(form: Form) -> tuple[tuple[str, Order], ...]:
    """Return the patterns that a column of times is read with, each with the places of year, month and day."""
    last: Order = (3, 1, 2) if form == "month/day/year" else (3, 2, 1)
    numeric: tuple[tuple[str, Order], ...] = ((YEAR_LAST, last),) if form else ()
    return ((YEAR_FIRST, (1, 2, 3)), (DAY_NAME_YEAR, (3, 2, 1)), (NAME_DAY_YEAR, (3, 1, 2)), *numeric)


def number_of(text: str, form: Form = "") -> float | None:
    """Return the number that a text says, or None if it says none.

    >>> number_of("1,234.50"), number_of("12 %"), number_of("1.234,5", "decimal comma"), number_of("abc")
    (1234.5, 12.0, 1234.5, None)
    """
    text = text.strip(SPACES)
    if form == "decimal comma":
        if re.fullmatch(COMMA, text) is None:
            return None
        return float(re.sub(NOT_DIGITS_COMMA, "", text).replace(",", "."))
    if re.fullmatch(PLAIN, text):
        number = float(text)
    elif re.fullmatch(GROUPED, text):
        number = float(re.sub(NOT_DIGITS, "", text))
    else:
        return None
    return number if abs(number) != float("inf") else None


def truth_of(text: str) -> bool | None:
    """Return what "true" or "false" says in any case, or None."""
    return {"true": True, "false": False}.get(text.strip(SPACES).lower())


def time_of(text: str, form: Form = "", zone: str = "UTC") -> datetime | None:
    """Return the time that a text says, in UTC, or None if it says none.

    Args:
        text: a date or a time of day on a date; ISO 8601 or what form allows.
        form: "day/month/year" or "month/day/year" where the year may come last; month names need no form.
        zone: the zone of a time without an offset.

    >>> time_of("2024-03-01T10:00:00+02:00"), time_of("1/3/2024", "day/month/year")
    (datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.timezone.utc), datetime.datetime(2024, 3, 1, 0, 0, \
tzinfo=datetime.timezone.utc))
    """
    naive, offset = _moment(text.strip(SPACES), form) or (None, "")
    if naive is None:
        return None
    try:
        return naive.replace(tzinfo=_offset(offset) if offset else ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:  # past the year 9999
        return None


def date_of(text: str, form: Form = "") -> date | None:
    """Return the date that a text says, as it stands there, or None; a time of day is left off.

    >>> date_of("2024-03-01 23:30-05:00"), date_of("30 Feb 2024")
    (datetime.date(2024, 3, 1), None)
    """
    naive, _ = _moment(text.strip(SPACES), form) or (None, "")
    return naive.date() if naive else None


def _moment(text: str, form: Form) -> tuple[datetime, str | None] | None:
    """Return date and clock as they stand in text, with the offset that follows them."""
    for pattern, order in time_patterns(form):
        match = re.fullmatch(pattern, text)
        if match:
            try:
                return _naive(match, order), match[9]
            except ValueError:  # the 30th of February
                return None
    return None


def _naive(match: re.Match[str], order: Order) -> datetime:
    year, month, day = (match[place] for place in order)
    hour, minute, second, fraction, half = match.group(4, 5, 6, 7, 8)
    return datetime(
        _year(year), _month(month), int(day), _hour(int(hour or 0), half), int(minute or 0), int(second or 0),
        int(f"{fraction or ''}000000"[:6]),
    )  # fmt: skip


def _year(text: str) -> int:
    """Return the year; of two digits, 69 and later are of the last century. Years before 1000 are no dates."""
    year = int(text)
    if len(text) == 2:
        return year + (1900 if year >= 69 else 2000)
    if year < 1000:
        raise ValueError(text)
    return year


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.get(text.lower(), 0)


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half in ("PM", "pm", "Pm", "pM") else 0)


def _offset(text: str) -> timezone:
    if text in ("Z", "z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(ahead if text[0] == "+" else -ahead)
