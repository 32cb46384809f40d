"""How the values of each column of text are written, counted in one pass: so many integers, dates, blanks.

"12", "7 ", "n/a", "abc"  ->  integer 2 (first in row 0), missing 1 (row 2), other 1 (row 3); 1 has outer spaces
The counts add up, so they do not depend on where the pieces of a table end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from milepost.data import parsing
from milepost.data.batches import batches
from milepost.data.declared import Declared
from milepost.data.writing import COMMA, GROUPED, MISSING_TOKENS, MISSING_WORDS, PLAIN, SPACES, Form

LEVELS = 10_000  # distinct texts of a column that are remembered; a column with more has no list of levels

_CLOCK = r".*:.*"
_OFFSET = r".*:[0-9]{2}(?:[.,][0-9]+)? ?(?:Z|z|UTC|[+-][0-9]{2}:?(?:[0-9]{2})?)"
_DATE = r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_DAY, _MONTH = r"(?:1[3-9]|2[0-9]|3[01])", r"(?:0?[1-9]|1[0-2])"
_REST = r"(?:[T ,].*)?"
_YEAR = rf"[-/.](?:[0-9]{{4}}|[0-9]{{2}}){_REST}"
_NAMED = r"(?:[0-9]{1,2}[ ./-]+[A-Za-z]{3,9}[ .,/-]+(?:[0-9]{4}|[0-9]{2})|[A-Za-z]{3,9}\.? +[0-9]{1,2},? +[0-9]{4})"

# Ways of writing in the order in which they are tried; each text is of the first that matches it whole.
PATTERNS: dict[str, str] = {
    "integer": r"[+-]?(?:0|[1-9][0-9]{0,17})",
    "coded": r"[+-]?0[0-9]+",  # leading zeros, as in a postal code
    "long": r"[+-]?[1-9][0-9]{18,}",  # more digits than a number can hold
    "whole": r"[+-]?(?:0|[1-9][0-9]{0,14})\.0*",
    "real": PLAIN,
    "comma or thousands": r"(?:[+-][$€£¥]?|[$€£¥]? ?[+-]?)[1-9][0-9]{0,2},[0-9]{3} ?[%$€£¥]?",
    "grouped": GROUPED,
    "comma": COMMA,
    "truth": r"(?i:true|false)",
    "zoned": rf"{_DATE}[T ]{_OFFSET}",
    "clocked": rf"{_DATE}[T ,]{_CLOCK}",
    "dated": _DATE,
    "day first": rf"(?:{_DAY}[-/.]{_MONTH}{_YEAR}|(?:0?[0-9]|1[0-2])\.{_MONTH}\.[0-9]{{4}}{_REST})",
    "month first": rf"{_MONTH}[-/.]{_DAY}{_YEAR}",
    "day or month": rf"[0-9]{{1,2}}[-/.][0-9]{{1,2}}{_YEAR}",
    "named month": rf"{_NAMED}{_REST}",
}  # fmt: skip
TIMES: dict[str, Form] = {
    "zoned": "", "clocked": "", "dated": "", "named month": "",
    "day first": "day/month/year", "month first": "month/day/year", "day or month": "day/month/year",
}  # fmt: skip

SIGNS = "%$€£¥"
_SIGNED = ("comma or thousands", "grouped", "comma")  # forms in which a sign may stand
_SURE_COMMAS = ("integer", "coded", "long", "comma or thousands", "comma")  # are numbers with decimal comma as well
_MAYBE_COMMAS = ("real", "whole", "grouped")
_SHORT_YEAR = rf"(?:[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]|[0-9]{{1,2}}[ ./-]+[A-Za-z]{{3,9}}[ .,/-]+)[0-9]{{2}}{_REST}"


@dataclass(slots=True)
class Seen:
    """How many rows hold something, and the first of them, counted from 0."""

    rows: int = 0
    first: int = 2**62

    def add(self, rows: int, first: int) -> None:
        self.rows += rows
        self.first = min(self.first, first)


@dataclass(slots=True)
class Tally:
    """What one pass saw of a column of text.

    Attributes:
        column: its name.
        rows: rows seen, with and without a value.
        blanks: rows with nothing but spaces.
        certain: rows with a text of MISSING_TOKENS (beside the empty one), or one that is declared missing.
        tokens: rows for each text of MISSING_TOKENS (beside the empty one) and of MISSING_WORDS.
        forms: rows for each way of writing: the names of PATTERNS, "word" (of MISSING_WORDS) and "other".
        spaced: rows whose text has outer spaces and is more than spaces.
        clocks: rows whose text holds a colon.
        no_commas: rows with a value that is no number with a decimal comma.
        signs: rows for each sign of money or percent, of numbers alone.
        short_years: rows with a date whose year has two digits.
        levels: rows for each text with a meaning, without its outer spaces; None once there are over LEVELS.
    """

    column: str
    rows: int = 0
    blanks: int = 0
    certain: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    forms: dict[str, Seen] = field(default_factory=dict)
    spaced: Seen = field(default_factory=Seen)
    clocks: int = 0
    no_commas: Seen = field(default_factory=Seen)
    signs: dict[str, int] = field(default_factory=dict)
    short_years: int = 0
    levels: dict[str, Seen] | None = field(default_factory=dict)

    def counted(self, *forms: str) -> int:
        """Return the rows written in any of these forms."""
        return sum(self.forms[form].rows for form in forms if form in self.forms)

    @property
    def filled(self) -> int:
        """Return the rows with any text but spaces."""
        return sum(seen.rows for seen in self.forms.values()) + self.certain

    def first_other(self, *forms: str) -> int:
        """Return the first row (from 0) whose value is written in none of these forms, nor a word for missing."""
        return min(seen.first for form, seen in self.forms.items() if form not in (*forms, "word"))


def take_census(
    frame: pl.LazyFrame, columns: Iterable[str], declared: Mapping[str, Declared] = MappingProxyType({})
) -> dict[str, Tally]:
    """Return the tally of each named column of text, in one streaming pass.

    Args:
        frame: the table as it comes.
        columns: which of its columns.
        declared: what the problem file says of some; what it calls missing is counted nowhere.
    """
    tallies = {name: Tally(name) for name in columns}
    rows = 0
    if not tallies:
        return tallies
    for batch in batches(frame.select(pl.col(name).cast(pl.String) for name in tallies)):
        texts = pl.collect_all([_distinct(batch.lazy(), name, rows) for name in tallies])
        for tally, distinct in zip(tallies.values(), texts, strict=True):
            tally.rows += batch.height
            _count(tally, distinct, declared.get(tally.column))
        rows += batch.height
    return tallies


def _distinct(batch: pl.LazyFrame, name: str, start: int) -> pl.LazyFrame:
    """Return each distinct text of a column with its rows and the first of them."""
    place = pl.int_range(pl.len(), dtype=pl.Int64) + start
    return (
        batch.select(raw=pl.col(name), place=place)
        .group_by("raw")
        .agg(rows=pl.len(), first=pl.col("place").min())
        .with_columns(text=pl.col("raw").str.strip_chars(SPACES).fill_null(""))
    )


def _count(tally: Tally, distinct: pl.DataFrame, declared: Declared | None) -> None:
    """Add the texts of one piece to the tally."""
    tally.blanks += int(distinct.filter((pl.col("text") == "") & (pl.col("raw") != ""))["rows"].sum())
    texts = distinct.filter(pl.col("text") != "")
    spaced = texts.filter(pl.col("raw") != pl.col("text"))
    if spaced.height:
        tally.spaced.add(*_sum(spaced))
    tally.clocks += int(texts.filter(pl.col("text").str.contains(":", literal=True))["rows"].sum())
    missing, present = (declared.missing, declared.present) if declared else ((), ())
    is_missing = pl.col("text").is_in(list(missing))
    tally.certain += int(texts.filter(is_missing)["rows"].sum())
    texts = texts.filter(~is_missing)
    _count_levels(tally, texts.filter(~pl.col("text").is_in(sorted(MISSING_TOKENS.difference(present)))))
    for form, rest in _by_form(texts, present):
        if form in ("token", "word"):
            for text, rows in rest.select("text", "rows").iter_rows():
                tally.tokens[text] = tally.tokens.get(text, 0) + rows
        if form == "token":
            tally.certain += int(rest["rows"].sum())
        else:
            tally.forms.setdefault(form, Seen()).add(*_sum(rest))
            _count_details(tally, form, rest)


def _count_details(tally: Tally, form: str, texts: pl.DataFrame) -> None:
    """Add what the way of writing alone does not say of some texts of one form."""
    unlike = texts if form not in _MAYBE_COMMAS else texts.filter(~_fits("text", COMMA))
    if unlike.height and form not in ("word", *_SURE_COMMAS):
        tally.no_commas.add(*_sum(unlike))
    if form in _SIGNED:
        for sign in SIGNS:
            rows = int(texts.filter(pl.col("text").str.contains(sign, literal=True))["rows"].sum())
            if rows:
                tally.signs[sign] = tally.signs.get(sign, 0) + rows
    if form in TIMES:
        tally.short_years += int(texts.filter(_fits("text", _SHORT_YEAR))["rows"].sum())


def _fits(column: str, pattern: str) -> pl.Expr:
    return pl.col(column).str.contains(parsing.whole(pattern))


def _count_levels(tally: Tally, texts: pl.DataFrame) -> None:
    if tally.levels is None or texts.height > 2 * LEVELS:
        tally.levels = None
        return
    for text, rows, first in texts.select("text", "rows", "first").iter_rows():
        tally.levels.setdefault(text, Seen()).add(rows, first)
    if len(tally.levels) > LEVELS:
        tally.levels = None


def _sum(texts: pl.DataFrame) -> tuple[int, int]:
    return int(texts["rows"].sum()), int(texts["first"].min())  # type: ignore[arg-type]


def _by_form(texts: pl.DataFrame, present: tuple[str, ...]) -> list[tuple[str, pl.DataFrame]]:
    """Return the texts of each form; a pattern is only tried on what those before it left."""
    found = []
    for form, tokens in (("token", MISSING_TOKENS), ("word", MISSING_WORDS)):
        known = texts["text"].is_in(sorted(tokens.difference(present)))
        found.append((form, texts.filter(known)))
        texts = texts.filter(~known)
    for form, pattern in PATTERNS.items():
        if not texts.height:
            break
        matched = texts["text"].str.contains(parsing.whole(pattern))
        if form in TIMES and matched.any():
            matched &= _exists(texts["text"], TIMES[form])
        if matched.any():
            found.append((form, texts.filter(matched)))
            texts = texts.filter(~matched)
    return [(form, rest) for form, rest in [*found, ("other", texts)] if rest.height]


def _exists(texts: pl.Series, form: Form) -> pl.Series:
    """Return whether each text that looks like a time is one: there is no 30th of February."""
    return parsing.moments(texts, form)["naive"].is_not_null()
