"""What is wrong with a problem file: each mistake with its key, and the first of them as an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from milepost.ground.errors import MilepostError
from milepost.ground.text import counted, listed, nearest
from milepost.problem.written import SMALLEST_PERCENT, kind_of, shown

_NEEDED = {
    "string_type": "text in quotes",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend.

    Attributes:
        key: the dotted key that is wrong.
        what: one sentence with the value found.
        fix: one imperative sentence with what is allowed.
        meant: the dotted key that was probably meant, where a name is misspelled.
    """

    key: str
    what: str
    fix: str
    meant: str | None = None


def fields_of(model: type[BaseModel], prefix: str = "") -> dict[str, FieldInfo]:
    """Return every key that a model knows, by dotted key, with its description and examples."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        found[key] = field
        table = _table_in(field)
        if table is not None:
            found.update(fields_of(table, f"{key}."))
    return found


def mistakes_in(error: ValidationError, known: Mapping[str, FieldInfo]) -> list[Mistake]:
    """Return what pydantic found as mistakes for people, one for each key."""
    found: dict[str, Mistake] = {}
    for detail in error.errors(include_url=False):
        key = _key_at(detail["loc"])
        named = ".".join(part for part in detail["loc"] if isinstance(part, str))
        found.setdefault(key, _numbered(_mistake(named, dict(detail), known), named, key))
    misspelled = {mistake.meant for mistake in found.values()}
    return [mistake for mistake in found.values() if mistake.key not in misspelled]


def first_mistake(
    mistakes: Sequence[Mistake], *, lines: Mapping[str, int | None], places: Mapping[str, str]
) -> MilepostError:
    """Return the error for the mistake that stands first in the file, with the number of those that follow.

    Args:
        mistakes: at least one.
        lines: the line of each mistake's key; None for what is missing with its whole table.
        places: how the place of each mistake's key is written.
    """
    ordered = sorted(mistakes, key=lambda mistake: (lines[mistake.key] is None, lines[mistake.key] or 0))
    first, others = ordered[0], ordered[1:]
    more = ""
    if others:
        numbers = sorted({line for other in others if (line := lines[other.key]) is not None})
        named = f" ({'lines' if len(numbers) > 1 else 'line'} {listed(numbers)})" if numbers else ""
        more = f" Then mend {counted(len(others), 'more mistake')}{named}."
    return MilepostError(first.what, where=places[first.key], fix=first.fix + more)


def _key_at(loc: Sequence[int | str]) -> str:
    """Return the dotted key of a place; one of several tables in a list has its number, from 1.

    >>> _key_at(("serve", "guards", 1, "to")), _key_at(("data", "exclude", 0))
    ('serve.guards[2].to', 'data.exclude')
    """
    parts: list[str] = []
    for at, part in enumerate(loc):
        if isinstance(part, str):
            parts.append(part)
        elif any(isinstance(inner, str) for inner in loc[at + 1 :]):
            parts[-1] += f"[{part + 1}]"
    return ".".join(parts)


def _numbered(mistake: Mistake, named: str, key: str) -> Mistake:
    """Return a mistake about a named key as one about the key with its numbers; what is meant stands beside it."""
    if named == key:
        return mistake
    table, meant = named.rpartition(".")[0], mistake.meant
    if meant is not None and meant.rpartition(".")[0] == table:
        meant = f"{key.rpartition('.')[0]}.{meant.rpartition('.')[2]}"
    return replace(mistake, key=key, meant=meant)


def _mistake(key: str, detail: dict[str, Any], known: Mapping[str, FieldInfo]) -> Mistake:
    kind, value = detail["type"], detail["input"]
    if kind == "mistake":
        return Mistake(key, detail["ctx"]["what"], detail["ctx"]["fix"])
    if kind == "extra_forbidden":
        return _unknown(key, value, known)
    if kind == "missing":
        return _missing(key, known)
    if kind == "literal_error":
        return _not_allowed(key, value, detail["ctx"]["expected"])
    if kind in _NEEDED:
        place = f"Item {detail['loc'][-1] + 1} of {key}" if isinstance(detail["loc"][-1], int) else key
        return _wrong_type(key, place, value, _NEEDED[kind], known)
    return _out_of_range(key, value, known)


def _unknown(key: str, value: object, known: Mapping[str, FieldInfo]) -> Mistake:
    table, _, name = key.rpartition(".")
    siblings = [other.rpartition(".")[2] for other in known if other.rpartition(".")[0] == table]
    elsewhere = [other.rpartition(".")[0] for other in known if "." in other and other.rpartition(".")[2] == name]
    near = nearest(name, siblings)
    allowed = f"allowed are {listed([f'[{one}]' if not table else one for one in siblings], most=30)}."
    if near is None and elsewhere:
        return Mistake(
            key, _stands(name, table), f"Move {name} to the table [{elsewhere[0]}].", f"{elsewhere[0]}.{name}"
        )
    what = f"No key of [{table}] is called {name!r}." if table else f"No table is called {name!r}."
    if not table and not isinstance(value, Mapping):
        what = f"The key {name!r} stands outside of all tables."
    if near:
        meant = f"{table}.{near}" if table else near
        return Mistake(key, what, f"Write {near if table else f'[{near}]'} instead; {allowed}", meant)
    return Mistake(key, what, f"Remove it; {allowed}")


def _stands(name: str, table: str) -> str:
    return f"The key {name!r} stands in [{table}]." if table else f"The key {name!r} stands outside of all tables."


def _missing(key: str, known: Mapping[str, FieldInfo]) -> Mistake:
    field = known[key]
    if "." not in key:
        inner = [
            other.rpartition(".")[2]
            for other in known
            if other.rpartition(".")[0] == key and known[other].is_required()
        ]
        return Mistake(key, f"The table [{key}] is missing.", f"Write [{key}] with at least {listed(inner)}.")
    what = f"{key} is missing: {_lowered(field.description)}"
    return Mistake(key, what, f"Write {_example(key, field)} under [{key.rpartition('.')[0]}].")


def _not_allowed(key: str, value: object, expected: str) -> Mistake:
    choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
    near = nearest(value, choices) if isinstance(value, str) else None
    allowed = listed([f'"{choice}"' for choice in choices])
    return Mistake(
        key,
        f"{key} is {shown(value)}.",
        f'Write "{near}"; allowed are {allowed}.' if near else f"Write one of {allowed}.",
    )


def _wrong_type(key: str, place: str, value: object, needed: str, known: Mapping[str, FieldInfo]) -> Mistake:
    what = f"{place} is {shown(value)}, {kind_of(value)}; {needed} is needed."
    field = known.get(key)
    if field is None or needed == "a table":
        return Mistake(key, what, _general_cure(key, value, needed))
    return Mistake(key, what, f"Write it like {_example(key, field)}: {_lowered(field.description)}")


def _general_cure(key: str, value: object, needed: str) -> str:
    if needed == "a table" and isinstance(value, list):
        return f"Write [{key}] once, in single brackets."
    if needed == "a table":
        return f"Write [{key}] on a line of its own, and its keys below."
    return f'Put it in quotes: "{shown(value)}".' if needed == "text in quotes" else f"Write {needed}."


def _out_of_range(key: str, value: object, known: Mapping[str, FieldInfo]) -> Mistake:
    field = known.get(key)
    what = f"{key} is {shown(value)}, which is out of range."
    if field is None:
        return Mistake(key, what, "Write another value.")
    example = (field.examples or [None])[0]
    is_share = isinstance(example, float) and 0 < example < 1
    if is_share and isinstance(value, int | float) and SMALLEST_PERCENT <= value <= 100:
        return Mistake(
            key,
            what,
            f"Did you mean {key.rpartition('.')[2]} = {value / 100:g}? It is the {_lowered(field.description)}",
        )
    return Mistake(key, what, f"Write it like {_example(key, field)}: {_lowered(field.description)}")


def _example(key: str, field: FieldInfo) -> str:
    return f"{key.rpartition('.')[2]} = {shown((field.examples or ['…'])[0])}"


def _lowered(description: str | None) -> str:
    text = description or ""
    return text[:1].lower() + text[1:] if not text.startswith("URI") else text


def _table_in(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model that a field holds, also where it may be absent."""
    parts = (field.annotation, *getattr(field.annotation, "__args__", ()))
    return next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
