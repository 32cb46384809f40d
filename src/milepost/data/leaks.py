"""Columns that look like leaks of the answer: too good alone, empty when it matters, or named like something later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from milepost.data.column_names import afterwards, shared_word
from milepost.data.findings import Finding
from milepost.data.power import Bench, bench, numbers_of, power
from milepost.data.schema import Schema
from milepost.ground.text import figure, listed

# limits on the normalised Gini of one column; the two in the middle are those of DataRobot's leakage check
COPY, STRONG, POSSIBLE, NAMED = 0.9999, 0.975, 0.85, 0.5
MISSING = 0.7  # of its gaps alone
ORDER = 0.3  # of the row number, or of an id
EXPLAINED = 0.9999  # share of the target's variance that a sum of columns explains
MOST_SUMMED = 3
TOO_LARGE = 1e100
SEVERAL = 3  # more possible leaks than this are one finding: then the answer is just easy

_LEAVE_OUT = "Leave it out (exclude under [data]) unless it is known when predicting."
_ORDER_OF_CODES = ("leak-copy", "leak-sum", "leak-missing", "leak-strong", "leak-name", "leak-possible")


def suspected_leaks(frame: pl.DataFrame, schema: Schema, *, seed: int) -> tuple[Finding, ...]:
    """Return the columns that look as if they knew the answer, most suspect first.

    Args:
        frame: development rows in the table's order, with the target; a sample will do.
        schema: what the columns are.
        seed: decides which rows are learned from and which are measured on.
    """
    rows = bench(frame, schema, seed=seed)
    names = [column.name for column in schema.with_role("feature") if column.name in frame.columns]
    if rows is None:
        return tuple(finding for name in names if (finding := _by_name(name, 0.0, schema.target.name)))
    powers = {name: power(rows, rows.frame[name]) for name in names}
    found = [finding for name in names if (finding := _by_power(name, powers[name], rows, schema.target.name))]
    if schema.task == "regression":
        found += _sums([name for name in names if powers[name] < COPY], rows, schema.target.name)
    found = _several_as_one(found)
    found.sort(key=lambda f: (f.severity == "note", _ORDER_OF_CODES.index(f.code), -float(f.evidence["power"])))
    return (*found, *_ordered(rows, schema))


def _by_power(name: str, strength: float, rows: Bench, target: str) -> Finding | None:
    """Return what the strength of one column says, together with its gaps and its name."""
    values = rows.frame[name]
    gaps = power(rows, values.is_null()) if 0 < values.null_count() < len(values) else 0.0
    told = f"`{name}` alone tells"
    if strength >= COPY:
        return _warn("leak-copy", name, strength, f"{told} every answer: it looks like `{target}` in other words.")
    if gaps >= MISSING:
        says = f"Whether `{name}` is filled in nearly tells the answer ({_of_one(gaps)}): it looks like something that "
        return _warn("leak-missing", name, gaps, says + "is written down only afterwards.")
    if strength >= STRONG:
        return _warn(
            "leak-strong",
            name,
            strength,
            f"{told} nearly every answer ({_of_one(strength)}): rarely is so much known before.",
        )
    named = _by_name(name, strength, target)
    if named or strength < POSSIBLE:
        return named
    return Finding(
        "leak-possible",
        "note",
        name,
        f"{told} most of the answer ({_of_one(strength)}). It may just be a good feature.",
        {"power": strength},
        f"Make sure that `{name}` is known when predicting.",
    )


def _by_name(name: str, strength: float, target: str) -> Finding | None:
    """Return what a column's name says; a word of the target counts only with some strength behind it."""
    later, shared = afterwards(name), shared_word(name, target)
    if later is None and (shared is None or strength < NAMED):
        return None
    clue = f"speaks of {later}" if later else f"shares the word '{shared}' with `{target}`"
    tells = f", and it tells much of the answer ({_of_one(strength)})" if strength >= NAMED else ""
    return Finding(
        "leak-name",
        "warn" if strength >= NAMED else "note",
        name,
        f"The name `{name}` {clue}{tells}: it may be known only afterwards.",
        {"power": strength},
        _LEAVE_OUT,
    )


def _warn(code: str, name: str, strength: float, says: str) -> Finding:
    return Finding(code, "warn", name, says, {"power": strength}, _LEAVE_OUT)


