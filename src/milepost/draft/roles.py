"""What the columns of a bare table are probably for: id, time, group, sensitive; each with its reason.

customerID -> id, sure: its values all differ        tailnum -> group, unsure: 4,043 values in 336,776 rows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from milepost.data.column_names import (
    has_id_name,
    is_group,
    is_time_of_truth,
    prediction_time_fit,
    sensitive_of,
    words_of,
)
from milepost.data.schema import Column
from milepost.ground.text import counted, share

FEWEST_GROUPS = 30
MOST_SUGGESTED = 2
MOST_MISSING = 0.01  # share of rows without a time


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column that probably has a role.

    Attributes:
        column: its name.
        because: why, a clause.
        is_sure: whether the draft should already say so.
    """

    column: str
    because: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns are probably for.

    Attributes:
        id: the entity; None where no column names one.
        times: the moment of prediction, the likeliest first; at most the first is sure.
        known_at: when the truth was recorded; never sure.
        groups: what may come again, never sure.
        sensitive: what people may not be judged by, all sure.
    """

    id: Suggestion | None = None
    times: tuple[Suggestion, ...] = ()
    known_at: Suggestion | None = None
    groups: tuple[Suggestion, ...] = ()
    sensitive: tuple[Suggestion, ...] = ()

    @property
    def time(self) -> str | None:
        """Return the column that surely says when the prediction is made."""
        return next((one.column for one in self.times if one.is_sure), None)

    @property
    def entity(self) -> str | None:
        """Return the column that surely names the entity."""
        return self.id.column if self.id and self.id.is_sure else None


def suggest_roles(sample: pl.DataFrame, columns: Sequence[Column], *, target: str) -> Roles:
    """Return what the columns of a table are probably for.

    Args:
        sample: rows of the table; their target is not looked at.
        columns: what its columns are.
        target: what is to be predicted.
    """
    others = [column for column in columns if column.name != target]
    entity = _entity(sample, others)
    taken = {entity.column} if entity else set()
    times = [column for column in others if column.kind == "time"]
    truths = [column for column in times if is_time_of_truth(column.name)]
    known_at = Suggestion(truths[0].name, "its name says when something became known", False) if truths else None
    return Roles(
        id=entity,
        times=_times(sample, [column for column in times if column not in truths]),
        known_at=known_at,
        groups=_groups(sample, [column for column in others if column.name not in taken]),
        sensitive=_sensitive([column for column in others if column.name not in taken]),
    )


def _entity(sample: pl.DataFrame, columns: Sequence[Column]) -> Suggestion | None:
    """Return the column whose values name the rows, or the one that names who they are about."""
    unique = [column for column in columns if column.kind == "id"]
    if unique:
        best = max(unique, key=lambda column: (has_id_name(column.name), column.because != "numbers the rows"))
        is_sure = has_id_name(best.name) or is_group(best.name) or best.because == "numbers the rows"
        return Suggestion(best.name, best.because, is_sure)
    for column in columns:
        values = sample[column.name]
        if has_id_name(column.name) and column.kind in ("category", "number") and values.n_unique() >= FEWEST_GROUPS:
            says = f"its name says id; {counted(values.n_unique(), 'value')} in {counted(len(values), 'row')}"
            return Suggestion(column.name, f"{says}, so some have several rows", True)
    return None


def _times(sample: pl.DataFrame, columns: Sequence[Column]) -> tuple[Suggestion, ...]:
    """Return the times at which predictions may have been made, the likeliest first."""
    ranked = sorted(columns, key=lambda column: -prediction_time_fit(column.name))
    found: list[Suggestion] = []
    for column in ranked:
        values = sample[column.name]
        missing = values.null_count() / max(len(values), 1)
        if values.drop_nulls().n_unique() < 2:
            continue
        if missing > MOST_MISSING:
            found.append(Suggestion(column.name, f"a time, but missing in {share(missing)} of the rows", False))
        elif prediction_time_fit(column.name) < 0:
            found.append(Suggestion(column.name, "a time, but its name speaks of another moment", False))
        else:
            alone = not any(one.is_sure for one in found)
            because = "each row has a time" if alone else "another time that each row has"
            found.append(Suggestion(column.name, because, alone))
    return tuple(sorted(found, key=lambda one: not one.is_sure))[: 1 + MOST_SUGGESTED]


def _groups(sample: pl.DataFrame, columns: Sequence[Column]) -> tuple[Suggestion, ...]:
    found = []
    for column in columns:
        named = has_id_name(column.name) or _is_about_someone(column)
        if not named or column.kind not in ("category", "number") or column.dtype == "float":
            continue
        values = sample[column.name]
        groups = values.drop_nulls().n_unique()
        if FEWEST_GROUPS <= groups <= len(values) / 2:
            says = f"{counted(groups, 'value')} in {counted(len(values), 'row')}: the same one comes again and again"
            found.append(Suggestion(column.name, says, False))
    return tuple(found[:MOST_SUGGESTED])


def _is_about_someone(column: Column) -> bool:
    """Return whether a name speaks of someone who may come again; that of numbers must say nothing else."""
    return is_group(column.name) and (column.kind == "category" or len(words_of(column.name)) == 1)


def _sensitive(columns: Sequence[Column]) -> tuple[Suggestion, ...]:
    named = ((column, sensitive_of(column.name)) for column in columns if column.kind not in ("id", "constant"))
    return tuple(Suggestion(column.name, f"its name speaks of {what}", True) for column, what in named if what)
