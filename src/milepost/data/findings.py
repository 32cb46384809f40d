"""A finding: one sentence about the data with a stable code, its evidence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["note", "warn", "stop"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about the data.

    Attributes:
        code: stable name in kebab-case; `milepost explain CODE` tells more.
        severity: "note" is for information, "warn" wants a look, "stop" must be mended first.
        column: the column it is about; None for the whole table.
        says: one sentence with its numbers.
        evidence: the figures behind the sentence; counts and shares (0..1), no row values of identities.
        do: one imperative sentence; empty where nothing needs doing.
    """

    code: str
    severity: Severity
    column: str | None
    says: str
    evidence: dict[str, float | int | str] = field(default_factory=dict)
    do: str = ""
