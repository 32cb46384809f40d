"""What of a journal could not be read: noted beside it, so that it is told at every fold and its journal stays.

0190f5d2-….journal     frames 0 to 20
0190f5d2-….unread      {"7": "it is no frame: …"}     frames 8 to 20 are in the tables, frame 7 is only here
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from milepost.ground.files import canonical_json, write_text

_SUFFIX = ".unread"


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that a fold passed over.

    Attributes:
        journal: its name.
        frame: number of the frame; None for the rest of the journal, or all of it.
        says: why, as a clause.
    """

    journal: str
    frame: int | None
    says: str


def note(folder: Path, unread: Iterable[Unread]) -> None:
    """Note frames beside their journals, with what was noted before.

    Raises:
        EnvironmentFault: the disk refused.
    """
    found: dict[str, dict[str, str]] = {}
    for one in unread:
        found.setdefault(one.journal, {})[str(one.frame)] = one.says
    for journal, frames in found.items():
        known = {str(one.frame): one.says for one in noted(folder, journal)}
        if not frames.keys() <= known.keys():
            write_text(folder / f"{journal}{_SUFFIX}", canonical_json(known | frames) + "\n")


def noted(folder: Path, journal: str) -> tuple[Unread, ...]:
    """Return what was noted of a journal, in the order of its frames."""
    try:
        frames = json.loads((folder / f"{journal}{_SUFFIX}").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(Unread(journal, number, frames[str(number)]) for number in sorted(map(int, frames)))
