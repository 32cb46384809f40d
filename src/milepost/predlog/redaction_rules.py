"""The rules of redaction as a problem file writes them, held against the columns that they name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

from milepost.data.schema import Dtype
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.redaction import Rule, parse_redaction


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
        read[name] = parse_redaction(text, where=place)
        _refuse_needed(name, text, needed, place)
        if name == entity:
            _refuse_entity(name, text, read[name], place)
        if name == time:
            _refuse_time(name, text, read[name], place)
        _refuse_unfit(name, text, read[name], dtypes[name], place)
    return read


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
