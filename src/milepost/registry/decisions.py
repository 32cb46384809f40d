"""Decisions: what was done and why, each sealed with the hash of the one before.

number  at                    kind        problem      bundle_id  says                     figures        previous  hash
1       2026-01-05T10:00:00Z  "trained"   telco-churn  9f3a…      "Trained on 5,282 …"     {"rows":5282}  000…      4b1…
2       2026-01-05T10:02:00Z  "promoted"  telco-churn  9f3a…      "Promoted by ada: met."  {"version":1}  4b1…      c07…
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from milepost.ground.files import canonical_json, hash_of_text
from milepost.ground.records import as_document

FIRST_PREVIOUS = "0" * 64  # what the first decision stands on


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision before it has its place in the history.

    Attributes:
        kind: one word ("rung", "trained", "looked", "verdict", "promoted", "rolled_back").
        problem: the problem's name.
        says: one sentence with its numbers.
        bundle_id: the bundle it is about; None where there is none yet.
        figures: ids and numbers behind the sentence; never row values.
    """

    kind: str
    problem: str
    says: str
    bundle_id: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """An entry of the history.

    Attributes:
        number: its place, from 1.
        at: when it was written, UTC, by the clock of the writer.
        kind: one word.
        problem: the problem's name.
        bundle_id: the bundle it is about.
        says: one sentence with its numbers.
        figures: ids and numbers behind the sentence.
        previous: hash of the decision before, 64 hexadecimal digits.
        hash: SHA-256 over all of the above.
    """

    number: int
    at: datetime
    kind: str
    problem: str
    bundle_id: str | None
    says: str
    figures: Mapping[str, Any]
    previous: str
    hash: str


def row_of(entry: Entry, *, number: int, at: datetime, previous: str) -> dict[str, Any]:
    """Return the entry as a row of the table, sealed.

    Args:
        entry: what to write; a figure that is not finite becomes text ("nan", "inf").
        number: its place in the history, from 1.
        at: aware of its zone.
        previous: hash of the row before.
    """
    row = {
        "number": number,
        "at": at.astimezone(UTC),
        "kind": entry.kind,
        "problem": entry.problem,
        "bundle_id": entry.bundle_id,
        "says": entry.says,
        "figures": canonical_json(as_document(entry.figures)),
        "previous": previous,
    }
    return row | {"hash": seal_of(row)}


def seal_of(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 over a row and the hash of the row before."""
    sealed = {name: value for name, value in row.items() if name != "hash"}
    return hash_of_text(canonical_json(sealed | {"at": row["at"].isoformat(timespec="microseconds")}))


def decision_of(row: Mapping[str, Any]) -> Decision:
    """Return a row of the table as a decision."""
    return Decision(**{**row, "figures": json.loads(row["figures"])})


def broken_link(previous: Mapping[str, Any] | None, row: Mapping[str, Any]) -> str | None:
    """Return what is wrong between two neighbours of the history; None if nothing is."""
    expected = 1 if previous is None else previous["number"] + 1
    if row["number"] != expected:
        return f"Decision {expected} is missing: the next one has number {row['number']}."
    if row["previous"] != (FIRST_PREVIOUS if previous is None else previous["hash"]):
        return f"Decision {expected} does not follow the one before it."
    if row["hash"] != seal_of(row):
        return f"Decision {expected} was changed after it was written."
    return None
