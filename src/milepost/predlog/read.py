"""The log as lazy tables: what the Delta tables hold, and the rows of journals that are not folded yet, each row once.

predictions   prediction_id · entity · at · bundle_id · role · label · probabilities · … · inputs {tenure: 12, …}
outcomes      prediction_id · label · happened_at · recorded_at · acted_on · …
joined        prediction_id · … · truth_label · truth_number · truth_happened_at · truth_recorded_at · truth_acted_on

A lazy frame holds the version of the table, and the rows of journals, of the moment at which it was made.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import polars as pl

from milepost.data.delta import scan_files
from milepost.data.schema import Dtype
from milepost.predlog.delta_tables import types_of
from milepost.predlog.ids import is_id, moment_of
from milepost.predlog.places import LogPlace
from milepost.predlog.records import INPUTS, OUTCOMES, PREDICTIONS, InputSchema, Origin, Role
from milepost.predlog.unfolded import Snapshot, snapshot

ANSWERS: tuple[Role, ...] = ("champion", "canary")  # what callers were told
TRUTH = pl.Schema(
    {
        "outcome_id": OUTCOMES["outcome_id"],
        "truth_label": OUTCOMES["label"],
        "truth_number": OUTCOMES["number"],
        "truth_happened_at": OUTCOMES["happened_at"],
        "truth_recorded_at": OUTCOMES["recorded_at"],
        "truth_acted_on": OUTCOMES["acted_on"],
    }
)

_REAL: tuple[Origin, ...] = ("http", "score")
_DAY = timedelta(days=1)
_DAY_OF_FILE = re.compile(r"/day=(\d{4}-\d{2}-\d{2})/[^/]*$")
_DTYPES: dict[object, Dtype] = {
    pl.Float64(): "float",
    pl.Boolean(): "boolean",
    pl.String(): "text",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "datetime",
}


def read_predictions(
    place: LogPlace, *, since: datetime | None = None, until: datetime | None = None, as_of: datetime | None = None,
    roles: Collection[Role] | None = ANSWERS, origins: Collection[Origin] | None = _REAL, schema_id: str | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Return predictions with the columns of PREDICTIONS, in no order.

    Args:
        place: of the log.
        since: the window on `at` begins here.
        until: and ends before this.
        as_of: leave out what was answered later.
        roles: of the bundles that answered; None: all.
        origins: ways by which rows came; None: all, also those that a check of the service sent.
        schema_id: return only predictions with inputs of this schema, and these in the struct column `inputs`.

    Raises:
        EnvironmentFault: a journal or the store cannot be read.
    """
    since, until, as_of = (_in_utc(time) for time in (since, until, as_of))
    now = snapshot(place, "predictions")
    rows = _rows(now, _with_inputs(now, schema_id), "at", since, until)
    bounds = (
        None if since is None else pl.col("at") >= since,
        None if until is None else pl.col("at") < until,
        None if as_of is None else pl.col("at") <= as_of,
        None if roles is None else pl.col("role").is_in(list(roles)),
        None if origins is None else pl.col("origin").is_in(list(origins)),
        None if schema_id is None else pl.col("schema_id") == schema_id,
    )
    wanted = [bound for bound in bounds if bound is not None]
    rows = rows.filter(*wanted) if wanted else rows
    return rows if schema_id is None else rows.rename({INPUTS + schema_id: "inputs"})


def read_outcomes(
    place: LogPlace, *, as_of: datetime | None = None, every: bool = False, about: pl.Series | None = None
) -> pl.LazyFrame:
    """Return outcomes with the columns of OUTCOMES, in no order: the last word on each prediction.

    The last word is that with the latest recorded_at, then received_at; one that says only whether somebody acted takes
    no truth away, and the other way round.

    Args:
        place: of the log.
        as_of: leave out what was recorded later.
        every: return all that was ever said instead.
        about: ids of predictions, to which the others do not matter.

    Raises:
        EnvironmentFault: a journal or the store cannot be read.
    """
    as_of = _in_utc(as_of)
    rows = _rows(snapshot(place, "outcomes"), OUTCOMES, "recorded_at", None, as_of)
    rows = rows if as_of is None else rows.filter(pl.col("recorded_at") <= as_of)
    rows = rows if about is None else rows_about(rows, about)
    return rows.unique("outcome_id") if every else last_words(rows)


def rows_about(rows: pl.LazyFrame, ids: pl.Series) -> pl.LazyFrame:
    """Return the rows of predictions with these ids."""
    wanted = pl.LazyFrame({"prediction_id": ids.unique()})
    # parts of files without any of them are not read
    near = rows.filter(pl.col("prediction_id").is_between(pl.lit(ids.min()), pl.lit(ids.max())))
    return near.join(wanted, on="prediction_id", how="semi")


