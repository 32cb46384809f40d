"""Folding: frames of journals become rows of the tables, each exactly once, whoever folds and whenever it is killed.

journals ─► portions of rows ─► append predictions ─► append outcomes ─► remove the journals that are done with

Each append is one commit for many journals, with their watermarks. A kill between two steps leaves rows that the next
fold finds below a watermark, or a journal that it removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.files import disk_errors
from milepost.predlog import pieces
from milepost.predlog.delta_tables import Mark, append, open_or_make, open_table, watermark
from milepost.predlog.journal import FORMAT, begin_of, is_abandoned, journals_in
from milepost.predlog.pieces import COLUMNS, Kind, Piece, read_pieces
from milepost.predlog.places import LogPlace
from milepost.predlog.unread import Unread, note, noted

MOST_ROWS = 200_000  # of a commit, so that memory is bounded

_MOST_PASSES = 1000  # each pass that is overtaken is another fold's success


def nothing(point: str) -> None:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What a fold did.

    Attributes:
        at: when it began.
        predictions, outcomes: rows that it appended.
        journals_removed: journals that were done with.
        unread: what it passed over; the journals that hold it stay.
    """

    at: datetime
    predictions: int
    outcomes: int
    journals_removed: int
    unread: tuple[Unread, ...]


def fold(
    place: LogPlace,
    *,
    clock: Clock = wall_clock,
    most_rows: int = MOST_ROWS,
    at_point: Callable[[str], None] = nothing,
) -> Folded:
    """Return what was moved from the journals of a place to its tables; journals that grow are read to their end now.

    Args:
        place: of the log.
        clock: stamps what is returned, nothing else.
        most_rows: of a commit.
        at_point: is told "before-commit", "after-commit" and "before-remove".

    Raises:
        MilepostError: a frame holds a column of another type than the log; its journal stays, all others are folded.
        EnvironmentFault: a disk or store refused; the journals keep what is not in the tables.
    """
    return _Fold(place, most_rows, at_point).run(clock())


@dataclass(slots=True)
class _Source:
    """A journal, as it was when the fold looked at it first."""

    path: Path
    is_over: bool  # nobody writes to it any more: known before its frames are read
    is_whole: bool = False  # all of its frames were taken
    last: dict[Kind, int] = field(default_factory=lambda: {"predictions": -1, "outcomes": -1})

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(slots=True)
class _Portion:
    """Rows of many journals that go into one commit for each kind."""

    rows: dict[Kind, list[pl.DataFrame]] = field(default_factory=lambda: {"predictions": [], "outcomes": []})
    marks: dict[Kind, dict[str, Mark]] = field(default_factory=lambda: {"predictions": {}, "outcomes": {}})
    height: int = 0

    def add(self, journal: str, piece: Piece, *, after: int) -> None:
        known = self.marks[piece.kind].get(journal)
        self.marks[piece.kind][journal] = Mark(known.after if known else after, piece.upto)
        self.rows[piece.kind].append(piece.rows)
        self.height += piece.rows.height


class _OvertakenError(Exception):
    """Another fold has moved a watermark: what was read must be read again."""


class _Fold:
    def __init__(self, place: LogPlace, most_rows: int, at_point: Callable[[str], None]) -> None:
        self._place, self._most_rows, self._at_point = place, most_rows, at_point
        self._piece_rows = min(most_rows, pieces.MOST_ROWS)
        self._tables: dict[Kind, str] = {"predictions": place.predictions, "outcomes": place.outcomes}
        self._appended: dict[Kind, int] = {"predictions": 0, "outcomes": 0}
        self._unread: dict[Unread, None] = {}
        self._refused: dict[str, MilepostError] = {}

    def run(self, at: datetime) -> Folded:
        sources = [source for path in journals_in(self._place.journals) if (source := self._source(path))]
        self._take_all(sources)
        removed = self._remove([source for source in sources if source.is_over and source.is_whole])
        if self._refused:
            raise next(iter(self._refused.values()))
        return Folded(at, self._appended["predictions"], self._appended["outcomes"], removed, tuple(self._unread))

    def _take_all(self, sources: Sequence[_Source]) -> None:
        for _ in range(_MOST_PASSES):
            with suppress(_OvertakenError):
                return self._take(sources)
        raise EnvironmentFault(
            f"The log did not take rows in {_MOST_PASSES} attempts.",
            where=str(self._place.journals),
            fix="Stop other folds of these journals; this one then goes on by itself.",
        )

    def _source(self, path: Path) -> _Source | None:
        """Return a journal that this program understands."""
        is_over = is_abandoned(path)
        begin = begin_of(path)
        if begin is not None and begin.format <= FORMAT:
            return _Source(path, is_over)
        if path.exists():
            newer = "a newer version of Milepost wrote it"
            self._tell(Unread(path.stem, None, newer if begin else "its first frame is damaged"))
        return None

    def _tell(self, unread: Unread) -> None:
        self._unread[unread] = None

    def _take(self, sources: Sequence[_Source]) -> None:
        tables = {kind: open_table(place) for kind, place in self._tables.items()}
        portion = _Portion()
        for source in sources:
            source.last = {kind: watermark(table, source.name) for kind, table in tables.items()}
            for piece in self._pieces(source):
                portion.add(source.name, piece, after=source.last[piece.kind])
                source.last[piece.kind] = piece.upto
                if portion.height >= self._most_rows:
                    self._append(portion)
                    portion = _Portion()
        self._append(portion)

    def _pieces(self, source: _Source) -> Iterator[Piece]:
        """Yield what can be taken of a journal."""
        source.is_whole = False
        try:
            yield from read_pieces(source.path, dict(source.last), self._tell, most_rows=self._piece_rows)
        except EnvironmentFault:
            raise
        except MilepostError as why:
            self._refused[source.name] = why
        else:
            source.is_whole = True

    def _append(self, portion: _Portion) -> None:
        note(self._place.journals, (one for one in self._unread if one.frame is not None))
        for kind, marks in portion.marks.items():
            if not marks:
                continue
            place = self._tables[kind]
            rows = pl.concat(portion.rows[kind], how="diagonal")
            open_or_make(place, COLUMNS[kind])
            self._at_point("before-commit")
            if not append(place, rows, marks):
                raise _OvertakenError
            self._appended[kind] += rows.height
            self._at_point("after-commit")

    def _remove(self, sources: Sequence[_Source]) -> int:
        """Remove the journals of which the tables hold all, and return how many."""
        tables = {kind: open_table(place) for kind, place in self._tables.items()} if sources else {}
        done = 0
        for source in sources:
            held = all(watermark(table, source.name) >= source.last[kind] for kind, table in tables.items())
            if held and not self._is_kept(source):
                self._at_point("before-remove")
                with disk_errors(source.path):
                    source.path.unlink(missing_ok=True)
                done += 1
        return done

    def _is_kept(self, source: _Source) -> bool:
        """Return whether a journal holds more than what could be read."""
        self._unread.update(dict.fromkeys(noted(self._place.journals, source.name)))
        return any(one.journal == source.name for one in self._unread)
