"""Every word, code and check that an output can print, explained for a beginner.

glossary/<floor>.toml  ["precision"]  says = "…"  do = "…"  aka = ["ppv"]   ->   explain("PPV").says
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from milepost.ground.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Entry:
    """One word explained.

    Attributes:
        term: as outputs print it.
        says: what it means, one or two plain sentences.
        do: what follows from it; empty where nothing needs doing.
        aka: other names of the same thing.
        floor: the file of the glossary that it stands in ("data", "metrics", "road").
    """

    term: str
    says: str
    do: str
    aka: tuple[str, ...]
    floor: str


def explain(term: str) -> Entry:
    """Return what a term means; capitals, spaces, underscores, hyphens and the plural's s do not matter.

    Raises:
        UnknownNameError: no entry is called so; the nearest spelling is the cure.

    >>> explain("Out-of-Fold").term, explain("rungs").term
    ('out of fold', 'rung')
    """
    found = find(term)
    if found is None:
        names = [name for entry in entries() for name in (entry.term, *entry.aka)]
        raise UnknownNameError("term", term.strip(), known=names, where="the glossary (milepost explain)")
    return found


def find(term: str) -> Entry | None:
    """Return the entry that a term names, or None."""
    folded, known = _folded(term), _by_name()
    exact = next((entry for entry in entries() if entry.term == term), None)
    return exact or known.get(folded) or known.get(folded.removesuffix("s"))


def terms() -> tuple[str, ...]:
    """Return every term in the order of the alphabet, each once."""
    return tuple(dict.fromkeys(entry.term for entry in entries()))


@cache
def entries() -> tuple[Entry, ...]:
    """Return every entry in the order of the alphabet."""
    found = []
    for file in files("milepost.show").joinpath("glossary").iterdir():
        if file.name.endswith(".toml"):
            document = tomllib.loads(file.read_text(encoding="utf-8"))
            found += [_entry(term, body, file.name.removesuffix(".toml")) for term, body in document.items()]
    return tuple(sorted(found, key=lambda entry: (_folded(entry.term), entry.floor)))


def _entry(term: str, body: Mapping[str, Any], floor: str) -> Entry:
    return Entry(term, body["says"].strip(), body.get("do", "").strip(), tuple(body.get("aka", ())), floor)


@cache
def _by_name() -> Mapping[str, Entry]:
    """Return entries by folded name; a term of its own goes before another's other name."""
    known: dict[str, Entry] = {}
    for entry in entries():
        known.setdefault(_folded(entry.term), entry)
    for entry in entries():
        for name in entry.aka:
            known.setdefault(_folded(name), entry)
    return MappingProxyType(known)


def _folded(name: str) -> str:
    plain = name.replace("’", "'").strip().strip("\"'`.,:;?!")
    return re.sub(r"[\s_-]+", " ", plain).strip().casefold()
