"""Outcomes as they are given, cell by cell: read, or refused with the reason.

given     prediction_id "0190F5D2-…"  truth "yes"  recorded_at "2026-03-01"      or  entity 81, time "2026-02-01", …
read      prediction_id "0190f5d2-…"  label "Yes"  recorded_at 2026-03-01 00:00Z
refusals  row 3  what "The truth 'maybe' is no class of the problem."  where "field 'truth'"  fix "Write one of: …"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from milepost.data import parsing
from milepost.data.labels import label_text
from milepost.data.repairs import spelling_key
from milepost.data.writing import MISSING_TOKENS, SPACES
from milepost.ground.errors import MilepostError
from milepost.ground.text import listed, nearest
from milepost.metrics.answers import Task

COLUMNS = ("prediction_id", "entity", "time", "truth", "happened_at", "recorded_at", "acted_on")
MOST_AHEAD = timedelta(minutes=5)  # clocks differ; more is a mistake of the zone or of the year

REFUSALS = pl.Schema({"row": pl.UInt32(), "what": pl.String(), "where": pl.String(), "fix": pl.String()})

_TIMES = ("time", "happened_at", "recorded_at")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MOST_SHOWN = 40  # characters of a value in an error


@dataclass(frozen=True, slots=True)
class Truth:
    """What can be true.

    Attributes:
        task: of the problem.
        labels: its classes; none for a regression.
    """

    task: Task
    labels: Sequence[str] = ()


def table_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return rows as JSON brings them as a table that read_given takes; values of many types in one column as text."""
    columns = {name: [row.get(name) for row in rows] for name in COLUMNS if any(name in row for row in rows)}
    return pl.DataFrame([_column(name, values) for name, values in columns.items()])


def _column(name: str, values: list[Any]) -> pl.Series:
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [_written(value) for value in values], pl.String())


