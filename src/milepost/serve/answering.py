"""From what a request asks to its reply: answers, retries, records, and what could not be answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from milepost.ground.errors import EnvironmentFault
from milepost.serve.bodies import Asked, refuse_form_of_mlflow
from milepost.serve.engine import Answered, UnreadableRow
from milepost.serve.replies import JSON, Reply, bytes_reply, json_reply
from milepost.serve.service import Service
from milepost.serve.unreadable import UnreadableRows, unreadable_reply

_encode = msgspec.json.Encoder().encode


async def answer_request(
    service: Service,
    asked: Asked,
    body: bytes,
    began: float,
    *,
    holder: str | None = None,
    as_mlflow: bool = False,
) -> Reply:
    """Return the reply to a request; each answer in it is in the journal.

    Args:
        service: that answers.
        asked: the rows and what belongs to them; the same request id with the same body gets the stored answer again.
        body: as it came.
        began: time.perf_counter when the request arrived.
        holder: of the key; its request ids are apart from those of others.
        as_mlflow: whether predictions stand alone, as MLflow's servers answer.

    Raises:
        EnvironmentFault: the journal took no record, and an answer may not leave without one.
    """
    if asked.request_id is None:
        return await _reply(service, asked, began, as_mlflow=as_mlflow)
    return await service.retries.once(
        asked.request_id,
        body,
        lambda: _reply(service, asked, began, as_mlflow=as_mlflow),
        among=(holder, as_mlflow),
    )


async def _reply(service: Service, asked: Asked, began: float, *, as_mlflow: bool) -> Reply:
    if asked.reasons:
        service.reasoning.refuse_if_full()
    try:
        answered, bad = _answered(service, asked, began)
    except UnreadableRow as why:
        if asked.is_one:
            refuse_form_of_mlflow(asked.rows)
        service.figures.error("422")
        return unreadable_reply(why, why.fields, asked.lines)
    if answered.records:
        await _record(service, answered)
    if answered.shadow:
        service.shadows.ask(answered.shadow, len(answered.answers))
    if answered.reasons:
        await service.reasoning.find(answered.reasons)
    return _shown(asked, answered, bad, as_mlflow=as_mlflow)


def _answered(service: Service, asked: Asked, began: float) -> tuple[Answered, UnreadableRows | None]:
    """Return the answers, and what is wrong with the rows that have none."""
    engine = service.engine
    try:
        return engine.answer(asked.rows, request_id=asked.request_id, began=began, reasons=asked.reasons), None
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
    return engine.answer(good, request_id=asked.request_id, began=began, reasons=asked.reasons), bad


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
        return json_reply(200, _as_mlflow(answered.answers))
    if asked.is_one:
        return bytes_reply(200, _encode(answered.answers[0]), JSON)
    document: dict[str, Any] = {"answers": answered.answers}
    if asked.partial:
        document |= (bad or UnreadableRows()).document()
    return json_reply(200, document)


def _as_mlflow(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return answers as MLflow's servers give them: the decisions, and lists beside them where there is more to say."""
    document = {
        "predictions": [answer["decision"] for answer in answers],
        "prediction_ids": [answer["prediction_id"] for answer in answers],
    }
    if any(answer["flags"] for answer in answers):
        document["flags"] = [answer["flags"] for answer in answers]
    if any("arm" in answer for answer in answers):
        document["arms"] = [answer["arm"] for answer in answers]
    return document
