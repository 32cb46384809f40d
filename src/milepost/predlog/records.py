"""What a prediction and an outcome are made of: in a journal as msgpack, in the tables as columns.

journal  ["predictions", schema id, [[prediction_id, request_id, …, [12.0, "One year", …]], …]]
table    day · prediction_id · … · inputs_<schema id> {tenure: 12, contract: "One year", …}

Inputs live in one struct for each schema of inputs, so that columns of users never collide with ours, and a type that
changes with a new bundle becomes another struct.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec
import polars as pl

from milepost.data.schema import Dtype
from milepost.ground.files import canonical_json, hash_of_text

Role = Literal["champion", "canary", "shadow"]
Arm = Literal["act", "control"]
Origin = Literal["http", "score", "parity"]

INPUTS = "inputs_"  # and the id of the schema: the name of a struct column


@dataclass(frozen=True, slots=True)
class InputSchema:
    """What is logged of a row that was asked.

    Attributes:
        id: 12 hexadecimal digits that follow from the columns.
        columns: name and dtype of each input, in the order in which a journal holds their values.
    """

    id: str
    columns: tuple[tuple[str, Dtype], ...]

    @property
    def struct(self) -> pl.Struct:
        """Return the type of the struct column that holds these inputs."""
        return pl.Struct({name: _POLARS[dtype] for name, dtype in self.columns})


def input_schema(columns: Iterable[tuple[str, Dtype]]) -> InputSchema:
    """Return the schema of inputs with these columns."""
    listed = tuple((name, dtype) for name, dtype in columns)
    return InputSchema(hash_of_text(canonical_json(listed))[:12], listed)


# Canonical numbers are floats, whatever the table of the training held: a missing value needs no other type.
_POLARS: dict[Dtype, pl.DataType] = {
    "integer": pl.Float64(),
    "float": pl.Float64(),
    "boolean": pl.Boolean(),
    "text": pl.String(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us", "UTC"),
}


class PredictionRow(msgspec.Struct, array_like=True, gc=False):
    """One answer, as a journal holds it; times are microseconds since 1970, UTC.

    Attributes:
        prediction_id: ours.
        request_id: the caller's, which makes a retry safe.
        entity: the value of data.id.
        at: when it was answered.
        time: of the row, where the problem has data.time; None means `at`.
        bundle_id: that answered.
        role: of that bundle. A shadow's answer is a row of its own that nobody acts on.
        origin: the way by which the row came.
        request: prediction_id of the answer that was given to the caller, for a shadow's row; None for that answer.
        label, number: the prediction, of a classifier or of a regression.
        probabilities: of the classes, in the order of the bundle's labels.
        lo, hi: of the interval.
        decision_label, decision_number: what is acted on.
        flags: what is odd about the inputs.
        guards: names of the guards that acted.
        arm: whether to act; "control" is left alone so that the effect of acting can be measured.
        arm_share: probability with which a row gets into its arm.
        answer_us: microseconds from the request's arrival to the answer; its reasons, where asked, come after.
        context: the context columns, as JSON text.
        inputs: canonical values in the order of the schema of inputs; None where they were not sampled. Datetimes are
            microseconds, dates days since 1970.
    """

    prediction_id: str
    request_id: str | None
    entity: str | None
    at: int
    time: int | None
    bundle_id: str
    role: Role
    origin: Origin
    request: str | None
    label: str | None
    number: float | None
    probabilities: list[float] | None
    lo: float | None
    hi: float | None
    decision_label: str | None
    decision_number: float | None
    flags: list[str]
    guards: list[str]
    arm: Arm | None
    arm_share: float | None
    answer_us: int | None
    context: str | None
    inputs: list[Any] | None


class OutcomeRow(msgspec.Struct, array_like=True, gc=False):
    """What turned out to be true of one prediction, as a journal holds it; times are microseconds since 1970, UTC.

    Attributes:
        outcome_id: follows from what it says, so that the same said twice is one.
        prediction_id: of the prediction that it is about.
        entity, time: by which it was found, where it did not name the prediction.
        label, number: the truth.
        happened_at: when it came true, where known.
        recorded_at: when it became known.
        acted_on: whether somebody acted on the prediction, where known.
        received_at: when it came here.
        origin: the way by which it came.
    """

    outcome_id: str
    prediction_id: str
    entity: str | None
    time: int | None
    label: str | None
    number: float | None
    happened_at: int | None
    recorded_at: int
    acted_on: bool | None
    received_at: int
    origin: str


_TIME = pl.Datetime("us", "UTC")

PREDICTIONS = pl.Schema(
    {
        "prediction_id": pl.String(),
        "request_id": pl.String(),
        "entity": pl.String(),
        "at": _TIME,
        "time": _TIME,
        "bundle_id": pl.String(),
        "role": pl.String(),
        "origin": pl.String(),
        "request": pl.String(),
        "label": pl.String(),
        "number": pl.Float64(),
        "probabilities": pl.List(pl.Float64()),
        "lo": pl.Float64(),
        "hi": pl.Float64(),
        "decision_label": pl.String(),
        "decision_number": pl.Float64(),
        "flags": pl.List(pl.String()),
        "guards": pl.List(pl.String()),
        "arm": pl.String(),
        "arm_share": pl.Float64(),
        "answer_us": pl.Int64(),
        "context": pl.String(),
        "schema_id": pl.String(),
        "day": pl.Date(),  # of `at`; the table is partitioned by it
    }
)

OUTCOMES = pl.Schema(
    {
        "outcome_id": pl.String(),
        "prediction_id": pl.String(),
        "entity": pl.String(),
        "time": _TIME,
        "label": pl.String(),
        "number": pl.Float64(),
        "happened_at": _TIME,
        "recorded_at": _TIME,
        "acted_on": pl.Boolean(),
        "received_at": _TIME,
        "origin": pl.String(),
        "day": pl.Date(),  # of `recorded_at`; the table is partitioned by it
    }
)


class Predictions(msgspec.Struct, array_like=True, tag="predictions"):
    """A frame of answers, one by one."""

    schema_id: str
    rows: list[PredictionRow]


class PredictionTable(msgspec.Struct, array_like=True, tag="table"):
    """A frame of many answers: an Arrow stream with the columns of PREDICTIONS and the struct of their inputs."""

    schema_id: str
    rows: int
    arrow: bytes


class Outcomes(msgspec.Struct, array_like=True, tag="outcomes"):
    """A frame of outcomes."""

    rows: list[OutcomeRow]


class Inputs(msgspec.Struct, array_like=True, tag="schema"):
    """A frame that says what the inputs of later frames are; it stands before the first of them in each journal."""

    schema_id: str
    columns: list[tuple[str, Dtype]]


class Begin(msgspec.Struct, array_like=True, tag="begin"):
    """The first frame of a journal: what wrote it."""

    format: int
    journal: str
    host: str
    pid: int
    process_began: int
    at: int


class End(msgspec.Struct, array_like=True, tag="end"):
    """The last frame of a journal that was closed: nothing follows."""


Frame: TypeAlias = Predictions | PredictionTable | Outcomes | Inputs | Begin | End

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


def encode(frame: Frame) -> bytes:
    """Return a frame's payload."""
    return _encoder.encode(frame)


