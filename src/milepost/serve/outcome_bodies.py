"""What a request that tells outcomes may look like; among many rows each one is read or refused by itself.

{"prediction_id": "…", "truth": "Yes"}                            one
[{"customer": "c-81", "time": "2026-05-01", "churn": "No"}, …]    many, with the problem's own names
{"rows": [{…}, …]}                                                many
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from milepost.ground.text import nearest
from milepost.predlog.given import COLUMNS, table_of
from milepost.serve.replies import Refusal, said
from milepost.serve.settings import Settings

_FIX = 'Send {"prediction_id": "…", "truth": …}, or {"entity": "…", "time": "…", "truth": …}, or a list of these.'
_FINDING = ("entity", "time")  # beside a prediction_id they may stand under the problem's names, and say nothing


@dataclass(frozen=True, slots=True)
class Told:
    """Outcomes of one request.

    Attributes:
        table: the rows that are outcomes, with columns of COLUMNS; None where there are none.
        places: in the request, of each row of the table.
        refused: the others, with row, status, what, where and fix.
    """

    table: pl.DataFrame | None
    places: Sequence[int]
    refused: Sequence[dict[str, Any]]


def own_names(settings: Settings) -> dict[str, str]:
    """Return the problem's own names -> what they are called in an outcome."""
    own = {settings.entity: "entity", settings.time: "time", settings.target: "truth"}
    return {name: meant for name, meant in own.items() if name is not None and name not in COLUMNS}


def told_of(document: Any, settings: Settings) -> Told:
    """Return the outcomes that a body tells.

    Args:
        document: as JSON brings it.
        settings: of the service.

    Raises:
        Refusal: it holds no outcomes, or too many; or its only row is none.
    """
    rows = document.get("rows", [document]) if isinstance(document, dict) else document
    if not isinstance(rows, list) or not rows:
        raise Refusal(400, "The body holds no outcomes.", where="the body", fix=_FIX)
    most = settings.limits.rows
    if len(rows) > most:
        what = f"The request has {len(rows):,} outcomes."
        fix = f"Send at most {most:,} at once, or a whole table: milepost outcomes TABLE"
        raise Refusal(413, what, where="the body", fix=fix)
    own, is_one = own_names(settings), rows[0] is document
    places, read, refused = [], [], []
    for place, row in enumerate(rows):
        try:
            read.append(_outcome(row, own))
            places.append(place)
        except Refusal as why:
            if is_one:
                raise
            refused.append({"row": place, "status": "refused", **said(why)})
    if not read:
        return Told(None, (), refused)
    # of many, one that lacks what all lack is refused as one that lacks what others have
    return Told(table_of(read if is_one else [dict.fromkeys(COLUMNS) | row for row in read]), places, refused)


def _outcome(row: Any, own: Mapping[str, str]) -> dict[str, Any]:
    """Return a row with the names of COLUMNS.

    Raises:
        Refusal: it is no outcome.
    """
    if not isinstance(row, dict):
        raise Refusal(400, "This is no object with fields.", where="the row", fix=_FIX)
    found: dict[str, Any] = {}
    for name, value in row.items():
        meant = own.get(name, name)
        if meant not in COLUMNS:
            near = nearest(name, {*COLUMNS, *own} - row.keys())
            fix = f"Write {near!r} instead." if near else _FIX
            raise Refusal(400, f"An outcome has no {name!r}.", where=f"field {name!r}", fix=fix)
        if isinstance(value, dict | list):
            raise Refusal(400, f"{name!r} is a list or an object.", where=f"field {name!r}", fix=_FIX)
        if meant in found:
            what = f"The {meant} is there twice, as {name!r} too."
            raise Refusal(400, what, where=f"field {name!r}", fix=f"Send {meant!r} or {name!r}, not both.")
        found[meant] = value
    if found.get("prediction_id") is not None:
        return {name: value for name, value in found.items() if name not in _FINDING or name in row}
    return found
