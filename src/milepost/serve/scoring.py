"""A table answered as the service would, batch by batch: the same guards, arms, redaction and records.

batch of a table ─► answers with their prediction_id
                 └► records ─► a journal aside ─► among the journals, all at once

Records wait aside until all rows are answered, so that a run that fails or is killed leaves nothing in the log, and the
next one answers no row twice.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from milepost.predictor.predictor import Predictor
from milepost.predlog.ids import PredictionIds
from milepost.predlog.journal import Journal
from milepost.predlog.records import Arm, encode_table
from milepost.serve.arms import Arms
from milepost.serve.batches import AnsweredBatch, Batch, answer_batch, batch_table
from milepost.serve.details import entities_of
from milepost.serve.guards import Guards
from milepost.serve.settings import Settings
from milepost.serve.voices import Voice

PREDICTION_ID, ARM, GUARDS = "prediction_id", "arm", "guards"

FRAME_BYTES = 32 * 2**20  # of records in memory, about; a frame of a journal is never divided


class Guarded:
    """Answers the batches of one table with a bundle and the guards around it; nothing is logged.

    Attributes:
        guarded: rows on which a guard acted, so far.
    """

    def __init__(self, predictor: Predictor, guards: Guards) -> None:
        """Take the bundle and its guards."""
        self._predictor, self._guards = predictor, guards
        self.guarded = 0

    def schema(self, answers: pl.Schema) -> pl.Schema:
        """Return the columns of what `answer` returns.

        Args:
            answers: the columns of the predictor's own answers.
        """
        return pl.Schema({**answers, GUARDS: pl.List(pl.String())})

    def answer(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the answers to the rows of a batch after the guards, and the names of those that acted.

        Raises:
            MilepostError: a value cannot be read.
        """
        answers, inputs = self._predictor.answer_table_and_inputs(batch)
        guarded, names = self._guards.table(inputs, answers)
        self.guarded += int((names.list.len() > 0).sum())
        return guarded.with_columns(names.alias(GUARDS))


class Scoring:
    """Answers the batches of one table with one bundle.

    Attributes:
        guarded: rows on which a guard acted, so far.
    """

    def __init__(
        self,
        voice: Voice,
        settings: Settings,
        journal: Journal,
        *,
        types: Mapping[str, pl.DataType] | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
        frame_bytes: int = FRAME_BYTES,
    ) -> None:
        """Prepare.

        Args:
            voice: the bundle.
            settings: of the service around it.
            journal: takes the records.
            types: of columns that come as text and hold something else.
            clock_ns: nanoseconds since 1970.
            frame_bytes: of a frame of the journal, about.
        """
        self._frame_bytes = frame_bytes
        self._voice, self._settings, self._journal, self._clock_ns = voice, settings, journal, clock_ns
        self._types = pl.Schema(types or {})
        self._ids = PredictionIds(clock_ns)
        share = settings.control_share
        self._arms = Arms(share, 0.0, salt=settings.problem) if share > 0 else None
        self.guarded = 0
        journal.schema(voice.logged)

    @property
    def details(self) -> tuple[str, ...]:
        """Return the columns that the log keeps beside the inputs."""
        settings = self._settings
        return tuple(name for name in (settings.entity, settings.time, *settings.context) if name)

    def schema(self, answers: pl.Schema) -> pl.Schema:
        """Return the columns of what `answer` returns.

        Args:
            answers: the columns of the predictor's own answers.
        """
        more: dict[str, pl.DataType] = {GUARDS: pl.List(pl.String())} if self._voice.guards else {}
        more |= {ARM: pl.String()} if self._arms else {}
        return pl.Schema({PREDICTION_ID: pl.String(), **answers, **more})

    def answer(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the answers to the rows of a batch, behind prediction_id.

        Where there are guards, the names of those that acted follow; where there are arms, the arm.

        Args:
            batch: the bundle's inputs, and those of `details` that the table has.

        Raises:
            MilepostError: a value cannot be read.
            EnvironmentFault: the disk refused the records.
        """
        answered = answer_batch(self._voice, batch, threads=None)
        details = batch.select(name for name in self.details if name in batch.columns).cast(self._types, strict=False)
        rows = details.select(_plain(details, name) for name in details.columns).to_dicts()
        rows = rows or [{}] * batch.height
        ids, entities = self._ids.many(len(rows)), entities_of(rows, self._settings)
        arms = self._arms_of(entities, ids)
        self._record(Batch(rows, entities, ids, arms, None, self._clock_ns() // 1000, "score"), answered)
        self.guarded += int((answered.guards.list.len() > 0).sum())
        said = [pl.Series(PREDICTION_ID, ids, pl.String), *answered.answers]
        said += [answered.guards.alias(GUARDS)] if self._voice.guards else []
        return pl.DataFrame([*said, pl.Series(ARM, [arm for arm, _ in arms], pl.String)] if arms else said)

    def _arms_of(self, entities: Sequence[str | None], ids: Sequence[str]) -> list[tuple[Arm, float]] | None:
        if self._arms is None:
            return None
        return self._arms.arms([entity or one for entity, one in zip(entities, ids, strict=True)])

    def _record(self, batch: Batch, answered: AnsweredBatch) -> None:
        voice = self._voice
        table = batch_table(voice, "champion", batch, answered, self._settings)
        frames = math.ceil(table.estimated_size() / self._frame_bytes) or 1
        for part in table.iter_slices(math.ceil(table.height / frames) or 1):
            self._journal.add(encode_table(voice.logged, part))
            self._journal.commit()


def _plain(batch: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as requests bring it: times that have no zone as text, which is read in the problem's zone."""
    dtype, column = batch.schema[name], pl.col(name)
    if isinstance(dtype, pl.Date) or (isinstance(dtype, pl.Datetime) and dtype.time_zone is None):
        return column.dt.to_string("iso:strict" if isinstance(dtype, pl.Datetime) else "iso")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column
