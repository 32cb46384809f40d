"""Which columns may be what is to be predicted: ranked, each with its reason.

churn (Yes or No; the sentence says 'churn') · contract (3 values) · monthly_charges (a number)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from milepost.data.column_names import is_sensitive, words_of
from milepost.data.schema import Column
from milepost.draft.targets import columns_meant
from milepost.ground.text import counted, listed, share

MOST = 8  # candidates that are offered
FEW_VALUES = 20  # up to so many values a column may be a class

_USUAL = {
    "target", "label", "class", "outcome", "y", "response", "result", "answer", "truth", "churn", "churned",
    "attrition", "default", "defaulted", "fraud", "survived", "converted", "conversion", "purchased", "subscribed",
    "diagnosis",
    "species", "quality", "success", "status", "cancelled", "canceled", "delay", "price", "cost", "sales", "demand",
    "revenue", "rating", "score", "amount", "rate", "category", "type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidates:
    """Columns that may be the target.

    Attributes:
        names: the likeliest first.
        reasons: why each may be it, a clause.
        meant: the one that the sentence names; None where it names none, or several alike.
    """

    names: tuple[str, ...]
    reasons: tuple[str, ...]
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class _Scored:
    name: str
    score: float
    reason: str


def rank_targets(sample: pl.DataFrame, columns: Sequence[Column], words: Sequence[str] = ()) -> Candidates:
    """Return the columns that may be the target.

    Args:
        sample: rows of the table.
        columns: what its columns are.
        words: what the sentence wants predicted, the likeliest word first.
    """
    possible = [column for column in columns if column.kind not in ("id", "constant", "time", "text")]
    named = _named(sample, possible, words)
    scored = [_scored(sample[column.name], column, named, column is columns[-1]) for column in possible]
    scored.sort(key=lambda one: -one.score)
    best = [score for _, score in named.values() if score == max(one for _, one in named.values())]
    meant = max(named, key=lambda name: named[name][1]) if len(best) == 1 else None
    shown = scored[:MOST]
    return Candidates(tuple(one.name for one in shown), tuple(one.reason for one in shown), meant)


def _named(sample: pl.DataFrame, columns: Sequence[Column], words: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Return the columns that the words name, each with the reason and how well they fit, above 0."""
    found: dict[str, tuple[str, float]] = {}
    meant = columns_meant(words[:3], [column.name for column in columns])
    for column in columns:
        hits = [word for word in words if _abbreviates(word, column.name)]
        if column.name in meant and columns_meant(words[:1], [column.name]):
            fit = 10.0 + len(hits) - 0.1 * len(words_of(column.name))
            found[column.name] = (f"the sentence says '{words[0]}'", fit)
        elif column.name in meant and column.kind != "text":
            found[column.name] = (f"the sentence says {listed([repr(word) for word in hits], most=2)}", len(hits))
    if not found:
        for column in columns:
            level = _level_named(sample[column.name], words)
            if level is not None:
                found[column.name] = (f"one of its values is '{level}', as in the sentence", 1.0)
    return {name: (reason, fit) for name, (reason, fit) in found.items() if fit > 0}


def _abbreviates(word: str, name: str) -> bool:
    """Return whether a part of a column's name is the beginning of a word or begins with it: arr, arrival."""
    return any(
        len(part) >= 3 and len(word) >= 3 and (word.startswith(part) or part.startswith(word))
        for part in words_of(name)
    )


def _level_named(values: pl.Series, words: Sequence[str]) -> str | None:
    if values.dtype != pl.String or values.n_unique() > 4:
        return None
    levels = values.drop_nulls().unique().sort().to_list()
    return next((level for word in words for level in levels if level.casefold() == word), None)


def _scored(values: pl.Series, column: Column, named: dict[str, tuple[str, float]], is_last: bool) -> _Scored:
    score, reasons = 0.0, [_looks(values, column)]
    if column.name in named:
        reason, fit = named[column.name]
        score += 100 + fit
        reasons.append(reason)
    elif set(words_of(column.name)) & _USUAL:
        score += 10 / len(words_of(column.name))
        reasons.append("its name is that of many targets")
    if is_last:
        score += 4
        reasons.append("the last column")
    if values.drop_nulls().n_unique() == 2:
        score += 3
    if is_sensitive(column.name):
        score -= 8
    return _Scored(column.name, score, "; ".join(reasons))


def _looks(values: pl.Series, column: Column) -> str:
    """Return what the values are, in words."""
    known = values.drop_nulls()
    counts = known.value_counts(sort=True, name="__rows__").sort("__rows__", column.name, descending=[True, False])
    if counts.height == 2:
        first, second = (_level(value) for value in counts[column.name].to_list())
        return f"{first} or {second}, {second} in {share(counts['__rows__'][1] / len(known))}"
    if known.dtype.is_numeric() and counts.height > FEW_VALUES:
        return "a number"
    return counted(counts.height, "value")


def _level(value: object) -> str:
    return re.sub(r"\s+", " ", str(value))[:30]
