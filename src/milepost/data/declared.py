"""What a problem file says about the cells of a column, in a few fixed sentences; how many rows that changes.

[data]
repairs = { pdays = "999 is missing", code = "is a category", day = "is day/month/year", city = "'NYC' is 'New York'" }
Several sentences of one column are joined by a semicolon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from milepost.data.findings import Finding
from milepost.data.repairs import Repair, as_polars
from milepost.data.schema import Kind
from milepost.data.writing import Form
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted

_KINDS: dict[str, Kind] = {
    "number": "number", "category": "category", "text": "text", "id": "id", "time": "time", "date": "time",
}  # fmt: skip
_FORMS: dict[str, Form] = {"day/month/year": "day/month/year", "month/day/year": "month/day/year"}
_TOKENS = re.compile(r"(?P<words>.+?)\s+(?:is|are)\s+(?P<what>missing|an? value|values)")
_KIND = re.compile(r"(?:it )?is (?:an? )?(?P<kind>[a-z]+)")
_FORM = re.compile(r"(?:it )?(?:is|are) (?P<form>[a-z]+/[a-z]+/[a-z]+)")
_COMMA = re.compile(r"(?:it )?is a number with (?:a )?decimal comma")
_OTHER = re.compile(r"(?P<old>'[^']*'|\"[^\"]*\") is (?P<new>'[^']*'|\"[^\"]*\")")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_FIX = (
    'Write "999 is missing", "NA is a value", "is a category" (or number, text, id, time), "is day/month/year", '
    "\"is a number with decimal comma\" or \"'NYC' is 'New York'\"; join several with a semicolon."
)


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of one column.

    Attributes:
        column: its name.
        text: the sentences as they stand.
        where: their place in the problem file.
        kind: what its values mean; None where nothing is said.
        form: how its numbers or dates are written.
        missing: texts that mean missing.
        present: texts that are values although they look missing, or are no other spelling of a label.
        spellings: a label and what it is.
    """

    column: str
    text: str
    where: str
    kind: Kind | None = None
    form: Form = ""
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()


def parse_repair(column: str, text: str, *, where: str) -> Declared:
    """Return what the sentences about a column say.

    Raises:
        MilepostError: a sentence is none of the known ones.

    >>> parse_repair("pdays", "999 and -1 are missing; is a number", where="here").missing
    ('999', '-1')
    """
    declared = Declared(column, text, where)
    for sentence in (part.strip() for part in _split(text)):
        declared = _with(declared, sentence)
    return declared


def _split(text: str) -> list[str]:
    """Return the sentences; a semicolon in quotes ends none."""
    return re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^;'\"]|['\"])+", text) or [text]


def _with(declared: Declared, sentence: str) -> Declared:
    if match := _TOKENS.fullmatch(sentence):
        words = tuple(_unquoted(word) for word in _words(_clear(match["words"], declared.where)))
        if match["what"] == "missing":
            return replace(declared, missing=(*declared.missing, *words))
        return replace(declared, present=(*declared.present, *words))
    if match := _OTHER.fullmatch(sentence):
        return replace(declared, spellings=(*declared.spellings, (_unquoted(match["old"]), _unquoted(match["new"]))))
    lower = sentence.lower()
    if _COMMA.fullmatch(lower):
        return replace(declared, kind="number", form="decimal comma")
    if (match := _FORM.fullmatch(lower)) and match["form"] in _FORMS:
        return replace(declared, kind="time", form=_FORMS[match["form"]])
    if (match := _KIND.fullmatch(lower)) and match["kind"] in _KINDS:
        return replace(declared, kind=_KINDS[match["kind"]])
    raise MilepostError(f"The repair {sentence!r} is not understood.", where=declared.where, fix=_FIX)


def _clear(words: str, where: str) -> str:
    """Return a list of words if it can be read in one way only.

    Raises:
        MilepostError: a comma that may belong to a word, or a second sentence in the first.
    """
    plain = _QUOTED.sub("''", words)
    if comma := re.search(r"[^\s',]+,[^\s',]+", plain):
        raise MilepostError(
            f"{comma[0]!r} may be one value or several.",
            where=where,
            fix=f"Put a value that holds a comma into quotes: \"'{comma[0]}' is missing\"; "
            "write a space after the comma between two values.",
        )
    if re.search(r"\s(?:is|are)\s+(?:missing|an?\b|values?\b)", plain):
        raise MilepostError(
            f"The repair {words!r} holds two sentences in one.",
            where=where,
            fix='Join sentences with a semicolon: "999 is missing; -1 is missing".',
        )
    return words


def _words(text: str) -> list[str]:
    """Return the words of a list: 'a, b' , c and d."""
    quoted = re.split(r"""\s*(?:,|\band\b)\s*(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""", text)
    return [word for word in quoted if word]


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) >= 2 and word[0] == word[-1] and word[0] in "'\"" else word


def declared_effects(
    raw: pl.LazyFrame, repairs: Iterable[Repair], declared: Mapping[str, Declared]
) -> tuple[Finding, ...]:
    """Return a finding for each declared repair that names values: in how many rows they are."""
    said = [each for each in repairs if (each.missing or _pairs(each, declared)) and each.column in declared]
    if not said:
        return ()
    types = raw.collect_schema()
    rows = raw.select(_changed(each, declared, types[each.column]).alias(each.column) for each in said)
    counts = rows.collect(engine="streaming").row(0, named=True)
    return tuple(_effect(declared[name], int(n or 0)) for name, n in counts.items())


def _pairs(repair: Repair, declared: Mapping[str, Declared]) -> tuple[tuple[str, str], ...]:
    return declared[repair.column].spellings if repair.column in declared else ()


def _changed(repair: Repair, declared: Mapping[str, Declared], source: pl.DataType) -> pl.Expr:
    """Return how many rows the declared part of a repair changes."""
    pairs = tuple(pair for pair in repair.spellings if pair not in _pairs(repair, declared))
    without = as_polars(replace(repair, missing=(), spellings=pairs), source)
    return as_polars(repair, source).ne_missing(without).sum()


def _effect(said: Declared, rows: int) -> Finding:
    if not rows:
        return Finding(
            "repair-without-effect", "warn", said.column, f"The declared repair {said.text!r} changes no row.",
            {"rows": 0}, "Check its spelling, or delete it.",
        )  # fmt: skip
    says = f"The declared repair {said.text!r} changes {counted(rows, 'row')}."
    return Finding("repair-declared", "note", said.column, says, {"rows": rows})
