"""The frames of a journal as tables: as many rows at once as memory is given, of what is asked for only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import polars as pl

from milepost.ground.errors import MilepostError
from milepost.predlog.delta_tables import check_types
from milepost.predlog.journal import HEAD, read_frames
from milepost.predlog.records import (
    INPUTS,
    OUTCOMES,
    PREDICTIONS,
    Frame,
    Inputs,
    InputSchema,
    OutcomeRow,
    Outcomes,
    PredictionRow,
    Predictions,
    PredictionTable,
    decode,
    input_schema,
    outcome_table,
    prediction_table,
    predictions_of,
)
from milepost.predlog.tails import is_longer, tail_of
from milepost.predlog.unread import Unread

Kind = Literal["predictions", "outcomes"]

COLUMNS: dict[Kind, pl.Schema] = {"predictions": PREDICTIONS, "outcomes": OUTCOMES}

Rows: TypeAlias = Predictions | Outcomes

MOST_ROWS = 10_000  # of Python's objects at a time; a table of them is far smaller

# how the payloads of frames with rows begin, behind the count of their items
_KINDS: dict[bytes, Kind] = {b"\xabpred": "predictions", b"\xa5tabl": "predictions", b"\xa8outc": "outcomes"}

_UNFIT = (ValueError, TypeError, OverflowError, OSError, pl.exceptions.PolarsError)  # what Polars says of rows that lie


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one journal, of one kind.

    Attributes:
        kind: of the rows.
        upto: number of the last frame whose rows are here; of those before it, none are left out but unread ones.
        rows: the columns of PREDICTIONS and one struct of inputs, or the columns of OUTCOMES; none where all is unread.
    """

    kind: Kind
    upto: int
    rows: pl.DataFrame


def read_pieces(
    path: Path, after: Mapping[Kind, int], tell: Callable[[Unread], None], *, most_rows: int = MOST_ROWS
) -> Iterator[Piece]:
    """Yield the rows of a journal in the order of its frames.

    Args:
        path: of the journal.
        after: for each kind that is wanted, number of the last frame that is not wanted.
        tell: hears of each frame that cannot be read, then the next one is; and of frames that lie behind damage.
        most_rows: of a piece; one frame is never divided.

    Raises:
        MilepostError: a frame holds a column of another type than the log. What stands before it has been yielded.
        EnvironmentFault: the file cannot be read.
    """
    reading = _Reading(path.stem, tell, most_rows)
    end = 0
    for number, payload in read_frames(path):
        end += HEAD.size + len(payload)
        kind = _KINDS.get(payload[1:6])
        if kind is None:
            reading.learn(number, payload)
        elif number > after.get(kind, number):
            yield from reading.take(kind, number, payload)
    for kind in after:
        yield from reading.rest(kind)
    if is_longer(path, end) and tail_of(path) == "damaged":
        tell(Unread(path.stem, None, "it is damaged behind the last frame that could be read"))


