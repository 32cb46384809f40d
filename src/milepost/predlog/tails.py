"""What follows the last whole frame of a journal: nothing, a write that was cut off, or frames behind damage."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Literal

from milepost.predlog.journal import HEAD, unreadable, whole_frames

Tail = Literal["nothing", "torn", "damaged"]  # torn: cut off, so that nobody was told that it is kept

_TAGS = re.compile(rb"[\x91-\x9f](?:\xa3end|\xa5table|\xa6schema|\xa8outcomes|\xabpredictions)")  # of payloads


def is_longer(path: Path, size: int) -> bool:
    """Return whether a file holds more bytes than so many; one that is not there does not."""
    try:
        return path.stat().st_size > size
    except OSError:
        return False


def tail_of(path: Path) -> Tail:
    """Return what follows the last whole frame of a journal.

    Raises:
        EnvironmentFault: the file cannot be read.
    """
    end = 0
    for end, _ in whole_frames(path):  # noqa: B007
        pass
    try:
        with path.open("rb") as stream:
            stream.seek(end)
            tail = stream.read()
    except FileNotFoundError:  # another fold removed it
        return "nothing"
    except OSError as why:
        raise unreadable(path, why) from why
    if not tail.strip(b"\0"):  # a loss of power leaves zeros
        return "torn" if tail else "nothing"
    is_cut_off = len(tail) < HEAD.size or HEAD.unpack_from(tail)[0] > len(tail) - HEAD.size
    return "torn" if is_cut_off and not _holds_a_frame(tail) else "damaged"


def _holds_a_frame(tail: bytes) -> bool:
    for tag in _TAGS.finditer(tail, HEAD.size):
        length, check = HEAD.unpack_from(tail, tag.start() - HEAD.size)
        payload = tail[tag.start() : tag.start() + length]
        if len(payload) == length and zlib.crc32(payload) == check:
            return True
    return False
