"""What a row says beside the inputs of the model: the entity, the time, and the context columns of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from milepost.data.writing import time_of
from milepost.predlog.redaction import Redaction
from milepost.serve.settings import Settings
from milepost.serve.voices import microseconds

Row = Mapping[str, Any]

_LARGEST_INTEGER = 2.0**63
_encode, _encode_lines = msgspec.json.Encoder().encode, msgspec.json.Encoder().encode_lines


def entity_of(row: Row, settings: Settings) -> str | None:
    """Return the entity that a row is about, as text; a whole number is written without a point."""
    return _as_text(row.get(settings.entity)) if settings.entity else None


def absent_flag(settings: Settings) -> str:
    """Return the flag of a row that does not say what it is about, though the problem names an id."""
    return f"{settings.entity} is absent: no outcome can find this answer by it"


def entities_of(rows: Sequence[Row], settings: Settings) -> list[str | None]:
    """Return the entity of each row."""
    name = settings.entity
    if not name:
        return [None] * len(rows)
    values = [row.get(name) for row in rows]
    return list(map(str, values)) if set(map(type, values)) == {int} else list(map(_as_text, values))


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_INTEGER:
        return str(int(value))
    return str(value)


def time_in(row: Row, settings: Settings) -> int | None:
    """Return the time of a row in microseconds since 1970; None where it has none that can be read."""
    raw = row.get(settings.time) if settings.time else None
    moment = time_of(raw, "", settings.zone) if isinstance(raw, str) else raw
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return None
    return microseconds(moment.astimezone(UTC))


def context_of(row: Row, settings: Settings, redaction: Redaction) -> str | None:
    """Return the context columns that a row has, as JSON text, redacted; None where it has none."""
    if not settings.context:
        return None
    context = {name: row[name] for name in settings.context if name in row}
    return _encode(redaction.context(context)).decode() if context else None


def contexts_of(rows: Sequence[Row], settings: Settings, redaction: Redaction) -> list[str | None]:
    """Return the context columns of each row, as `context_of` does; many at once take a third of the time."""
    names = settings.context
    contexts = [{name: row[name] for name in names if name in row} for row in rows]
    if not redaction.rules.keys().isdisjoint(names):
        contexts = list(map(redaction.context, contexts))
    texts = _encode_lines(contexts).decode().split("\n")  # JSON itself holds no end of a line
    return [text if context else None for context, text in zip(contexts, texts, strict=False)]
