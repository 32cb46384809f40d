"""Words that the page, the terminal and the notebook share: amounts with their units, clean texts, names of things.

Measured(recall, 0.571, 0.524..0.617)  ->  "57.1 % (52.4 % to 61.7 %)"
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.draft.folded import folded
from milepost.draft.sentence import understand
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.ground.text import count, counted, figure, figures, listed, share, span
from milepost.metrics.measure import Measured
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion
from milepost.problem.spec import Problem
from milepost.stats.intervals import Interval

BASELINES = {"dummy": "always the same answer", "rule": "today's rule", "linear": "a plain linear model"}
SEVERITIES = {"stop": "mend this first", "warn": "look at this", "note": "for information"}  # most severe first
_PARTS_OF_A_NAME = re.compile(r"[_\s-]+|(?<=[a-z])(?=[A-Z])")
_NOT_THE_NOUN = {"id", "ids", "key", "code", "number", "no", "nr", "ref", "uuid", "guid", "hash"}
_AROUND_ZERO = {"r2", "mcc"}  # 0 is no better than guessing, and 1 the best: what is near 0 is 0
_AS_GOOD_AS_ZERO = 0.0005
_PLACES_AROUND_ZERO = 4  # behind the point
_DIGITS = 4  # of an amount
_TOO_PLAIN = {"row", "rowname", "rownames", "index", "unnamed", "record"}


def clean(text: object) -> str:
    r"""Return text without what would steer a terminal or turn the direction of writing; each becomes "�".

    >>> clean("red \x1b[31m")
    'red �[31m'
    """
    return "".join("�" if _steers(letter) else letter for letter in str(text))


def _steers(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return (
        (kind == "Cc" and letter not in "\n\t")
        or kind == "Cs"
        or letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def one_line(text: object, *, most: int = 80) -> str:
    """Return text cleaned, on one line, cut after most characters.

    >>> one_line("a long name of a column", most=11)
    'a long nam…'
    """
    line = " ".join(clean(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with the most severe first, else in their order; many alike as one, each naming its column."""
    order = list(SEVERITIES)
    return sorted(map(_naming_column, folded(findings)), key=lambda finding: order.index(finding.severity))


def _naming_column(finding: Finding) -> Finding:
    if finding.column is None or finding.column in finding.says:
        return finding
    return replace(finding, says=f"`{finding.column}`: {finding.says}")


def metric_title(metric: str) -> str:
    """Return how sentences call a metric; an unknown one keeps its name."""
    known = METRIC_NAMES.get(metric)
    return known.title if known else metric.replace("_", " ")


def amount(value: float | None, metric: str, currency: str = "", unit: str = "") -> str:
    """Return a value of a metric with its unit; a dash where there is none.

    Args:
        value: in the metric's unit.
        metric: its name.
        currency: of money.
        unit: of the target, where it is known.

    >>> amount(0.8, "accuracy"), amount(12345.6, "value", "EUR"), amount(11.2, "mae", unit="minutes")
    ('80.0 %', '12,346 EUR', '11.2 minutes')
    >>> amount(-0.0000037, "r2"), amount(None, "recall")
    ('0.000', '–')
    """
    if value is None:
        return "–"
    if unit_of(metric) == "share":
        return percent(value)
    if metric in _AROUND_ZERO and 0 < abs(value) < _AS_GOOD_AS_ZERO:
        return "0.000"
    return _with_unit(figure(value, digits=_DIGITS), metric, currency, unit)


def _with_unit(text: str, metric: str, currency: str, unit: str) -> str:
    after = {"money": currency, "target": unit}.get(unit_of(metric), "")
    return f"{text} {clean(after)}".rstrip()


def percent(value: float) -> str:
    """Return a share as a percentage; what is not finite as a sign.

    >>> percent(0.0164), percent(-12.432), percent(float("inf")), percent(float("nan"))
    ('1.6 %', '-1,243 %', '∞', '–')
    """
    if not math.isfinite(value):
        return figure(value)
    return share(value) if abs(value) < 1.9995 else f"{100 * value:,.0f} %"


def unit_of(metric: str) -> str:
    """Return the unit of a metric; "none" for one that is not known."""
    known = METRIC_NAMES.get(metric)
    return known.unit if known else "none"


def value_of(measured: Measured, currency: str = "", unit: str = "") -> str:
    """Return the value of a measure with its unit, as precise as its interval; a dash where there is none.

    >>> value_of(Measured("r2", 0.0000002, Interval(-0.002155, 0.00185), 300, None, None, 300, ""))
    '0.0000'
    """
    told = _alike(measured)
    if told is None:
        return amount(measured.value, measured.metric, currency, unit)
    return _with_unit(told[0], measured.metric, currency, unit)


def between(measured: Measured, currency: str = "", unit: str = "") -> str:
    """Return the interval of a measure as "78.4 % to 82.1 %"; a dash where there is none."""
    told = _alike(measured)
    return "–" if told is None else f"{told[1]} to {_with_unit(told[2], measured.metric, currency, unit)}"


