"""One leg of a tour: what is done, why, the command for it, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a tour.

    Attributes:
        number: from 1.
        title: what is done.
        why: why it matters, for a beginner.
        command: what one would type for it; empty where the tour prepares something.
        found: what it found, in sentences.
        result: what the verb returned; None where there is nothing to draw.
    """

    number: int
    title: str
    why: str
    command: str
    found: tuple[str, ...]
    result: Any
