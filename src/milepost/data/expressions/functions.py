"""The table of all functions and operators, by their name in trees and by the name that users call."""

from __future__ import annotations

from typing import Final

from milepost.data.expressions.function import Function
from milepost.data.expressions.logic import LOGIC
from milepost.data.expressions.numbers import NUMBERS
from milepost.data.expressions.texts import TEXTS
from milepost.data.expressions.times import PARTS, TIMES

_ALL: Final = (*NUMBERS, *TEXTS, *TIMES, *LOGIC)

FUNCTIONS: Final[dict[str, Function]] = {row.name: row for row in _ALL}
CALLED: Final[dict[str, Function]] = {name: row for row in _ALL for name in row.called}
PART_NAMES: Final = tuple(row.name for row in PARTS)

# what CAST(… AS …) turns one type into another with; None needs nothing
CASTS: Final[dict[tuple[str, str], str | None]] = {
    ("number", "number"): None,
    ("boolean", "number"): "number_from_boolean",
    ("text", "number"): "number_from_text",
    ("boolean", "boolean"): None,
    ("number", "boolean"): "boolean_from_number",
    ("text", "text"): None,
    ("number", "text"): "text_from_number",
    ("boolean", "text"): "text_from_boolean",
    ("date", "date"): None,
    ("datetime", "date"): "date_from_datetime",
    ("datetime", "datetime"): None,
    ("date", "datetime"): "datetime_from_date",
}
