"""One prediction of the log with all that is known of it, as people read it: a page of a terminal.

what was answered, when, by which bundle · what turned out to be true · each input, and what it adds to the answer
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType

from milepost.ground.text import figure, listed, share, span
from milepost.show.logged import said
from milepost.show.terminal import MIDDLE, Grid, Heading, facts, heading, plain, spaced

_WAYS = {"http": "over HTTP", "score": "by score --log", "parity": "by a check of the service"}
_DIGITS = 4  # of the largest contribution
_SCALES = {"log-odds": "the log-odds", "log-ratio": "the log-ratio", "probability": "the probability"}


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """What was answered.

    Attributes:
        prediction_id: of the answer.
        at: when it was answered, UTC.
        time: of the row, where it had one of its own.
        entity: that it is about, as it is logged; None where the row named none.
        request_id: of the caller.
        request: prediction_id of the answer that the caller got, where this is a shadow's.
        origin: the way by which the row came: "http", "score" or "parity".
        bundle_id: that answered.
        version: of that bundle; None where the history does not know it.
        role: of that bundle: "champion", "canary" or "shadow".
        prediction: label or number; None where the model had no answer.
        probabilities: of each class, in the bundle's order; of "class 1" and so on where its classes are not known
            here, None for numbers.
        lo, hi: of the interval of a number.
        decision: what was to be acted on; None where a guard took it away, or there was no answer.
        guards: names of the guards that acted.
        flags: what was odd about the inputs, in full.
        arm: "act" or "control"; None where nobody is left alone.
        arm_share: probability with which a row gets into its arm, 0..1.
        answer_us: microseconds from the request's arrival to the answer; its reasons, where asked, come after.
        context: columns that were logged though the model never sees them.
    """

    prediction_id: str
    at: datetime
    time: datetime | None
    entity: str | None
    request_id: str | None
    request: str | None
    origin: str
    bundle_id: str
    version: int | None
    role: str
    prediction: str | float | None
    probabilities: Mapping[str, float] | None
    lo: float | None
    hi: float | None
    decision: str | float | None
    guards: tuple[str, ...]
    flags: tuple[str, ...]
    arm: str | None
    arm_share: float | None
    answer_us: int | None
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """One word on what turned out to be true.

    Attributes:
        outcome_id: of it.
        truth: label or number; None where it says only whether somebody acted.
        happened_at: when it came true, where known, UTC.
        recorded_at: when it became known.
        received_at: when it came to the log.
        acted_on: whether somebody acted on the prediction, where known.
        origin: the way by which it came.
    """

    outcome_id: str
    truth: str | float | None
    happened_at: datetime | None
    recorded_at: datetime
    received_at: datetime
    acted_on: bool | None
    origin: str


@dataclass(frozen=True, slots=True)
class CaseInput:
    """One input.

    Attributes:
        input: its name.
        value: as it was logged; of what is not logged, as it was computed again.
        is_logged: False for derived features and today's rule, which are computed from the others.
        contribution: what it adds to the margin; None where that cannot be had.
        change: by how much the calibrated probability, or the number, is higher than without this contribution.
    """

    input: str
    value: object
    is_logged: bool
    contribution: float | None
    change: float | None


@dataclass(frozen=True, slots=True)
class CaseMargin:
    """What the contributions add up to.

    Attributes:
        scale: "log-odds", "log-ratio", "probability" or "target".
        of: the class whose probability is told of; None for numbers.
        base: the margin of which nothing is known.
        total: base and all contributions.
    """

    scale: str
    of: str | None
    base: float
    total: float


@dataclass(frozen=True, slots=True)
class CaseInputs:
    """What the answer was computed from.

    Attributes:
        each: the inputs, what adds most first; in the bundle's order where no contributions can be had.
        margin: what they add up to; None where that cannot be had.
        says: why there are no inputs, or no contributions; empty where there are.
    """

    each: tuple[CaseInput, ...]
    margin: CaseMargin | None
    says: str = ""


def case_answer_view(answer: CaseAnswer) -> RenderableType:
    """Return what was answered as facts."""
    return facts((label, value) for label, value in _facts(answer) if value)


def _facts(answer: CaseAnswer) -> Iterator[tuple[str, str]]:
    version = f" (version {answer.version})" if answer.version is not None else ""
    yield "prediction id", answer.prediction_id
    yield "in place of", answer.request or ""
    yield "request id", answer.request_id or ""
    yield "answered", f"{answer.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f" UTC, {_WAYS.get(answer.origin, answer.origin)}"
    yield "took", "" if answer.answer_us is None else span(answer.answer_us / 1e6)
    yield "bundle", f"{answer.bundle_id}{version}, as {answer.role}"
    yield "entity", answer.entity or ""
    yield "time", f"{answer.time:%Y-%m-%d %H:%M:%S} UTC" if answer.time else ""
    yield "arm", "" if answer.arm is None else f"{answer.arm}{_of_all(answer.arm_share)}"
    yield "prediction", "none" if answer.prediction is None else _exact(answer.prediction)
    yield "probabilities", listed([f"{name} {share(p, digits=2)}" for name, p in (answer.probabilities or {}).items()])
    yield "interval", "" if answer.lo is None or answer.hi is None else f"{figure(answer.lo)} to {figure(answer.hi)}"
    yield "decision", "none" if answer.decision is None else _exact(answer.decision)
    yield "guards", listed(answer.guards)
    yield "flags", "\n".join(answer.flags)
    yield "context", listed([f"{name} {said(value)}" for name, value in answer.context.items()], most=100)


def _of_all(arm_share: float | None) -> str:
    return "" if arm_share is None else f", as {share(arm_share)} are"


def case_outcomes_view(outcomes: Sequence[CaseOutcome]) -> RenderableType:
    """Return every word on what turned out to be true, in order."""
    headings = (
        Heading("truth"),
        Heading("acted on"),
        Heading("happened at", from_width=MIDDLE),
        Heading("recorded at"),
        Heading("received at", from_width=MIDDLE),
        Heading("way", from_width=MIDDLE),
    )
    rows = [
        (
            said(one.truth),
            said(one.acted_on),
            said(one.happened_at),
            said(one.recorded_at),
            said(one.received_at),
            one.origin,
        )
        for one in outcomes
    ]
    return Grid(headings, tuple(rows))


def case_inputs_view(inputs: CaseInputs) -> RenderableType:
    """Return inputs as a table, what adds most first, and what they add up to."""
    return spaced(
        heading("Inputs"),
        _table(inputs) if inputs.each else None,
        *(plain(sentence) for sentence in _below(inputs)),
    )


def _table(inputs: CaseInputs) -> Grid:
    margin = inputs.margin
    has_change = margin is not None and margin.of is not None
    headings = [Heading("input"), Heading("value")]
    headings += [Heading("contribution", is_number=True)] if margin else []
    headings += [Heading("change", is_number=True)] if has_change else []
    decimals, rows = _decimals(inputs), []
    for one in inputs.each:
        cells = [one.input if one.is_logged else f"{one.input} *", _exact(one.value)]
        cells += ["–" if one.contribution is None else f"{one.contribution:+,.{decimals}f}"] if margin else []
        cells += ["–" if one.change is None else _signed_share(one.change)] if has_change else []
        rows.append(tuple(cells))
    return Grid(tuple(headings), tuple(rows))


def _below(inputs: CaseInputs) -> Iterator[str]:
    """Give sentences on how to read the table."""
    if not all(one.is_logged for one in inputs.each):
        yield "* computed from the logged inputs."
    if inputs.margin is not None:
        margin, decimals = inputs.margin, _decimals(inputs)
        of = "the number" if margin.of is None else f"{_SCALES.get(margin.scale, margin.scale)} of {margin.of}"
        calibrated = ", before calibration" if margin.of is not None else ""
        yield (
            f"Contributions add up: base {margin.base:,.{decimals}f} and all of them are "
            f"{margin.total:,.{decimals}f}, {of}{calibrated}. They say what the model used, not what causes what."
        )
        if margin.of is not None:
            yield (
                f"Change illustrates: by so much the probability of {margin.of} is higher than without this one "
                "contribution. Changes do not add up."
            )
    if inputs.says:
        yield inputs.says


def _exact(value: object) -> str:
    """Return a value as an auditor wants it: a number is not rounded as figures of a report are."""
    return f"{value:.10g}" if isinstance(value, float) else said(value)


def _decimals(inputs: CaseInputs) -> int:
    """Return with how many decimals contributions are told, so that they stand under each other."""
    largest = max((abs(one.contribution) for one in inputs.each if one.contribution), default=1.0)
    return min(max(_DIGITS - 1 - math.floor(math.log10(largest)), 0), 9)


def _signed_share(number: float) -> str:
    told = share(number)
    return f"+{told}" if number > 0 and not told.startswith("0.0 ") else told
