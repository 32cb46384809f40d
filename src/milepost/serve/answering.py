"""From what a request asks to its reply: answers, retries, records, and what could not be answered."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from milepost.ground.errors import EnvironmentFault
from milepost.serve.bodies import Asked
from milepost.serve.engine import Answered, UnreadableRow
from milepost.serve.replies import JSON, Reply, bytes_reply, json_reply
from milepost.serve.service import Service
from milepost.serve.unreadable import UnreadableRows, unreadable_reply

_encode = msgspec.json.Encoder().encode


async def answer_request(
    service: Service,
    asked: Asked,
    request_id: str | None,
    body: bytes,
    began: float,
    *,
    as_mlflow: bool = False,
) -> Reply:
    """Return the reply to a request; each answer in it is in the journal.

    Args:
        service: that answers.
        asked: the rows and what belongs to them.
        request_id: of the caller; the same id with the same body gets the stored answer again.
        body: as it came.
        began: time.perf_counter when the request arrived.
        as_mlflow: whether predictions stand alone, as MLflow's servers answer.

    Raises:
        EnvironmentFault: the journal took no record, and an answer may not leave without one.
    """
    if request_id is not None:
        return await service.retries.once(
            request_id, body, lambda: _reply(service, asked, request_id, began, as_mlflow=as_mlflow)
        )
    return await _reply(service, asked, request_id, began, as_mlflow=as_mlflow)


async def _reply(service: Service, asked: Asked, request_id: str | None, began: float, *, as_mlflow: bool) -> Reply:
    try:
        answered, bad = _answered(service, asked, request_id, began)
    except UnreadableRow as why:
        service.figures.error("422")
        return unreadable_reply(why, why.fields, asked.lines)
    if answered.records:
        await _record(service, answered)
    if answered.shadow:
        service.shadows.ask(answered.shadow)
    if answered.reasons:
        await asyncio.to_thread(answered.reasons)  # deep trees take milliseconds, in which others are answered
    return _shown(asked, answered, bad, as_mlflow=as_mlflow)


def _answered(
    service: Service, asked: Asked, request_id: str | None, began: float
) -> tuple[Answered, UnreadableRows | None]:
    """Return the answers, and what is wrong with the rows that have none."""
    engine = service.engine
    try:
        return engine.answer(asked.rows, request_id=request_id, began=began, reasons=asked.reasons), None
    except UnreadableRow:
        if not asked.partial:
            raise
    good: list[Any] = []
    bad = UnreadableRows()
    for place, row in enumerate(asked.rows):
        fields = engine.unreadable(row)
        if fields:
            bad.add(place, fields)
        else:
            good.append(row)
    return engine.answer(good, request_id=request_id, began=began, reasons=asked.reasons), bad


async def _record(service: Service, answered: Answered) -> None:
    start = time.perf_counter()
    try:
        await service.commits.record(answered.records)
    except EnvironmentFault:
        if service.settings.log == "required":
            raise
        service.figures.lost.inc(len(answered.answers))
    service.figures.commit.observe(time.perf_counter() - start)
    if flagged := sum([bool(answer["flags"]) for answer in answered.answers]):
        service.figures.flagged.inc(flagged)
    for answer in answered.answers:
        for name in answer.get("guards", ()):
            service.figures.guard(name)
    for role, rows in answered.roles.items():
        service.figures.rows(role, rows)


def _shown(asked: Asked, answered: Answered, bad: UnreadableRows | None, *, as_mlflow: bool) -> Reply:
    if as_mlflow:
        decisions = [answer["decision"] for answer in answered.answers]
        ids = [answer["prediction_id"] for answer in answered.answers]
        return json_reply(200, {"predictions": decisions, "prediction_ids": ids})
    if asked.is_one:
        return bytes_reply(200, _encode(answered.answers[0]), JSON)
    document: dict[str, Any] = {"answers": answered.answers}
    if asked.partial:
        document |= (bad or UnreadableRows()).document()
    return json_reply(200, document)
