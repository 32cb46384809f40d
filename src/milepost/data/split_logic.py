"""How rows are divided, and which rows stay together: decided by what deployment will look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from milepost.data import split_findings as told
from milepost.data.findings import Finding
from milepost.data.keys import ROW_HASH, SplitRequest, Strategy, unit_codes
from milepost.ground.errors import MilepostError


@dataclass(frozen=True, slots=True)
class Logic:
    """How rows are divided.

    Attributes:
        folds_by: in order of time, by whole groups, or stratified.
        together: column of the keys whose equal values stay on one side; None where each row stands alone.
        copies: how many rows repeat the features of an earlier row.
        findings: what is worth knowing about the choice.
    """

    folds_by: Strategy
    together: str | None
    copies: int
    findings: tuple[Finding, ...] = ()


def split_logic(keys: pl.DataFrame, request: SplitRequest) -> Logic:
    """Return how rows are divided: as the problem insists, else by time, by group, by repeated id, or stratified.

    Raises:
        MilepostError: the problem insists on a strategy and names no column for it.
    """
    if request.strategy == "time" and not request.time:
        raise _lacks(request, "time")
    if request.strategy == "group" and not request.entity:
        raise _lacks(request, "group")
    labelled = keys.filter(pl.col(request.target).is_not_null())
    copies, largest = _copies(labelled, request)
    if request.time and request.strategy in (None, "time"):
        return Logic("time", None, copies)
    findings = (told.random_in_time(request.time),) if request.time else ()
    if request.strategy == "group" or (request.group and request.strategy is None):
        return Logic("group", request.entity, copies, findings)
    if request.id and request.strategy is None:
        shared = int(labelled[request.id].drop_nulls().is_duplicated().sum())
        if shared:
            repeated = told.id_as_group(request.id, shared, labelled[request.id].n_unique())
            return Logic("group", request.id, copies, (repeated,))
    if copies:
        kept = () if request.column else (told.copies_together(copies),)
        return Logic("stratified", ROW_HASH, copies, (*findings, *kept))
    return Logic("stratified", None, 0, (*findings, *([told.equal_rows_common(largest)] if largest > 1 else [])))


def _lacks(request: SplitRequest, key: Literal["time", "group"]) -> MilepostError:
    return MilepostError(
        f"The strategy {key!r} needs a column that names the {key} of each row, and [data] has none.",
        where=request.place("split.strategy"),
        fix=f'Write {key} = "COLUMN" under [data], or remove strategy under [split].',
    )


def _copies(labelled: pl.DataFrame, request: SplitRequest) -> tuple[int, int]:
    """Return how many rows repeat the features of an earlier row, and how many rows at most look alike.

    Where features are few, different cases look alike by chance, and then none of them counts as a copy: when one
    look is that of over 1 % of the rows, or when most rows repeat another one and their answers differ.
    """
    if ROW_HASH not in labelled.columns or not len(labelled):
        return 0, 0
    codes = unit_codes(labelled[ROW_HASH])
    sizes = np.bincount(codes)
    copies, largest = len(codes) - len(sizes), int(sizes.max())
    if largest > max(10, len(codes) / 100):
        return 0, largest
    if copies > len(codes) / 2 and _agreement(codes, labelled[request.target].hash(seed=0).to_numpy()) < 0.99:
        return 0, largest
    return copies, largest


def _agreement(codes: np.ndarray, answers: np.ndarray) -> float:
    """Return in what share of the rows the answer is that of the first row that looks alike."""
    first = np.empty(int(codes.max()) + 1, dtype=answers.dtype)
    first[codes[::-1]] = answers[::-1]
    return float(np.mean(first[codes] == answers))