def _written(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def read_given(
    given: pl.DataFrame, truth: Truth, *, now: datetime, zone: str = "UTC"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the given rows that can be read, and the refusals of the others.

    Those that are read have the columns row, prediction_id, entity, time, label, number, happened_at, recorded_at and
    acted_on; the refusals those of REFUSALS.

    Args:
        given: columns of COLUMNS, as text or typed; others are left alone.
        truth: what can be true.
        now: what lies ahead of it cannot have happened.
        zone: of times without an offset.

    Raises:
        MilepostError: columns are absent that every row needs.
    """
    _refuse_lacking(given.columns)
    cells = {name: given[name] if name in given.columns else _nothing(name, given.height) for name in COLUMNS}
    text = {name: _as_text(values) for name, values in cells.items()}
    read = pl.DataFrame(
        [
            text["prediction_id"].str.to_lowercase(),
            text["entity"],
            *(_in_utc(cells[name], zone) for name in _TIMES),
            *_truths(cells["truth"], text["truth"], truth),
            _truth_of(text["acted_on"]),
        ]
    ).with_row_index("row")
    rows = read.with_columns(values.alias(f"given_{name}") for name, values in text.items())
    refusals = first_of(*_unreadable(rows, truth), *_unclear(rows), *_too_early(rows, now))
    return read.join(refusals, on="row", how="anti", maintain_order="left"), refusals


def refusals_of(rows: pl.DataFrame, where: str, what: str | pl.Expr, fix: str) -> pl.DataFrame:
    """Return a refusal for each of rows; what may be made of their columns."""
    said = pl.lit(what) if isinstance(what, str) else what
    return rows.select("row", what=said, where=pl.lit(where), fix=pl.lit(fix)).cast(REFUSALS)


def first_of(*refusals: pl.DataFrame) -> pl.DataFrame:
    """Return the first refusal of each row, by row."""
    every = pl.concat([pl.DataFrame(schema=REFUSALS), *refusals])
    return every.unique("row", keep="first", maintain_order=True).sort("row")


def _refuse_lacking(names: Sequence[str]) -> None:
    where = "the columns of the outcomes"
    if not {"truth", "acted_on"} & set(names):
        near = nearest("truth", names)
        fix = (
            f"Rename {near!r} to 'truth'." if near else "Call the column that says what turned out to be true 'truth'."
        )
        raise MilepostError("The outcomes have no column 'truth'.", where=where, fix=fix)
    if "prediction_id" not in names and not {"entity", "time"} <= set(names):
        raise MilepostError(
            "The outcomes do not say which predictions they are about.",
            where=where,
            fix="Add the column 'prediction_id', or both 'entity' and 'time'.",
        )


# what cells say


def _nothing(name: str, rows: int) -> pl.Series:
    return pl.Series(name, [None], pl.String()).new_from_index(0, rows)


def _as_text(values: pl.Series) -> pl.Series:
    """Return values as text without outer spaces; an empty text and NaN are missing."""
    if isinstance(values.dtype, pl.Float32 | pl.Float64):
        number = pl.col(values.name).fill_nan(None)
        written = pl.coalesce(label_text(number, "float"), number.cast(pl.String))
        text = values.to_frame().select(written.alias(values.name)).to_series()
    elif values.dtype.is_nested() or isinstance(values.dtype, pl.Object | pl.Binary):
        text = pl.Series(values.name, [None if value is None else repr(value) for value in values], pl.String())
    else:
        text = values.cast(pl.String())
    stripped = text.str.strip_chars(SPACES)
    return stripped.set(stripped == "", None)


def _in_utc(values: pl.Series, zone: str) -> pl.Series:
    """Return times in UTC; what says no time is missing."""
    column = pl.col(values.name)
    if isinstance(values.dtype, pl.Datetime):
        exact = column.dt.cast_time_unit("us")
        read = exact.dt.convert_time_zone("UTC") if values.dtype.time_zone else parsing.in_utc(exact, zone)
    elif isinstance(values.dtype, pl.Date):
        read = parsing.in_utc(column.cast(pl.Datetime("us")), zone)
    elif isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum):
        read = parsing.times(parsing.cleaned(column), zone=zone)
    else:  # a number: of seconds, of days, since when?
        read = pl.repeat(None, pl.len(), dtype=pl.Datetime("us", "UTC"))
    return values.to_frame().select(read.alias(values.name)).to_series()


def _truths(values: pl.Series, text: pl.Series, truth: Truth) -> tuple[pl.Series, pl.Series]:
    """Return labels and numbers, one of them missing everywhere; a truth that cannot be read is missing."""
    labels, numbers = pl.Series("label", [None], pl.String()), pl.Series("number", [None], pl.Float64())
    if truth.task != "regression":
        return _labels(text, truth.labels).alias("label"), numbers.new_from_index(0, len(text))
    if values.dtype.is_numeric():
        read = parsing.finite(pl.col("truth").cast(pl.Float64))
        return labels.new_from_index(0, len(text)), values.to_frame("truth").select(read.alias("number")).to_series()
    is_text = isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum)
    read = parsing.numbers(parsing.cleaned(pl.col("truth")))
    number = text.to_frame("truth").select(read.alias("number")).to_series()
    return labels.new_from_index(0, len(text)), number if is_text else numbers.new_from_index(0, len(text))


def _labels(text: pl.Series, labels: Sequence[str]) -> pl.Series:
    """Return the label that each text says, spelled as in labels."""
    by_key: dict[str, list[str]] = {}
    for label in labels:
        by_key.setdefault(spelling_key(label), []).append(label)

    def label_of(said: str) -> str | None:
        if said in labels:
            return said
        alike = by_key.get(spelling_key(said), ()) if said not in MISSING_TOKENS else ()
        return alike[0] if len(alike) == 1 else None  # of two that are alike, who knows which is meant

    said = text.unique().drop_nulls()
    read = pl.Series([label_of(one) for one in said], dtype=pl.String())
    return text.replace_strict(said, read, default=None, return_dtype=pl.String())


def _truth_of(text: pl.Series) -> pl.Series:
    lower = text.str.to_lowercase()
    return lower.replace_strict(list(_TRUTHS), list(_TRUTHS.values()), default=None, return_dtype=pl.Boolean())


# why a row cannot be taken


def _unreadable(rows: pl.DataFrame, truth: Truth) -> list[pl.DataFrame]:
    """Return the refusals of cells that say something which cannot be read."""
    labels = listed([repr(label) for label in truth.labels])
    if truth.task == "regression":
        doubt, fix = "which is no finite number", "Write a number, or leave it empty where it is not known."
    else:
        doubt, fix = "which is no class of the problem", f"Write one of: {labels}; or leave it empty."
    fixes = {
        **dict.fromkeys(_TIMES, "Write it like 2026-05-31T10:00:00Z, or leave it empty where it is not known."),
        "truth": fix,
        "acted_on": "Write true or false, or leave it empty where it is not known.",
    }
    doubts = {
        **dict.fromkeys(_TIMES, "which is no time"),
        "truth": doubt,
        "acted_on": "which is neither true nor false",
    }
    return [
        refusals_of(
            rows.filter(_says(f"given_{name}") & _read_as(name).is_null()),
            f"field {name!r}",
            pl.format("{} is '{}', {}.", pl.lit(name), shown(f"given_{name}"), pl.lit(doubts[name])),
            fixes[name],
        )
        for name in ("truth", *_TIMES, "acted_on")
    ]


def _read_as(name: str) -> pl.Expr:
    return pl.coalesce(pl.col("label"), pl.col("number").cast(pl.String)) if name == "truth" else pl.col(name)


def _says(name: str) -> pl.Expr:
    """Return whether a cell says anything."""
    return pl.col(name).is_not_null() & ~pl.col(name).is_in(sorted(MISSING_TOKENS))


def shown(name: str) -> pl.Expr:
    """Return the beginning of what a cell says, for an error."""
    text = pl.col(name)
    return pl.when(text.str.len_chars() > _MOST_SHOWN).then(text.str.slice(0, _MOST_SHOWN) + "…").otherwise(text)


def _unclear(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the refusals of rows that do not say clearly what they are about, or nothing about it."""
    by_id = pl.col("prediction_id").is_not_null()
    entity, time = pl.col("entity").is_not_null(), pl.col("time").is_not_null()
    says_nothing = pl.all_horizontal(pl.col("label", "number", "acted_on").is_null())
    return [
        refusals_of(
            rows.filter(by_id & (entity | time)),
            "fields 'prediction_id', 'entity' and 'time'",
            "The prediction is named in two ways, which may contradict each other.",
            "Give either the prediction_id, or entity and time.",
        ),
        refusals_of(
            rows.filter(~by_id & ~(entity & time)),
            "fields 'prediction_id', 'entity' and 'time'",
            "The row does not say which prediction it is about.",
            "Give the prediction_id, or both entity and time.",
        ),
        refusals_of(
            rows.filter(says_nothing),
            "fields 'truth' and 'acted_on'",
            "The row says nothing about its prediction.",
            "Give the truth, or whether somebody acted on the prediction, or leave the row out until it is known.",
        ),
    ]


def _too_early(rows: pl.DataFrame, now: datetime) -> list[pl.DataFrame]:
    """Return the refusals of rows that know the future."""
    return [
        refusals_of(
            rows.filter(pl.col(name) > now + MOST_AHEAD),
            f"field {name!r}",
            pl.format("{} is '{}', which is not yet.", pl.lit(name), shown(f"given_{name}")),
            "Correct the time; without an offset it counts as a time of the problem's zone.",
        )
        for name in ("happened_at", "recorded_at")
    ]
