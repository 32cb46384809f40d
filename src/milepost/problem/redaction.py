"""How a column is redacted before it is logged, as a problem file writes it: drop, hash, bucket 10, bucket 30d."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from milepost.ground.errors import MilepostError
from milepost.problem.spans import parse_span

ALLOWED = '"drop", "hash", "bucket 10" (of numbers) or "bucket 30d" (of times)'

_WRITTEN = re.compile(r"\s*(?:(drop|hash)|bucket\s+(\S.*?))\s*")
_PLAIN_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with one column.

    Attributes:
        how: "drop", "hash" or "bucket".
        width: of a bucket: a number, or a span of time.
    """

    how: Literal["drop", "hash", "bucket"]
    width: float | timedelta = 0.0


def parse_redaction(text: str, *, where: str) -> Rule:
    """Return the rule that text says.

    Raises:
        MilepostError: text says none.

    >>> parse_redaction("bucket 10", where="here")
    Rule(how='bucket', width=10.0)
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise MilepostError(f"{text!r} does not say how to redact.", where=where, fix=f"Write {ALLOWED}.")
    if match[1]:
        return Rule("drop" if match[1] == "drop" else "hash")
    width = _width(match[2], where)
    if not width or width == math.inf:
        raise MilepostError(f"A bucket of {match[2]} holds nothing.", where=where, fix="Write a finite width above 0.")
    return Rule("bucket", width)


def _width(text: str, where: str) -> float | timedelta:
    if _PLAIN_NUMBER.fullmatch(text):
        return float(text)
    try:
        return parse_span(text, where=where)
    except MilepostError as why:
        raise MilepostError(f"The bucket has no width: {why.what}", where=where, fix=f"Write {ALLOWED}.") from None
