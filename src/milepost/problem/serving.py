"""The table [serve]: what is logged, who is asked, what a request may cost, and when an answer is not to be trusted.

[serve]            log, durability, tables, inputs_share, retention, shadow, canary_share, control_share
[serve.redaction]  phone = "drop"
[serve.limits]     body = "8 MB"
[[serve.guards]]   name = "new-customer", when = "tenure = 0", then = "abstain"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, WithJsonSchema

from milepost.ground.errors import MilepostError
from milepost.metrics.names import Task
from milepost.problem.conditions import ALLOWED, check_confidence
from milepost.problem.fields import Size, Span, Table, Text, mistake
from milepost.problem.mistakes import Mistake
from milepost.problem.redaction import ALLOWED as REDACTIONS
from milepost.problem.redaction import parse_redaction
from milepost.problem.spans import span_text
from milepost.problem.written import kind_of, shown

Then = Literal["abstain", "flag", "clamp", "override"]


_DAY = timedelta(days=1)
_GUARD_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


def _guard_name(value: Any) -> Any:
    if not isinstance(value, str) or re.fullmatch(_GUARD_NAME, value):
        return value
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", value).strip("-._").lower()[:100] or "my-guard"
    raise mistake(
        f"The name {value!r} cannot be used for a guard.",
        f'Write "{cleaned}": letters, digits, dots, hyphens and underscores, at most 100.',
    )


def _when(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise mistake("The guard does not say when it acts.", f"Write {ALLOWED}.")
    if isinstance(value, str):
        try:
            check_confidence(value, where="")
        except MilepostError as error:
            raise mistake(error.what, error.fix) from None
    return value


def _to(value: Any) -> Any:
    """Return a class or a number for an override, two ends for a clamp."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() if value.strip():
            return value
        case int() | float() if _is_finite(value):
            return float(value)
        case [lo, hi] if _is_finite(lo) and _is_finite(hi) and lo < hi:
            return float(lo), float(hi)
    raise mistake(
        f"to is {shown(value)}.",
        'Write to = "No" (a class) or to = 0 (a number) for an override, to = [0, 100] (two finite numbers, the '
        "smaller first) for a clamp.",
    )


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _in_double_brackets(value: Any) -> Any:
    if isinstance(value, dict):
        raise mistake("The guards are one table.", "Write [[serve.guards]], in double brackets, before each guard.")
    return value


def _redaction(value: Any) -> Any:
    """Return a rule as it is written, if it can be read."""
    if not isinstance(value, str):
        raise mistake(f"{shown(value)}, {kind_of(value)}, does not say how to redact.", f"Write {REDACTIONS}.")
    rule = " ".join(value.split())
    try:
        parse_redaction(rule, where="")
    except MilepostError as error:
        raise mistake(error.what, error.fix) from None
    return rule


_TO_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ]
}

GuardName = Annotated[
    str, BeforeValidator(_guard_name), WithJsonSchema({"type": "string", "pattern": f"^{_GUARD_NAME}$"})
]  # fmt: skip
When = Annotated[str, BeforeValidator(_when), WithJsonSchema({"type": "string", "minLength": 1})]
To = Annotated[str | float | tuple[float, float], BeforeValidator(_to), WithJsonSchema(_TO_SCHEMA)]
RedactionRule = Annotated[
    str,
    BeforeValidator(_redaction),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(drop|hash|bucket\s+\d.*)\s*$"}),
]


class Guard(Table):
    """When an answer of the model is not to be trusted as it is, and what is done then."""

    name: GuardName = Field(description="What it is called in flags, log and figures.", examples=["new-customer"])
    when: When = Field(
        description="When it acts: a condition over columns, in which confidence is the largest probability of the "
        'answer; or a word: "missing" (an input that always had a value has none), "unseen" (a text that was never '
        'seen), "out of range" (a number beyond all that were seen). "true" is every row.',
        examples=["tenure = 0", "unseen", "confidence < 0.6"],
    )
    then: Then = Field(
        description='What it does: "abstain" takes the decision away, "override" puts another in its place, "clamp" '
        'moves a number into a range, "flag" only says so. All guards that act are named; the first of them that '
        "decides counts.",
        examples=["abstain", "override"],
    )
    to: To | None = Field(
        default=None,
        description="Of an override the class or the number to decide on, of a clamp the two ends of the range.",
        examples=["No", [0, 100]],
    )

    @property
    def document(self) -> dict[str, object]:
        """Return the guard as plain data that JSON can hold."""
        return self.model_dump(mode="json", exclude_none=True)


