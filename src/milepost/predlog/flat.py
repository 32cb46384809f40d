"""The log as flat tables, for queries and exports: the inputs stand beside our columns, typed as the newest ones are.

prediction_id · at · decision_label · … · tenure · contract            instead of one struct for each schema of inputs

A row that was logged with another schema of inputs has those of them that were of the same type then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from milepost.predlog.places import LogPlace
from milepost.predlog.read import ANSWERS, TRUTH, joined, logged_schemas, read_outcomes, read_predictions
from milepost.predlog.records import PREDICTIONS, InputSchema, Role

_OURS = tuple(name for name in PREDICTIONS if name != "day")
_TAKEN = frozenset([*PREDICTIONS, *TRUTH, "inputs"])
_PREFIX = "input_"
_ABOUT = "\0about"  # the prediction that outcomes are sent of; no column has such a name


class FlatLog:
    """The predictions of a log: those that callers were told, or those of shadows where their role is asked for.

    Attributes:
        place: of the log.
        columns: input -> the column that holds it; none where nothing was logged yet.
    """

    def __init__(self, place: LogPlace) -> None:
        """Look up which inputs there are.

        Raises:
            EnvironmentFault: a journal or the store cannot be read.
        """
        self.place = place
        self._schemas = logged_schemas(place)
        self._newest = _newest(place, self._schemas)
        self.columns = {} if self._newest is None else input_columns(self._newest)

    @property
    def schema(self) -> pl.Schema:
        """Return the columns of predictions."""
        inputs = [] if self._newest is None else self._newest.struct.fields
        ours = {name: PREDICTIONS[name] for name in _OURS}
        return pl.Schema({**ours, **{self.columns[field.name]: field.dtype for field in inputs}})

    def predictions(
        self, *, since: datetime | None = None, until: datetime | None = None, as_of: datetime | None = None,
        roles: Collection[Role] = ANSWERS,
    ) -> pl.LazyFrame:  # fmt: skip
        """Return predictions, in no order; for the arguments see read_predictions.

        Raises:
            EnvironmentFault: a journal or the store cannot be read.
        """
        read = partial(read_predictions, self.place, since=since, until=until, as_of=as_of, roles=roles)
        return self._of_all(read, {})

    def joined(
        self, *, since: datetime | None = None, until: datetime | None = None, as_of: datetime | None = None,
        roles: Collection[Role] = ANSWERS,
    ) -> pl.LazyFrame:  # fmt: skip
        """Return predictions with the last word on each, the columns of TRUTH; a shadow's has that of its request.

        Raises:
            EnvironmentFault: a journal or the store cannot be read.
        """
        read = partial(joined, self.place, since=since, until=until, as_of=as_of, roles=roles)
        return self._of_all(read, TRUTH)

    def _of_all(self, read: Callable[..., pl.LazyFrame], more: Mapping[str, Any]) -> pl.LazyFrame:
        """Return what read gives of each schema of inputs, one below the other, with more columns beside them."""
        parts = [self._flat(read(schema_id=one.id), one, *more) for one in self._schemas]
        return pl.concat(parts) if parts else pl.Schema({**self.schema, **more}).to_frame().lazy()

    def window(
        self, since: datetime, until: datetime, *, as_of: datetime | None = None, roles: Collection[Role] = ANSWERS
    ) -> pl.DataFrame:
        """Return what joined does, of a short window, by time; only the outcomes about it are read.

        Raises:
            EnvironmentFault: a journal or the store cannot be read.
        """
        rows = self.predictions(since=since, until=until, as_of=as_of, roles=roles).collect(engine="streaming")
        rows = rows.with_columns(pl.coalesce("request", "prediction_id").alias(_ABOUT))
        told = read_outcomes(self.place, as_of=as_of, about=rows[_ABOUT]).collect(engine="streaming")
        truth = told.select(
            pl.col("prediction_id").alias(_ABOUT),
            *(pl.col(name.removeprefix("truth_")).alias(name) for name in TRUTH),
        )
        return rows.join(truth, on=_ABOUT, how="left").drop(_ABOUT).sort("at", "prediction_id")

    def _flat(self, rows: pl.LazyFrame, schema: InputSchema, *others: str) -> pl.LazyFrame:
        """Return rows whose inputs are of a schema with each input as a column of the newest one's type."""
        newest = [] if self._newest is None else self._newest.struct.fields
        here = {field.name: field.dtype for field in schema.struct.fields}
        inputs = [
            (
                pl.col("inputs").struct.field(field.name)
                if here.get(field.name) == field.dtype
                else pl.lit(None, field.dtype)
            ).alias(self.columns[field.name])
            for field in newest
        ]
        return rows.select(*_OURS, *inputs, *others)


def input_columns(schema: InputSchema) -> dict[str, str]:
    """Return input -> the column that holds it: its own name, or input_NAME where that is a column of ours.

    >>> from milepost.predlog.records import input_schema
    >>> input_columns(input_schema([("tenure", "float"), ("time", "datetime")]))
    {'tenure': 'tenure', 'time': 'input_time'}
    """
    columns: dict[str, str] = {}
    taken = _TAKEN | {name for name, _ in schema.columns}
    for name, _ in schema.columns:
        column = name
        while column in (_TAKEN if column == name else taken):
            column = f"{_PREFIX}{column}"
        columns[name] = column
    return columns


def _newest(place: LogPlace, schemas: tuple[InputSchema, ...]) -> InputSchema | None:
    """Return the schema of the inputs of the newest prediction; None where there is none."""
    if len(schemas) < 2:
        return next(iter(schemas), None)
    rows = read_predictions(place).select("at", "prediction_id", "schema_id")
    newest = rows.top_k(1, by=["at", "prediction_id"]).collect(engine="streaming")
    known = {schema.id: schema for schema in schemas}
    return known.get(newest.item(0, "schema_id")) if newest.height else None
