"""The types that keys of a problem file can have, each with its check and its form in the JSON Schema."""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.text import listed, nearest
from milepost.metrics.names import METRIC_NAMES, MetricName
from milepost.problem import sizes, spans
from milepost.problem.criteria import Criterion, contradiction
from milepost.problem.effects import Change
from milepost.problem.written import kind_of, shown

T = TypeVar("T")

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_BUDGET = r"(small|medium|large|trials *= *[1-9][0-9]*)"
_QUANTILE = re.compile(r"quantile:(0?\.\d+)", re.ASCII)
_LOSSES = ("log", "squared", "absolute", "quantile:0.9")


class Table(BaseModel):
    """What all tables of the file share: frozen, nothing guessed, nothing extra."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def mistake(what: str, fix: str) -> PydanticCustomError:
    """Return the error of one key: what was found, and what to write instead."""
    return PydanticCustomError("mistake", "{what}", {"what": what, "fix": fix})


def _as_field(parse: Callable[..., T]) -> Callable[[Any], T]:
    """Return parse as a check of a field: texts only, its errors as mistakes, other types left to the type's check."""

    def check(value: Any) -> T:
        try:
            return parse(value, where="") if isinstance(value, str) else value
        except MilepostError as error:
            raise mistake(error.what, error.fix) from None

    return check


