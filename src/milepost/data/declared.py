"""What a problem file says about the cells of a column, in a few fixed sentences.

[data]
repairs = { pdays = "999 is missing", code = "is a category", day = "is day/month/year", city = "'NYC' is 'New York'" }
Several sentences of one column are joined by a semicolon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from milepost.data.schema import Kind
from milepost.data.writing import Form
from milepost.ground.errors import MilepostError

_KINDS: dict[str, Kind] = {
    "number": "number", "category": "category", "text": "text", "id": "id", "time": "time", "date": "time",
}  # fmt: skip
_FORMS: dict[str, Form] = {"day/month/year": "day/month/year", "month/day/year": "month/day/year"}
_TOKENS = re.compile(r"(?P<words>.+?)\s+(?:is|are)\s+(?P<what>missing|an? value|values)")
_KIND = re.compile(r"(?:it )?is (?:an? )?(?P<kind>[a-z]+)")
_FORM = re.compile(r"(?:it )?(?:is|are) (?P<form>[a-z]+/[a-z]+/[a-z]+)")
_COMMA = re.compile(r"(?:it )?is a number with (?:a )?decimal comma")
_OTHER = re.compile(r"(?P<old>'[^']*'|\"[^\"]*\") is (?P<new>'[^']*'|\"[^\"]*\")")
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
        words = tuple(_unquoted(word) for word in _words(match["words"]))
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


def _words(text: str) -> list[str]:
    """Return the words of a list: 'a, b' , c and d."""
    quoted = re.split(r"""\s*(?:,|\band\b)\s*(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""", text)
    return [word for word in quoted if word]


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) >= 2 and word[0] == word[-1] and word[0] in "'\"" else word
