"""Whether the log is what it should be: journals, tables, and what their rows say of each other.

journals   frames that cannot be read, damage, journals shorter than what was folded of them
tables     files that are gone, types of columns
rows       predictions twice, outcomes of no prediction, inputs of no schema, a clock that jumped back
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from milepost.data.findings import Severity
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.text import counted, listed, span
from milepost.predlog.delta_tables import open_table, reading, types_of, watermark
from milepost.predlog.journal import FORMAT, begin_of, is_abandoned, journals_in, read_frames, whole_frames
from milepost.predlog.pieces import COLUMNS, Kind, read_pieces
from milepost.predlog.places import LogPlace
from milepost.predlog.read import logged_schemas, read_outcomes, read_predictions
from milepost.predlog.records import INPUTS
from milepost.predlog.tails import tail_of
from milepost.predlog.unread import Unread

_SLACK = timedelta(seconds=1)  # between the time in an id and that of its row
_MOST_NAMED = 3

_RESTORE = "Restore the table from a copy, or from the rows of its other versions."


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a log, or odd.

    Attributes:
        code: stable name in kebab-case.
        severity: "note" is for information, "warn" wants a look, "stop" must be mended first.
        where: a journal, a table or a file.
        says: one sentence with its numbers; ids of predictions, no other values of rows.
        do: one imperative sentence; empty where nothing needs doing.
    """

    code: str
    severity: Severity
    where: str
    says: str
    do: str = ""


def verify_log(place: LogPlace) -> tuple[Flaw, ...]:
    """Return what is wrong with a log, place by place; nothing where all is well, or nothing is there.

    All rows are read; the log may be written to and folded meanwhile.

    Raises:
        EnvironmentFault: a journal or the store cannot be read at all.
    """
    flaws = [flaw for path in journals_in(place.journals) for flaw in _of_journal(path, place)]
    of_tables = [flaw for kind in _places(place) for flaw in _of_table(place, kind)]
    flaws += of_tables
    if any(flaw.severity == "stop" for flaw in of_tables) or any(flaw.code == "type-differs" for flaw in flaws):
        return tuple(flaws)  # rows that cannot be read say nothing about each other
    try:
        with reading(place.tables):
            flaws += _of_rows(place)
    except (pl.exceptions.PolarsError, MilepostError) as why:
        if _is_away(place.tables, why):
            raise
        flaws.append(_damaged(place.tables, why))
    return tuple(flaws)


def _places(place: LogPlace) -> dict[Kind, str]:
    return {"predictions": place.predictions, "outcomes": place.outcomes}


# journals


def _of_journal(path: Path, place: LogPlace) -> Iterator[Flaw]:
    begin = begin_of(path)
    if begin is None:
        with suppress(FileNotFoundError):  # a fold removed it
            yield _unreadable(path, f"None of its {counted(path.stat().st_size, 'byte')} can be read")
        return
    if begin.format > FORMAT:
        do = "Update Milepost here; the journal is left alone until then."
        yield Flaw("journal-newer", "warn", str(path), "A newer version of Milepost wrote this journal.", do)
        return
    yield from _of_tail(path)
    yield from _of_frames(path)
    yield from _of_watermarks(path, place)


def _of_tail(path: Path) -> Iterator[Flaw]:
    tail = tail_of(path)
    if tail == "nothing" or (tail == "torn" and not is_abandoned(path)):  # the next write may be on its way
        return
    end = max((end for end, _ in whole_frames(path)), default=0)
    with suppress(FileNotFoundError):
        rest = counted(path.stat().st_size - end, "byte")
        if tail == "torn":
            says = f"The last {rest} of this journal are a write that was cut off; nobody was told that it is kept."
            yield Flaw("journal-torn", "note", str(path), says)
        else:
            yield _unreadable(path, f"Behind byte {end} of this journal, {rest} can't be read")


def _unreadable(path: Path, says: str) -> Flaw:
    do = "Restore the file from a copy; or, where there is none, move it out of the folder: what it held is lost."
    return Flaw("journal-damaged", "stop", str(path), f"{says}.", do)


def _of_frames(path: Path) -> Iterator[Flaw]:
    unread: list[Unread] = []
    try:
        for _ in read_pieces(path, {"predictions": -1, "outcomes": -1}, unread.append):
            pass
    except EnvironmentFault:
        raise
    except MilepostError as why:
        yield Flaw("type-differs", "stop", why.where, why.what, why.fix)
    do = "Fold with the version of Milepost that wrote it, or give the frame up: move the journal out of the folder."
    for one in dict.fromkeys(one for one in unread if one.frame is not None):  # what follows the frames is told already
        says = f"Frame {one.frame} of this journal can't be read: {one.says}."
        yield Flaw("frame-unreadable", "stop", str(path), says, do)


def _of_watermarks(path: Path, place: LogPlace) -> Iterator[Flaw]:
    """Yield a flaw where a table holds frames that the journal does not: what came next would take their numbers."""
    tables = {kind: open_table(uri) for kind, uri in _places(place).items()}
    last = max((number for number, _ in read_frames(path)), default=-1)
    reached = max(watermark(table, path.stem) for table in tables.values())
    if last < reached and path.exists():
        says = f"This journal ends with frame {last}, and the tables hold its frames up to {reached}."
        do = "Stop the service that writes to it, if there is one, and move the file out of the folder."
        yield Flaw("journal-shorter", "stop", str(path), says, do)


