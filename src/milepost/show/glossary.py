"""Every word, code and check that an output can print, explained for a beginner.

glossary/<floor>.toml  ["precision"]  says = "…"  do = "…"  aka = ["ppv"]   ->   explain("PPV").says
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.text import listed

TOPICS = {  # file of the glossary -> what it is about, in the order in which one meets them
    "road": "the road",
    "problem": "the problem file",
    "draft": "drafts and checks",
    "data": "the table",
    "explore": "findings and leaks",
    "split": "the split",
    "expressions": "expressions",
    "metrics": "metrics and intervals",
    "api": "what commands print",
    "show": "pictures",
    "predictor": "answers",
    "registry": "versions and history",
    "serve": "the service",
    "predlog": "the prediction log",
}
_MOST_NEAR = 6
_FEWEST_LETTERS = 3  # what is shorter is near too much
_ALIKE = 0.8  # of difflib's ratio: one letter in five may differ, no more
_A_SLIP = 0.9  # so much alike, it is meant rather than a term that holds the word
_MONEY = re.compile(r"[a-z]{3} (/|per) [\d,]+( \w+)?")  # the head of a column, as EUR / 1,000


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


@dataclass(frozen=True, slots=True)
class Topic:
    """The terms of one topic.

    Attributes:
        name: as it is asked for.
        title: what it is about, a few words.
        terms: in the order of the alphabet.
    """

    name: str
    title: str
    terms: tuple[str, ...]


class UnknownTermError(UnknownNameError):
    """A term that the glossary does not have; what contains it, or is spelled almost like it, is the cure."""

    def __init__(self, term: str) -> None:
        """Say what is near the term."""
        near = _near(term)
        if near:
            fix = f"Write {near[0]!r} instead." if len(near) == 1 else f"Choose one of: {listed(near)}."
        else:
            fix = "Nothing is near it. To see all terms, run: milepost explain"
        where = "the glossary (milepost explain)"
        MilepostError.__init__(self, f"No term is called {term.strip()!r}.", where=where, fix=fix)


def explain(term: str) -> Entry:
    """Return what a term means; capitals, spaces, underscores, hyphens and the plural's s do not matter.

    Raises:
        UnknownNameError: no entry is called so.

    >>> explain("Out-of-Fold").term, explain("rungs").term
    ('out of fold', 'rung')
    """
    found = find(term)
    if found is None:
        raise UnknownTermError(term)
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


def topics() -> tuple[Topic, ...]:
    """Return the names of all terms by topic; a term of two topics stands in the first."""
    seen: set[str] = set()
    found = []
    for name, title in TOPICS.items():
        own = tuple(entry.term for entry in entries() if entry.floor == name and entry.term not in seen)
        seen.update(own)
        found.append(Topic(name, title, own))
    return tuple(found)


def entries_of(topic: str) -> tuple[Entry, ...]:
    """Return the entries of a topic in the order of the alphabet.

    Raises:
        UnknownNameError: no topic is called so.
    """
    name = topic.strip().casefold()
    if name not in TOPICS:
        raise UnknownNameError("topic", topic, known=TOPICS, where="the glossary (milepost explain)")
    return tuple(entry for entry in entries() if entry.floor == name)


def _near(term: str) -> list[str]:
    """Return the term that is misspelt, else terms with a word that begins so; at most a few."""
    wanted = _folded(term).removesuffix("s")
    if len(wanted) < _FEWEST_LETTERS:
        return []
    begins = re.compile(rf"\b{re.escape(wanted)}")
    holding = {entry.term: None for name, entry in _by_name().items() if begins.search(name)}
    spelled = {_folded(name): name for entry in entries() for name in (entry.term, *entry.aka)}
    alike = get_close_matches(wanted, spelled, n=1, cutoff=_ALIKE)
    if alike and (not holding or SequenceMatcher(None, wanted, alike[0]).ratio() >= _A_SLIP):
        return [spelled[alike[0]]]
    return sorted(holding, key=lambda name: (len(name), name))[:_MOST_NEAR]


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
    folded = re.sub(r"[\s_-]+", " ", plain).strip().casefold()
    return "value" if _MONEY.fullmatch(folded) else folded
