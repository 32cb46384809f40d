"""What is said of rows that cannot be answered: the first errors in full, the number of each bad row, and how many
errors are left out. Ten thousand rows with the same mistake would else get an answer that is longer than they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from milepost.ground.errors import MilepostError
from milepost.serve.csv_bodies import place_in_lines
from milepost.serve.replies import Reply, json_reply, said

MOST_ERRORS = 100  # are told in full


@dataclass(slots=True)
class UnreadableRows:
    """Rows of a request that were left out.

    Attributes:
        numbers: of these rows, counted from 0.
        errors: the first ones, each with its row.
        left_out: errors beyond these.
    """

    numbers: list[int] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0

    def add(self, number: int, errors: Sequence[MilepostError]) -> None:
        """Leave out a row."""
        self.numbers.append(number)
        told = errors[: MOST_ERRORS - len(self.errors)]
        self.errors += [{"row": number, **said(error)} for error in told]
        self.left_out += len(errors) - len(told)

    def document(self) -> dict[str, Any]:
        """Return what an answer says of them."""
        return {"errors": self.errors, "unreadable": self.numbers, **_left_out(self.left_out)}


def unreadable_reply(error: MilepostError, fields: Sequence[MilepostError], lines: Sequence[int] = ()) -> Reply:
    """Return the reply to a request that is not answered because a row cannot be read.

    Args:
        error: of the row.
        fields: one error for each of its fields.
        lines: on which each row begins, where the body was CSV.
    """
    errors = [said(one) for one in (error, *fields[:MOST_ERRORS])]
    for one in errors if lines else ():
        one["where"] = place_in_lines(one["where"], lines)
    return json_reply(422, {"error": errors[0], "fields": errors[1:], **_left_out(len(fields) - len(errors) + 1)})


def _left_out(number: int) -> dict[str, int]:
    return {"left_out": number} if number else {}
