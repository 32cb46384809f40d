"""The rules of redaction as a problem file writes them, held against the columns that they name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from milepost.data.schema import Dtype
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.spans import parse_span

ALLOWED = '"drop", "hash", "bucket 10" (of numbers) or "bucket 30d" (of times)'

_WRITTEN = re.compile(r"\s*(?:(drop)|(hash)|bucket\s+(\S.*?))\s*")
_PLAIN_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with one column.

    Attributes:
        how: "drop", "hash" or "bucket".
        width: of a bucket: a number, or a span of time.
    """

    how: Literal["drop", "hash", "bucket"]
    width: float | timedelta = 0.0


def read_rules(
    rules: Mapping[str, str], dtypes: Mapping[str, Dtype | None], *, entity: str = "", time: str = "",
    needed: Collection[str] = (), where: Callable[[str], str] = str,
) -> dict[str, Rule]:  # fmt: skip
    """Return the rule of each column that has one.

    Args:
        rules: as they are written.
        dtypes: of the columns that are logged; None where it is not known.
        entity: the column of the entity.
        time: the column of the time of a row.
        needed: columns that must be logged as they are.
        where: dotted key of the problem file -> its place.

    Raises:
        MilepostError: a rule cannot be read, or does not fit its column; the error names the key.
    """
    read: dict[str, Rule] = {}
    for name, text in rules.items():
        place = where(f"serve.redaction.{name}")
        if name not in dtypes:
            raise UnknownNameError("column of the log", name, known=dtypes, where=place)
        read[name] = _read_rule(name, text, place)
        _refuse_needed(name, text, needed, place)
        if name == entity:
            _refuse_entity(name, text, read[name], place)
        if name == time:
            _refuse_time(name, text, read[name], place)
        _refuse_unfit(name, text, read[name], dtypes[name], place)
    return read


def _read_rule(name: str, text: str, place: str) -> Rule:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise MilepostError(f"{text!r} does not say how {name!r} is redacted.", where=place, fix=f"Write {ALLOWED}.")
    if match[1] or match[2]:
        return Rule("drop" if match[1] else "hash")
    is_number = _PLAIN_NUMBER.fullmatch(match[3]) is not None
    width = float(match[3]) if is_number else parse_span(match[3], where=place)
    if not width or width == math.inf:
        raise MilepostError(f"A bucket of {match[3]} is none.", where=place, fix="Write a finite width above 0.")
    return Rule("bucket", width)


def _refuse_needed(name: str, text: str, needed: Collection[str], place: str) -> None:
    if name in needed:
        raise _unfit(
            name, text, "models are trained from the log, and this is one of their inputs", place,
            "Delete the rule, or turn training from the log off.",
        )  # fmt: skip


def _refuse_entity(name: str, text: str, rule: Rule, place: str) -> None:
    if rule.how == "bucket":
        raise _unfit(name, text, "it names the entity, and a name has no buckets", place, 'Write "hash" or "drop".')


def _refuse_time(name: str, text: str, rule: Rule, place: str) -> None:
    if rule.how != "bucket":
        raise _unfit(name, text, "the log needs the time of a row", place, 'Write "bucket 1d", or another span.')


def _refuse_unfit(name: str, text: str, rule: Rule, dtype: Dtype | None, place: str) -> None:
    """Refuse a bucket that cannot hold what a column holds; nothing is known of context columns."""
    if rule.how != "bucket" or dtype is None:
        return
    if dtype in ("boolean", "text"):
        raise _unfit(name, text, f"its values are of dtype {dtype}", place, 'Write "hash" or "drop".')
    is_span = isinstance(rule.width, timedelta)
    if dtype in ("integer", "float") and is_span:
        raise _unfit(name, text, "its values are numbers", place, 'Write the width as a number, such as "bucket 10".')
    if dtype in ("date", "datetime") and not is_span:
        raise _unfit(name, text, "its values are times", place, 'Write the width as a span, such as "bucket 30d".')
    if dtype == "date" and isinstance(rule.width, timedelta) and rule.width % timedelta(days=1):
        raise _unfit(name, text, "its values are whole days", place, 'Write whole days, such as "bucket 30d".')


def _unfit(name: str, text: str, why: str, place: str, fix: str) -> MilepostError:
    return MilepostError(f"{name!r} can't be redacted by {text!r}: {why}.", where=place, fix=fix)
