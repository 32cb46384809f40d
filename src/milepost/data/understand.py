"""From how a column is written to what it means: its repair, and a finding for each thing that is not plain.

Tally(integer 9,998, missing 2)  ->  Repair(dtype "integer") and a finding "missing-token"
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import polars as pl

from milepost.data import remarks
from milepost.data.census import PATTERNS, TIMES, Tally
from milepost.data.declared import Declared
from milepost.data.findings import Finding
from milepost.data.repairs import Repair, is_text, spelling_key
from milepost.data.schema import Dtype
from milepost.data.writing import Form
from milepost.ground.errors import MilepostError
from milepost.ground.text import count, counted, listed

_MARKS = "'\"`’“”."  # of spellings that are equally frequent, one without these is taken
_CODES = ("integer", "coded", "long")


@dataclass(frozen=True, slots=True)
class Understood:
    """What a column means, and what is worth knowing about how it was written."""

    repair: Repair
    findings: tuple[Finding, ...] = ()


def understand_text(tally: Tally, declared: Declared | None, *, is_text: bool, zone: str, keep: bool) -> Understood:
    """Return what a column of text means.

    Args:
        tally: how it is written.
        declared: what the problem file says of it.
        is_text: the whole source is text, so that numbers in text are nothing to report.
        zone: the zone of times that have no offset.
        keep: its spellings name things (an id, a group) and stay as they are.

    Raises:
        MilepostError: the problem file says number or time, and a value is none.
    """
    said = declared or Declared(tally.column, "", "")
    dtype, form, findings = _dtype(tally, said)
    repair = Repair(
        tally.column, dtype, form=form, zone=zone, missing=said.missing, present=said.present, kind=said.kind,
        spellings=said.spellings,
    )  # fmt: skip
    if dtype == "text" and not keep and said.kind not in ("text", "id"):
        repair, joined = _joined(repair, tally)
        findings += joined
    findings += remarks.missing_texts(repair, tally)
    if not is_text:
        findings += remarks.held_as_text(repair, tally)
    findings += remarks.separators(repair, tally)
    if dtype == "text" and tally.spaced.rows:
        findings += (remarks.spaced(tally),)
    findings += remarks.units(repair, tally)
    if dtype in ("date", "datetime") and tally.short_years:
        findings += (remarks.short_years(tally),)
    if dtype == "datetime" and 0 < tally.counted("zoned") < tally.counted(*TIMES):
        findings += (remarks.partly_zoneless(tally, zone),)
    if dtype == "datetime" and zone == "UTC" and not tally.counted("zoned"):
        findings += (remarks.zoneless(tally),)
    return Understood(repair, findings)


def understand_typed(column: str, source: pl.DataType, declared: Declared | None, *, zone: str) -> Understood | None:
    """Return what a column that is no text means; None where it holds lists or other things without one value.

    Raises:
        MilepostError: the problem file says number or time, and it holds neither.
    """
    said = declared or Declared(column, "", "")
    dtype = _typed(source)
    if dtype is None:
        return None
    if said.kind in ("category", "text"):
        dtype = "text"
    if (said.kind == "number" and dtype not in ("integer", "float", "boolean")) or (
        said.kind == "time" and dtype not in ("date", "datetime")
    ):
        raise MilepostError(
            f"Column {column!r} holds {source}, no {said.kind}.",
            where=said.where,
            fix=f"Name a column of {said.kind}s.",
        )
    if said.kind == "number" and dtype == "boolean":
        dtype = "integer"
    return Understood(
        Repair(column, dtype, zone=zone, missing=said.missing, present=said.present, kind=said.kind,
               spellings=said.spellings)
    )  # fmt: skip


def _typed(source: pl.DataType) -> Dtype | None:
    if source.is_integer():
        return "integer"
    if source.is_numeric():
        return "float"
    if isinstance(source, pl.Boolean):
        return "boolean"
    if isinstance(source, pl.Date):
        return "date"
    if isinstance(source, pl.Datetime):
        return "datetime"
    return "text" if isinstance(source, pl.Null) or is_text(source) else None


def _dtype(tally: Tally, said: Declared) -> tuple[Dtype, Form, tuple[Finding, ...]]:
    """Return how the values are stored, how they are written, and why they are not what they mostly are."""
    values = tally.counted(*PATTERNS, "other")
    if said.kind in ("category", "text"):
        return "text", "", ()
    if said.kind == "number":
        return _declared_number(tally, said, values)
    if said.kind == "time":
        return _declared_time(tally, said, values)
    if not values:
        return "text", "", ()
    number = _number(tally, values)
    if number:
        return *number, ()
    if tally.counted("truth") == values:
        return "boolean", "", ()
    if tally.counted("coded") and tally.counted(*_CODES) == values:
        return "text", "", (remarks.leading_zeros(tally),)
    if tally.counted(*TIMES) == values:
        return _time(tally)
    return "text", "", remarks.mostly(tally, values)


def _number(tally: Tally, values: int) -> tuple[Dtype, Form] | None:
    if tally.counted(*remarks.NUMBERS) == values:
        return ("integer" if tally.counted("integer", "whole") == values else "float"), ""
    if tally.counted("comma") and not tally.no_commas.rows and not tally.counted("coded", "long"):
        return "float", "decimal comma"
    return None


def _time(tally: Tally) -> tuple[Dtype, Form, tuple[Finding, ...]]:
    dtype: Dtype = "datetime" if tally.clocks else "date"
    if tally.counted("day first") and tally.counted("month first"):
        first = max(tally.forms["day first"].first, tally.forms["month first"].first)
        return "text", "", (remarks.mixed_order(tally, first),)
    if tally.counted("day first"):
        return dtype, "day/month/year", (remarks.order_told(tally, "day/month/year", "month/day/year"),)
    if tally.counted("month first"):
        return dtype, "month/day/year", (remarks.order_told(tally, "month/day/year", "day/month/year"),)
    if tally.counted("day or month"):
        return "text", "", (remarks.unclear_order(tally),)
    return dtype, "", ()


def _declared_number(tally: Tally, said: Declared, values: int) -> tuple[Dtype, Form, tuple[Finding, ...]]:
    if said.form == "decimal comma":
        if tally.no_commas.rows:
            raise _not_so(tally, said, "a number with decimal comma", tally.no_commas.rows, tally.no_commas.first)
        return ("integer" if tally.counted("integer", "coded") == values else "float"), said.form, ()
    allowed = (*remarks.NUMBERS, "coded", "long")
    if tally.counted(*allowed) < values:
        raise _not_so(tally, said, "a number", values - tally.counted(*allowed), tally.first_other(*allowed))
    whole = tally.counted("integer", "whole", "coded") == values
    return ("integer" if whole else "float"), said.form, ()


def _declared_time(tally: Tally, said: Declared, values: int) -> tuple[Dtype, Form, tuple[Finding, ...]]:
    against = {"day/month/year": ("month first",), "month/day/year": ("day first",)}.get(said.form, ())
    allowed = tuple(form for form in TIMES if form not in against)
    if tally.counted(*allowed) < values:
        raise _not_so(tally, said, "a time", values - tally.counted(*allowed), tally.first_other(*allowed))
    dtype, form, findings = _time(tally)
    if said.form:
        return ("datetime" if tally.clocks else "date"), said.form, ()
    if dtype == "text":
        raise MilepostError(findings[0].says, where=said.where, fix=findings[0].do)
    return dtype, form, ()


def _not_so(tally: Tally, said: Declared, what: str, bad: int, first: int) -> MilepostError:
    is_other = said.where.endswith(("data.time", "data.known_at")) and not tally.counted(*TIMES)
    return MilepostError(
        f"Column {tally.column!r} is said to be {what}, but {counted(bad, 'value')} cannot be read so; "
        f"the first is in row {count(first + 1)}.",
        where=said.where,
        fix="Name a column of times." if is_other else "Mend those values, or say what they are: \"'…' is missing\".",
    )


def _joined(repair: Repair, tally: Tally) -> tuple[Repair, tuple[Finding, ...]]:
    """Return the repair that gives each label one spelling: the most frequent one."""
    if tally.levels is None or 2 * len(tally.levels) > tally.counted(*PATTERNS, "word", "other"):
        return repair, ()
    by_key = defaultdict(list)
    for text, seen in tally.levels.items():
        if text not in repair.present and text not in dict(repair.spellings):
            by_key[spelling_key(text)].append((-seen.rows, any(mark in text for mark in _MARKS), text))
    groups = sorted(sorted(group) for group in by_key.values() if len(group) > 1)
    if not groups:
        return repair, ()
    others = {text: group[0][-1] for group in groups for *_, text in group[1:]}
    rows = -sum(times for group in groups for times, *_ in group[1:])
    pairs = [f"{listed([repr(text) for *_, text in group[1:]], most=3)} as {group[0][-1]!r}" for group in groups]
    finding = Finding(
        "spellings-joined", "note", tally.column, f"Read {listed(pairs, most=3)}: {counted(rows, 'row')}.",
        {"rows": rows, "spellings": len(others), "labels": len(groups)},
        "Nothing, if they mean the same; else write \"'…' is a value\" in data.repairs for the spelling that differs.",
    )  # fmt: skip
    return replace(repair, spellings=(*repair.spellings, *sorted(others.items()))), (finding,)
