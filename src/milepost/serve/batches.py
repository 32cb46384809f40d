"""Many rows at once: their answers and their records, column by column, the same as one by one.

rows ─► answers (prediction, probability_…, decision, flags), inputs ─► guards ─► table for the log · answers to send
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from milepost.predictor.answer import probability_names
from milepost.predlog.records import INPUTS, PREDICTIONS, Arm, Origin, Role
from milepost.serve.arms import share_of
from milepost.serve.details import Row, absent_flag, contexts_of, times_in
from milepost.serve.settings import Settings
from milepost.serve.voices import Voice

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are asked together.

    Attributes:
        rows: raw values by name.
        entities: what each is about; None where it does not say.
        ids: prediction_id of each.
        arms: of each, with its probability; None where there are no arms.
        request_id: of the caller.
        at: microseconds since 1970.
        origin: the way by which they came.
        answer_us: microseconds from the request's arrival to the answer; None where nobody waited.
    """

    rows: Sequence[Row]
    entities: Sequence[str | None]
    ids: list[str]
    arms: list[tuple[Arm, float]] | None
    request_id: str | None
    at: int
    origin: Origin
    answer_us: int | None = None


@dataclass(frozen=True, slots=True)
class AnsweredBatch:
    """Answers to a batch.

    Attributes:
        answers: prediction, probabilities or interval, decision, flags; after the guards.
        inputs: canonical values.
        guards: names of the guards that acted on each row.
    """

    answers: pl.DataFrame
    inputs: pl.DataFrame
    guards: pl.Series


def answer_batch(voice: Voice, rows: Sequence[Row] | pl.DataFrame, *, threads: int | None = 1) -> AnsweredBatch:
    """Return what a bundle and its guards say to rows.

    Args:
        voice: the bundle.
        rows: raw values by name, or a table of them.
        threads: how many work at once, None takes all cores; the bits do not depend on it.

    Raises:
        MilepostError: a row cannot be read.
    """
    answers, inputs = voice.predictor.answer_table_and_inputs(rows, threads=threads)
    if voice.guards is None:
        none = pl.Series("guards", [[]], dtype=pl.List(pl.String)).new_from_index(0, len(rows))
        return AnsweredBatch(answers, inputs, none)
    guarded, names = voice.guards.table(inputs, answers)
    return AnsweredBatch(guarded, inputs, names)


def flag_absent(answered: AnsweredBatch, entities: Sequence[str | None], settings: Settings) -> AnsweredBatch:
    """Return answers with a flag on each row that does not say what it is about, though the problem names an id.

    Args:
        answered: the answers.
        entities: of the rows.
        settings: of the service.
    """
    flag = absent_flag(settings)
    if flag is None or None not in entities:
        return answered
    more = pl.Series([[flag] if one is None else [] for one in entities], dtype=pl.List(pl.String))
    flags = answered.answers.get_column("flags").list.concat(more).alias("flags")
    return replace(answered, answers=answered.answers.with_columns(flags))


def batch_table(voice: Voice, role: Role, batch: Batch, answered: AnsweredBatch, settings: Settings) -> pl.DataFrame:
    """Return the records of a batch: the columns of PREDICTIONS, and the struct of the inputs."""
    redaction, rows = voice.redaction, batch.rows
    known: dict[str, Any] = {
        "prediction_id": batch.ids,
        "entity": redaction.entities(pl.Series(batch.entities, dtype=pl.String)),
        "time": times_in(rows, settings) if settings.time else None,
        "flags": redaction.flag_lists(answered.answers.get_column("flags")),
        "guards": answered.guards,
        "arm": [arm for arm, _ in batch.arms] if batch.arms else None,
        "arm_share": [share for _, share in batch.arms] if batch.arms else None,
        "context": contexts_of(rows, settings, redaction) if settings.context else None,
    }
    columns = [
        pl.Series(name, values, dtype=pl.Int64 if name == "time" else PREDICTIONS[name]).cast(PREDICTIONS[name])
        for name, values in known.items()
        if values is not None
    ]
    same: dict[str, Any] = {"request_id": batch.request_id, "at": batch.at, "bundle_id": voice.bundle_id, "role": role}
    same |= {"origin": batch.origin, "answer_us": batch.answer_us, "schema_id": voice.logged.id}
    table = pl.DataFrame(columns).with_columns(
        *(pl.lit(value).cast(PREDICTIONS[name]).alias(name) for name, value in same.items()),
        *_said_columns(voice, answered.answers),
        _inputs(voice, batch, answered.inputs, settings),
    )
    if settings.time:
        table = table.with_columns(redaction.times(table.get_column("time")).alias("time"))
    absent = [name for name in PREDICTIONS if name not in table.columns and name != "day"]
    return table.with_columns(
        *(pl.lit(None, PREDICTIONS[name]).alias(name) for name in absent), pl.col("at").dt.date().alias("day")
    ).select(*PREDICTIONS, INPUTS + voice.logged.id)


