"""One version of a table, and the rows of journals that it does not hold: together each row once, without a lock.

journals   frames 0 … 7 | 8 … 12          a fold may be on its way, or remove a journal
table                 7 ^ watermark       rows of frames 0 to 7 come from this version, 8 to 12 from the journal

Frames never change their number, so what lies beyond the watermark of this version is not in it, whatever a fold does
meanwhile. Only a journal that is gone when it is read would be missed; then both are taken anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from milepost.ground.errors import EnvironmentFault
from milepost.predlog.delta_tables import open_table, watermark
from milepost.predlog.journal import FORMAT, begin_of, journals_in
from milepost.predlog.pieces import COLUMNS, Kind, read_pieces
from milepost.predlog.places import LogPlace
from milepost.predlog.unread import Unread

if TYPE_CHECKING:
    from deltalake import DeltaTable

_MOST_ATTEMPTS = 100  # each one that fails means that a fold has just removed a journal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows of one kind at one moment.

    Attributes:
        table: one version of it; None if there is none yet.
        unfolded: the rows that it does not hold: COLUMNS, and for predictions the structs of their inputs.
    """

    table: DeltaTable | None
    unfolded: pl.DataFrame


def snapshot(place: LogPlace, kind: Kind) -> Snapshot:
    """Return what the log holds now. Frames that cannot be read are passed over, as by a fold; `verifying` names them.

    Raises:
        MilepostError: a frame holds a column of another type than the log.
        EnvironmentFault: a journal or the store cannot be read.
    """
    uri = place.predictions if kind == "predictions" else place.outcomes
    for _ in range(_MOST_ATTEMPTS):
        journals = journals_in(place.journals)
        table = open_table(uri)
        parts = [rows for path in journals for rows in _rows_beyond(path, kind, watermark(table, path.stem))]
        if all(path.exists() for path in journals):
            return Snapshot(table, pl.concat([COLUMNS[kind].to_frame(), *parts], how="diagonal"))
    raise EnvironmentFault(
        f"Journals went away {_MOST_ATTEMPTS} times while they were read.",
        where=str(place.journals),
        fix="See which process removes them; folding by `milepost serve` does not do so that fast.",
    )


def _rows_beyond(path: Path, kind: Kind, reached: int) -> list[pl.DataFrame]:
    begin = begin_of(path)
    if begin is None or begin.format > FORMAT:
        return []
    return [piece.rows for piece in read_pieces(path, {kind: reached}, _pass_over)]


def _pass_over(unread: Unread) -> None:
    """Do nothing: a fold notes it."""
