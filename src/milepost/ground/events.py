"""What a long step says while it works; the command line draws it, a test collects it.

Event  step="climb" message="boosted trees, fold 3 of 5" done=13 total=30
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One sign of life from a step.

    Attributes:
        step: which step speaks, one word ("read", "climb", "evaluate").
        message: what it is doing now, for people.
        done: units of work finished so far; None where the step does not count.
        total: units of work in all; None where it is not known.
        is_news: whether the message is worth keeping on the screen after the step has gone on.
    """

    step: str
    message: str
    done: int | None = None
    total: int | None = None
    is_news: bool = False


Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Hear an event and do nothing."""
