"""Answers as files: Parquet, CSV or JSON Lines by the ending of the name, in pieces, whole or not at all.

customer  prediction  flags          .csv: the flags of a row stand in one cell, "a is missing; b is missing"
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from milepost.data.staging import write_whole
from milepost.ground.errors import MilepostError
from milepost.ground.text import listed

GROUP_ROWS = 131_072  # in a row group of Parquet
FLAG_MARK = "; "  # between the flags of a row, where a cell holds one text
LISTS = ("flags",)  # columns of answers whose cells are lists
_PLAIN = (pl.Boolean, pl.String, pl.Categorical, pl.Enum, pl.Date, pl.Datetime, pl.Time)


def nothing() -> None:
    """Go on."""


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A file that answers can be written to.

    Attributes:
        path: the file.
        is_text: its values are written as text, so that only plain ones can be kept.
        holds_lists: a cell may hold a list.
        sink: writes a frame to a path in pieces.
    """

    path: Path
    is_text: bool
    holds_lists: bool
    sink: Callable[[pl.LazyFrame, Path], object]

    def schema(self, schema: pl.Schema, *, lists: Collection[str] = LISTS) -> pl.Schema:
        """Return the types that the columns have in the file.

        Args:
            schema: of the answers.
            lists: as for shaped.

        Raises:
            MilepostError: the file cannot hold a column.
        """
        return self.shaped(schema.to_frame(), lists=lists).schema

    def shaped(self, answers: pl.DataFrame, *, lists: Collection[str] = LISTS) -> pl.DataFrame:
        """Return answers as the file holds them.

        Args:
            answers: to be written.
            lists: columns whose cells are lists of texts or numbers.

        Raises:
            MilepostError: the file cannot hold a column.
        """
        if not self.holds_lists:
            texts = pl.col(*lists).cast(pl.List(pl.String))
            answers = answers.with_columns(texts.list.join(FLAG_MARK).replace("", None))
        for name, dtype in answers.schema.items():
            if self.is_text and not (dtype.is_numeric() or isinstance(dtype, _PLAIN) or name in lists):
                raise MilepostError(
                    f"A {self.path.suffix} file cannot hold the column {name!r}, whose values are of type {dtype}.",
                    where=str(self.path),
                    fix="Write: -o answers.parquet",
                )
        return answers

    def write(self, answers: pl.LazyFrame, *, before: Callable[[], None] = nothing) -> None:
        """Write answers that are shaped already; they may be larger than memory.

        Args:
            answers: to be written.
            before: called when all of them are written and before the file takes its place.

        Raises:
            EnvironmentFault: the disk refused.
            polars.exceptions.PolarsError: the answers cannot be computed.
        """

        def write(path: Path) -> None:
            self.sink(answers, path)
            before()

        write_whole(self.path, write)


def _parquet(answers: pl.LazyFrame, path: Path) -> None:
    answers.sink_parquet(path, row_group_size=GROUP_ROWS, engine="streaming")


def _csv(answers: pl.LazyFrame, path: Path) -> None:
    answers.sink_csv(path, engine="streaming")


def _json_lines(answers: pl.LazyFrame, path: Path) -> None:
    answers.sink_ndjson(path, engine="streaming")


_FORMATS: dict[str, Callable[[Path], AnswerFile]] = {
    ".parquet": lambda path: AnswerFile(path, is_text=False, holds_lists=True, sink=_parquet),
    ".csv": lambda path: AnswerFile(path, is_text=True, holds_lists=False, sink=_csv),
    ".jsonl": lambda path: AnswerFile(path, is_text=True, holds_lists=True, sink=_json_lines),
    ".ndjson": lambda path: AnswerFile(path, is_text=True, holds_lists=True, sink=_json_lines),
}


def answer_file(path: Path, *, of: str = "answers") -> AnswerFile:
    """Return the file of answers at path, of the format that its ending names.

    Args:
        path: of the file.
        of: what is written, as a file of it is called.

    Raises:
        MilepostError: the ending names no format.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise MilepostError(
            f"{path.name!r} has no ending that names a format: {listed(list(_FORMATS))}.",
            where="--output",
            fix=f"Write: -o {of}.parquet   (or {of}.csv, or {of}.jsonl)",
        )
    return form(path)
