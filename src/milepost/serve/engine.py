"""From the rows of a request to its answers and the records that make them traceable; no network here.

row ─► which bundle, which arm ─► gate, predict ─► guards ─► answer + PredictionRow ─► frame for the journal
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import polars as pl

from milepost.ground.errors import MilepostError
from milepost.predlog.ids import PredictionIds
from milepost.predlog.records import InputSchema, Origin, PredictionRow, Predictions, Role, encode, encode_table
from milepost.serve.arms import Arms, share_of
from milepost.serve.batches import Batch, answer_batch, batch_answers, batch_table, flag_absent
from milepost.serve.details import Row, absent_flag, context_of, entities_of, entity_of, time_in
from milepost.serve.reasons import add_reasons
from milepost.serve.settings import Settings
from milepost.serve.voices import Voice, Voices

Answer = dict[str, Any]

FEWEST_AS_BATCH = 32  # below, row by row is faster


class Recorded(NamedTuple):
    """What goes to the journal.

    Attributes:
        schema: of the inputs that the frame holds; None where it holds none.
        payload: of the frame.
    """

    schema: InputSchema | None
    payload: bytes


class Answered(NamedTuple):
    """What a request gets.

    Attributes:
        answers: one for each row, in order.
        records: of these answers; the journal has them before an answer leaves.
        roles: rows answered, by role.
        shadow: asks the challenger the same rows, for the log; None where nobody is to be asked.
        reasons: adds its reasons to each answer; None where nobody asks for them.
    """

    answers: list[Answer]
    records: list[Recorded]
    roles: dict[Role, int]
    shadow: Callable[[], Recorded] | None = None
    reasons: Callable[[], None] | None = None


class UnreadableRow(MilepostError):
    """A row that cannot be answered.

    Attributes:
        fields: one error for each field.
    """

    def __init__(self, fields: Sequence[MilepostError]) -> None:
        """Hold the errors of all fields."""
        self.fields = tuple(fields)
        super().__init__(fields[0].what, where=fields[0].where, fix=fields[0].fix)


class Engine:
    """Answers rows with the bundles of a moment.

    Attributes:
        voices: asked now; replaced as a whole when another bundle is promoted.
        settings: of the service.
    """

    def __init__(
        self,
        voices: Voices,
        settings: Settings,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        origin: Origin = "http",
    ) -> None:
        """Prepare an engine.

        Args:
            voices: the bundles to ask.
            settings: of the service.
            clock_ns: nanoseconds since 1970.
            origin: the way by which rows come.
        """
        self.voices, self.settings = voices, settings
        self._clock_ns, self._origin = clock_ns, origin
        self._ids, self._shadow_ids = PredictionIds(clock_ns), PredictionIds(clock_ns)  # shadows have their own thread
        shares = settings.control_share, settings.canary_share
        self._arms = Arms(*shares, salt=settings.problem) if any(shares) else None

    def answer(
        self, rows: Sequence[Row], *, request_id: str | None = None, began: float | None = None, reasons: int = 0
    ) -> Answered:
        """Return the answers to the rows of a request.

        Args:
            rows: raw values by name.
            request_id: of the caller.
            began: time.perf_counter when the request arrived.
            reasons: how many of each answer are to be told; they are no part of the records.

        Raises:
            UnreadableRow: an input of a row is absent or cannot be read.
        """
        voices, at = self.voices, self._clock_ns() // 1000
        has_canary = self.settings.canary_share > 0 and voices.canary is not None
        if len(rows) >= FEWEST_AS_BATCH and not has_canary:
            batch = self._batch(voices, rows, request_id, at, began)
            if not reasons:
                return batch
            return batch._replace(reasons=partial(add_reasons, batch.answers, voices, rows, reasons))
        answers: list[Answer] = []
        asked: dict[Role, tuple[Voice, list[Row], list[PredictionRow]]] = {}
        for place, row in enumerate(rows):
            try:
                voice, role, answer, record = self._row(voices, row, request_id, at)
            except UnreadableRow as why:
                raise why if len(rows) == 1 else _in_row(why, place) from None
            answers.append(answer)
            if (known := asked.get(role)) is None:
                asked[role] = voice, [row], [record]
            else:
                known[1].append(row)
                known[2].append(record)
        took = _since(began)
        for _, _, records in asked.values():
            for record in records:
                record.answer_us = took
        return Answered(
            answers,
            [_recorded(voice, records) for voice, _, records in asked.values()],
            {role: len(records) for role, (_, _, records) in asked.items()},
            self._shadow(voices, *asked["champion"][1:]) if "champion" in asked else None,
            partial(add_reasons, answers, voices, rows, reasons) if reasons else None,
        )

    def unreadable(self, row: Any) -> list[MilepostError]:
        """Return one error for each field of a row that keeps it from being answered."""
        return self.voices.champion.predictor.unreadable(row)

    def _row(
        self, voices: Voices, row: Row, request_id: str | None, at: int
    ) -> tuple[Voice, Role, Answer, PredictionRow]:
        """Return who answered one row, as what, the answer, and its record."""
        try:
            entity = entity_of(row, self.settings)
        except AttributeError:  # no object
            raise UnreadableRow(self.unreadable(row)) from None
        prediction_id = self._ids()
        voice, role = self._asked(voices, entity or prediction_id)
        answer, record = self._answered(voice, role, row, entity, prediction_id, at, request_id)
        if self._arms:
            record.arm, record.arm_share = self._arms.arm(entity or prediction_id)
            answer["arm"] = record.arm
        answer["bundle_id"], answer["prediction_id"] = voice.bundle_id, prediction_id
        if request_id is not None:
            answer["request_id"] = request_id
        return voice, role, answer, record

    def _asked(self, voices: Voices, key: str) -> tuple[Voice, Role]:
        if self._arms and (canary := voices.canary) is not None and self._arms.is_canary(key):
            return canary, "canary"
        return voices.champion, "champion"

    def _answered(
        self, voice: Voice, role: Role, row: Row, entity: str | None, prediction_id: str, at: int,
        request_id: str | None, request: str | None = None,
    ) -> tuple[Answer, PredictionRow]:  # fmt: skip
        """Return what a bundle and its guards say to one row, and the record of it."""
        settings, redaction = self.settings, voice.redaction
        try:
            answer, inputs = voice.predictor.answer_and_inputs(row)
        except MilepostError as why:
            raise UnreadableRow(voice.predictor.unreadable(row) or [why]) from None
        guards: list[str] = []
        if voice.guards:
            answer, guards = voice.guards.row(inputs, answer)
            if guards:
                answer["guards"] = guards
        values: list[Any] | None = None
        if settings.inputs_share >= 1 or share_of(prediction_id, "inputs") < settings.inputs_share:
            values = redaction.inputs(voice.values(inputs)) if voice.redacts else voice.values(inputs)
        if entity is None and (flag := absent_flag(settings)):
            answer["flags"] = [*answer["flags"], flag]
        prediction, decision, flags = answer["prediction"], answer["decision"], answer["flags"]
        shares, (lo, hi) = answer.get("probabilities"), answer.get("interval") or (None, None)
        is_class = shares is not None
        return answer, PredictionRow(  # by place: by name they would take seven times as long
            prediction_id, request_id, redaction.entity(entity), at,
            redaction.time(time_in(row, settings)) if settings.time else None,
            voice.bundle_id, role, self._origin, request,
            prediction if is_class else None, None if is_class else prediction,
            list(shares.values()) if shares and prediction is not None else None,
            lo, hi,
            decision if is_class else None, None if is_class else decision,
            redaction.flags(flags) if voice.redacts else flags, guards,
            None, None, None,
            context_of(row, settings, redaction), values,
        )  # fmt: skip

    def _batch(
        self, voices: Voices, rows: Sequence[Row], request_id: str | None, at: int, began: float | None
    ) -> Answered:
        """Return the answers to many rows, all by the champion."""
        voice = voices.champion
        try:
            answered, entities = answer_batch(voice, rows), entities_of(rows, self.settings)
        except MilepostError as why:
            for place, row in enumerate(rows):
                if fields := voice.predictor.unreadable(row):
                    raise _in_row(UnreadableRow(fields), place) from None
            raise UnreadableRow([why]) from None
        ids, arms = self._ids.many(len(rows)), None
        if self._arms:
            arms = self._arms.arms([entity or one for entity, one in zip(entities, ids, strict=True)])
        answered = flag_absent(answered, entities, self.settings)
        batch = Batch(rows, entities, ids, arms, request_id, at, self._origin, _since(began))
        table = batch_table(voice, "champion", batch, answered, self.settings)
        return Answered(
            batch_answers(voice, batch, answered),
            [Recorded(voice.logged, encode_table(voice.logged, table))],
            {"champion": len(rows)},
            self._shadow_batch(voices, batch),
        )

    # what the challenger would have said

    def _shadow(self, voices: Voices, rows: list[Row], records: list[PredictionRow]) -> Callable[[], Recorded] | None:
        challenger = voices.challenger
        if challenger is None or not self.settings.shadow:
            return None

        def ask() -> Recorded:
            shadows = []
            for row, record in zip(rows, records, strict=True):
                entity = entity_of(row, self.settings)
                _, shadow = self._answered(
                    challenger, "shadow", row, entity, self._shadow_ids(), record.at, record.request_id,
                    record.prediction_id,
                )  # fmt: skip
                shadows.append(shadow)
            return _recorded(challenger, shadows)

        return ask

    def _shadow_batch(self, voices: Voices, batch: Batch) -> Callable[[], Recorded] | None:
        challenger = voices.challenger
        if challenger is None or not self.settings.shadow:
            return None

        def ask() -> Recorded:
            ids = self._shadow_ids.many(len(batch.rows))
            own = Batch(batch.rows, batch.entities, ids, None, batch.request_id, batch.at, batch.origin)
            answered = flag_absent(answer_batch(challenger, batch.rows), batch.entities, self.settings)
            table = batch_table(challenger, "shadow", own, answered, self.settings)
            return Recorded(challenger.logged, encode_table(challenger.logged, _of_requests(table, batch.ids)))

        return ask


def _of_requests(table: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Return the records of shadows, each with the answer that the caller got."""
    return table.with_columns(pl.Series("request", ids, dtype=pl.String))


def _since(began: float | None) -> int | None:
    """Return the microseconds since a time.perf_counter."""
    return None if began is None else round((time.perf_counter() - began) * 1e6)


def _recorded(voice: Voice, records: list[PredictionRow]) -> Recorded:
    return Recorded(voice.logged, encode(Predictions(voice.logged.id, records)))


def _in_row(error: UnreadableRow, place: int) -> UnreadableRow:
    """Return the error of a row among others; rows are counted from 0."""
    return UnreadableRow(
        [MilepostError(one.what, where=f"row {place}, {one.where}", fix=one.fix) for one in error.fields]
    )