def joined(
    place: LogPlace, *, since: datetime | None = None, until: datetime | None = None, as_of: datetime | None = None,
    roles: Collection[Role] | None = ANSWERS, origins: Collection[Origin] | None = _REAL, schema_id: str | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Return predictions with the last word on each: the columns of read_predictions, and those of TRUTH.

    A shadow's answer has the truth of the answer that was given in its place. For the arguments see read_predictions;
    as_of leaves out what was recorded later, too.

    Raises:
        EnvironmentFault: a journal or the store cannot be read.
    """
    rows = read_predictions(
        place, since=since, until=until, as_of=as_of, roles=roles, origins=origins, schema_id=schema_id
    )
    truth = read_outcomes(place, as_of=as_of).select(
        pl.col("prediction_id").alias("about"),
        "outcome_id",
        *(pl.col(name.removeprefix("truth_")).alias(name) for name in TRUTH if name != "outcome_id"),
    )
    about = pl.coalesce("request", "prediction_id")
    return rows.with_columns(about.alias("about")).join(truth, on="about", how="left").drop("about")


def logged_schemas(place: LogPlace) -> tuple[InputSchema, ...]:
    """Return the schemas of inputs in the log, by id; integers are floats there.

    Raises:
        EnvironmentFault: a journal or the store cannot be read.
    """
    structs = _structs(snapshot(place, "predictions"))
    return tuple(
        InputSchema(name.removeprefix(INPUTS), tuple((field.name, _DTYPES[field.dtype]) for field in struct.fields))
        for name, struct in sorted(structs.items())
    )


def find_prediction(place: LogPlace, prediction_id: str) -> dict[str, Any] | None:
    """Return a prediction with the columns of PREDICTIONS and its `inputs`; None if there is no such prediction.

    Raises:
        EnvironmentFault: a journal or the store cannot be read.
    """
    if not is_id(prediction_id):
        return None
    now = snapshot(place, "predictions")
    is_it = pl.col("prediction_id") == prediction_id
    for since, until in (_days_around(prediction_id), (None, None)):  # the clock may have jumped by more
        found = _rows(now, PREDICTIONS, "at", since, until).filter(is_it).select("at", "schema_id").collect()
        if found.height:
            at, schema_id = found.row(0)
            columns = _with_inputs(now, schema_id)
            row = _rows(now, columns, "at", at, at).filter(is_it, pl.col("at") == at).collect().row(0, named=True)
            return {"inputs" if name not in PREDICTIONS else name: value for name, value in row.items()}
    return None


def last_words(outcomes: pl.LazyFrame) -> pl.LazyFrame:
    """Return the last word on each prediction, with the columns of OUTCOMES, from all that was said of it."""
    is_alone = pl.col("prediction_id").is_unique()  # as most are
    return pl.concat([outcomes.filter(is_alone), _last_of_several(outcomes.filter(~is_alone))])


def _last_of_several(outcomes: pl.LazyFrame) -> pl.LazyFrame:
    says = pl.col("label").is_not_null() | pl.col("number").is_not_null()
    is_last = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).filter(says).last()) for name in ("label", "number")
    )
    rest = [name for name in OUTCOMES if name not in ("prediction_id", "happened_at", "acted_on")]
    return (
        outcomes.sort("recorded_at", "received_at", "outcome_id")
        .group_by("prediction_id")
        .agg(
            *(pl.coalesce(pl.col(name).filter(says).last(), pl.col(name).last()) for name in rest),
            pl.col("happened_at").filter(is_last).last(ignore_nulls=True),
            pl.col("acted_on").last(ignore_nulls=True),
        )
        .select(*OUTCOMES)
    )


def _days_around(prediction_id: str) -> tuple[datetime, datetime] | tuple[None, None]:
    """Return a window around the time in an id; none at the end of the calendar."""
    try:
        made = moment_of(prediction_id)
        return made - _DAY, made + _DAY
    except (ValueError, OverflowError):
        return None, None


def _in_utc(time: datetime | None) -> datetime | None:
    if time is None or time.tzinfo is None:
        return time and time.replace(tzinfo=UTC)
    return time.astimezone(UTC)


def _with_inputs(now: Snapshot, schema_id: str | None) -> pl.Schema:
    """Return the columns of predictions with the struct of a schema of inputs, one without fields if none is known."""
    if schema_id is None:
        return PREDICTIONS
    name = INPUTS + schema_id
    return pl.Schema({**PREDICTIONS, name: _structs(now).get(name, pl.Struct([]))})


def _structs(now: Snapshot) -> dict[str, pl.Struct]:
    """Return the types of the structs of inputs, by the names of their columns."""
    folded = {} if now.table is None else types_of(now.table)
    columns = {**now.unfolded.schema, **folded}
    return {name: dtype for name, dtype in columns.items() if name.startswith(INPUTS) and isinstance(dtype, pl.Struct)}


def _rows(now: Snapshot, columns: pl.Schema, time: str, since: datetime | None, until: datetime | None) -> pl.LazyFrame:
    """Return the rows of a snapshot, those of the table on the days of a window only.

    Args:
        now: what the log holds.
        columns: that are wanted; where there is none, it is null.
        time: the column whose day a partition is.
        since: the window begins here.
        until: and ends before this.
    """
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in columns.items() if name not in now.unfolded.columns]
    unfolded = now.unfolded.with_columns(missing).select(*columns)
    files = [] if now.table is None else [uri for uri in now.table.file_uris() if _may_hold(uri, since, until)]
    if not files:
        return unfolded.lazy()
    stored = pl.Schema({name: dtype for name, dtype in columns.items() if name != "day"})
    folded = scan_files(files, schema=stored, missing_columns="insert", extra_columns="ignore", hive_partitioning=False)
    day = pl.col(time).dt.date().alias("day")  # not in the files, for it is in their places
    return pl.concat([folded.with_columns(day).select(*columns), unfolded.lazy()])


def _may_hold(uri: str, since: datetime | None, until: datetime | None) -> bool:
    """Return whether a file can hold rows of a window, by the day in its place."""
    match = _DAY_OF_FILE.search(unquote(uri))
    if match is None:
        return True
    day = date.fromisoformat(match[1])
    return (since is None or day >= since.date()) and (until is None or day <= until.date())
