"""How far ahead a sentence looks: "within the next 30 days", "30-day churn", "over the next quarter", "tomorrow"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from milepost.draft.quantities import FLAGS, NUMBER, PERCENT, UNIT, has_fixed_length, number_in, span_in, unit_name
from milepost.problem.spans import span_text


@dataclass(frozen=True, slots=True)
class Horizon:
    """One stretch of a statement that says how far ahead.

    Attributes:
        start, end: where it stands.
        span: how far.
        is_sure: it can mean nothing else ("the next 30 days"); "in 2 weeks" beside a metric might.
        says: the meaning in words, with what was assumed.
    """

    start: int
    end: int
    span: timedelta
    is_sure: bool
    says: str


_SINGULAR = r"(?:minute|hour|day|week|fortnight|month|quarter|year)"
# "a 30-day trial" is no horizon, and neither is "a 5-minute error"
_NOT_AHEAD = (
    r"(?!s?[\s-]+(?:trial|history|old|moving|average|rolling|lag|warranty|contract|window\s+of\s+data|error|mae|rmse|delay"
    r"|period\s+before|of\s+(?:data|history|the\s+(?:true|actual|real))|ago)(?![a-z]))"
)
_COUNT = rf"(?P<number>{NUMBER}|(?:a|an|one)(?=\s))"
_KIND = r"(?:(?:business|working|calendar|full)\s+)?"
_PATTERNS: tuple[tuple[bool, re.Pattern[str]], ...] = tuple(
    (is_sure, re.compile(pattern, FLAGS))
    for is_sure, pattern in (
        (True, rf"(?:(?:with)?in\s+|over\s+|during\s+|for\s+|throughout\s+)?(?:the\s+)?(?<![a-z])(?:next|coming"
               rf"|following|upcoming)[\s-](?:{_COUNT}\s)?{_KIND}(?P<unit>{UNIT})"),
        (True, rf"(?<![a-z])horizon(?:\s+of|\s+is|\s*[:=])?\s+{_COUNT}[\s-](?P<unit>{UNIT})"),
        (True, rf"(?<![a-z0-9.,]){_COUNT}[\s-]{_KIND}(?P<unit>{UNIT})[\s-](?:ahead|in\s+advance|beforehand|out"
               r"|from\s+now|early|earlier|before|prior|later|horizon)(?![a-z])"),
        (True, rf"(?<![a-z0-9.,])(?P<number>{NUMBER})-(?P<unit>{_SINGULAR})s?(?![a-z]){_NOT_AHEAD}"),
        (True, rf"(?<![a-z0-9.,])(?P<number>{NUMBER})\s(?P<unit>{_SINGULAR})(?=\s[a-z]){_NOT_AHEAD}"),
        (True, rf"(?<![a-z])(?P<unit>{_SINGULAR})[\s-]ahead(?![a-z])"),
        (True, r"(?<![a-z])(?P<tomorrow>(?:the\s+)?day\s+after\s+tomorrow|tomorrow(?:'s)?)(?![a-z])"),
        (False, r"(?<![a-z])(?<!to\s)(?:within|in)\s+"
                rf"(?:(?:less|fewer)\s+than\s+|at\s+most\s+|under\s+|about\s+|the\s+)?{_COUNT}[\s-]{_KIND}(?!sec)(?P<unit>{UNIT}){_NOT_AHEAD}(?!(?<=quarter)\s+of\s)"),
    )
)  # fmt: skip


# "90% of the predictions within 10 minutes" says how near they must be
_SHARE_OF_ANSWERS = re.compile(
    rf"{PERCENT}\s+of\s+(?:the\s+|all\s+)?(?:predictions|forecasts|estimates|answers|cases|times?)(?:\s+(?:is|are|be|lie))?\s+$",
    FLAGS,
)


def horizons_in(text: str) -> Iterator[Horizon]:
    """Give every stretch that says how far ahead, the surer first; stretches may overlap."""
    for is_sure, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            found = _horizon(match, is_sure)
            if found and (is_sure or not _SHARE_OF_ANSWERS.search(text[: match.start()])):
                yield found


def _horizon(match: re.Match[str], is_sure: bool) -> Horizon | None:
    groups = match.groupdict()
    if groups.get("tomorrow"):
        days = 2 if "after" in match[0].casefold() else 1
        return Horizon(*match.span(), timedelta(days=days), is_sure, f"horizon {days}d")
    counted = (groups.get("number") or "one").casefold()
    number = Decimal(1) if counted in ("a", "an") else number_in(counted)
    span = span_in(number, match["unit"])
    if span is None or span == timedelta():
        return None
    assumed = "" if has_fixed_length(match["unit"]) else f" ({counted} {_unit(match, number)} as {span.days} days)"
    return Horizon(*match.span(), span, is_sure, f"horizon {span_text(span)}{assumed}")


def _unit(match: re.Match[str], number: Decimal) -> str:
    return unit_name(match["unit"]) + ("" if number == 1 else "s")