class Limits(Table):
    """What a request may cost; beyond, it is refused with 413, 422, 429 or 503."""

    body: Size = Field(
        default=8_000_000, description='The largest body of a request; "8 MB" when absent.', examples=["8 MB", "512 kB"]
    )
    rows: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="The most rows of a request, 1 or more; 10000 when absent.", examples=[10_000]
    )
    depth: Annotated[int, Field(ge=4, le=200)] = Field(
        default=20,
        description="How deep lists and objects of a request may be nested, 4 to 200; 20 when absent.",
        examples=[20],
    )
    seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=30.0,
        description="How long a request may take to arrive, above 0 and at most 3600; 30 when absent.",
        examples=[30],
    )
    concurrent: Annotated[int, Field(ge=1)] = Field(
        default=256,
        description="How many requests one process works on at once, 1 or more; 256 when absent. Twice as many "
        "connections may be open; beyond, one whose caller asks nothing is closed for the next.",
        examples=[256],
    )
    requests_per_second: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        default=None,
        description="How many POST requests a second one key may send to one process, or one address where no keys are "
        "needed; above 0. A whole second's worth may come at once. Each worker counts for itself, so several workers "
        "together let through so many times more. As many as come when absent.",
        examples=[50],
    )


Share = Annotated[float, Field(ge=0, lt=1)]
Guards = Annotated[tuple[Guard, ...], Strict(False), BeforeValidator(_in_double_brackets)]


class Serve(Table):
    """The service around a bundle."""

    log: Literal["required", "best_effort"] = Field(
        default="required",
        description='"required": no answer without its record; "best_effort": an answer even where the log fails. '
        '"required" when absent.',
        examples=["required"],
    )
    durability: Literal["process", "disk"] = Field(
        default="process",
        description='What a record survives: "process" the death of the service, "disk" also of the machine, for an '
        'fsync with each commit. "process" when absent.',
        examples=["process"],
    )
    tables: Text | None = Field(
        default=None,
        description="URI of a folder in an object store for the tables of the log, which replicas share; the workspace "
        "when absent; secrets by ${NAME}. The store's credentials and address stand in the environment, as "
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL.",
        examples=["s3://company-models/churn-log"],
    )
    inputs_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=1.0,
        description="Share of rows whose inputs are logged, 0 to 1; which rows is settled by a hash. Ids and answers "
        "are always logged. 1 when absent.",
        examples=[0.1],
    )
    retention: Span | None = Field(
        default=None, description="How long rows of the log are kept; for ever when absent.", examples=["730d"]
    )
    retrain_from_log: bool = Field(
        default=True,
        description="Whether models may be trained again from the log. While they may, no feature can be redacted. "
        "true when absent.",
        examples=[True],
    )
    shadow: bool = Field(
        default=False,
        description="Whether the challenger is asked the same rows; its answers are logged and nobody gets them. false "
        "when absent.",
        examples=[True],
    )
    canary_share: Share = Field(
        default=0.0,
        description="Share of entities that the challenger answers once its verdict is met, 0 or more and below 1; 0 "
        "when absent.",
        examples=[0.05],
    )
    control_share: Share = Field(
        default=0.0,
        description='Share of entities that are marked "do not act", so that the effect of acting can be measured, 0 '
        "or more and below 1; 0 when absent.",
        examples=[0.05],
    )
    redaction: dict[str, RedactionRule] = Field(
        default={},
        description='What is not written to the log as it is: a column is left out ("drop"), replaced by a keyed hash '
        '("hash"), or rounded down to a multiple ("bucket 10", "bucket 1d").',
        examples=[{"phone": "drop"}],
    )
    limits: Limits = Field(default=Limits(), description="What a request may cost.", examples=[{"body": "8 MB"}])
    guards: Guards = Field(
        default=(),
        description="When an answer is not to be trusted as it is.",
        examples=[[{"name": "new-customer", "when": "tenure = 0", "then": "abstain"}]],
    )


