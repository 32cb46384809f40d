"""The keys of a problem file, each with its type, its meaning and an example.

milepost.toml  [problem] [data] [features] [baseline] [split] [climb] [success] [value] [stores] [serve], and for a
later version [monitor] [alerts] [retrain]
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, WithJsonSchema

from milepost.metrics.names import Task
from milepost.problem.fields import (
    Budget,
    Criteria,
    Label,
    Loss,
    MeanChange,
    Money,
    Name,
    Names,
    Number,
    Span,
    Table,
    Text,
    Timezone,
    source_of,
)
from milepost.problem.later import NOTHING_YET, Alerts, Monitor, Retrain
from milepost.problem.serving import Serve


class Effect(Table):
    """The business effect promised."""

    column: Text = Field(description="The column whose mean should move.", examples=["churn"])
    change: MeanChange = Field(
        description="By how much, with its sign: a percentage of what it is today, percentage points, or plain units.",
        examples=["-15%", "+2 points"],
    )


class Aim(Table):
    """What is predicted, and why."""

    name: Name = Field(description="What the problem and its models are called.", examples=["telco-churn"])
    statement: str = Field(
        default="",
        description="The problem in one sentence, as a stakeholder would say it.",
        examples=["Predict customer churn within the next 30 days with 80% accuracy."],
    )
    task: Task | None = Field(
        default=None,
        description="What kind of target it is; inferred from the target when absent.",
        examples=["binary"],
    )
    target: Text = Field(description="The column to predict.", examples=["churn"])
    positive: Label | None = Field(
        default=None, description="Binary tasks: the value of the target that counts as yes.", examples=["Yes"]
    )
    horizon: Span | None = Field(
        default=None,
        description="The span after the prediction over which the outcome is defined.",
        examples=["30d", "12h", "0d"],
    )
    effect: Effect | None = Field(
        default=None, description="The business effect promised.", examples=[{"column": "churn", "change": "-15%"}]
    )


class SqlSource(Table):
    """A table that a database answers."""

    uri: Text = Field(
        description="Where the database is; secrets only by ${NAME}.", examples=["${CHURN_DB}", "sqlite:///churn.db"]
    )
    query: Text = Field(description="What to ask it.", examples=["select * from customers"])


class Data(Table):
    """Where the table comes from and what its columns are for."""

    source: Annotated[
        str | SqlSource,
        BeforeValidator(source_of(SqlSource)),
        WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, SqlSource.model_json_schema()]}),
    ] = Field(
        description="Path, glob, cloud URI, Delta table, or { uri, query }; relative to this file; secrets by ${NAME}.",
        examples=["telco.csv", {"uri": "${CHURN_DB}", "query": "select * from customers"}],
    )
    id: Text | None = Field(
        default=None, description="The column that names the entity of a row.", examples=["customer"]
    )
    time: Text | None = Field(
        default=None, description="The column that says when the prediction would be made.", examples=["snapshot_at"]
    )
    known_at: Text | None = Field(
        default=None,
        description="The column that says when the truth was recorded; without a value it is not yet known. Where only "
        "one of two answers ever has a value, the other is known after horizon and label delay. Rows for which these "
        "had not passed by the latest moment in the table are left out.",
        examples=["confirmed_at"],
    )
    label_delay: Span | None = Field(
        default=None, description="How long after the horizon the truth is known.", examples=["2d"]
    )
    timezone: Timezone = Field(
        default="UTC",
        description="Of times without an offset and of calendar windows; stored times are UTC.",
        examples=["Europe/Berlin"],
    )
    group: Text | None = Field(
        default=None, description="The column whose rows may not straddle a split or a fold.", examples=["account"]
    )
    exclude: Names = Field(
        default=(), description="Columns that are not known when predicting.", examples=[["cancel_reason"]]
    )
    sensitive: Names = Field(
        default=(),
        description="Columns that are never a feature unless allowed; comparing results across them comes with a "
        "later version.",
        examples=[["female", "senior_citizen"]],
    )
    allowed: Names = Field(
        default=(), description="Sensitive columns that may be features all the same.", examples=[["senior_citizen"]]
    )
    context: Names = Field(
        default=(),
        description="Columns that are kept for people to look at and are never a feature.",
        examples=[["region"]],
    )
    repairs: dict[str, Text] = Field(
        default={},
        description="Declared repairs of columns; they travel in the bundle.",
        examples=[{"pdays": "999 is missing"}],
    )


class Baseline(Table):
    """What is done today."""

    rule: Text | None = Field(
        default=None,
        description="An expression over columns: true or false, or a number, or CASE for several classes.",
        examples=["contract = 'Month-to-month' AND tenure < 6"],
    )


class SplitPlan(Table):
    """Which rows are kept for the verdict."""

    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.25, description="Share of rows kept for the verdict, above 0 and below 1.", examples=[0.25]
    )
    strategy: Literal["time", "group", "stratified"] | None = Field(
        default=None,
        description='How rows are kept apart; when absent "time" where data.time is given, else "group" where '
        'data.group is given or several rows share one data.id, else "stratified".',
        examples=["time"],
    )
    column: Text | None = Field(
        default=None, description="A column that says which rows are test rows, instead.", examples=["fold"]
    )


class Climb(Table):
    """How models are compared and how much work that may take."""

    loss: Loss | None = Field(
        default=None,
        description="The proper loss per row: log, squared, absolute or quantile:0.9; by the task when absent.",
        examples=["log", "quantile:0.9"],
    )
    smallest_gain: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.01,
        description="Relative gain of loss below which a more complex model is not worth it, 0 or more and below 1.",
        examples=[0.01],
    )
    budget: Budget = Field(
        default="medium",
        description="Amount of work: small, medium, large, or a number of trials.",
        examples=["medium", {"trials": 200}],
    )


class Capacity(Table):
    """How many decisions can be acted upon."""

    positives: Annotated[int, Field(ge=1)] = Field(
        description="How many positive decisions, 1 or more.", examples=[500]
    )
    per: Span | None = Field(default=None, description="In which span of time.", examples=["7d"])
    population_per: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many rows come in that span, 1 or more.", examples=[7000]
    )


class Value(Table):
    """Money gained or lost by each decision; a number or an expression over columns."""

    currency: Text = Field(default="units", description="What the money is counted in.", examples=["EUR"])
    true_positive: Money = Field(
        default=0.0, description="A yes that was right.", examples=["0.3 * 12 * monthly_charges - 20"]
    )
    false_positive: Money = Field(default=0.0, description="A yes that was wrong.", examples=[-20])
    true_negative: Money = Field(default=0.0, description="A no that was right.", examples=[0])
    false_negative: Money = Field(default=0.0, description="A no that was wrong.", examples=[-100])
    matrix: dict[str, dict[str, Number]] | None = Field(
        default=None,
        description="Several classes: money by true class, then by predicted class; 0 where nothing is written.",
        examples=[{"gold": {"gold": 10, "silver": -2}}],
    )
    row: Text | None = Field(
        default=None,
        description="Regression: an expression over truth, prediction and columns.",
        examples=["-abs(truth - prediction)"],
    )
    capacity: Capacity | None = Field(
        default=None,
        description="How many decisions can be acted upon.",
        examples=[{"positives": 500, "per": "7d", "population_per": 7000}],
    )


class Stores(Table):
    """Where what is learned is kept."""

    workspace: Text = Field(
        default=".milepost", description="Folder of staged tables, climbs and bundles.", examples=[".milepost"]
    )
    registry: Text | None = Field(
        default=None,
        description="URI of an MLflow server; a file in the workspace when absent; secrets by ${NAME}.",
        examples=["https://mlflow.example.org", "${MLFLOW_URI}"],
    )


class Problem(Table):
    """The contract, read once, frozen, passed along."""

    aim: Aim = Field(alias="problem", description="What is predicted, and why.", examples=[{"target": "churn"}])
    data: Data = Field(description="Where the table comes from.", examples=[{"source": "telco.csv"}])
    features: dict[str, Text] = Field(
        default={},
        description="Domain knowledge: one row-wise expression for each new column.",
        examples=[{"charge_per_month": "total_charges / nullif(tenure, 0)"}],
    )
    baseline: Baseline = Field(default=Baseline(), description="What is done today.", examples=[{"rule": "tenure < 6"}])
    split: SplitPlan = Field(
        default=SplitPlan(), description="Which rows are kept for the verdict.", examples=[{"test": 0.25}]
    )
    climb: Climb = Field(default=Climb(), description="How models are compared.", examples=[{"loss": "log"}])
    success: Criteria = Field(
        default=(),
        description="Criteria, checked with intervals; a metric with its bound, or a list of two bounds.",
        examples=[{"accuracy": ">= 0.80", "recall": ">= 0.60"}],
    )
    value: Value | None = Field(
        default=None, description="Money for each decision.", examples=[{"currency": "EUR", "false_positive": -20}]
    )
    stores: Stores = Field(
        default=Stores(), description="Where what is learned is kept.", examples=[{"workspace": ".milepost"}]
    )
    serve: Serve = Field(
        default=Serve(), description="The service around a bundle.", examples=[{"log": "required", "shadow": True}]
    )
    monitor: Monitor | None = Field(
        default=None, description=f"How production is watched. {NOTHING_YET}", examples=[{"window": "7d"}]
    )
    alerts: Alerts | None = Field(
        default=None, description=f"Who is told. {NOTHING_YET}", examples=[{"channels": ["${CHURN_ALERTS}"]}]
    )
    retrain: Retrain | None = Field(
        default=None, description=f"When a new model is trained. {NOTHING_YET}", examples=[{"min_interval": "7d"}]
    )

    _path: Path | None = PrivateAttr(default=None)
    _text: str = PrivateAttr(default="")
    _lines: Mapping[str, int] = PrivateAttr(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """Return where the file is; None where the problem was not read from one."""
        return self._path

    @property
    def text(self) -> str:
        """Return the file as the user wrote it; ${NAME} stays unresolved, so copies hold no secrets."""
        return self._text

    @property
    def lines(self) -> Mapping[str, int]:
        """Return the line of each key that is written in the file, by dotted key."""
        return self._lines

    @property
    def folder(self) -> Path:
        """Return the folder that relative paths of the file start from."""
        return self._path.parent if self._path else Path()

    @property
    def workspace(self) -> Path:
        """Return the folder of the workspace."""
        return self.folder / self.stores.workspace

    @property
    def embargo(self) -> timedelta:
        """Return how long after the prediction its truth is known: horizon plus label delay."""
        return (self.aim.horizon or timedelta()) + (self.data.label_delay or timedelta())

    def line_of(self, key: str) -> int | None:
        """Return the line of a dotted key, or of the nearest table around it; None where nothing of it is written."""
        return line_of(self._lines, key)

    def where(self, key: str) -> str:
        """Return the place of a dotted key for an error: "milepost.toml, line 4, problem.target"."""
        return place(self._path, self._lines, key)


def line_of(lines: Mapping[str, int], key: str) -> int | None:
    """Return the line of a dotted key, or of the nearest table around it."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return None


def place(path: Path | None, lines: Mapping[str, int], key: str) -> str:
    """Return the place of a dotted key for an error."""
    line = line_of(lines, key)
    parts = (str(path) if path else "the problem", f"line {line}" if line else "", key)
    return ", ".join(part for part in parts if part)
