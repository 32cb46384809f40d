"""Asking services to begin their next journal, so that the one that they write to can be folded and rewritten.

journals/rotate   a word of chance; a service that finds another one than before seals its journal and begins the next
"""

from __future__ import annotations

import secrets
from pathlib import Path

from milepost.ground.files import write_text

_FILE = "rotate"


def ask_for_rotation(folder: Path) -> None:
    """Ask all that write journals in a folder to begin their next one.

    Raises:
        EnvironmentFault: the disk refused.
    """
    write_text(folder / _FILE, secrets.token_hex(8))


def last_asked(folder: Path) -> str:
    """Return the word by which a rotation was asked for last; another word is another wish, and none is empty."""
    try:
        return (folder / _FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
