"""Which prediction an outcome is about: the one that it names, or the one of its entity whose horizon holds its time.

entity c-81: predictions at  2 Jan, 1 Mar, 15 Mar; horizon 30 days
time  20 Jan -> that of 2 Jan          time  20 Feb -> none          time  20 Mar -> two: never guessed
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from milepost.predlog.given import REFUSALS, refusals_of, shown
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_predictions, rows_about

_MARGIN = timedelta(days=1)  # between the time in an id and that of its row
_FIRST, _LAST = _MARGIN // timedelta(milliseconds=1), 253_402_000_000_000  # milliseconds: 2 Jan 1970, 28 Dec 9999
_LATER = "if another replica answered within the last minutes, send this again later."


def match(
    place: LogPlace, given: pl.DataFrame, *, horizon: timedelta | None, tells_entities: bool = True
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return given rows with the prediction_id that each is about, and the refusals of those that match none or many.

    Args:
        place: of the log.
        given: columns row, prediction_id or (where that is missing) entity and time, and others.
        horizon: of the problem; None where it has none.
        tells_entities: whether a refusal may quote an entity as it is here; a hash says nothing to who sent it.

    Raises:
        EnvironmentFault: a journal or the store cannot be read.
    """
    by_id = given.filter(pl.col("prediction_id").is_not_null())
    by_entity = given.filter(pl.col("prediction_id").is_null())
    known = by_id.join(_known(place, by_id["prediction_id"]), on="prediction_id", how="semi")
    unknown = refusals_of(
        by_id.join(known, on="row", how="anti"),
        "field 'prediction_id'",
        "No prediction in the log has this prediction_id.",
        f"Give the prediction_id of the answer; {_LATER}",
    )
    matched, refused = _match_entities(place, by_entity, horizon, tells_entities=tells_entities)
    return pl.concat([known, matched]).sort("row"), pl.concat([unknown, refused])


def _known(place: LogPlace, ids: pl.Series) -> pl.DataFrame:
    """Return those ids, in the column prediction_id, that are in the log."""
    asked = pl.DataFrame({"prediction_id": ids.unique()})
    windows = (_window(asked["prediction_id"]), (None, None))  # the clock may have jumped by more than the margin
    found = pl.DataFrame(schema=asked.schema)
    for since, until in windows:
        if asked.is_empty():
            break
        rows = read_predictions(place, since=since, until=until, roles=None, origins=None).select("prediction_id")
        here = rows_about(rows, asked["prediction_id"]).unique().collect(engine="streaming")
        found = pl.concat([found, here])
        asked = asked.join(here, on="prediction_id", how="anti")
    return found


def _window(ids: pl.Series) -> tuple[datetime, datetime] | tuple[None, None]:
    """Return a span of time in which predictions with these ids were made; what is no id counts for nothing."""
    digits = ids.str.slice(0, 8) + ids.str.slice(9, 4)
    made = digits.str.to_integer(base=16, strict=False)
    made = made.filter(made.is_between(_FIRST, _LAST))
    first, last = made.min(), made.max()
    if not isinstance(first, int) or not isinstance(last, int):
        return None, None
    return datetime.fromtimestamp(first / 1000, UTC) - _MARGIN, datetime.fromtimestamp(last / 1000, UTC) + _MARGIN


