"""Rows of a prediction log as a service would write them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from milepost.predlog.journal import Journal
from milepost.predlog.places import LogPlace
from milepost.predlog.records import (
    InputSchema,
    OutcomeRow,
    Outcomes,
    PredictionRow,
    Predictions,
    encode,
    input_schema,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SCHEMA = input_schema([("tenure", "float"), ("contract", "text"), ("since", "date")])
WIDER = input_schema([("tenure", "text"), ("charges", "float")])  # tenure is another type here

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def id_at(moment: datetime, number: int = 0) -> str:
    """Return an id that was made at a moment; another number is another id."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | number))


def prediction(number: int = 0, at: datetime = NOON, **others: Any) -> PredictionRow:
    """Return an answer; each number is another one, a minute after the last."""
    at = at + timedelta(minutes=number)
    fields: dict[str, Any] = dict.fromkeys(PredictionRow.__struct_fields__)
    fields |= {"prediction_id": id_at(at, number), "at": microseconds(at), "entity": f"c-{number}", "bundle_id": "b1"}
    fields |= {"role": "champion", "origin": "http", "label": "Yes", "probabilities": [0.25, 0.75], "flags": []}
    fields |= {"guards": [], "inputs": [float(number), "One year", 20_000]}
    return PredictionRow(**(fields | others))


def outcome(number: int, prediction_id: str, recorded: datetime = NOON, **others: Any) -> OutcomeRow:
    """Return the truth of an answer; each number is another outcome."""
    fields: dict[str, Any] = dict.fromkeys(OutcomeRow.__struct_fields__)
    fields |= {"outcome_id": f"o-{number}", "prediction_id": prediction_id, "label": "Yes", "origin": "http"}
    fields |= {"recorded_at": microseconds(recorded), "received_at": microseconds(recorded)}
    return OutcomeRow(**(fields | others))


def log_place(folder: Path) -> LogPlace:
    return LogPlace(folder / "log" / "journals", str(folder / "log"))


def write(
    place: LogPlace, predictions: Sequence[PredictionRow] = (), outcomes: Sequence[OutcomeRow] = (),
    *, schema: InputSchema = SCHEMA, per_frame: int = 2, journal: Journal | None = None,
) -> Journal:  # fmt: skip
    """Write rows into a journal, a few in each frame, and return it open."""
    journal = journal or Journal(place.journals)
    journal.schema(schema)
    for start in range(0, len(predictions), per_frame):
        journal.add(encode(Predictions(schema.id, list(predictions[start : start + per_frame]))))
        journal.commit()
    for start in range(0, len(outcomes), per_frame):
        journal.add(encode(Outcomes(list(outcomes[start : start + per_frame]))))
        journal.commit()
    return journal
