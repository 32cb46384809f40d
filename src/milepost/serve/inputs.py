"""What each input is, in words for the people who have to send it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from milepost.data.schema import Column
from milepost.data.writing import MISSING_TOKENS, MISSING_WORDS
from milepost.ground.text import count, figure, listed, some_share
from milepost.predictor.inputs import LEVELS_KEPT
from milepost.predictor.wording import Wording

MISSING_TEXTS = MISSING_TOKENS | MISSING_WORDS  # mean "no value" beside numbers, truths and times

_FIGURES = 6  # of a bound


@dataclass(frozen=True, slots=True)
class InputWords:
    """An input in words.

    Attributes:
        kind: what its values are.
        seen: which of them were seen; what else comes is answered and flagged. Empty where anything is usual.
        null: what a missing value means.
    """

    kind: str
    seen: str
    null: str

    @property
    def sentences(self) -> str:
        """Return all of it."""
        return " ".join(f"{part}." for part in (self.kind, self.seen, self.null) if part)


def input_words(column: Column, wording: Wording) -> InputWords:
    """Return what an input is.

    Args:
        column: the input.
        wording: how it may be written.
    """
    return InputWords(_kind(column), _seen(column), _null(column, wording))


def _kind(column: Column) -> str:
    if _is_switch(column):
        return "0 or 1"
    return {
        "text": "Text",
        "integer": "A whole number",
        "float": "A number",
        "boolean": "true or false",
        "date": "A day, such as 2026-05-31",
        "datetime": "A time, such as 2026-05-31T10:00:00Z",
    }[column.dtype]


def _seen(column: Column) -> str:
    if column.levels:
        more = " and more" if len(column.levels) >= LEVELS_KEPT else ""
        return f"{count(len(column.levels))}{more} were seen: {listed(column.levels)}"
    if column.lo is None or column.hi is None or _is_switch(column):
        return ""
    if column.dtype in ("date", "datetime"):
        first, last = (datetime.fromtimestamp(bound, UTC).date().isoformat() for bound in (column.lo, column.hi))
        return f"{first} to {last} were seen"
    return f"{figure(column.lo, digits=_FIGURES)} to {figure(column.hi, digits=_FIGURES)} were seen"


def _is_switch(column: Column) -> bool:
    return column.dtype == "integer" and (column.lo, column.hi) == (0.0, 1.0)


def _null(column: Column, wording: Wording) -> str:
    own = sorted(wording.missing - MISSING_TEXTS)
    null = f"null (or {listed(own)})" if own else "null"
    if column.missing_share is None:
        return f"{null} is answered"
    if column.missing_share == 0:
        return f"{null} is answered and flagged: it was never missing"
    return f"{null} is usual: {some_share(column.missing_share)} were missing"
