"""Journals without some of their rows: every frame keeps its number, so that what was folded stays folded.

frame 7   [c-80, c-81, c-82]  ->  frame 7   [c-80, c-82]
frame 8   [c-81]              ->  frame 8   []
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from milepost.ground.files import whole_file
from milepost.predlog.journal import HEAD, read_frames, whole_frames
from milepost.predlog.records import Frame, Outcomes, Predictions, PredictionTable, decode, encode
from milepost.predlog.unread import noted


@dataclass(frozen=True, slots=True)
class Sought:
    """The rows that are to go.

    Attributes:
        entities: whose they are.
        ids: of predictions that are theirs.
    """

    entities: frozenset[str]
    ids: frozenset[str]


def ids_in(path: Path, entities: Collection[str]) -> set[str]:
    """Return the ids of all predictions of some entities in a journal, whether a table holds them or not.

    Raises:
        EnvironmentFault: the journal cannot be read.
    """
    found: set[str] = set()
    for frame in _frames(path):
        if isinstance(frame, Predictions):
            found.update(row.prediction_id for row in frame.rows if row.entity in entities)
        elif isinstance(frame, PredictionTable):
            table = _table(frame)
            found.update(table.filter(pl.col("entity").is_in(list(entities)))["prediction_id"])
    return found


def rows_in(path: Path, sought: Sought) -> int:
    """Return how many rows of a journal are sought.

    Raises:
        EnvironmentFault: the journal cannot be read.
    """
    return sum(_rows(frame) - _rows(_without(frame, sought)) for frame in _frames(path))


def names_in_the_rest(path: Path, sought: Sought) -> bool:
    """Return whether what cannot be read of a journal, or what was noted of it, holds what is sought."""
    end = max((end for end, _ in whole_frames(path)), default=0)
    rest = [path.read_bytes()[end:], repr(noted(path.parent, path.stem)).encode()]
    for _, payload in read_frames(path):
        try:
            decode(payload)
        except msgspec.MsgspecError:
            rest.append(payload)
    return any(name.encode() in part for part in rest for name in sought.entities | sought.ids)


def rewrite_without(path: Path, sought: Sought) -> int:
    """Write a journal anew without the rows that are sought, whole or not at all, and return how many those were.

    What cannot be read stays as it is.

    Args:
        path: of a journal that nobody writes to.
        sought: the rows.

    Raises:
        EnvironmentFault: the journal cannot be read, or the disk refused.
    """
    if not (count := rows_in(path, sought)):
        return 0
    end = max((end for end, _ in whole_frames(path)), default=0)
    rest = path.read_bytes()[end:]
    with whole_file(path) as partial, partial.open("wb") as stream:
        for _, payload in read_frames(path):
            kept = _payload_without(payload, sought)
            stream.write(HEAD.pack(len(kept), zlib.crc32(kept)) + kept)
        stream.write(rest)
    return count


def _frames(path: Path) -> Iterator[Frame]:
    for _, payload in read_frames(path):
        with suppress(msgspec.MsgspecError):
            yield decode(payload)


def _payload_without(payload: bytes, sought: Sought) -> bytes:
    try:
        frame = decode(payload)
    except msgspec.MsgspecError:
        return payload
    kept = _without(frame, sought)
    return payload if _rows(kept) == _rows(frame) else encode(kept)


def _without(frame: Frame, sought: Sought) -> Frame:
    if isinstance(frame, Predictions):
        rows = [row for row in frame.rows if not _is_sought(row.entity, (row.prediction_id, row.request), sought)]
        return Predictions(frame.schema_id, rows)
    if isinstance(frame, Outcomes):
        return Outcomes([row for row in frame.rows if not _is_sought(row.entity, (row.prediction_id,), sought)])
    if isinstance(frame, PredictionTable):
        return _table_without(frame, sought)
    return frame


def _is_sought(entity: str | None, ids: tuple[str | None, ...], sought: Sought) -> bool:
    return entity in sought.entities or any(name in sought.ids for name in ids)


def _table_without(frame: PredictionTable, sought: Sought) -> PredictionTable:
    names, ids = list(sought.entities), list(sought.ids)
    is_sought = pl.col("entity").is_in(names) | pl.col("prediction_id").is_in(ids) | pl.col("request").is_in(ids)
    kept = _table(frame).filter(~is_sought.fill_null(value=False))
    stream = io.BytesIO()
    kept.write_ipc_stream(stream)
    return PredictionTable(frame.schema_id, kept.height, stream.getvalue())


def _table(frame: PredictionTable) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(frame.arrow))


def _rows(frame: Frame) -> int:
    if isinstance(frame, PredictionTable):
        return frame.rows
    return len(frame.rows) if isinstance(frame, Predictions | Outcomes) else 0
