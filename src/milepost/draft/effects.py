"""What a sentence promises the business: "reducing churn by 15%", "two points more conversion", "halve the delays".

A percentage belongs to an effect where a verb of change governs it, and to a criterion where a metric stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.draft.promises import ABOUT, ABOVE, AT_LEAST, AT_MOST, BELOW, METRIC, Promise
from milepost.draft.quantities import FLAGS, NUMBER, PERCENT, UNIT, number_in, scale_of
from milepost.problem.effects import Change

_DOWN = (
    r"reduc(?:e|es|ed|ing|tion|tions)|cut(?:s|ting)?|lower(?:s|ed|ing)?|decreas(?:e|es|ed|ing)|shrink(?:s|ing)?"
    r"|drop(?:s|ped|ping)?|fall(?:s|ing)?|declin(?:e|es|ed|ing)|minimi[sz](?:e|es|ing)|diminish(?:es|ing)?"
    r"|bring(?:s|ing)?\s+down|go(?:es)?\s+down|slash(?:es|ing)?|curb(?:s|ing)?|trim(?:s|ming)?|down|sav(?:e|es|ing|ings)"
)
_UP = (
    r"increas(?:e|es|ed|ing)|rais(?:e|es|ed|ing)|grow(?:s|th|ing)?|boost(?:s|ed|ing)?|improv(?:e|es|ed|ing|ement)"
    r"|lift(?:s|ed|ing)?|ris(?:e|es|ing)|gain(?:s|ing)?|go(?:es)?\s+up|up(?!\s+to)|uplift"
)
_VERB = rf"(?<![a-z])(?:(?P<down>{_DOWN})|(?P<up>{_UP}))(?![a-z])"
_OBJECT = r"(?:(?!(?:by|from|with|and|or|so)(?![a-z]))[^\s,.;:!?()0-9%]{1,40}\s+)"
_ABOUT_SO = rf"(?:(?:{AT_LEAST}|{AT_MOST}|{ABOVE}|{BELOW}|{ABOUT}|as\s+much\s+as|some|an?)\s*)?"
_STEP = (
    rf"(?:[$€£]\s?)?(?P<number>{NUMBER})(?:\s?(?P<scale>k|thousand|million|mio|(?<=[0-9])m)(?![a-z]))?"
    rf"(?:\s?-?\s?(?:(?P<points>(?:percentage[\s-]|percent[\s-]|%[\s-]?)?points?(?![a-z])|pp(?![a-z]))"
    rf"|(?P<percent>{PERCENT})))?(?![0-9])(?:\s(?:{UNIT}|euros?|dollars?|pounds|EUR|USD|GBP)(?![a-z]))?"
)
# "40% should rise to 60%" is no rise of 40%
_NO_MODAL = r"(?!(?:must|should|shall|will|would|can|could|may|needs?|ha[sd]|have|ought|to)(?![a-z]))"
_LINK = r"(?:in|of|to|for)(?![a-z])\s+"
_STOPS = (
    r"(?!(?:and|or|with|within|by|from|over|in|for|to|next|using|through|per|at|of|on|while|so|when|each|every|as|if"
    r"|than|before|after|this|that|which|who|will|should|we|i|it|is|are)(?![a-z]))"
)
_NOUN = rf"(?:(?:the|our|a)\s+)?{_STOPS}[^\s,.;:!?()0-9%]{{1,40}}(?:\s+{_STOPS}[^\s,.;:!?()0-9%]{{1,40}}){{0,2}}"
_EFFECTS = (
    # reducing churn rate by 15%; a reduction of churn of 15%; decrease in churn of 15%
    re.compile(rf"{_VERB}\s+(?:{_LINK})?(?P<about>{_OBJECT}{{1,6}}?)(?:by|of)\s+{_ABOUT_SO}{_STEP}", FLAGS),
    # reduce churn from 20% to 15%
    re.compile(
        rf"{_VERB}\s+(?:{_LINK})?(?P<about>{_OBJECT}{{1,6}}?)from\s+{_ABOUT_SO}(?P<before>{NUMBER})\s?(?:{PERCENT})?"
        rf"\s+(?:down\s+|up\s+)?to\s+{_ABOUT_SO}{_STEP}",
        FLAGS,
    ),
    # reduce 15% of churn
    re.compile(rf"{_VERB}\s+{_ABOUT_SO}{_STEP}\s+(?:of\s+)?(?P<about>{_NOUN})", FLAGS),
    # churn reduction of 15%; churn falls by 15%; churn down 15%
    re.compile(
        rf"(?<![^\s(])(?P<about>(?:{_STOPS}{_OBJECT}){{1,2}}?){_VERB}\s+(?:by\s+|of\s+)?{_ABOUT_SO}{_STEP}", FLAGS
    ),
    # a 15% reduction in churn; 15% reduction of the churn rate
    re.compile(
        rf"(?<![a-z0-9.,]){_STEP}\s+(?:(?:{_NO_MODAL}{_OBJECT}){{0,2}}?){_VERB}(?:\s+{_LINK}(?P<about>{_NOUN}))?",
        FLAGS,
    ),
    # 15% less churn; 15% higher conversion
    re.compile(
        rf"(?<![a-z0-9.,]){_STEP}\s+(?:(?P<down>less|fewer|lower|smaller)|(?P<up>more|higher|greater))\s+(?!than(?![a-z]))"
        rf"(?P<about>{_NOUN})",
        FLAGS,
    ),
    # cut by 15% the churn rate
    re.compile(rf"{_VERB}\s+by\s+{_ABOUT_SO}{_STEP}(?:\s+(?P<about>(?=(?:the|our)\s){_NOUN}))?", FLAGS),
)
_FRACTIONS = {"half": 50, "third": 33, "quarter": 25, "fifth": 20, "tenth": 10}
_BY_FRACTION = re.compile(
    rf"{_VERB}\s+(?P<about>{_OBJECT}{{1,6}}?)by\s+(?:a\s+|one\s+)?(?P<fraction>{'|'.join(_FRACTIONS)})(?![a-z])", FLAGS
)
_HALVE = re.compile(rf"(?<![a-z])(?:(?P<down>halv(?:e|es|ing))|(?P<up>doubl(?:e|es|ing)))\s+(?P<about>{_NOUN})", FLAGS)
# "accuracy must not drop below 75%" is a bound; to save customers is not to have fewer of them
_NO_CHANGE = re.compile(
    r"(?<![a-z])(?:not|never|without|cannot|can't|mustn't)(?![a-z])"
    r"|^sav(?:e|es|ing|ings)\s.*(?:customer|client|user|subscriber|member|patient|people|employee|account|contract)s?(?![a-z])",
    FLAGS,
)
_DETERMINERS = re.compile(r"^(?:(?:the|our|a|an|its|their|my|overall|total|annual|in|of)\s+)+", FLAGS)


def effects_in(text: str) -> Iterator[Promise]:
    """Give every stretch that promises a change of the business; the earlier in this order is surer."""
    for pattern in _EFFECTS:
        for match in pattern.finditer(text):
            is_change = match["percent"] or match["points"] or re.search(r"\s(?:by|from)\s", match[0], FLAGS)
            if is_change and not _NO_CHANGE.search(match[0]):
                yield _effect(match)
    for match in _BY_FRACTION.finditer(text):
        share = (-1 if match["down"] else 1) * _FRACTIONS[match["fraction"].casefold()] / 100
        yield Promise(*match.span(), change=Change(share, "relative"), about=_noun(match["about"]))
    for match in _HALVE.finditer(text):
        change = Change(-0.5 if match["down"] else 1.0, "relative")
        yield Promise(*match.span(), change=change, about=_noun(match["about"]))


def _effect(match: re.Match[str]) -> Promise:
    about = _noun(match["about"] or "")
    if about and re.search(METRIC, about, FLAGS):
        doubt = f"How much better than today is said of the {about}, but not what it is today."
        return Promise(*match.span(), doubt=doubt)
    sign = -1 if match["down"] else 1
    number = number_in(match["number"]) * scale_of(match["scale"])
    before = match.groupdict().get("before")
    step = abs(number - number_in(before)) if before else number
    if not match["percent"] and not match["points"]:
        change = Change(float(sign * step), "absolute")
    else:
        change = Change(float(sign * step / 100), "points" if match["points"] or before else "relative")
    return Promise(*match.span(), change=change, about=about)


def _noun(words: str) -> str:
    return _DETERMINERS.sub("", words.strip()).strip(" '")
