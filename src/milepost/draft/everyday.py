"""What a sentence asks of the model in everyday words: "catch 7 of 10", "miss no more than 10%", "8 out of 10 right".

These say no metric by its name. Where the words can mean two, nothing is made of them, and the doubt names both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from milepost.draft.promises import (
    AMOUNT,
    ANY_SIDE,
    FILLER,
    METRIC,
    MIRRORED,
    NEITHER,
    SIDE,
    Promise,
    of_today,
    sense_of,
)
from milepost.draft.quantities import FLAGS, NUMBER, PERCENT, UNIT, number_in, scale_of
from milepost.draft.today import is_of_today
from milepost.ground.errors import MilepostError
from milepost.metrics.names import Task
from milepost.problem.criteria import Criterion

_FRACTIONS = {
    "half": "0.5", "third": "0.3333", "quarter": "0.25", "two thirds": "0.6667", "three quarters": "0.75",
    "four fifths": "0.8", "nine tenths": "0.9",
}  # fmt: skip
_COUNTED = (
    rf"(?<![a-z0-9.,])(?:(?P<top>{NUMBER})(?:\s+(?:times?|cases))?\s+(?:out\s+of|of|in)\s+(?:every\s+|each\s+|the\s+)?"
    rf"(?P<bottom>{NUMBER})(?![0-9]|\s?{PERCENT})"
    r"|(?:an?\s+|one\s+)?(?P<fraction>half|third|quarter|two[\s-]thirds|three[\s-]quarters|four[\s-]fifths|nine[\s-]tenths)"
    r"(?![a-z]))"
)
_PART = rf"(?:(?<![a-z0-9.,])(?P<share>{NUMBER})\s?{PERCENT}|{_COUNTED})"
_WORD = rf"(?:{NEITHER}(?!{METRIC})[^\s,.;:!?()0-9%]{{1,40}})"
_WHOSE = rf"(?:\s+(?:of\s+)?(?:(?:the|all|our|those|them)\s+)?{_WORD})?"
_DENIED = r"(?P<denied>(?:not|never|without|cannot|(?:ca|must|should|may|wo|do|does)n't)\s+(?:ever\s+)?)?"
_BEING = r"(?:(?:that|which|may|can|should|must|shall|will|is|are|be|being|to|turn\s+out|go|goes|get)\s+){0,4}"
_THING = r"(?:the\s+|all\s+|our\s+|its\s+|those\s+|these\s+)?"
_ALARM = (
    r"(?:raised\s+|sent\s+)?"
    r"(?:alarms?|alerts?|flags|warnings?|(?:flagged|alerted|called|contacted)(?:\s+[a-z]+)?)(?![a-z])"
)
_FALSE_ALARM = r"(?<![a-z])false[\s-](?:alarms?|alerts?|positives?)(?![\s-]*(?:rate|ratio)|[a-z])"
_AMONG = r"(?:\s+(?P<among>(?:among|of|in|per)\s+[^,.;:!?]{1,60}))?"
_MONEY_UNIT = r"euros?|dollars?|pounds|EUR|USD|GBP"
_DISTANCE = rf"{AMOUNT}(?:\s+(?P<unit>{UNIT}|{_MONEY_UNIT})(?![a-z]))?"
_OF_TRUTH = rf"(?:\s+(?:of|from)\s+(?:the\s+)?(?:(?:true|actual|real|correct|final)\s+)?{_WORD})?"
_TO_WITHIN = r"(?:(?:accurate\s+|correct\s+|right\s+)?to\s+)?(?<![a-z])(?:within|plus\s+or\s+minus|\+\s?/\s?-|±)\s*"
_NEAR = rf"(?:{_TO_WITHIN}|(?<![a-z])(?:off|wrong|out)\s+by\s+(?:{SIDE}\s*)?)"
_ON_AVERAGE = r"(?:on\s+average|in\s+the\s+mean|on\s+the\s+whole)(?![a-z])"


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, FLAGS) for pattern in patterns)


_FOUND = _compiled(
    r"(?<![a-z])(?:catch|find|detect|identif(?:y|ies)|captur|recogni[sz]|spot)(?:es|e|s|ing|ting)?\s+"
    rf"(?:{SIDE}\s*)?{_COUNTED}{_WHOSE}",
    rf"(?:{SIDE}\s*)?{_PART}\s+(?:of\s+)?(?:{_WORD}\s+){{0,3}}?{_BEING}(?:caught|found|detected|identified|recogni[sz]ed|spotted)"
    r"(?![a-z])",
)
_MISSED = _compiled(
    rf"{_DENIED}(?<![a-z])(?:miss|overlook)(?:es|s|ing)?\s+(?:{SIDE})\s*{_PART}{_WHOSE}",
    rf"(?:{SIDE})\s*{_PART}\s+(?:of\s+)?(?:{_WORD}\s+){{0,3}}?{_BEING}(?:missed|overlooked|unnoticed|undetected)(?![a-z])",
)
_RIGHT = _compiled(
    r"(?<![a-z])(?:right|correct|correctly)\s+(?:(?:in|for|on)\s+)?"
    rf"(?:{SIDE}\s*)?{_PART}(?:\s+(?:of\s+)?{_THING}(?:cases|times?|rows|predictions|answers|examples|customers))?",
    rf"(?:{SIDE}\s*)?{_PART}\s+(?:of\s+)?(?:{_WORD}\s+){{0,4}}?(?:correct|correctly|right)"
    r"(?!\s+(?:now|away|after|before|side|time|hand)(?![a-z])|[a-z])",
)
_WRONG = _compiled(
    rf"{_DENIED}(?<![a-z])(?:wrong|incorrect|mistaken)\s+(?:in|for|on)\s+(?:{SIDE})\s*{_PART}(?:\s+(?:of\s+)?{_THING}"
    r"(?:cases|times?|rows|predictions|answers|examples|customers))?",
    rf"(?:{SIDE})\s*{_PART}\s+(?:of\s+)?(?:{_WORD}\s+){{0,4}}?(?:wrong(?!\s+by)|incorrect|misclassified|mistakes)(?![a-z])",
)
_ALARMS_FALSE = _compiled(
    rf"(?:{SIDE}\s*)?{_PART}\s+(?:of\s+)?{_THING}{_ALARM}\s+{_BEING}(?:false|wrong|in\s+vain|mistaken|unfounded)(?![a-z])"
)
_ALARMS_TRUE = _compiled(
    rf"(?:{SIDE}\s*)?{_PART}\s+(?:of\s+)?{_THING}{_ALARM}\s+{_BEING}(?:true|right|correct|real|justified)(?![a-z])"
)
_FALSE_ALARMS = _compiled(
    rf"(?:{SIDE}\s*)?{_PART}\s+(?:of\s+)?{_FALSE_ALARM}{_AMONG}",
    rf"{_FALSE_ALARM}(?:\s*(?:{FILLER})){{0,4}}?\s*(?:{SIDE}\s*)?{_PART}{_AMONG}",
)
_OF_ALARMS = re.compile(rf"(?:among|of|in|per)\s+{_THING}{_ALARM}", FLAGS)
_OF_NEGATIVES = re.compile(
    r"(?:among|of|in)\s+(?:the\s+|all\s+|our\s+|those\s+)?(?:\w+\s+)?(?:who\s+|that\s+|which\s+)?"
    r"(?:negatives?|stay(?:ing|ers)?|remain|do\s+not|don't|did\s+not|are\s+not|non[\s-]|not\s|healthy|legitimate|genuine|loyal)",
    FLAGS,
)
_SOME_WITHIN = _compiled(
    rf"(?:{ANY_SIDE}\s*)?{_PART}\s+(?:of\s+)?{_THING}(?:{_WORD}\s+){{0,3}}?{_BEING}(?:fall\s+|lie\s+|come\s+)?"
    rf"{_NEAR}{_DISTANCE}{_OF_TRUTH}",
    rf"{_NEAR}{_DISTANCE}{_OF_TRUTH},?\s+(?:for|in)\s+(?:{ANY_SIDE}\s*)?{_PART}(?:\s+(?:of\s+)?{_THING}{_WORD})?",
)
_AVERAGE_WITHIN = _compiled(
    rf"{_TO_WITHIN}{_DISTANCE}{_OF_TRUTH},?\s+{_ON_AVERAGE}",
    rf"{_ON_AVERAGE},?\s+(?:(?:it|they|must|should|is|are|be)\s+){{0,3}}{_TO_WITHIN}{_DISTANCE}{_OF_TRUTH}",
)
_BARE_WITHIN = _compiled(
    rf"(?<![a-z])to\s+within\s+{_DISTANCE}(?!(?:\s+(?:{UNIT}|{_MONEY_UNIT}))?\s+(?:of|from)(?![a-z])|[a-z0-9])",
    rf"(?<![a-z])within\s+(?P<number>{NUMBER})(?P<scale>(?!))?\s?(?P<percent>{PERCENT})(?P<unit>(?!))?(?!\s+(?:of|from)(?![a-z]))",
)

Reading = Callable[[re.Match[str]], Promise | None]


def everyday_in(text: str, *, task: Task | None) -> Iterator[Promise]:
    """Give every stretch that asks something in everyday words; stretches may overlap, the earlier is surer.

    Args:
        text: the plain statement.
        task: what is predicted, as far as it is known.
    """
    readings: tuple[tuple[tuple[re.Pattern[str], ...], Reading], ...] = (
        (_SOME_WITHIN, _of_some),
        (_AVERAGE_WITHIN, _on_average),
        (_ALARMS_FALSE, lambda match: _share(match, "precision", is_complement=True)),
        (_ALARMS_TRUE, lambda match: _share(match, "precision")),
        (_FALSE_ALARMS, _false_alarms),
        (_FOUND, lambda match: None if task == "multiclass" else _share(match, "recall")),
        (_MISSED, lambda match: None if task == "multiclass" else _share(match, "recall", is_complement=True)),
        (_RIGHT, lambda match: _share(match, "accuracy")),
        (_WRONG, lambda match: _share(match, "accuracy", is_complement=True)),
        (_BARE_WITHIN, lambda match: _bare(match) if task in ("regression", None) else None),
    )
    for patterns, read in readings:
        for match in (found for pattern in patterns for found in pattern.finditer(text)):
            promise = of_today(match) if is_of_today(match, text) else read(match)
            if promise is not None:
                yield promise


# ---- shares


def _part(match: re.Match[str]) -> Decimal | None:
    """Return the share that _PART or _COUNTED matched, 0..1; None where it is none."""
    said = match.groupdict()
    if said.get("share"):
        part = number_in(said["share"]) / 100
    elif said.get("fraction"):
        part = Decimal(_FRACTIONS[re.sub(r"[\s-]+", " ", said["fraction"].casefold())])
    else:
        bottom = number_in(said["bottom"])
        part = round(number_in(said["top"]) / bottom, 4) if bottom else Decimal(2)
    return part if 0 <= part <= 1 else None


def _share(match: re.Match[str], metric: str, *, is_complement: bool = False) -> Promise | None:
    part = _part(match)
    if part is None:
        return None
    sense = sense_of(match, not is_complement)
    if is_complement:
        part, sense = 1 - part, MIRRORED[sense]
    return _promise(match, metric, sense, part)


def _false_alarms(match: re.Match[str]) -> Promise | None:
    among = match["among"] or ""
    if _OF_ALARMS.match(among):
        return _share(match, "precision", is_complement=True)
    if _OF_NEGATIVES.match(among):
        return _share(match, "specificity", is_complement=True)
    part = _part(match)
    if part is None:
        return None
    sense, rest = MIRRORED[sense_of(match, False)], f"{1 - part:f}"
    precision, specificity = (
        Criterion.parse(metric, f"{sense} {rest}", where="").text for metric in ("precision", "specificity")
    )
    says = (
        f"{_quoted(match)} can mean two things: of the rows called positive so many may be wrong ({precision}), "
        f"or of the negative rows so many may be called positive ({specificity}). Write the one you mean."
    )
    return Promise(*match.span(), doubt=says)


# ---- distances


def _of_some(match: re.Match[str]) -> Promise | None:
    """Return what a share of the rows within a distance asks for: only for half of them there is a metric."""
    part, is_over = _part(match), match["above"] or match["at_least"]
    if part is None:
        return None
    if part == Decimal("0.5") and not match["percent"] and not is_over:
        return _promise(match, "median_ae", _at_most(match), _distance(match))
    what = "in percent " if match["percent"] and part == Decimal("0.5") else ""
    says = f"{_quoted(match)}: no metric {what}says in how many rows the model is so near."
    return Promise(
        *match.span(),
        doubt=f"{says} median_ae says it for half of them, in the target's unit; mae and mape for the average.",
    )


def _on_average(match: re.Match[str]) -> Promise | None:
    metric = "mape" if match["percent"] else "mae"
    return _promise(match, metric, "<=", _distance(match))


def _bare(match: re.Match[str]) -> Promise | None:
    if match["percent"]:
        reading = f"on average ({_bound('mape', _distance(match))})"
    else:
        far = _distance(match)
        reading = f"on average ({_bound('mae', far)}) or for half of them ({_bound('median_ae', far)})"
    return Promise(*match.span(), doubt=f"{_quoted(match)} does not say for how many rows: {reading}?")


def _at_most(match: re.Match[str]) -> str:
    return "<" if match["below"] else "<="


def _distance(match: re.Match[str]) -> Decimal:
    said = match.groupdict()
    number = max(number_in(said[name]) for name in ("number", "upto") if said.get(name))
    return number / 100 if said["percent"] else number * scale_of(said["scale"])


def _bound(metric: str, most: Decimal) -> str:
    return Criterion.parse(metric, f"<= {most:f}", where="").text


def _promise(match: re.Match[str], metric: str, sense: str, number: Decimal) -> Promise:
    unit = match.groupdict().get("unit") or ""
    try:
        return Promise(*match.span(), (Criterion.parse(metric, f"{sense} {number:f}", where=""),), unit=unit)
    except MilepostError as error:
        return Promise(*match.span(), doubt=error.what)


def _quoted(match: re.Match[str]) -> str:
    return f"'{match[0].strip()}'"
