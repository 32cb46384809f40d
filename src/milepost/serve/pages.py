"""What the service says about itself: what a row has, what answers and why."""

from __future__ import annotations

from typing import Any

from milepost.data.schema import Column
from milepost.serve.service import Service
from milepost.serve.voices import Voice

MOST_LEVELS = 100


def schema_page(service: Service) -> dict[str, Any]:
    """Return what a row has, and what an answer has."""
    schema = service.engine.voices.champion.predictor.schema
    return {
        "problem": service.settings.problem,
        "task": schema.task,
        "labels": list(schema.labels),
        "inputs": [_input(column) for column in schema.columns],
        "entity": service.settings.entity,
        "time": service.settings.time,
        "context": list(service.settings.context),
    }


def model_page(service: Service) -> dict[str, Any]:
    """Return which bundles are asked, since when and why, and what the history knows of them."""
    voices = service.engine.voices
    return {
        "problem": service.settings.problem,
        "champion": _told(voices.champion),
        "challenger": _told(voices.challenger) if voices.challenger else None,
        "says": service.troubles.says,
    }


def _input(column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {"name": column.name, "dtype": column.dtype, "kind": column.kind}
    if column.lo is not None and column.dtype in ("integer", "float"):
        said |= {"lo": column.lo, "hi": column.hi}
    if column.levels:
        said |= {"levels": list(column.levels[:MOST_LEVELS])}
    return said | {"missing_share": column.missing_share}


def _told(voice: Voice) -> dict[str, Any]:
    named = voice.named
    said = {"bundle_id": named.bundle_id, "version": named.version, "since": named.since, "why": named.why}
    return said | named.account
