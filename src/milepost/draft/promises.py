"""What a sentence asks of the model: "80% accuracy", "recall of at least 0.7", "RMSE under 5,000"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from milepost.draft.quantities import FLAGS, NUMBER, PERCENT, UNIT, number_in, scale_of
from milepost.draft.today import NOW, is_of_today
from milepost.ground.errors import MilepostError
from milepost.metrics.names import METRIC_NAMES, Task
from milepost.problem.criteria import Criterion
from milepost.problem.effects import Change


@dataclass(frozen=True, slots=True)
class Promise:
    """One stretch of a statement that promises something.

    Attributes:
        start, end: where it stands in the statement.
        criteria: what it asks of the model.
        change: the change of the business that it promises.
        about: whose change, in the words of the statement.
        unit: what a distance counts, in the words of the statement ("minutes"); empty where not said.
        doubt: why nothing can be made of it, one sentence; empty where something was.
    """

    start: int
    end: int
    criteria: tuple[Criterion, ...] = ()
    change: Change | None = None
    about: str = ""
    unit: str = ""
    doubt: str = ""


_UNSPOKEN = {"value", "money", "profit", "bias", "acc", "roc", "matthews", "value_per_decision", "selectivity", "r_2"}
_NOT = r"(?:not|never|without|cannot|(?:ca|must|should|may|wo|do|does)n't)\s+(?:ever\s+)?"
_SINK = r"(?:be(?:ing)?|fall(?:s|ing)?|drop(?:s|ping)?|sink(?:s|ing)?|dip(?:s|ping)?|go(?:es|ing)?|get(?:s|ting)?)\s+"
_RISE = r"(?:be(?:ing)?|rise(?:s)?|rising|climb(?:s|ing)?|go(?:es|ing)?|get(?:s|ting)?)\s+"
AT_LEAST = (
    r"at\s+least|no\s+less\s+than|no\s+lower\s+than|no\s+fewer\s+than"
    rf"|{_NOT}(?:{_SINK})?(?:below|under|(?:less|lower|fewer|smaller)\s+than)|from\s+{_SINK}(?:below|under)"
    r"|(?:a\s+|the\s+)?minimum(?:\s+of)?|min\.?(?![a-z])|>\s?=|=\s?>|≥"
)
ABOVE = (
    r"(?:more|greater|higher|larger|bigger)\s+than|in\s+excess\s+of|above|over|exceed(?:s|ing)?|beyond|upwards?\s+of|>"
)
AT_MOST = (
    r"at\s+(?:the\s+)?most|no\s+(?:more|greater|higher|larger)\s+than|from\s+(?:exceeding|" + _RISE + r"(?:above|over))"
    rf"|{_NOT}(?:{_RISE})?(?:above|over|exceed(?:s|ing)?|(?:more|greater|higher|larger)\s+than)"
    r"|(?:a\s+|the\s+)?maximum(?:\s+of)?|max\.?(?![a-z])|up\s+to|within|<\s?=|=\s?<|≤"
)
BELOW = r"(?:less|lower|fewer|smaller)\s+than|below|under|<"
_BETTER = r"better\s+than"
ABOUT = r"no\s+worse\s+than|around|about|approximately|approx\.?|roughly|nearly|almost|exactly|circa|~"
SIDE = (
    rf"(?:(?P<at_most>{AT_MOST})|(?P<at_least>{AT_LEAST})|(?P<above>{ABOVE})"
    rf"|(?P<below>{BELOW})|(?P<better>{_BETTER})|{ABOUT})"
)
ANY_SIDE = re.sub(r"\?P<\w+>", "?:", SIDE)
FILLER = (
    r"(?:of|is|are|be|being|been|was|should|must|shall|will|would|has|have|having|needs?|to|at|with|do|does|may"
    r"|can|reach(?:es|ing)?|that|which|stays?|staying|remains?|remaining|keeps?|kept|a|an|the|score|scores|value|level|rate|equals?"
    r"|achiev(?:e|es|ing)|get(?:s|ting)?|improved?|increased?|raised?|lifted?"
    r"|(?:rise|grow|climb|go\s+up|come\s+up|go\s+down|come\s+down|fall|drop|sink)\s+to|become)(?![a-z])|[=:(]"
)
NEITHER = r"(?!(?:and|or|with|within|to|by|but|while|at|on|from|per|than|so|if|when|because)(?![a-z]))"
_SUFFIX = (
    r"(?:\s*(?P<more>or\s+(?:more|higher|above|greater)|and\s+(?:above|up|higher)|at\s+least|\+)"
    r"|\s+(?P<best>or\s+better)|\s+(?P<less>or\s+(?:less|lower|below|under)|at\s+most))?"
)
AMOUNT = (
    rf"(?:[$€£]\s?|(?:EUR|USD|GBP)\s)?(?P<number>{NUMBER})"
    rf"(?:(?:\s?{PERCENT})?\s{{0,2}}(?:-|to)\s{{0,2}}(?P<upto>{NUMBER}))?"
    rf"(?:\s?(?P<scale>k|thousand|million|mio|m)(?![a-z]))?(?:\s?(?P<percent>{PERCENT})|(?![a-z0-9]))"
)

MIRRORED = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}  # what a bound is for one minus the metric
DENIED = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}

# errors that are one minus a metric
_COMPLEMENTS = {
    "error rate": "accuracy",
    "misclassification rate": "accuracy",
    "misclassification": "accuracy",
    "false positive rate": "specificity",
    "false positives": "specificity",
    "false alarm rate": "specificity",
    "false negative rate": "recall",
    "false negatives": "recall",
    "miss rate": "recall",
    "false discovery rate": "precision",
}
_ERRORS = ("error", "errors", "deviation", "prediction error", "forecast error", "forecasting error")
# read so that "mean squared error" is not taken for "error"
_NOT_OFFERED = (
    "mean squared error", "mean square error", "mse", "squared error", "rmsle", "log error", "standard error",
    "maximum error", "max error", "worst error", "false positive", "false negative",
)  # fmt: skip


def _spellings() -> dict[str, str]:
    found = {name.replace("_", " "): name for name in METRIC_NAMES if name not in _UNSPOKEN | {"value_per_row"}}
    for known in METRIC_NAMES.values():
        if known.name not in ("value", "value_per_row", "bias"):
            found |= {other.replace("_", " "): known.name for other in known.also if other not in _UNSPOKEN}
    found |= dict.fromkeys(_COMPLEMENTS, "") | dict.fromkeys(_ERRORS, "") | dict.fromkeys(_NOT_OFFERED, "")
    found |= {"absolute error": "mae", "accurate": "accuracy", "correctness": "accuracy"}
    return found


_SPELLINGS = _spellings()
METRIC = (
    "(?<![a-z0-9])(?:"
    + "|".join(re.escape(text).replace(r"\ ", r"[\s_-]?") for text in sorted(_SPELLINGS, key=len, reverse=True))
    + ")(?![a-z0-9])"
)
_BY_LETTERS = {re.sub(r"[^a-z0-9²^]", "", text): text for text in _SPELLINGS}

# what is reached today stands before what is asked: "accuracy is 70% today and must be 80%"
_UNTIL_NOW = (
    rf"(?P<until>\s*,?\s*(?:(?:is|was|of|at|stands|lies|sits|{NOW}|only|about|around)\s+){{0,4}}{NUMBER}"
    rf"(?:\s?{PERCENT}|\s+{UNIT})?(?:\s+{NOW})?\s*,?(?:\s*(?:and|but|which|that|it|we|yet)){{0,2}}\s+"
    rf"(?=(?:must|should|shall|needs?\s+to|ha(?:s|ve)\s+to|ought\s+to)(?![a-z])))?"
)
_FROM = (
    r"(?:(?:rise|grow|go|climb|increase|improve|fall|drop|sink)\s+)?from"
    rf"\s+{NUMBER}\s?(?:{PERCENT})?(?:\s+{UNIT})?(?:\s+{NOW})?"
)
_METRIC_FIRST = re.compile(
    rf"(?P<metrics>{METRIC}(?:(?:\s*,\s*|\s+(?:and|or|&)\s+|\s*,\s*and\s+){METRIC}){{0,4}}){_UNTIL_NOW}"
    rf"(?:\s*(?:{FILLER})){{0,5}}?\s*(?:{_FROM}\s+to\s+)?"
    rf"(?:{SIDE}\s*)?(?:(?:an?|the|of)\s+)?{AMOUNT}{_SUFFIX}"
    rf"(?:\s+(?P<unit>{UNIT}|euros?|dollars?|pounds|EUR|USD|GBP)(?![a-z]))?",
    FLAGS,
)
_NUMBER_FIRST = re.compile(
    rf"(?:{SIDE}\s*(?:(?:an?|the|of)\s+)?)?(?<![a-z0-9.,]){AMOUNT}{_SUFFIX}"
    rf"(?:\s+|-)(?:{NEITHER}[^\s,.;:!?()0-9%]{{1,40}}\s+){{0,2}}?(?P<metrics>{METRIC}"
    rf"(?:\s+and\s+{METRIC}(?!\s*(?:{FILLER}|{ANY_SIDE}|[0-9]|and\s+{METRIC})))?)",
    FLAGS,
)
# the metric is that of today's figure right before: "our rule has 70% recall, reach 80%"
_THEN = re.compile(
    rf"\s*[,;]?\s*(?:(?:and|but|now|so|please)\s+)?(?:reach|achieve|attain|get|get\s+to|go\s+to|raise\s+it\s+to|bring\s+it\s+to)"
    rf"\s+{SIDE}?\s*{AMOUNT}{_SUFFIX}(?P<unit>(?!))?(?=\s*(?:[.,;!]|$))",
    FLAGS,
)
_FOUND_SHARE = re.compile(
    rf"(?<![a-z])(?:catch|find|detect|identif(?:y|ies)|captur|recogni[sz]|spot)(?:es|e|s|ing|ting)?\s+"
    rf"(?:{SIDE}\s*)?{AMOUNT}\s+of(?![a-z])",
    FLAGS,
)
_RIGHT_SHARE = re.compile(
    rf"(?<![a-z])(?:right|correct|correctly)\s+(?:in|for|on)?\s*(?:{SIDE}\s*)?{AMOUNT}\s+of"
    rf"\s+(?:the\s+|all\s+)?(?:cases|time|times|rows|predictions|examples|customers)",
    FLAGS,
)
_SHARE_RIGHT = re.compile(
    rf"(?:{SIDE}\s*)?(?<![a-z0-9.,]){AMOUNT}\s+of\s+(?:{NEITHER}[^\s,.;:!?()0-9%]{{1,40}}\s+){{1,4}}?"
    r"(?:correct|correctly|right)(?![a-z])",
    FLAGS,
)
_OFF_BY = re.compile(
    rf"(?<![a-z])(?P<denied>(?:not|never|cannot|(?:ca|must|should|may|wo|do|does)n't)\s+(?:ever\s+)?(?:be\s+)?)?"
    rf"(?<![a-z])(?:off|wrong|out)\s+by\s+(?:{SIDE}\s*)?(?:an?\s+)?{AMOUNT}"
    rf"(?:\s+(?P<unit>{UNIT}|euros?|dollars?|pounds|EUR|USD|GBP)(?![a-z]))?",
    FLAGS,
)
_CLOSE_TO_TRUTH = re.compile(
    rf"(?<![a-z])(?:{SIDE}\s*){AMOUNT}(?:\s+(?P<unit>{UNIT}|euros?|dollars?|pounds))?"
    rf"\s+(?:of|from)\s+the\s+(?:true|actual|real|correct|final)(?:\s+(?!and\b)[^\s,.;:!?()]+)?",
    FLAGS,
)


def criteria_in(text: str, *, task: Task | None) -> Iterator[Promise]:
    """Give every stretch that asks something of the model; stretches may overlap, the earlier in this order is surer.

    Args:
        text: the plain statement.
        task: what is predicted, as far as it is known; tells what "an error of 10%" means.
    """
    for pattern, metrics in (
        (_CLOSE_TO_TRUTH, "error"),
        (_OFF_BY, "error"),
        (_RIGHT_SHARE, "accuracy"),
        (_SHARE_RIGHT, "accuracy"),
    ):
        for match in pattern.finditer(text):
            if not is_of_today(match, text):
                yield _promise(match, [metrics], "regression" if metrics == "error" else task)
            else:
                yield of_today(match)
    beside = [*_each_metric_first(text), *_each_number_first(text)]
    told = 0  # up to here the text says what is reached today
    for match in sorted(beside, key=lambda match: match.start()):
        if _counts_time(match, text) or match.start() < told:
            continue
        if is_of_today(match, text):
            told = match.end()
            yield of_today(match)
            then = _THEN.match(text, told)
            if then and then["percent"] and bool(match["percent"]):
                yield _promise(then, re.findall(METRIC, match["metrics"], FLAGS)[-1:], task)
            continue
        yield _promise(match, re.findall(METRIC, match["metrics"], FLAGS), task)
    for match in _FOUND_SHARE.finditer(text):
        if match["percent"]:
            yield of_today(match) if is_of_today(match, text) else _promise(match, ["recall"], task)


def of_today(match: re.Match[str]) -> Promise:
    """Return a stretch that says what is reached today."""
    return Promise(
        *match.span(), doubt=f"'{match[0].strip()}' is taken for what is reached today, not for what is asked."
    )


def _each_metric_first(text: str) -> Iterator[re.Match[str]]:
    """Give matches from every metric on: "75% accuracy and recall of 0.5" says one thing of each."""
    at = 0
    while match := _METRIC_FIRST.search(text, at):
        yield match
        others = [one.start() for one in re.finditer(METRIC, match["metrics"], FLAGS)][1:]
        at = match.start("metrics") + others[0] if others else match.end()


def _each_number_first(text: str) -> Iterator[re.Match[str]]:
    """Give matches from every number on: one that leads nowhere must not swallow the next."""
    at = 0
    while match := _NUMBER_FIRST.search(text, at):
        yield match
        at = match.start() + max(1, match.start("metrics") - match.start())


def _counts_time(match: re.Match[str], text: str) -> bool:
    """Return whether the number counts days though the metric has no unit: "accuracy at 30 days"."""
    has_unit = re.match(rf"[\s-]*{UNIT}", text[max(match.end("number"), match.end("upto")) :], FLAGS)
    metric = _BY_LETTERS.get(re.sub(r"[^a-z0-9²^]", "", re.findall(METRIC, match["metrics"], FLAGS)[0].casefold()), "")
    is_distance = metric in _ERRORS or METRIC_NAMES.get(_SPELLINGS.get(metric, ""), METRIC_NAMES["f1"]).unit == "target"
    has_side = any(match.groupdict().get(side) for side in ("at_most", "at_least", "above", "below", "better"))
    is_said = has_side or re.search(
        r"(?:(?<![a-z])(?:of|is|be|equals?)|[=:])\s*$", match[0][: _at_number(match)], FLAGS
    )
    return bool(has_unit) and not match["percent"] and not (is_distance and is_said)


def _at_number(match: re.Match[str]) -> int:
    return match.start("number") - match.start()


def _promise(match: re.Match[str], spellings: list[str], task: Task | None) -> Promise:
    start, end = match.span()
    found: list[Criterion] = []
    for spelling in spellings:
        metric, is_complement, doubt = _metric_meant(spelling, match, task)
        if doubt:
            return Promise(start, end, doubt=doubt)
        if match.re is _OFF_BY and match["above"] and not match["denied"]:
            return Promise(start, end, doubt=f"{match[0].strip()!r} does not say how far off the model may be.")
        try:
            found.append(_criterion(match, metric, is_complement))
        except MilepostError as error:
            return Promise(start, end, doubt=error.what)
    is_distance = any(METRIC_NAMES[one.metric].unit == "target" for one in found)
    return Promise(start, end, tuple(found), unit=(match.groupdict().get("unit") or "") if is_distance else "")


def _metric_meant(spelling: str, match: re.Match[str], task: Task | None) -> tuple[str, bool, str]:
    """Return the metric behind a spelling, whether the spelling is one minus it, and the doubt that remains."""
    letters = re.sub(r"[^a-z0-9²^]", "", spelling.casefold())
    text = _BY_LETTERS.get(letters, "")
    if _SPELLINGS.get(text):
        return _SPELLINGS[text], False, ""
    if text in _NOT_OFFERED:
        return "", False, f"{spelling!r} is no metric that can be asked for; rmse or mae may say the same."
    if text in _COMPLEMENTS and (task != "regression" or _COMPLEMENTS[text] != "accuracy"):
        return _COMPLEMENTS[text], True, ""
    is_share = bool(match["percent"])
    if task == "regression":
        return ("mape" if is_share else "mae"), False, ""
    if task is not None:
        return "accuracy", True, ""
    return "", False, "An error can be a share of wrong answers or a distance; it depends on what is predicted."


def _criterion(match: re.Match[str], metric: str, is_complement: bool) -> Criterion:
    """Return the criterion of a match.

    Raises:
        MilepostError: the metric can never be there.
    """
    known = METRIC_NAMES[metric]
    higher_is_better = (known.higher_is_better is not False) != is_complement
    number = _amount(match, higher_is_better)
    is_share = known.highest == 1
    if match["percent"] and (is_share or known.unit == "share"):
        number /= 100
    elif match["percent"]:
        raise MilepostError(f"{match[0].strip()!r}: {metric} is not measured in percent.", where="", fix="")
    elif is_share and match["number"][0] not in "0123456789.":
        raise MilepostError(f"{match[0].strip()!r} has no percent sign.", where="", fix="")
    elif (is_share or known.unit == "share") and 1 < number <= 100:
        number /= 100  # "accuracy of 80" can only mean percent
    sense = sense_of(match, higher_is_better)
    if is_complement:
        number, sense = 1 - number, MIRRORED[sense]
    return Criterion.parse(metric, f"{sense} {number:f}", where="")


def _amount(match: re.Match[str], higher_is_better: bool) -> Decimal:
    """Return the number; of a range, the end that is easier to reach."""
    numbers = [number_in(match["number"])]
    if match["upto"]:
        numbers.append(number_in(match["upto"]))
    return (min(numbers) if higher_is_better else max(numbers)) * scale_of(match["scale"])


def sense_of(match: re.Match[str], higher_is_better: bool) -> str:
    """Return the side on which the words of a match put what is asked; the better one where they say none."""
    said = {name for name, words in match.groupdict().items() if words}
    by_word = {"at_least": ">=", "more": ">=", "above": ">", "at_most": "<=", "less": "<=", "below": "<"}
    for word, sense in by_word.items():
        if word in said:
            return DENIED[sense] if "denied" in said else sense
    if "better" in said:
        return ">" if higher_is_better else "<"
    return ">=" if higher_is_better else "<="
