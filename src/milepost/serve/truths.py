"""What turned out to be true, as callers send it: each row finds its prediction and is taken, or refused with why.

[{"prediction_id": "…", "truth": "Yes"}, {"entity": "c-81", "time": "2026-05-01", "truth": "No"}]
{"rows": [{…}, …]}
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from milepost.predlog.given import COLUMNS, table_of
from milepost.predlog.outcomes import Taken, take_outcomes
from milepost.predlog.records import OutcomeRow, Outcomes, encode
from milepost.serve.bodies import decoded
from milepost.serve.engine import Recorded
from milepost.serve.replies import Refusal, Reply, json_reply
from milepost.serve.service import Service

_FIX = 'Send {"prediction_id": "…", "truth": …}, or {"entity": "…", "time": "…", "truth": …}, or a list of these.'


async def take(service: Service, body: bytes) -> Reply:
    """Return what became of each given outcome; what was taken is in the journal.

    Raises:
        Refusal: the body holds no outcomes.
        MilepostError: its columns cannot be read.
        EnvironmentFault: the log cannot be read or written.
    """
    given = _given(decoded(body, service.settings.limits), service.settings.limits.rows)
    async with service.outcomes_turn:  # two at once would not see what the other takes
        taken = await asyncio.to_thread(_taken, service, given, asyncio.get_running_loop())
    rows = [
        {name: value for name, value in row.items() if value is not None} for row in taken.rows.iter_rows(named=True)
    ]
    return json_reply(200, {"outcomes": rows, "counts": taken.counts})


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


def _given(document: Any, most: int) -> pl.DataFrame:
    rows = document.get("rows", [document]) if isinstance(document, dict) else document
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(400, "The body holds no outcomes.", where="the body", fix=_FIX)
    if len(rows) > most:
        raise Refusal(
            413,
            f"The request has {len(rows):,} outcomes.",
            where="the body",
            fix=f"Send at most {most:,} at once, or a whole table: milepost outcomes TABLE",
        )
    for place, row in enumerate(rows):
        for name, value in row.items():
            if name not in COLUMNS:
                raise Refusal(400, f"An outcome has no {name!r}.", where=f"row {place}, field {name!r}", fix=_FIX)
            if isinstance(value, dict | list):
                raise Refusal(400, f"{name!r} is a list or an object.", where=f"row {place}, field {name!r}", fix=_FIX)
    return table_of(rows)