# tables


def _of_table(place: LogPlace, kind: Kind) -> Iterator[Flaw]:
    uri = _places(place)[kind]
    try:
        table = open_table(uri)
    except EnvironmentFault as why:
        if _is_away(uri, why):
            raise
        yield _damaged(uri, why)
        return
    if table is None:
        return
    yield from _of_types(types_of(table), COLUMNS[kind], uri)
    files = (Path(unquote(file)) for file in table.file_uris() if file.startswith("/"))
    missing = [path.name for path in files if not path.exists()]
    now = open_table(uri)
    if missing and now is not None and now.version() == table.version():  # else they were merged and removed meanwhile
        says = f"{counted(len(missing), 'file')} of the table {_is(missing)} gone: {_named(missing)}."
        yield Flaw("file-missing", "stop", uri, says, _RESTORE)


def _of_types(found: pl.Schema, wanted: pl.Schema, uri: str) -> Iterator[Flaw]:
    for name, dtype in wanted.items():
        if found.get(name) != dtype:
            is_there = f"is {found[name]}" if name in found else "is not there"
            says = f"Column {name!r} of the table {is_there}, and should be {dtype}."
            yield Flaw("type-differs", "stop", uri, says, _RESTORE)
    for name, dtype in found.items():
        is_inputs = name.startswith(INPUTS) and isinstance(dtype, pl.Struct)
        if name not in wanted and not (is_inputs and "day" in wanted):
            do = "Leave it, or drop it: nothing reads it."
            yield Flaw("column-unknown", "warn", uri, f"Column {name!r} of the table is none of the log's.", do)


def _is_away(uri: str, why: Exception) -> bool:
    """Return whether an object store could not be asked, which says nothing about what it holds."""
    return "://" in uri and isinstance(why.__cause__, OSError)


def _damaged(where: str, why: Exception) -> Flaw:
    text = why.what if isinstance(why, MilepostError) else str(why).partition("\n")[0]
    return Flaw("table-damaged", "stop", where, f"The table can't be read: {text.rstrip('.')}.", _RESTORE)


# rows


def _of_rows(place: LogPlace) -> Iterator[Flaw]:
    yield from _twice(place)
    yield from _strangers(place)
    yield from _without_schema(place)
    yield from _jumps(place)


def _twice(place: LogPlace) -> Iterator[Flaw]:
    counts = read_predictions(place, roles=None, origins=None).group_by("prediction_id").len()
    twice = counts.filter(pl.col("len") > 1).collect(engine="streaming")["prediction_id"].sort().to_list()
    if twice:
        says = f"{counted(len(twice), 'prediction')} {_is(twice)} in the log more than once: {_named(twice)}."
        do = "Report this, for it must not happen; until it is mended, keep one row of each prediction_id."
        yield Flaw("prediction-twice", "stop", place.predictions, says, do)


def _strangers(place: LogPlace) -> Iterator[Flaw]:
    said = read_outcomes(place, every=True).select("prediction_id").unique()  # before the predictions that they are of
    known = read_predictions(place, roles=None, origins=None).select("prediction_id")
    strange = (
        said.join(known, on="prediction_id", how="anti").collect(engine="streaming")["prediction_id"].sort().to_list()
    )
    if strange:
        says = (
            f"{counted(len(strange), 'prediction')} with an outcome {_is(strange)} not in the log: {_named(strange)}."
        )
        do = "Nothing, if they were deleted because of their age; else look for journals that were moved away."
        yield Flaw("outcome-without-prediction", "warn", place.outcomes, says, do)


def _without_schema(place: LogPlace) -> Iterator[Flaw]:
    used = read_predictions(place, roles=None, origins=None).select("schema_id").unique().collect(engine="streaming")
    known = {schema.id for schema in logged_schemas(place)}
    unknown = sorted(set(used["schema_id"].drop_nulls()) - known)
    if unknown:
        schemas = counted(len(unknown), "schema")
        says = f"Predictions name {schemas} of inputs that the log does not hold: {_named(unknown)}."
        yield Flaw("schema-unknown", "stop", place.predictions, says, _RESTORE)


def _jumps(place: LogPlace) -> Iterator[Flaw]:
    """Yield a flaw where the times of answers lie before those in their ids, which never go back."""
    digits = pl.col("prediction_id").str.slice(0, 8) + pl.col("prediction_id").str.slice(9, 4)
    made = digits.str.to_integer(base=16, strict=False).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    back = read_predictions(place, roles=None, origins=["http"]).select("at", back=made - pl.col("at"))
    seen = back.filter(pl.col("back") > _SLACK).select(pl.len(), pl.col("back").max(), pl.col("at").min())
    rows, most, first = seen.collect(engine="streaming").row(0)
    if rows:
        says = (
            f"The clock of a service jumped back, by {span(most.total_seconds())} at most: "
            f"{counted(rows, 'answer')} from {first:%Y-%m-%d %H:%M:%S} UTC on {'has' if rows == 1 else 'have'} a time "
            "that lies before that of its id."
        )
        do = "Keep the machine's clock right, for instance by chrony; windows around that time may hold wrong rows."
        yield Flaw("clock-jumped-back", "warn", place.predictions, says, do)


def _is(things: Sequence[str]) -> str:
    return "is" if len(things) == 1 else "are"


def _named(things: Sequence[str]) -> str:
    return listed(things, most=_MOST_NAMED)
