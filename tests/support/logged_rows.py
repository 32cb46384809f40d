"""Predictions and outcomes to log, and what is in the tables of a log."""

from __future__ import annotations

import time
from pathlib import Path

import polars as pl

from milepost.predlog.ids import PredictionIds
from milepost.predlog.places import LogPlace
from milepost.predlog.records import InputSchema, OutcomeRow, Outcomes, PredictionRow, Predictions, encode, input_schema

SCHEMA = input_schema([("tenure", "integer"), ("contract", "text")])

_next_id = PredictionIds()


def prediction(prediction_id: str | None = None, *, at: int = 0, inputs: list[object] | None = None) -> PredictionRow:
    """Return an answer; at is in microseconds since 1970, now when 0."""
    return PredictionRow(
        prediction_id or _next_id(), None, "7590-VHVEG", at or time.time_ns() // 1000, None, "0" * 16, "champion",
        "http", None, "Yes", None, [0.25, 0.75], None, None, None, None, [], [], None, None, 120, None,
        [12.0, "One year"] if inputs is None else inputs,
    )  # fmt: skip


def outcome(prediction_id: str, *, recorded_at: int = 0) -> OutcomeRow:
    """Return an outcome with the id of its prediction; recorded_at is in microseconds since 1970, now when 0."""
    now = recorded_at or time.time_ns() // 1000
    return OutcomeRow(prediction_id, prediction_id, None, None, "Yes", None, None, now, None, now, "http")


def frame_of(*rows: PredictionRow, schema: InputSchema = SCHEMA) -> bytes:
    """Return the payload of a frame of answers."""
    return encode(Predictions(schema.id, list(rows)))


def outcome_frame(*rows: OutcomeRow) -> bytes:
    """Return the payload of a frame of outcomes."""
    return encode(Outcomes(list(rows)))


def place_in(folder: Path) -> LogPlace:
    """Return the place of a log in a folder."""
    return LogPlace(folder / "journals", str(folder))


def ids_in(table: str) -> list[str]:
    """Return the ids of predictions in a table, sorted, each as often as it is there."""
    if not Path(table).exists():
        return []
    return sorted(pl.scan_delta(table).select("prediction_id").collect().to_series().to_list())