def decode(payload: bytes) -> Frame:
    """Return the frame of a payload.

    Raises:
        msgspec.DecodeError: it is none.
    """
    frame: Frame = _decoder.decode(payload)
    return frame


def encode_table(schema: InputSchema, table: pl.DataFrame) -> bytes:
    """Return the payload of a frame of many answers.

    Args:
        schema: of the inputs.
        table: the columns of PREDICTIONS, and the struct of the inputs.
    """
    stream = io.BytesIO()
    table.write_ipc_stream(stream, compression="lz4")  # a seventh of the bytes, in less time than writing them takes
    return encode(PredictionTable(schema.id, table.height, stream.getvalue()))


def predictions_of(frame: Predictions | PredictionTable, schema: InputSchema) -> pl.DataFrame:
    """Return the answers of a frame as a table: the columns of PREDICTIONS, and the struct of the inputs."""
    if isinstance(frame, PredictionTable):
        return pl.read_ipc_stream(io.BytesIO(frame.arrow))
    return prediction_table(frame.rows, schema)


def prediction_table(rows: Sequence[PredictionRow], schema: InputSchema) -> pl.DataFrame:
    """Return answers as a table: the columns of PREDICTIONS, and the struct of their inputs."""
    own = [name for name in PREDICTIONS if name not in ("schema_id", "day")]
    values = {name: [getattr(row, name) for row in rows] for name in own}
    columns = [
        _lists(name, values[name], _TYPES[name]) if isinstance(_TYPES[name], pl.List)
        else pl.Series(name, values[name], _raw(_TYPES[name]))
        for name in own
    ]  # fmt: skip
    table = pl.DataFrame(columns).with_columns(pl.lit(schema.id).alias("schema_id"))
    inputs = pl.Series(INPUTS + schema.id, [_named(row.inputs, schema) for row in rows], _raw(schema.struct))
    typed = table.with_columns(inputs).cast(
        {**{name: _TYPES[name] for name in table.columns}, inputs.name: schema.struct}
    )
    return typed.with_columns(pl.col("at").dt.date().alias("day")).select(*PREDICTIONS, inputs.name)


