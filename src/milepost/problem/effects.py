"""The business effect that is promised: how far a column's mean should move."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from milepost.ground.errors import MilepostError

_WRITTEN = re.compile(r"\s*([+-])\s*(\d[\d,]*(?:\.\d+)?)\s*(%|pp|points?|percentage points?)?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a column's mean.

    Attributes:
        amount: relative: a share of the present mean (-0.15). points: a difference of rates, 0..1 (0.02 for two
            percentage points). absolute: in the column's unit.
        kind: how amount is meant.
    """

    amount: float
    kind: Literal["relative", "points", "absolute"]

    @classmethod
    def parse(cls, text: str, *, where: str) -> Change:
        """Return the change that text says: "-15%", "+2 points" or "-3.5".

        Raises:
            MilepostError: text is no change, or has no sign.

        >>> Change.parse("-15%", where="here")
        Change(amount=-0.15, kind='relative')
        """
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise MilepostError(
                f"{text!r} is no change.",
                where=where,
                fix='Write it with its sign: "-15%" of what it is today, "+2 points" for percentage points of a rate, '
                'or "-3.5" in the column\'s own unit.',
            )
        number, unit = Decimal(match[1] + match[2].replace(",", "")), match[3]
        if unit is None:
            return cls(float(number), "absolute")
        return cls(float(number / 100), "relative" if unit == "%" else "points")

    @property
    def text(self) -> str:
        """Return the change as a problem file writes it."""
        scale = 1 if self.kind == "absolute" else 100
        digits = f"{(Decimal(repr(self.amount)) * scale).normalize():+f}"
        return digits + {"relative": "%", "points": " points", "absolute": ""}[self.kind]