def _alike(measured: Measured) -> tuple[str, ...] | None:
    """Return the value and the ends of its interval, with one number of places; None where it has no interval."""
    interval, metric = measured.interval, measured.metric
    if interval is None or measured.value is None:
        return None
    numbers = [_visible(number, interval) for number in (measured.value, interval.lo, interval.hi)]
    if unit_of(metric) == "share":
        return tuple(map(percent, numbers))
    if metric in _AROUND_ZERO:
        return figures(numbers, digits=_DIGITS, most_places=_PLACES_AROUND_ZERO)
    return figures(numbers, digits=_DIGITS)


def _visible(number: float, interval: Interval) -> float:
    """Return a number as its interval lets it be seen: 0 where it is less than a thousandth of the width.

    >>> _visible(-0.0000037, Interval(-0.7, 0.6)), _visible(0.02, Interval(-0.7, 0.6))
    (0.0, 0.02)
    """
    width = interval.hi - interval.lo
    return 0.0 if math.isfinite(width) and abs(number) < width / 1000 else number


def reading(measured: Measured, currency: str = "", unit: str = "") -> str:
    """Return a measure with its interval, or with the count and the reason why there is none."""
    shown = value_of(measured, currency, unit)
    if measured.interval is not None:
        return f"{shown} ({between(measured)})"
    return f"{shown} (no interval: {measured.why or 'too few rows'})"


def ends(measured: Measured) -> str:
    """Return the interval of a measure in brackets, for tables: "[71.4–75.5]"; else the count of rows behind it.

    >>> ends(Measured("accuracy", 0.735, Interval(0.714, 0.755), 1761, 467, None, 1761, ""))
    '[71.4–75.5]'
    >>> ends(Measured("value", 10.0, Interval(-12.0, 32.0), 1761, 467, None, 1761, ""))
    '[-12 to 32]'
    >>> ends(Measured("recall", 0.5, None, 40, 6, "Only 6 of 40 rows are Yes.", 6, ""))
    '(of 6 rows)'
    >>> ends(Measured("value", 0.0, None, 1761, 467, "Every row brings the same.", 1761, ""))
    ''
    """
    if measured.value is None or (measured.interval is None and _is_no_money(measured)):
        return ""
    told = _alike(measured)
    if told is None:
        return f"(of {counted(measured.denominator, 'row')})"
    both = [end.removesuffix(" %") for end in told[1:]]
    return f"[{(' to ' if '-' in ''.join(both) else '–').join(both)}]"


def _is_no_money(measured: Measured) -> bool:
    """Return whether it is money, and none: that is so of every row, whatever their number."""
    return measured.value == 0 and unit_of(measured.metric) == "money"


def compact(measured: Measured | None, currency: str = "") -> str:
    """Return a measure with its interval as tables show it: "73.5 % [71.4–75.5]"; a dash where there is none."""
    if measured is None:
        return "–"
    return f"{value_of(measured, currency)} {ends(measured)}".rstrip()


def beside(values: Mapping[str, Measured], currency: str = "") -> str:
    """Return what the baselines reach, each with its interval, as a sentence; empty where there are none."""
    told = [
        f"{BASELINES.get(rung, rung)} {compact(measured, currency)}"
        for rung, measured in values.items()
        if measured.value is not None
    ]
    return f"Beside it: {listed(told)}." if told else ""


def left_out(money: Measured, noun: str = "rows") -> str:
    """Return how many rows a figure in money leaves out, a sentence; empty where it counts all.

    >>> left_out(Measured("value", 10.0, None, 1761, 467, None, 1750, ""))
    '11 of 1,761 rows are left out of it: what they bring is not known.'
    """
    missing = money.rows - money.denominator
    if missing <= 0:
        return ""
    verb = "is" if missing == 1 else "are"
    told = f"{count(missing)} of {count(money.rows)} {noun} {verb} left out of it: "
    return told + ("what it brings is not known." if missing == 1 else "what they bring is not known.")


def level_title(level: float) -> str:
    """Return the level of an interval as people say it.

    >>> level_title(0.95), level_title(0.975)
    ('95 %', '97.5 %')
    """
    return f"{figure(100 * level)} %"


def signs(text: object) -> str:
    r"""Return text with >= and <= as the signs that people read on a page, and no line break before a % sign.

    >>> signs("recall >= 0.60").replace("\xa0", " ")
    'recall ≥ 0.60'
    """
    spelled = str(text).replace(">=", "≥").replace("<=", "≤")
    return re.sub(r"(?<=\d) (?=%|µs|ms\b|s\b)|(?<=[≥≤]) ", "\N{NO-BREAK SPACE}", spelled)


def span_in_words(length: timedelta) -> str:
    """Return a span of time as sentences say it.

    >>> span_in_words(timedelta(days=30)), span_in_words(timedelta(hours=1.5))
    ('30 days', '1.5 h')
    """
    whole_days = length.days if length == timedelta(days=length.days) else 0
    return counted(whole_days, "day") if whole_days else span(length.total_seconds())


