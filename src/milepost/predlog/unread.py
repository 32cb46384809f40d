"""What of a journal could not be read: noted beside it, so that it is told at every fold and its journal stays.

0190f5d2-….journal     frames 0 to 20
0190f5d2-….unread      {"7": "it is no frame: …"}     frames 8 to 20 are in the tables, frame 7 is only here
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from milepost.ground.errors import EnvironmentFault, MilepostError
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


def unread_error(unread: Unread) -> MilepostError:
    """Return what is told of it."""
    place = unread.journal if unread.frame is None else f"{unread.journal}, frame {unread.frame}"
    what = f"A journal of the log can't be read whole: {unread.says}."
    return MilepostError(what, where=place, fix="See how much is lost, and what to do: milepost log verify")


def note(folder: Path, unread: Iterable[Unread]) -> None:
    """Note frames beside their journals, with what was noted before.

    Raises:
        EnvironmentFault: the disk refused.
    """
    found: dict[str, dict[str, str]] = {}
    for one in unread:
        found.setdefault(one.journal, {})[str(one.frame)] = one.says
    for journal, frames in found.items():
        known = {str(one.frame): one.says for one in noted(folder, journal) if one.frame is not None}
        if not frames.keys() <= known.keys():
            write_text(folder / f"{journal}{_SUFFIX}", canonical_json(known | frames) + "\n")


def noted(folder: Path, journal: str) -> tuple[Unread, ...]:
    """Return what was noted of a journal, in the order of its frames; a note that is damaged keeps the journal, too.

    Raises:
        EnvironmentFault: the note cannot be read.
    """
    path = folder / f"{journal}{_SUFFIX}"
    try:
        frames = msgspec.json.decode(path.read_bytes(), type=dict[int, str])
    except FileNotFoundError:
        return ()
    except msgspec.DecodeError:
        return (Unread(journal, None, "the note of what could not be read of it is damaged"),)
    except OSError as why:
        raise EnvironmentFault(
            f"The note of what could not be read of a journal cannot be read: {why.strerror}.",
            where=str(path),
            fix="Let whoever folds the log read the file; the journal stays until then.",
        ) from why
    return tuple(Unread(journal, number, frames[number]) for number in sorted(frames))
