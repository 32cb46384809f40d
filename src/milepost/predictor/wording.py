"""How the cells of an input may be written: what a bundle remembers of the repairs that its training table needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from milepost.data.schema import Column, Schema
from milepost.data.writing import MISSING_TOKENS, MISSING_WORDS, Form, date_of, number_of, time_of


@dataclass(frozen=True, slots=True)
class Wording:
    """How one input is written.

    Attributes:
        form: of numbers or dates, where it is not plain.
        zone: of times that name none.
        missing: texts that mean no value.
        sentinels: canonical values that mean no value, as the problem file declared.
        spellings: other spellings of a level, each with the one that counts.
    """

    form: Form
    zone: str
    missing: frozenset[str]
    sentinels: frozenset[object]
    spellings: Mapping[str, str]


def wordings_of(
    schema: Schema, repairs: Iterable[Mapping[str, Any]] = (), *, timezone: str = "UTC"
) -> dict[str, Wording]:
    """Return the wording of each input by name.

    Args:
        schema: of the inputs.
        repairs: documents of the data floor's repairs, one for each column that needs one.
        timezone: of times that name none, in columns without a repair.
    """
    by_column = {repair["column"]: repair for repair in repairs}
    plain = {"form": "", "zone": timezone, "missing": (), "present": (), "spellings": ()}
    return {column.name: _wording(column, by_column.get(column.name, plain)) for column in schema.columns}


def _wording(column: Column, repair: Mapping[str, Any]) -> Wording:
    tokens = MISSING_TOKENS if column.dtype == "text" else MISSING_TOKENS | MISSING_WORDS
    declared = tuple(repair["missing"])
    values = (_value(column, text, repair["zone"]) for text in declared)
    return Wording(
        form=repair["form"],
        zone=repair["zone"],
        missing=tokens.difference(repair["present"]).union(declared),
        sentinels=frozenset(value for value in values if value is not None),
        spellings=dict(repair["spellings"]),
    )


def _value(column: Column, text: str, zone: str) -> object:
    if column.dtype in ("integer", "float"):
        return number_of(text)
    if column.dtype == "date":
        return date_of(text)
    return time_of(text, zone=zone) if column.dtype == "datetime" else None
