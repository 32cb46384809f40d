"""What is too little to split: refused here, before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.keys import RowKeys, SplitRequest, recorded_too_late
from milepost.data.split_findings import rare_classes
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted

FEWEST_ROWS = 30  # with an answer, in all
FEWEST_TEST_ROWS = 10
FEWEST_DEVELOPMENT_ROWS = 20
FEWEST_OF_A_CLASS = 5  # of each of two classes, in each part


def latest_record(keys: pl.DataFrame, request: SplitRequest) -> str:
    """Return the latest time of recording as a repair can name it: 9999-12-31 or 9999-12-31T23:59:59Z."""
    late = keys[str(request.known_at)].cast(pl.Datetime("us")).dt
    return str(late.strftime("%Y-%m-%dT%H:%M:%SZ").max()).removesuffix("T00:00:00Z")


@contextmanager
def naming_late_records(keys: pl.DataFrame, request: SplitRequest) -> Iterator[None]:
    """Let a refusal name the times of recording that lie far beyond the table, where there are any."""
    try:
        yield
    except MilepostError as error:
        late = int(np.count_nonzero(recorded_too_late(keys, request)))
        if not late:
            raise
        latest = latest_record(keys, request)
        raise MilepostError(
            f"{error.what} {counted(late, 'row')} {'has' if late == 1 else 'have'} a {request.known_at!r} far beyond "
            f"the end of the table, up to {latest}.",
            where=request.place("data.known_at"),
            fix=f"Mend these values, or write {request.known_at} = '{latest} is missing' under [data.repairs]. "
            f"If they are right: {error.fix[:1].lower()}{error.fix[1:]}",
        ) from None


def refuse_small_table(rows: RowKeys, request: SplitRequest) -> None:
    """Refuse a table whose answers are too few or all the same.

    Raises:
        MilepostError: fewer than 30 answers, one answer only, or too few of the rarer of two classes.
    """
    where = request.place("problem.target")
    labelled = int(rows.labelled.sum())
    if labelled < FEWEST_ROWS:
        if request.known_at:
            raise MilepostError(
                f"Only {counted(labelled, 'row')} {'has' if labelled == 1 else 'have'} a value of {request.target!r} "
                f"that was known by the end of the table; a model and its test need at least {FEWEST_ROWS}.",
                where=request.place("data.known_at"),
                fix=f"Bring older rows, or check {request.known_at!r}, the horizon and the label delay.",
            )
        raise MilepostError(
            f"Only {counted(labelled, 'row')} {'has' if labelled == 1 else 'have'} a value of {request.target!r}; "
            f"a model and its test need at least {FEWEST_ROWS}.",
            where=where,
            fix="Bring more rows whose answer is known.",
        )
    values = np.unique(rows.target[rows.labelled])
    if len(values) == 1:
        only = rows.classes[int(values[0])] if rows.classes else f"{values[0]:g}"
        if request.known_at:
            is_waiting = request.time and request.embargo
            keys = "horizon under [problem]" if request.time else "time under [data] and horizon under [problem]"
            cure = f"write {keys}, after which the other answer counts as known."
            if is_waiting:
                cure = "check the horizon and the label delay, after which the other answer counts as known."
            raise MilepostError(
                f"Every row with a value of {request.known_at!r} has the answer {only!r} in {request.target!r}; rows "
                "without one count as not yet known.",
                where=request.place("data.known_at"),
                fix=f"Fill in {request.known_at!r} for every known answer; or {cure}",
            )
        raise MilepostError(
            f"Every answer in {request.target!r} is {only!r}: there is nothing to tell apart.",
            where=where,
            fix="Bring rows with other answers, or name another target.",
        )
    if rows.task == "binary":
        _refuse_rare(rows, request, "In the whole table", 2 * FEWEST_OF_A_CLASS, where, "Bring more rows of that kind.")


def refuse_small_parts(rows: RowKeys, parts: dict[str, np.ndarray], request: SplitRequest) -> tuple[Finding, ...]:
    """Refuse parts too small to learn from or to test on; return what is worth knowing about rare classes.

    Args:
        rows: the keys of the whole table.
        parts: row numbers of "development" and "test".
        request: what the problem asks.

    Raises:
        MilepostError: a part has too few rows, one answer only, or too few of the rarer of two classes.
    """
    where = request.place("split.column" if request.column else "split.test")
    for name, fewest in (("test", FEWEST_TEST_ROWS), ("development", FEWEST_DEVELOPMENT_ROWS)):
        numbers = parts[name]
        if len(numbers) < fewest:
            raise MilepostError(
                f"Only {counted(len(numbers), 'row')} would be {name} rows; at least {fewest} are needed.",
                where=where,
                fix=_fix(name, request),
            )
        part = rows.take(numbers)
        if len(np.unique(part.target)) == 1:
            raise MilepostError(
                f"All {name} rows would have the same answer in {request.target!r}.",
                where=where,
                fix=_fix(name, request),
            )
        if rows.task == "binary":
            _refuse_rare(part, request, f"Among the {name} rows", FEWEST_OF_A_CLASS, where, _fix(name, request))
    return _rare(rows, parts) if rows.task == "multiclass" else ()


def _refuse_rare(part: RowKeys, request: SplitRequest, among: str, fewest: int, where: str, fix: str) -> None:
    counts = np.bincount(part.target[part.target >= 0], minlength=len(part.classes))
    rarer = int(np.argmin(counts))
    if counts[rarer] < fewest:
        raise MilepostError(
            f"{among} only {counted(int(counts[rarer]), 'row')} {'has' if counts[rarer] == 1 else 'have'} "
            f"{request.target} = {part.classes[rarer]!r}; at least {fewest} are needed.",
            where=where,
            fix=fix,
        )


def _fix(name: str, request: SplitRequest) -> str:
    if request.column:
        return f"Mark more rows as {name} rows, of every answer."
    return f"{'Raise' if name == 'test' else 'Lower'} test under [split], or bring more rows of every answer."


def _rare(rows: RowKeys, parts: dict[str, np.ndarray]) -> tuple[Finding, ...]:
    counts = np.min([np.bincount(rows.target[part], minlength=len(rows.classes)) for part in parts.values()], axis=0)
    rare = np.flatnonzero(counts < FEWEST_OF_A_CLASS)
    return (rare_classes([rows.classes[at] for at in rare], FEWEST_OF_A_CLASS),) if len(rare) else ()