def _text(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise mistake("The text is empty.", "Write something between the quotes, or remove the key.")
    return value


def _span(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str) and not is_number:
        raise mistake(f"{shown(value)} is no span of time.", f"Write {spans.ALLOWED}.")
    return _as_field(spans.parse_span)(str(value))


def _size(value: Any) -> Any:
    if isinstance(value, str):
        return _as_field(sizes.parse_size)(value)
    unit = f'Write the unit, such as "{value} MB".' if isinstance(value, int | float) else f"Write {sizes.ALLOWED}."
    raise mistake(f"{shown(value)} is no size.", f"Write {sizes.ALLOWED}." if isinstance(value, bool) else unit)


def _name(value: Any) -> Any:
    if not isinstance(value, str) or re.fullmatch(_NAME, value):
        return value
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", value).strip("-._").lower()[:100] or "my-problem"
    raise mistake(
        f"The name {value!r} cannot be used for stored models.",
        f'Write "{cleaned}": letters, digits, dots, hyphens and underscores, at most 100.',
    )


def _label(value: Any) -> Any:
    """Return a class as text, the way tables spell it: true, 1, Yes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int) else _text(value)


def _timezone(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zones = zoneinfo.available_timezones()
        if not zones:
            fix = "Run: pip install tzdata   (this system has no list of time zones)"
        else:
            near = nearest(value, sorted(zones))
            fix = f'Write "{near}".' if near else 'Write a name such as "Europe/Berlin", or "UTC".'
        raise mistake(f"No time zone is called {value!r}.", fix) from None
    return value


def _loss(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    quantile = _QUANTILE.fullmatch(value)
    if value in _LOSSES[:3] or (quantile and 0 < float(quantile[1]) < 1):
        return value
    if value.startswith("quantile"):
        raise mistake(f"{value!r} names no quantile above 0 and below 1.", 'Write it like "quantile:0.9".')
    near = nearest(value, _LOSSES)
    other = {"logloss": "log", "log_loss": "log", "mse": "squared", "rmse": "squared", "mae": "absolute"}
    meant = other.get(value.casefold().replace(" ", "_"), near)
    hint = f'Write "{meant}"; allowed' if meant else "Allowed"
    raise mistake(f"No loss is called {value!r}.", f'{hint} are "log", "squared", "absolute" and "quantile:0.9".')


def _budget(value: Any) -> Any:
    match value:
        case {"trials": int(trials)} if trials >= 1 and len(value) == 1 and not isinstance(trials, bool):
            return trials
        case str() if re.fullmatch(_BUDGET, value):
            return int(value.partition("=")[2]) if "=" in value else value
        case int() if value >= 1 and not isinstance(value, bool):
            return value
    near = nearest(value, ("small", "medium", "large")) if isinstance(value, str) else None
    hint = f'Write "{near}"; allowed' if near else "Allowed"
    raise mistake(
        f"{shown(value)} is no amount of work.", f'{hint} are "small", "medium", "large", or {{ trials = 200 }}.'
    )


def _money(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, str) and value.strip():
        return value
    raise mistake(
        f"{shown(value)} is no amount of money.",
        'Write a number, or an expression over columns such as "12 * price - 20".',
    )


def source_of(sql: type[BaseModel]) -> Callable[[Any], Any]:
    """Return the check of data.source: text, or the table that asks a database."""

    def check(value: Any) -> Any:
        if isinstance(value, dict):
            return sql.model_validate(value)
        if isinstance(value, list):
            raise mistake(
                f"The source is a list of {len(value)}.",
                'Write one path, or a pattern that matches all files, such as "data/*.csv".',
            )
        if not isinstance(value, str):
            raise mistake(
                f"The source is {shown(value)}, {kind_of(value)}.",
                'Write a path in quotes, or { uri = "${DATABASE}", query = "select …" }.',
            )
        return _text(value)

    return check


def _success(value: Any) -> Any:
    """Return the criteria of the table; each bad line is a mistake of its own."""
    if not isinstance(value, dict):
        return value
    found: list[Criterion] = []
    bad: list[InitErrorDetails] = []
    for metric, written in value.items():
        try:
            new = [Criterion.parse(metric, bound, where="") for bound in _bounds(written)]
        except MilepostError as error:
            fix = error.fix
            if isinstance(error, UnknownNameError):
                fix = f"{fix.rstrip('.')}; allowed are {listed(list(METRIC_NAMES), most=len(METRIC_NAMES))}."
            bad.append(InitErrorDetails(type=mistake(error.what, fix), loc=(metric,), input=None))
            continue
        clash = contradiction([*found, *new])
        if clash:
            wrong = mistake(clash, "Keep one of them, or change a threshold.")
            bad.append(InitErrorDetails(type=wrong, loc=(metric,), input=None))
        found.extend(new)
    if bad:
        raise ValidationError.from_exception_data("success", bad)
    return tuple(found)


def _bounds(written: Any) -> list[Any]:
    return written if isinstance(written, list) and written else [written]


def _example(known: MetricName) -> str | list[str]:
    """Return a bound that somebody could write for a metric."""
    by_unit = {"money": ">= 1", "nats": "<= 0.50", "target": "<= 5000", "share": "<= 0.10", "none": "<= 0.15"}
    if known.higher_is_better is None:
        return "<= 0.20" if known.unit == "share" else [">= -100", "<= 100"]
    return ">= 0.80" if known.higher_is_better and known.unit != "money" else by_unit[known.unit]


def _success_schema() -> dict[str, Any]:
    bound = {"type": "string", "pattern": r"^\s*(>=|<=|>|<|≥|≤)\s*[+-]?[\d.][\d.,_]*([eE][+-]?\d+)?\s*%?\s*$"}
    either = {"anyOf": [bound, {"type": "array", "items": bound, "minItems": 1, "maxItems": 2}]}
    properties = {}
    for known in METRIC_NAMES.values():
        best = {True: "Higher is better.", False: "Lower is better.", None: "Neither side is better by itself."}
        says = (
            f"{known.title[0].upper()}{known.title[1:]}, for {', '.join(known.tasks)}. {best[known.higher_is_better]}"
        )
        properties[known.name] = {**either, "description": says, "examples": [_example(known)]}
    for known in METRIC_NAMES.values():
        for other in known.also:
            says = f"Another spelling of {known.name}."
            properties[other] = {**either, "description": says, "examples": [_example(known)]}
    return {"type": "object", "properties": properties, "additionalProperties": False}


_TEXT_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1}
_BUDGET_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^{_BUDGET}$"},
        {"type": "integer", "minimum": 1},
        {"type": "object", "properties": {"trials": {"type": "integer", "minimum": 1}}, "required": ["trials"]},
    ]
}

Text = Annotated[str, BeforeValidator(_text), WithJsonSchema(_TEXT_SCHEMA)]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})]
Names = Annotated[tuple[Text, ...], Strict(False), WithJsonSchema({"type": "array", "items": _TEXT_SCHEMA})]
Label = Annotated[
    str, BeforeValidator(_label), WithJsonSchema({"type": ["string", "integer", "number", "boolean"]})
]  # fmt: skip
Number = Annotated[float, Field(allow_inf_nan=False)]
Money = Annotated[
    float | str, BeforeValidator(_money), WithJsonSchema({"anyOf": [{"type": "number"}, _TEXT_SCHEMA]})
]  # fmt: skip
Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(s|min|h|d|w|[a-z]{2,7})\s*$"}),
]
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[kKmMgG]?i?[bB]?\s*$"}),
]
Timezone = Annotated[str, BeforeValidator(_timezone)]
MeanChange = Annotated[Change, BeforeValidator(_as_field(Change.parse)), WithJsonSchema(_TEXT_SCHEMA)]
Loss = Annotated[
    str,
    BeforeValidator(_loss),
    WithJsonSchema({"type": "string", "pattern": r"^(log|squared|absolute|quantile:0?\.\d+)$"}),
]
Budget = Annotated[str | int, BeforeValidator(_budget), WithJsonSchema(_BUDGET_SCHEMA)]
Criteria = Annotated[tuple[Criterion, ...], BeforeValidator(_success), WithJsonSchema(_success_schema())]