def _match_entities(
    place: LogPlace, given: pl.DataFrame, horizon: timedelta | None, *, tells_entities: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if given.is_empty():
        return given, pl.DataFrame(schema=REFUSALS)
    fields = "fields 'entity' and 'time'"
    if horizon is None:
        none_is_meant = "The problem has no horizon, so no time tells which prediction is meant."
        fix = (
            "Give the prediction_id, or write problem.horizon and start the service again: it reads it when it starts."
        )
        return given.clear(), refusals_of(given, fields, none_is_meant, fix)
    counted = _counted(place, given, horizon)
    what = pl.format("{} predictions of this entity hold this time in their horizon.", "count")
    one, many, none = (
        counted.filter(test).select(*given.columns, "count")
        for test in (pl.col("count") == 1, pl.col("count") > 1, pl.col("count") == 0)
    )
    called = pl.format("'{}'", shown("entity")) if tells_entities else pl.lit("This entity")
    refused_many = refusals_of(many, fields, what, "Give the prediction_id of the one that is meant.")
    return one.drop("count"), pl.concat([refused_many, _outside(place, none, horizon, fields, called)])


def _outside(place: LogPlace, none: pl.DataFrame, horizon: timedelta, fields: str, called: pl.Expr) -> pl.DataFrame:
    """Return the refusals of rows of which no prediction holds the time: unknown entity, too early, too late."""
    if none.is_empty():
        return pl.DataFrame(schema=REFUSALS)
    rows = read_predictions(place).select("entity", begins=pl.coalesce("time", "at"))
    of_entities = rows.join(none.lazy().select("entity").unique(), on="entity", how="semi")
    known = of_entities.collect(engine="streaming").sort("begins")
    first = known.group_by("entity").agg(pl.col("begins").min().alias("first"))
    before = none.sort("time").join_asof(known, left_on="time", right_on="begins", by="entity", check_sortedness=False)
    near = before.join(first, on="entity", how="left").with_columns(until=pl.col("begins") + horizon)
    time, begins, until, begin = (
        pl.col(name).dt.to_string("%Y-%m-%d %H:%M UTC") for name in ("time", "begins", "until", "first")
    )
    unknown, early = pl.col("first").is_null(), pl.col("first").is_not_null() & pl.col("begins").is_null()
    too_early = pl.format("The first prediction of this entity is of {}; {} is before it.", begin, time)
    too_late = pl.format(
        "The prediction of this entity of {} holds until {}; {} is not before that.", begins, until, time
    )
    return pl.concat(
        [
            refusals_of(
                near.filter(unknown), "field 'entity'", pl.format("{} is not in the log.", called),
                f"Give the entity as the row had it when it was asked; {_LATER}",
            ),
            refusals_of(
                near.filter(early), fields, too_early,
                "Give the time at which it came true (a day alone means its first moment), or the prediction_id.",
            ),
            refusals_of(
                near.filter(~unknown & ~early), fields, too_late,
                f"Give the prediction_id, if it is the truth of that prediction all the same; {_LATER}",
            ),
        ]
    )  # fmt: skip


def _counted(place: LogPlace, given: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """Return given with the count of predictions that hold its time in their horizon, and the id of the last of them.

    A prediction from `begins` on holds a time where begins <= time and begins > time - horizon. With the predictions of
    an entity in a row, their places tell how many lie between.
    """
    known = _predictions_of(place, given, horizon)
    first = known.group_by("entity").agg(pl.col("place").min().alias("first"))
    asked = given.drop("prediction_id").with_columns(before=pl.col("time") - horizon)
    upto = _last_before(asked, known, "time").rename({"place": "upto"})
    out = _last_before(asked, known, "before").select("row", out="place")
    count = pl.col("upto") - pl.coalesce("out", pl.col("first") - 1)
    return (
        upto.join(out, on="row", how="left")
        .join(first, on="entity", how="left")
        .with_columns(count=count.fill_null(0))
        .sort("row")
    )


def _predictions_of(place: LogPlace, given: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """Return prediction_id, entity and begins of what may be meant, by entity and begins, and the place of each."""
    rows = read_predictions(place).select("prediction_id", "entity", begins=pl.coalesce("time", "at"))
    times = given["time"]
    may_be = (pl.col("begins") <= pl.lit(times.max())) & (pl.col("begins") > pl.lit(times.min()) - horizon)
    of_entities = rows.filter(may_be).join(given.lazy().select("entity").unique(), on="entity", how="semi")
    known = of_entities.collect(engine="streaming").sort("entity", "begins", "prediction_id")
    return known.with_columns(place=pl.int_range(pl.len()))


def _last_before(asked: pl.DataFrame, known: pl.DataFrame, time: str) -> pl.DataFrame:
    """Return asked with prediction_id and place of the last prediction of the same entity up to a time."""
    return asked.sort(time).join_asof(
        known.sort("begins"), left_on=time, right_on="begins", by="entity", check_sortedness=False
    )
