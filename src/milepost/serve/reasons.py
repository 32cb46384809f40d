"""The reasons of answers, where they are asked: told to the caller, not logged, as they can be computed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milepost.serve.details import Row
from milepost.serve.voices import Voices


def add_reasons(answers: Sequence[dict[str, Any]], voices: Voices, rows: Sequence[Row], most: int) -> None:
    """Add to each answer the reasons that its bundle has for it; what a guard did to a decision changes none of them.

    Args:
        answers: to rows.
        voices: that answered.
        rows: raw values by name.
        most: reasons of each answer.
    """
    for voice in filter(None, (voices.champion, voices.challenger)):
        own = [place for place, answer in enumerate(answers) if answer["bundle_id"] == voice.bundle_id]
        if own:
            found = voice.predictor.reasons_of([rows[place] for place in own], most=most)
            for place, reasons in zip(own, found, strict=True):
                answers[place].update(reasons)
