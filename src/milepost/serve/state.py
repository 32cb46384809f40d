"""Which bundle answers: a small file that follows the history, so that a promotion is picked up without a restart.

history ─► keeper ─► state.json ─► every worker, between two requests
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from milepost.ground.files import write_text
from milepost.serve.settings import read_document


@dataclass(frozen=True, slots=True)
class Named:
    """A bundle, where it is, and why it is asked.

    Attributes:
        bundle_id: its id.
        folder: with its files.
        version: the registry's integer; None where it has none.
        since: when it came to answer, ISO 8601; None where nobody promoted it.
        why: the decision, a sentence.
        may_answer: whether callers may get its answers; else it is asked as a shadow alone.
        account: what the history knows of it, as JSON holds it: how it was trained, judged and promoted.
    """

    bundle_id: str
    folder: str
    version: int | None = None
    since: str | None = None
    why: str = ""
    may_answer: bool = True
    account: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What a service answers with.

    Attributes:
        champion: answers.
        challenger: wants to; None where there is none.
    """

    champion: Named
    challenger: Named | None = None


def write_state(state: State, path: Path) -> None:
    """Write a state, whole or not at all.

    Raises:
        EnvironmentFault: the disk refused.
    """
    write_text(path, msgspec.json.encode(state).decode())


def read_state(path: Path) -> State:
    """Return the state in a file.

    Raises:
        MilepostError: it holds none.
    """
    return read_document(path, State, called="The file that says which bundle answers")
