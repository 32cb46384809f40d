"""What of a sentence became no criterion though it may ask for one: its numbers, so that none is lost unseen."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.data.findings import Finding
from milepost.draft.sentence import Understood


def unread_numbers(understood: Understood, names: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding on each stretch with a number that nothing was made of.

    Args:
        understood: what the sentence says.
        names: of the table's columns.
    """
    return tuple(
        Finding(
            "number-unread",
            "warn",
            None,
            f'This number became no criterion: "{text}".',
            {"text": text},
            "Write it under [success] if the model must reach it; if it says something else, nothing is to be done.",
        )
        for text in understood.unread_numbers(names)
    )


def unread_notes(understood: Understood, names: Sequence[str]) -> tuple[str, ...]:
    """Return comments for the draft on what was not read, or not surely, a line each.

    Args:
        understood: what the sentence says.
        names: of the table's columns.
    """
    unread = [f'Not read from the sentence: "{text}"' for text in understood.unread_numbers(names)]
    return (*unread, *(f"In doubt: {doubt}" for doubt in understood.doubts))