class _Reading:
    """The schemas of a journal, and its frames that wait until they are enough for a table."""

    def __init__(self, journal: str, tell: Callable[[Unread], None], most_rows: int) -> None:
        self._journal, self._tell, self._most_rows = journal, tell, most_rows
        self._schemas: dict[str, InputSchema] = {}
        self._twins: dict[str, tuple[str, str]] = {}  # names of inputs, by schema
        self._waiting: dict[Kind, list[tuple[int, Rows | None]]] = {"predictions": [], "outcomes": []}
        self._rows: dict[Kind, int] = {"predictions": 0, "outcomes": 0}

    def learn(self, number: int, payload: bytes) -> None:
        """Take a frame without rows."""
        frame = self._decoded(number, payload)
        if not isinstance(frame, Inputs):
            return
        schema = input_schema(frame.columns)
        if schema.id == frame.schema_id:
            self._schemas[schema.id] = schema
            if twins := _twins(schema):
                self._twins[schema.id] = twins
        else:
            self._unread(number, f"the schema that it calls {frame.schema_id} is {schema.id}")

    def take(self, kind: Kind, number: int, payload: bytes) -> Iterator[Piece]:
        """Take a frame with rows; yield tables that are full."""
        frame = self._decoded(number, payload)
        if isinstance(frame, Predictions | PredictionTable) and frame.schema_id not in self._schemas:
            self._unread(number, f"the schema {frame.schema_id} of its inputs does not stand before it")
            frame = None
        if isinstance(frame, Predictions | PredictionTable):
            yield from self._refused(kind, number, frame.schema_id)
        if isinstance(frame, PredictionTable):
            yield from self.rest(kind)
            yield Piece(kind, number, self._table(number, frame))
            return
        rows = frame if isinstance(frame, Predictions | Outcomes) else None
        self._waiting[kind].append((number, rows))
        self._rows[kind] += len(rows.rows) if rows else 0
        if self._rows[kind] >= self._most_rows:
            yield from self.rest(kind)

    def rest(self, kind: Kind) -> Iterator[Piece]:
        """Yield the frames of a kind that wait, as one table."""
        waiting, self._waiting[kind], self._rows[kind] = self._waiting[kind], [], 0
        if not waiting:
            return
        frames = [(number, frame) for number, frame in waiting if frame is not None]
        try:
            rows = self._joined(kind, [frame for _, frame in frames])
        except _UNFIT:
            rows = self._joined(kind, [frame for number, frame in frames if self._is_fit(kind, number, frame)])
        yield Piece(kind, waiting[-1][0], rows)

    def _refused(self, kind: Kind, number: int, schema_id: str) -> Iterator[Piece]:
        """Yield what waits before inputs that no Delta table can hold; nothing where one can.

        Raises:
            MilepostError: none can.
        """
        if twins := self._twins.get(schema_id):
            yield from self.rest(kind)
            raise MilepostError(
                f"The log cannot hold inputs that are called {twins[0]!r} and {twins[1]!r}: only their case differs.",
                where=f"{self._journal}, frame {number}",
                fix="Rename one of the two columns, train, and promote that model; the journal keeps its rows.",
            )

    def _joined(self, kind: Kind, frames: Sequence[Rows]) -> pl.DataFrame:
        schemas = self._schemas
        outcomes: list[OutcomeRow] = []
        predictions: dict[str, list[PredictionRow]] = {}
        for frame in frames:
            if isinstance(frame, Outcomes):
                outcomes += frame.rows
            else:
                predictions.setdefault(frame.schema_id, []).extend(frame.rows)
        if kind == "outcomes":
            return outcome_table(outcomes)
        tables = [_storable(prediction_table(rows, schemas[name]), schemas[name]) for name, rows in predictions.items()]
        return pl.concat([PREDICTIONS.to_frame(), *tables], how="diagonal")

    def _is_fit(self, kind: Kind, number: int, frame: Rows) -> bool:
        try:
            self._joined(kind, [frame])
        except _UNFIT as why:
            self._unread(number, f"its rows fit no table: {_first_line(why)}")
            return False
        return True

    def _table(self, number: int, frame: PredictionTable) -> pl.DataFrame:
        schema = self._schemas[frame.schema_id]
        try:
            rows = predictions_of(frame, schema)
        except _UNFIT as why:
            self._unread(number, f"its table cannot be read: {_first_line(why)}")
            return PREDICTIONS.to_frame()
        known = pl.Schema({**PREDICTIONS, INPUTS + schema.id: schema.struct})
        check_types(rows.schema, known, where=f"{self._journal}, frame {number}")
        if unknown := [name for name in rows.columns if name not in known]:
            self._unread(number, f"the log has no column {unknown[0]!r}")
            return PREDICTIONS.to_frame()
        return _storable(rows, schema)

    def _decoded(self, number: int, payload: bytes) -> Frame | None:
        try:
            return decode(payload)
        except msgspec.MsgspecError as why:
            self._unread(number, f"it is no frame: {_first_line(why)}")
            return None

    def _unread(self, number: int, says: str) -> None:
        self._tell(Unread(self._journal, number, says))


def _twins(schema: InputSchema) -> tuple[str, str] | None:
    """Return two names of inputs that differ only in case, which Delta tables do not tell apart."""
    known: dict[str, str] = {}
    for name, _ in schema.columns:
        if (other := known.setdefault(name.lower(), name)) != name:
            return other, name
    return None


def _storable(rows: pl.DataFrame, schema: InputSchema) -> pl.DataFrame:
    """Return rows without the struct of their inputs where it has no fields, for no file can hold that."""
    return rows if schema.columns else rows.drop(INPUTS + schema.id, strict=False)


def _first_line(why: BaseException) -> str:
    return str(why).partition("\n")[0]
