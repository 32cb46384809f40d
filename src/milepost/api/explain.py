"""The verb `explain`: any word that Milepost prints, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.show import glossary
from milepost.show.glossary import Entry
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class Explained(Shows):
    """Entries of the glossary.

    Attributes:
        entries: one, or all of them.
        next_step: the command to type next.
    """

    entries: tuple[Entry, ...]
    next_step: str


def explain(term: str | None = None) -> Explained:
    """Return what a term, code or check means; every one of them where none is named.

    Raises:
        UnknownNameError: the glossary has no such term; the nearest one is the cure.
    """
    if term is None:
        return Explained(tuple(glossary.explain(name) for name in glossary.terms()), "milepost explain TERM")
    return Explained((glossary.explain(term),), "milepost status")