def _of_one(strength: float) -> str:
    return f"strength {figure(strength, digits=2)} of 1"


def _several_as_one(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings with many possible leaks made one: where many columns are strong, the answer is easy."""
    possible = sorted((f for f in found if f.code == "leak-possible"), key=lambda f: -float(f.evidence["power"]))
    if len(possible) <= SEVERAL:
        return list(found)
    names = listed([f"`{finding.column}`" for finding in possible], most=5)
    one = Finding(
        "leak-possible",
        "note",
        None,
        f"{len(possible)} columns each tell most of the answer alone ({names}). The answer may just be easy to tell.",
        {"power": float(possible[0].evidence["power"]), "columns": len(possible)},
        "Make sure that they are known when predicting.",
    )
    return [*(finding for finding in found if finding.code != "leak-possible"), one]


def _sums(names: Sequence[str], rows: Bench, target: str) -> list[Finding]:
    """Return a finding if the target is a sum of two or three numbers of the table."""
    columns = {name: numbers_of(rows.frame[name]) for name in names if rows.frame[name].dtype.is_numeric()}
    columns = {name: values for name, values in columns.items() if _can_be_added(values)}
    chosen, explained = _fewest_terms(columns, rows.answers[:, 0], rows.half)
    if explained < EXPLAINED:
        return []
    return [
        Finding(
            "leak-sum",
            "warn",
            chosen[0],
            f"`{target}` can be computed from {listed([f'`{name}`' for name in chosen])} by a weighted sum.",
            {"power": explained, "columns": len(chosen)},
            "Leave out those that are not known when predicting; if all are known, compute the answer instead.",
        )
    ]


def _can_be_added(values: np.ndarray) -> bool:
    """Return whether numbers are all known, differ, and are small enough for their squares to be summed."""
    return not np.isnan(values).any() and bool(np.abs(values).max() < TOO_LARGE) and values.min() < values.max()


def _fewest_terms(columns: Mapping[str, np.ndarray], answers: np.ndarray, half: np.ndarray) -> tuple[list[str], float]:
    """Return up to three columns, picked one by one, and the share of variance that their sum explains, held out."""
    names, chosen, explained = list(columns), [], 0.0
    if not names:
        return [], 0.0
    table = np.column_stack([(values - values.mean()) / values.std() for values in columns.values()])
    rest = answers - answers.mean()
    for _ in range(min(MOST_SUMMED, len(names))):
        chosen.append(int(np.argmax(np.abs(rest @ table))))
        terms = np.column_stack([np.ones(len(answers)), table[:, chosen]])
        weights, *_ = np.linalg.lstsq(terms[half], answers[half], rcond=None)
        rest = answers - terms @ weights
        explained = 1 - float(rest[~half] @ rest[~half]) / float(np.sum((answers[~half] - answers[half].mean()) ** 2))
        if explained >= EXPLAINED:
            break
    return [names[at] for at in chosen], explained


def _ordered(rows: Bench, schema: Schema) -> list[Finding]:
    """Return what the order of the rows and of ids says, where no time explains it."""
    if schema.with_role("time"):
        return []
    found = []
    strength = power(rows, pl.Series(np.arange(len(rows.frame))))
    if strength >= ORDER:
        says = f"The order of the rows tells much of the answer ({_of_one(strength)}): what are they sorted by?"
        do = "If they are in order of time, name the time under [data], so that the test rows are the newest."
        found.append(Finding("leak-order", "note", None, says, {"power": strength}, do))
    for column in schema.with_role("id"):
        if column.name not in rows.frame.columns or (found and _only_counts(rows.frame[column.name])):
            continue
        strength = power(rows, rows.frame[column.name])
        if strength >= ORDER:
            says = (
                f"The id `{column.name}` tells much of the answer ({_of_one(strength)}): it holds an order or a group."
            )
            do = "Name the time or the group behind it under [data]; the id itself is no feature."
            found.append(Finding("leak-order", "note", column.name, says, {"power": strength}, do))
    return found


def _only_counts(ids: pl.Series) -> bool:
    """Return whether ids rise or fall with the rows, so that they say what the order of the rows has said."""
    return ids.is_sorted() or ids.is_sorted(descending=True)