def batch_answers(voice: Voice, batch: Batch, answered: AnsweredBatch) -> list[Answer]:
    """Return the answers to send, each as the answer to one row."""
    columns = {name: answered.answers.get_column(name).to_list() for name in answered.answers.columns}
    labels, bundle_id = voice.predictor.schema.labels, voice.bundle_id
    rows = zip(columns["prediction"], columns["decision"], columns["flags"], batch.ids, strict=True)
    said: list[Answer]
    if labels:
        shares = _shares_by_row(labels, [columns[name] for name in probability_names(labels)])
        said = [
            {
                "prediction": prediction, "probabilities": each, "decision": decision,
                "flags": flags, "bundle_id": bundle_id, "prediction_id": prediction_id,
            }
            for (prediction, decision, flags, prediction_id), each in zip(rows, shares, strict=True)
        ]  # fmt: skip
    else:
        own: list[Answer] = [{} for _ in batch.ids]
        if "lo" in columns:
            bounds = zip(columns["lo"], columns["hi"], strict=True)
            own = [{"interval": None if lo is None else [lo, hi]} for lo, hi in bounds]
        said = [
            {
                "prediction": prediction, **more, "decision": decision, "flags": flags, "bundle_id": bundle_id,
                "prediction_id": prediction_id,
            }
            for (prediction, decision, flags, prediction_id), more in zip(rows, own, strict=True)
        ]  # fmt: skip
    if batch.request_id is not None:
        for answer in said:
            answer["request_id"] = batch.request_id
    for answer, names in zip(said, answered.guards.to_list(), strict=True) if voice.guards else ():
        if names:
            answer["guards"] = names
    for answer, (arm, _) in zip(said, batch.arms or (), strict=False):
        answer["arm"] = arm
    return said


def _shares_by_row(labels: Sequence[str], columns: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """Return the probability of each class, row by row."""
    if len(labels) == 2:  # in half the time
        (negative, positive), shares = labels, zip(*columns, strict=True)
        return [{negative: one, positive: other} for one, other in shares]
    return [dict(zip(labels, each, strict=True)) for each in zip(*columns, strict=True)]


def _said_columns(voice: Voice, answers: pl.DataFrame) -> list[pl.Series]:
    """Return prediction and decision as the log's columns."""
    labels = voice.predictor.schema.labels
    kind = "label" if labels else "number"
    columns = [
        answers.get_column("prediction").alias(kind),
        answers.get_column("decision").alias(f"decision_{kind}"),
        *(answers.get_column(name) for name in ("lo", "hi") if name in answers.columns),
    ]
    if labels:
        matrix = np.stack([answers.get_column(name).to_numpy() for name in probability_names(labels)], axis=1)
        shares = pl.Series("probabilities", matrix).arr.to_list()
        unknown = answers.get_column("prediction").is_null()
        columns.append(shares.set(unknown, None) if unknown.any() else shares)
    return [column.cast(PREDICTIONS[column.name]) for column in columns]


def _inputs(voice: Voice, batch: Batch, inputs: pl.DataFrame, settings: Settings) -> pl.Series:
    """Return the struct of the inputs; missing where a row is not sampled."""
    logged = voice.redaction.input_table(inputs)
    struct = pl.struct(name for name, _ in voice.logged.columns)
    if settings.inputs_share < 1:
        sampled = pl.Series([share_of(one, "inputs") < settings.inputs_share for one in batch.ids])
        struct = pl.when(pl.lit(sampled)).then(struct)
    return logged.select(struct.alias(INPUTS + voice.logged.id)).to_series()
