"""What turned out to be true, as callers send it: each row finds its prediction and is taken, or refused with why."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from milepost.predlog.outcomes import STATUSES, Taken, take_outcomes
from milepost.predlog.records import OutcomeRow, Outcomes, encode
from milepost.serve.bodies import decoded
from milepost.serve.engine import Recorded
from milepost.serve.outcome_bodies import Told, told_of
from milepost.serve.replies import Reply, json_reply
from milepost.serve.service import Service

_FIX = 'Send one outcome as {"prediction_id": "…", "truth": …}, or many as {"rows": [{…}, …]}.'


async def take(service: Service, body: bytes) -> Reply:
    """Return what became of each given outcome; what was taken is in the journal.

    Raises:
        Refusal: the body holds no outcomes.
        MilepostError: its only row says not what it is about.
        EnvironmentFault: the log cannot be read or written.
    """
    told = told_of(decoded(body, service.settings.limits, fix=_FIX), service.settings)
    rows = [*told.refused, *(await _taken_of(service, told))]
    counts = Counter(row["status"] for row in rows)
    rows.sort(key=lambda row: row["row"])
    return json_reply(200, {"outcomes": rows, "counts": {status: counts[status] for status in STATUSES}})


async def _taken_of(service: Service, told: Told) -> list[dict[str, Any]]:
    """Return what became of the rows that are outcomes."""
    if told.table is None:
        return []
    async with service.outcomes_turn:  # they take turns all the same: one thread waits for its turn, not many
        taken = await asyncio.to_thread(_taken, service, told.table, asyncio.get_running_loop())
    return [
        {name: value for name, value in row.items() if value is not None} | {"row": told.places[row["row"]]}
        for row in taken.rows.iter_rows(named=True)
    ]


def _taken(service: Service, given: pl.DataFrame, loop: asyncio.AbstractEventLoop) -> Taken:
    """Judge outcomes in a thread of its own; what is taken is written by the loop, whose journal it is."""
    settings = service.settings
    voice = service.engine.voices.champion

    def write(rows: Sequence[OutcomeRow]) -> None:
        record = Recorded(None, encode(Outcomes(list(rows))))
        asyncio.run_coroutine_threadsafe(service.commits.record([record]), loop).result()

    return take_outcomes(
        settings.place,
        given,
        horizon=None if settings.horizon_s is None else timedelta(seconds=settings.horizon_s),
        task=settings.task,
        labels=voice.predictor.schema.labels,
        now=service.clock(),
        origin="http",
        write=write,
        zone=settings.zone,
        redaction=voice.redaction if voice.redacts else None,
    )