def outcome_table(rows: Sequence[OutcomeRow]) -> pl.DataFrame:
    """Return outcomes as a table with the columns of OUTCOMES."""
    own: dict[Any, pl.DataType] = {name: _as_type(dtype) for name, dtype in OUTCOMES.items() if name != "day"}
    values = {name: pl.Series(name, [getattr(row, name) for row in rows], _raw(dtype)) for name, dtype in own.items()}
    return pl.DataFrame(values).cast(own).with_columns(pl.col("recorded_at").dt.date().alias("day"))


def _lists(name: str, values: Sequence[list[Any] | None], dtype: pl.DataType) -> pl.Series:
    """Return a column of lists; the values of all of them go to Polars at once, which is ten times as fast."""
    assert isinstance(dtype, pl.List)
    flat = {
        "row": [row for row, value in enumerate(values) for _ in value or ()],
        name: pl.Series([one for value in values for one in value or ()], dtype=dtype.inner),
    }
    lists = pl.DataFrame(flat, schema_overrides={"row": pl.Int64}).group_by("row").agg(name)
    known = [value is not None for value in values]
    rows = pl.DataFrame({"row": pl.int_range(len(values), eager=True), "known": known})
    joined = rows.join(lists, on="row", how="left", maintain_order="left")
    empty = pl.lit([], dtype=dtype)
    return joined.select(pl.when("known").then(pl.col(name).fill_null(empty)).alias(name)).to_series()


def _as_type(dtype: Any) -> pl.DataType:
    """Return a type of a Polars schema, which may hold a class in place of a type."""
    made: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()
    return made


_TYPES = {name: _as_type(dtype) for name, dtype in PREDICTIONS.items()}


def _named(inputs: list[Any] | None, schema: InputSchema) -> dict[str, Any] | None:
    return None if inputs is None else dict(zip((name for name, _ in schema.columns), inputs, strict=True))


def _raw(dtype: pl.DataType) -> pl.DataType:
    """Return the type of values as a journal holds them: times are integers there."""
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _raw(_as_type(field.dtype)) for field in dtype.fields})
    if isinstance(dtype, pl.Datetime):
        return pl.Int64()
    return pl.Int32() if isinstance(dtype, pl.Date) else dtype