def after(opening: str, sentence: str) -> str:
    """Return sentence without its opening, where it stands beside a heading that says the same.

    >>> after("Additive trees", "Additive trees: log loss 0.4114.")
    'Log loss 0.4114.'
    """
    if not sentence.casefold().startswith(opening.casefold()):
        return sentence
    rest = sentence[len(opening) :].lstrip(":;, ")
    return rest[:1].upper() + rest[1:]


def meets(criteria: Sequence[Criterion], holds: Sequence[bool | None]) -> str:
    """Return which criteria hold somewhere; those that do not depend on the place are left out.

    >>> asked = [Criterion("accuracy", ">=", 0.8), Criterion("recall", ">=", 0.6)]
    >>> meets(asked, [True, False]), meets(asked, [False, False])
    ('accuracy; not recall', 'not accuracy, not recall')
    """
    yes = [one.metric for one, held in zip(criteria, holds, strict=False) if held]
    no = [one.metric for one, held in zip(criteria, holds, strict=False) if held is False]
    parts = [listed(yes)] if yes else []
    return "; ".join([*parts, *([listed([f"not {name}" for name in no])] if no else [])]) or "–"


def columns_in_short(schema: Schema) -> str:
    """Return how many columns have which role, features by their kind."""
    kinds: dict[str, int] = {}
    for column in schema.with_role("feature"):
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    plural = {"category": "categories", "text": "texts"}
    of_features = ", ".join(counted(n, kind, plural.get(kind)) for kind, n in kinds.items())
    roles: dict[str, int] = {}
    for column in schema.columns:
        if column.role != "feature":
            roles[column.role] = roles.get(column.role, 0) + 1
    others = [f"{count(n)} {role}" for role, n in roles.items()]
    return listed([counted(sum(kinds.values()), "feature") + (f" ({of_features})" if of_features else ""), *others])


def measured_how(choice: ThresholdChoice) -> str:
    """Return what the table of thresholds shows and on how many rows, a sentence."""
    seen = choice.rows[0].figures["accuracy"]
    level = f"; in brackets the {level_title(seen.interval.level)} interval" if seen.interval else ""
    money = choice.rows[0].value
    if not seen.rows:
        return "Nothing is measured: too few answers were known when a fold begins to choose a threshold for it."
    told = f"Measured on {counted(seen.rows, 'development row')} that did not choose the threshold{level}."
    return f"{told} {left_out(money).replace(' of it:', ' of the money:') if money else ''}".rstrip()


def measured_apart(choice: ThresholdChoice, criteria: Sequence[Criterion]) -> str:
    """Return why a threshold found for a criterion may miss it in the table, a sentence; empty where none does."""
    texts = [one.text for one in criteria]
    for row in choice.rows:
        sought = row.role.removeprefix("best with ")
        if sought in texts and row.meets[texts.index(sought)] is False:
            return (
                f"Why “{row.role}” misses that by a little: it meets it on all rows together, but the figures are of "
                "rows that did not choose, one part after the other."
            )
    return ""


def shown_metrics(choice: ThresholdChoice, criteria: Sequence[Criterion]) -> list[str]:
    """Return the metrics that the table of thresholds has columns for: what the contract asks, what a row is about."""
    known = choice.rows[0].figures
    names = [one.metric for one in criteria if one.metric in known]
    if not names:
        return [name for name in ("accuracy", "recall", "precision") if name in known]
    reasons = " ".join(row.role for row in choice.rows)
    return list(dict.fromkeys([*names, *(["accuracy"] if "highest accuracy" in reasons else [])]))


def role_title(role: str) -> str:
    """Return why a threshold is shown, for people.

    >>> role_title("0.5, over the capacity"), role_title("most money")
    ('the usual choice, over the capacity', 'most money')
    """
    return re.sub(r"^0\.5\b", "the usual choice", role)


def currency_of(problem: Problem | None) -> str:
    """Return what money is counted in; empty where no value is declared."""
    return problem.value.currency if problem and problem.value else ""


def unit_of_target(problem: Problem | None) -> str:
    """Return what the sentence of a problem counts its target in ("minutes"); empty where it does not say."""
    return understand(problem.aim.statement).unit if problem and problem.aim.statement else ""


def noun_of_rows(id_column: str | None) -> str:
    """Return what the rows are, in the plural, read off the name of the id column; "rows" where it does not say.

    >>> noun_of_rows("customer"), noun_of_rows("LoanID"), noun_of_rows("company_id"), noun_of_rows(None)
    ('customers', 'loans', 'companies', 'rows')
    """
    parts = [part.casefold() for part in _PARTS_OF_A_NAME.split(id_column or "") if part]
    words = [part for part in parts if part not in _NOT_THE_NOUN]
    if len(words) != 1 or words[0] in _TOO_PLAIN or not re.fullmatch(r"[a-z]{3,20}", words[0]):
        return "rows"
    word = (
        words[0].removesuffix("id") if len(parts) == 1 and len(words[0]) > 6 and words[0].endswith("id") else words[0]
    )
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
