"""A bounded summary of each column: counts, quantiles, a histogram or the top labels. It is kept with a model.

profile.json  {"rows": 7043, "columns": [{"name": "tenure", "count": 7043, "missing": 0, "quantiles": [0, 1, …], …}]}
Its size does not grow with the table; two profiles of the same bins add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from milepost.data.batches import sample
from milepost.data.kinds import as_seconds, gather_facts
from milepost.data.repairs import TYPES
from milepost.data.schema import Column, Dtype, Kind, Schema
from milepost.ground.records import as_document, from_document

BINS = 32
TOP = 32
SHARES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Summary:
    """One column.

    Attributes:
        name, dtype, kind: of the column.
        count: rows with a value; missing: rows without.
        distinct: different values; exact where they are few, else about.
        mean: of numbers and times (seconds since 1970), from at most 200,000 rows; None for others.
        quantiles: of numbers and times at SHARES, from at most 200,000 rows; empty for others.
        edges: of the histogram, ascending, at most BINS + 1; a bin holds its upper edge, the first its lower one too.
        counts: rows in each bin, exact for edges that are given, else of the whole table.
        top: the most frequent labels with their rows, at most TOP; empty for numbers and times.
        letters: mean length of texts; None for others.
    """

    name: str
    dtype: Dtype
    kind: Kind
    count: int
    missing: int
    distinct: int
    mean: float | None = None
    quantiles: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    top: tuple[tuple[str, int], ...] = ()
    letters: float | None = None

    @property
    def missing_share(self) -> float:
        rows = self.count + self.missing
        return self.missing / rows if rows else 0.0

    @property
    def other(self) -> int:
        """Return the rows whose label is not among the top ones."""
        return self.count - sum(rows for _, rows in self.top) if self.top else 0


@dataclass(frozen=True, slots=True)
class Profile:
    """The summaries of a table's columns."""

    rows: int
    columns: tuple[Summary, ...]

    def column(self, name: str) -> Summary:
        """Return the summary of the column called name; KeyError if there is none."""
        return {column.name: column for column in self.columns}[name]

    def to_json(self) -> dict[str, Any]:
        return dict(as_document(self))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Profile:
        return from_document(cls, document)


def profile(frame: pl.LazyFrame, schema: Schema, *, like: Profile | None = None) -> Profile:
    """Return the profile of a table, in a few streaming passes of bounded memory.

    Args:
        frame: rows of an understood table, lazy.
        schema: of that table; columns that frame lacks are passed over.
        like: a profile whose bins and top labels are used, so that the two can be compared.
    """
    columns = [column for column in schema.columns if column.name in frame.collect_schema()]
    frame = frame.select(column.name for column in columns)
    facts = gather_facts(frame)
    rows = next((each.rows for each in facts.values()), 0)
    known = {summary.name: summary for summary in like.columns} if like else {}
    measured = [column for column in columns if _is_measured(column)]
    drawn = sample(frame.select(_number(column) for column in measured), rows) if measured else pl.DataFrame()
    summaries = []
    for column in columns:
        found = facts[column.name]
        plain = Summary(column.name, column.dtype, column.kind, found.present, found.missing, found.distinct)
        if column.dtype == "text" and found.present:
            plain = replace(plain, letters=found.letters / found.present)
        if _is_measured(column) and found.present:
            plain = _measure(plain, drawn[column.name].drop_nulls(), known.get(column.name))
        summaries.append(plain)
    binned = _bin(frame, [each for each in summaries if each.edges])
    tops = _tops(frame, [column for column in columns if _has_labels(column)], known)
    whole = tuple(replace(each, counts=binned.get(each.name, ()), top=tops.get(each.name, ())) for each in summaries)
    return Profile(rows, whole)


def _is_measured(column: Column) -> bool:
    return column.dtype in ("integer", "float", "date", "datetime") and column.kind not in (
        "id",
        "constant",
        "category",
    )


def _has_labels(column: Column) -> bool:
    return column.kind in ("category", "flag", "constant") and column.dtype in ("text", "boolean", "integer")


def _number(column: Column) -> pl.Expr:
    return as_seconds(pl.col(column.name), TYPES[column.dtype]).alias(column.name)


def _measure(plain: Summary, drawn: pl.Series, like: Summary | None) -> Summary:
    """Return the summary with mean, quantiles and the edges of its bins."""
    values = np.sort(drawn.to_numpy())
    if not len(values):
        return plain
    quantiles = tuple(float(value) for value in np.quantile(values, SHARES))
    mean = float(np.sum(values) / len(values))
    return replace(plain, mean=mean, quantiles=quantiles, edges=like.edges if like and like.edges else _edges(values))


def _edges(values: np.ndarray) -> tuple[float, ...]:
    """Return the edges of bins that hold about equally many values; a value that comes often makes bins fewer."""
    inner = np.quantile(values, np.linspace(0, 1, BINS + 1), method="higher")
    edges = np.unique(inner)
    return tuple(float(edge) for edge in edges) if len(edges) > 1 else (float(edges[0]), float(edges[0]) + 1.0)


def _bin(frame: pl.LazyFrame, summaries: list[Summary]) -> dict[str, tuple[int, ...]]:
    """Return the rows in each bin of each column; what lies beyond the edges counts in the outer bins."""
    if not summaries:
        return {}
    sums = [
        (_number_of(each) <= edge).sum().alias(f"{place} {rank}")
        for place, each in enumerate(summaries)
        for rank, edge in enumerate(each.edges[1:-1])
    ]
    found = frame.select(pl.len().alias("rows"), *sums).collect(engine="streaming").row(0, named=True)
    counts = {}
    for place, each in enumerate(summaries):
        below = [found[f"{place} {rank}"] for rank in range(len(each.edges) - 2)]
        counts[each.name] = tuple(int(n) for n in np.diff([0, *below, each.count]))
    return counts


def _number_of(summary: Summary) -> pl.Expr:
    return as_seconds(pl.col(summary.name), TYPES[summary.dtype])


def _tops(
    frame: pl.LazyFrame, columns: Iterable[Column], known: Mapping[str, Summary]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return the most frequent labels of each column, or the rows of the labels that are known."""
    names = [column.name for column in columns]
    tables = [frame.select(label=pl.col(name).cast(pl.String)).drop_nulls().group_by("label").len() for name in names]
    tables = [
        table.filter(pl.col("label").is_in([label for label, _ in known[name].top]))
        if name in known and known[name].top
        else table.top_k(TOP, by=["len", "label"], reverse=[False, True]).sort(
            ["len", "label"], descending=[True, False]
        )
        for name, table in zip(names, tables, strict=True)
    ]
    tops = {}
    for name, table in zip(names, pl.collect_all(tables, engine="streaming"), strict=True):
        rows = dict(table.iter_rows())
        order = [label for label, _ in known[name].top] if name in known and known[name].top else list(rows)
        tops[name] = tuple((label, int(rows.get(label, 0))) for label in order)
    return tops
