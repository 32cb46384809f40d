"""Frozen dataclasses to plain documents and back, so that results can be stored as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any, TypeVar

T = TypeVar("T")


def as_document(value: Any) -> Any:
    """Return value as JSON-able data; a number that is not finite becomes "inf", "-inf" or "nan"."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_document(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "model_dump"):  # the contract
        return as_document(value.model_dump(mode="json", by_alias=True))
    if isinstance(value, Mapping):
        return {str(key): as_document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_document(item) for item in value]
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # a numpy number or array, without importing numpy here
        return as_document(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def from_document(family: type[T], document: Any) -> T:
    """Return the dataclass that as_document was given.

    Raises:
        pydantic.ValidationError: the document is not one of this family.
    """
    from pydantic import TypeAdapter

    return TypeAdapter(family).validate_python(document)
