"""The verb `explain`: any word that Milepost prints, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.api.arguments import verb
from milepost.show import glossary
from milepost.show.glossary import Entry, Topic
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class Explained(Shows):
    """What the glossary says.

    Attributes:
        topics: the names of all terms by topic, where none is asked for.
        entries: the texts that are asked for.
        next_step: the command to type next.
    """

    topics: tuple[Topic, ...]
    entries: tuple[Entry, ...]
    next_step: str


@verb
def explain(term: str | None = None, *, everything: bool = False) -> Explained:
    """Return what a term, code or check means; the names of all of them where none is named.

    Args:
        term: in any spelling; with everything, one of the topics, or None for all.
        everything: return every text instead of one.

    Raises:
        UnknownNameError: the glossary has no such term or topic; what is near it is the cure.
    """
    if everything:
        entries = glossary.entries() if term is None else glossary.entries_of(term)
        return Explained((), entries, "milepost explain TERM")
    if term is None:
        further = "milepost explain TERM, or all texts of a topic: milepost explain --all TOPIC"
        return Explained(glossary.topics(), (), further)
    return Explained((), (glossary.explain(term),), "milepost status")