def guard_key(number: int, key: str = "") -> str:
    """Return the dotted key of a guard, or of a key in it; the first has number 1.

    >>> guard_key(2, "to")
    'serve.guards[2].to'
    """
    return f"serve.guards[{number}]" + (f".{key}" if key else "")


def contradictions(serve: Serve) -> Iterator[Mistake]:
    """Give what contradicts itself within the table, whatever the task is."""
    if serve.control_share + serve.canary_share >= 1:
        yield Mistake(
            "serve.control_share",
            f"A control share of {serve.control_share:g} and a canary share of {serve.canary_share:g} leave nobody.",
            "Write shares that add up to less than 1.",
        )
    if serve.retention is not None and serve.retention < _DAY:
        what = f"A retention of {span_text(serve.retention)} is less than a day; the log is kept by whole days."
        yield Mistake("serve.retention", what, 'Write "1d" or more.')
    names: set[str] = set()
    for number, guard in enumerate(serve.guards, 1):
        if guard.name in names:
            what = f"Two guards are called {guard.name!r}."
            yield Mistake(guard_key(number, "name"), what, "Give each guard a name of its own.")
        names.add(guard.name)
        yield from _contradictions_of(guard, guard_key(number, "to"))


def contradictions_with_task(serve: Serve, task: Task) -> Iterator[Mistake]:
    """Give the guards that do not fit a task."""
    for number, guard in enumerate(serve.guards, 1):
        if guard.then == "clamp" and task != "regression":
            yield Mistake(
                guard_key(number, "then"),
                f"The guard {guard.name!r} clamps a number, but the task is {task}: its decision is a class.",
                'Write then = "override" with a class, or then = "abstain".',
            )
        if guard.then == "override" and task == "regression" and isinstance(guard.to, str):
            yield Mistake(
                guard_key(number, "to"),
                f"The guard {guard.name!r} decides on {guard.to!r}, but the task is regression.",
                "Write a number without quotes.",
            )


def redaction_conflicts(
    serve: Serve, features: Collection[str], *, where: Callable[[str], str] = str
) -> MilepostError | None:
    """Return the error for a feature that is redacted although models may be trained from the log; None where all fits.

    Args:
        serve: the table.
        features: the columns that models learn from.
        where: dotted key -> its place, for the error.
    """
    for column, rule in serve.redaction.items():
        if serve.retrain_from_log and column in features:
            return MilepostError(
                f"The feature {column!r} is redacted ({rule!r}), but models are trained again from the log, which "
                "needs it as it was.",
                where=where(f"serve.redaction.{column}"),
                fix=f"Write retrain_from_log = false under [serve], or remove {column!r} from [serve.redaction].",
            )
    return None


def _contradictions_of(guard: Guard, key: str) -> Iterator[Mistake]:
    """Give what contradicts itself within one guard; key is that of its `to`."""
    is_range = isinstance(guard.to, tuple)
    if guard.then in ("abstain", "flag") and guard.to is not None:
        what = f'The guard {guard.name!r} has a to, which then = "{guard.then}" makes no use of.'
        yield Mistake(key, what, 'Remove to, or write then = "override" or "clamp".')
    if guard.then == "override" and (guard.to is None or is_range):
        said = "gives a range" if is_range else "does not say by what"
        what = f"The guard {guard.name!r} overrides the decision, but {said}."
        yield Mistake(key, what, 'Write to = "No" (a class) or to = 0 (a number) in this guard.')
    if guard.then == "clamp" and not is_range:
        what = f"The guard {guard.name!r} moves the decision into a range, but names no range."
        yield Mistake(key, what, "Write to = [0, 100] in this guard: its two ends.")
