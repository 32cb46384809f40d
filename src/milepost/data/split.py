"""Development rows and test rows, as deployment would see them: by time, by group, stratified, or by a column."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
import polars as pl

from milepost.data import split_findings as told
from milepost.data.deal import deal
from milepost.data.findings import Finding
from milepost.data.keys import (
    NEVER,
    ROW_HASH,
    RowKeys,
    SplitRequest,
    Strategy,
    latest_moment,
    never_recorded,
    not_yet_known,
    recorded_too_late,
    row_keys,
    too_new,
    unrecorded,
)
from milepost.data.split_limits import latest_record, naming_late_records, refuse_small_parts, refuse_small_table
from milepost.data.split_logic import Logic, split_logic
from milepost.ground.errors import MilepostError
from milepost.ground.files import canonical_json, hash_of_text
from milepost.ground.records import as_document
from milepost.ground.seeds import derived
from milepost.ground.text import count, counted, listed, share, span

TEST, DEVELOPMENT, LEFT_OUT = 0, 1, 2
_WORDS = {
    **dict.fromkeys(("test", "true", "1"), TEST),
    **dict.fromkeys(("train", "training", "development", "dev", "valid", "validation", "false", "0"), DEVELOPMENT),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which rows of a table are for development and which for the test.

    Attributes:
        strategy: how the rows were divided.
        seed: what chance was drawn from; without effect on a split by time or by column.
        test: row numbers in the table, ascending, int64.
        development: row numbers, ascending, int64.
        left_out: row numbers that are neither, ascending, int64: no answer, no time, or an answer not yet known.
        says: what was done, in sentences with numbers.
        findings: what is worth knowing about it.
        folds_by: how folds of the development rows follow the same logic.
        together: column of the keys whose equal values stay on one side; None where each row stands alone.
        fingerprint: of the table.
        request: SHA-256 of what was asked, of which table, with which seed; equal for a repeat.
        hash: SHA-256 of the outcome: strategy, seed, fingerprint, logic of the folds, row numbers.
    """

    strategy: Literal["time", "group", "stratified", "column"]
    seed: int
    test: np.ndarray
    development: np.ndarray
    left_out: np.ndarray
    says: tuple[str, ...]
    findings: tuple[Finding, ...]
    folds_by: Strategy
    together: str | None
    fingerprint: str
    request: str
    hash: str

    @property
    def rows(self) -> int:
        """Return how many rows the table has."""
        return len(self.test) + len(self.development) + len(self.left_out)


@dataclass(slots=True)
class _Draft:
    """A split in the making: the part of each row, and what there is to say."""

    part: np.ndarray
    says: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def of(self, part: int) -> np.ndarray:
        return np.flatnonzero(self.part == part)

    def size(self, part: int) -> int:
        return int(np.count_nonzero(self.part == part))


def make_split(keys: pl.DataFrame, request: SplitRequest, *, seed: int, fingerprint: str = "") -> Split:
    """Return development and test rows as deployment would see them.

    Args:
        keys: as split_keys gives them, one line for each row of the table, in its order.
        request: what the problem asks.
        seed: decides what chance decides.
        fingerprint: of the table; part of the hashes.

    Raises:
        MilepostError: the table cannot be split so that both parts can be used.
    """
    logic = split_logic(keys, request)
    rows = row_keys(keys, request, together=logic.together)
    with naming_late_records(keys, request):
        refuse_small_table(rows, request)
        draft = _divided(keys, rows, request, logic.folds_by, seed)
    draft.says += _without_answer(keys, rows, request)
    findings = [*logic.findings, *draft.findings, *_on_both_sides(keys, draft, request, logic)]
    findings += _about_maturity(keys, draft, request)
    with naming_late_records(keys, request):
        findings += refuse_small_parts(rows, {"development": draft.of(DEVELOPMENT), "test": draft.of(TEST)}, request)
    strategy: Literal["time", "group", "stratified", "column"] = "column" if request.column else logic.folds_by
    parts = (draft.of(TEST), draft.of(DEVELOPMENT), draft.of(LEFT_OUT))
    return Split(
        strategy,
        seed,
        *parts,
        tuple(draft.says),
        tuple(findings),
        logic.folds_by,
        logic.together,
        fingerprint,
        request=split_key(request, seed=seed, fingerprint=fingerprint),
        hash=split_hash(strategy, seed, fingerprint, parts, logic=(logic.folds_by, logic.together)),
    )


def split_key(request: SplitRequest, *, seed: int, fingerprint: str) -> str:
    """Return the SHA-256 of what is asked: the same request, table and seed ask for the same split."""
    asked = as_document(replace(request, place=str))
    return hash_of_text(canonical_json(asked | {"place": "", "seed": seed, "table": fingerprint}))


def split_hash(
    strategy: str, seed: int, fingerprint: str, parts: Sequence[np.ndarray], *, logic: tuple[str, str | None]
) -> str:
    """Return the SHA-256 of a split's outcome.

    Args:
        strategy: how the rows were divided.
        seed: what chance was drawn from.
        fingerprint: of the table.
        parts: row numbers of test, development, left out.
        logic: how folds follow it, and what stays together, which decide the folds.
    """
    asked = [strategy, seed, fingerprint, *logic, [len(rows) for rows in parts]]
    digest = hashlib.sha256(canonical_json(asked).encode())
    for rows in parts:
        digest.update(np.ascontiguousarray(rows, dtype="<i8").data)
    return digest.hexdigest()


def _without_answer(keys: pl.DataFrame, rows: RowKeys, request: SplitRequest) -> list[str]:
    """Return what is said of rows that are left out because their answer is missing or not yet known."""
    answered = keys[request.target].is_not_null().to_numpy()
    waiting = not_yet_known(keys, request) & answered
    missing = int(np.count_nonzero(~rows.labelled)) - int(np.count_nonzero(waiting))
    says = [f"Left out: {counted(missing, 'row')} without a value of `{request.target}`."] if missing else []
    if not waiting.any():
        return says
    early = too_new(keys, request) & waiting
    without_record = int(np.count_nonzero(unrecorded(keys, request) & waiting & ~early))
    if without_record:
        says.append(
            f"Left out: {counted(without_record, 'row')} without a value of `{request.known_at}`, so that the answer "
            "is not yet known."
        )
    if early.any():
        timeless = f", or that have no `{request.time}`" if keys[str(request.time)].null_count() else ""
        says.append(
            f"Left out: {counted(int(np.count_nonzero(early)), 'row')} for which {_lag_alone(request)} had not passed "
            f"by {_day(latest_moment(keys, request))}, the latest moment in the table{timeless}: so early, only quick "
            "answers are known."
        )
    return says


def _about_maturity(keys: pl.DataFrame, draft: _Draft, request: SplitRequest) -> list[Finding]:
    """Return what is said of answers that may not have been final when the table was drawn up."""
    if not (request.time and request.embargo):
        return []
    latest = latest_moment(keys, request)
    if latest == NEVER:
        return []
    seconds, until, early = request.embargo.total_seconds(), _day(latest), too_new(keys, request)
    if request.known_at is None:
        tested = draft.of(TEST)
        young = int(np.count_nonzero(early[tested]))
        return [told.perhaps_not_final(request.time, young, len(tested), seconds, until)] if young else []
    left = int(np.count_nonzero(early & keys[request.target].is_not_null().to_numpy()))
    late, found = recorded_too_late(keys, request), []
    if late.any():
        rows = int(np.count_nonzero(late))
        found.append(told.recorded_too_late(request.known_at, rows, latest_record(keys, request), until, left))
    answer = never_recorded(keys, request)
    if answer is None:
        return found
    return [*found, told.never_recorded(request.known_at, f"{request.target} = {answer!r}", seconds, until, left)]


def _divided(keys: pl.DataFrame, rows: RowKeys, request: SplitRequest, folds_by: Strategy, seed: int) -> _Draft:
    if request.column:
        return _by_column(keys[request.column], rows, request)
    if folds_by == "time":
        return _by_time(rows, request)
    return _by_chance(keys, rows, request, folds_by, seed)


def _by_time(rows: RowKeys, request: SplitRequest) -> _Draft:
    assert rows.time is not None
    assert rows.known is not None
    placed = rows.labelled & (rows.time != NEVER)
    cut = _cut(rows.time[placed], request)
    draft = _Draft(np.full(rows.rows, LEFT_OUT, dtype=np.int8))
    draft.part[placed & (rows.time >= cut)] = TEST
    draft.part[placed & (rows.time < cut) & (rows.known <= cut)] = DEVELOPMENT
    _tell_of_time(draft, rows.time[placed], cut, request)
    timeless = int(np.count_nonzero(rows.labelled & (rows.time == NEVER)))
    if timeless:
        draft.findings.append(told.without_time(timeless, str(request.time)))
    return draft


def _cut(times: np.ndarray, request: SplitRequest) -> int:
    """Return the time at which the test begins, as near to the asked share as equal times allow."""
    if not len(times) or times.min() == times.max():
        raise MilepostError(
            f"{'Every row has the same' if len(times) else 'No row has a'} time in {request.time!r}.",
            where=request.place("data.time"),
            fix="Name a column whose times differ, or remove time under [data] to split at random.",
        )
    wanted = request.test * len(times)
    at = min(max(len(times) - round(wanted), 1), len(times) - 1)
    here = int(np.partition(times, at)[at])
    later = times[times > here]
    choices = ([here] if here > times.min() else []) + ([int(later.min())] if len(later) else [])
    return min(choices, key=lambda cut: abs(np.count_nonzero(times >= cut) - wanted))


def _tell_of_time(draft: _Draft, times: np.ndarray, cut: int, request: SplitRequest) -> None:
    tested, learned, placed = draft.size(TEST), draft.size(DEVELOPMENT), len(times)
    waiting = placed - tested - learned
    if not learned:
        raise MilepostError(
            f"No answer was known when the test rows begin on {_day(cut)}: it takes {_lag(request)} until it is.",
            where=request.place("data.label_delay" if not request.horizon else "problem.horizon"),
            fix="Check the horizon and the label delay, or bring older rows.",
        )
    draft.says += [
        f"The test rows are the newest {share(tested / placed)}: {counted(tested, 'row')} from {_day(cut)} to "
        f"{_day(int(times.max()))}.",
        f"The development rows are {counted(learned, 'row')} from {_day(int(times.min()))} on.",
    ]
    if waiting:
        draft.says.append(
            f"{counted(waiting, 'row')} before the test rows {'is' if waiting == 1 else 'are'} left out, because the "
            f"outcome would not have been known on {_day(cut)}: that takes {_lag(request)}."
        )
    if waiting > 0.25 * placed:
        draft.findings.append(told.embargo_costs(waiting, placed, request.embargo.total_seconds()))
    if abs(tested / placed - request.test) > 0.2 * request.test:
        draft.findings.append(told.share_off(tested / placed, request.test, "many rows have the same time"))


def _day(time: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
    return f"{moment:%Y-%m-%d}" if moment.time() == datetime.min.time() else f"{moment:%Y-%m-%d %H:%M} UTC"


def _lag(request: SplitRequest) -> str:
    lag = _lag_alone(request)
    return f"{lag}, or until `{request.known_at}`" if request.known_at else lag


def _lag_alone(request: SplitRequest) -> str:
    return f"{span(request.embargo.total_seconds())} (horizon and label delay)"


def _by_chance(keys: pl.DataFrame, rows: RowKeys, request: SplitRequest, folds_by: Strategy, seed: int) -> _Draft:
    draft = _Draft(np.full(rows.rows, LEFT_OUT, dtype=np.int8))
    labelled = np.flatnonzero(rows.labelled)
    shares = np.array([request.test, 1 - request.test])
    draft.part[labelled] = deal(rows.take(labelled), shares, seed=derived(seed, "split"))
    if folds_by == "stratified" and rows.task != "regression":
        draft.part[_untaught(rows, draft.part)] = DEVELOPMENT
    tested = draft.size(TEST)
    got = tested / len(labelled)
    numbers = f"{counted(tested, 'test row')} ({share(got)}) and {counted(len(labelled) - tested, 'development row')}"
    if folds_by == "group":
        _tell_of_groups(draft, keys, rows, request, numbers)
    else:
        draft.says.append(f"{numbers}, drawn at random so that both have the same mix of `{request.target}`.")
    if abs(got - request.test) > 0.2 * request.test:
        draft.findings.append(told.share_off(got, request.test, "groups and copies stay whole"))
    return draft


def _untaught(rows: RowKeys, part: np.ndarray) -> np.ndarray:
    """Return which rows have a class that only test rows have, bool: nobody could learn it from the others."""
    tested, learned = (np.bincount(rows.target[part == p], minlength=len(rows.classes)) for p in (TEST, DEVELOPMENT))
    return np.isin(rows.target, np.flatnonzero((tested > 0) & (learned == 0)))


def _tell_of_groups(draft: _Draft, keys: pl.DataFrame, rows: RowKeys, request: SplitRequest, numbers: str) -> None:
    assert rows.unit is not None
    name, used = str(request.entity), draft.part != LEFT_OUT
    tested, learned = (int(np.count_nonzero(np.bincount(rows.unit[draft.part == p]))) for p in (TEST, DEVELOPMENT))
    if not tested or learned < 2:
        raise MilepostError(
            f"The column {name!r} has {counted(tested + learned, 'group')} with an answer; a split by group needs "
            "at least 3, none of them nearly all of the table.",
            where=request.place("data.group" if request.group else "data.id"),
            fix="Name a column with more groups, or remove it to split at random.",
        )
    draft.says.append(f"{numbers}; no `{name}` is on both sides ({count(tested)} test, {count(learned)} development).")
    largest, missing = int(np.bincount(rows.unit[used]).max()), int(keys[name].filter(pl.Series(used)).null_count())
    if largest > request.test * np.count_nonzero(used):
        draft.findings.append(told.large_group(largest, int(np.count_nonzero(used)), name))
    if tested < told.FEW_GROUPS:
        draft.findings.append(told.few_groups(tested, name))
    if missing:
        draft.findings.append(told.without_group(missing, name))


def _by_column(values: pl.Series, rows: RowKeys, request: SplitRequest) -> _Draft:
    words = values.cast(pl.String).str.strip_chars().str.to_lowercase()
    seen = words.drop_nulls().unique()
    unknown = seen.filter(~seen.is_in(list(_WORDS))).sort()
    if len(unknown):
        raise MilepostError(
            f"The column {request.column!r} holds {listed([repr(word) for word in unknown], most=5)}.",
            where=request.place("split.column"),
            fix="Write test, true or 1 for test rows, and development, train, false or 0 for the others; rows without "
            "a value are left out.",
        )
    part = words.replace_strict(_WORDS, return_dtype=pl.Int8).fill_null(LEFT_OUT).to_numpy()
    draft = _Draft(np.where(rows.labelled, part, LEFT_OUT).astype(np.int8))
    tested, learned = draft.size(TEST), draft.size(DEVELOPMENT)
    draft.says.append(
        f"The column `{request.column}` marks {counted(tested, 'test row')} and {counted(learned, 'development row')}."
    )
    early = _not_yet_known(rows, draft)
    if early:
        draft.findings.append(told.not_in_time(early, learned, str(request.time)))
    return draft


def _not_yet_known(rows: RowKeys, draft: _Draft) -> int:
    """Return how many development rows have an answer that was not known when the test rows begin."""
    if rows.time is None or rows.known is None:
        return 0
    begins = rows.time[(draft.part == TEST) & (rows.time != NEVER)].min(initial=np.iinfo(np.int64).max)
    return int(np.count_nonzero(rows.known[draft.part == DEVELOPMENT] > begins))


def _on_both_sides(keys: pl.DataFrame, draft: _Draft, request: SplitRequest, logic: Logic) -> list[Finding]:
    """Return what is said of groups and of copies that are on both sides, where nothing keeps them together."""
    found, tested = [], draft.size(TEST)
    if request.group and (logic.together != request.group or request.column):
        shared = _shared(keys[request.group], draft)
        in_order = f"in order of `{request.time}`" if logic.folds_by == "time" else "by chance"
        goes = "by the declared column" if request.column else in_order
        found += [told.groups_on_both_sides(shared, tested, request.group, goes)] if shared else []
    if logic.copies and (logic.together != ROW_HASH or request.column):
        copied = _shared(keys[ROW_HASH], draft)
        found += [told.copies_on_both_sides(copied, tested)] if copied > 0.01 * tested else []
    return found


def _shared(values: pl.Series, draft: _Draft) -> int:
    """Return how many test rows have a value that development rows have too."""
    learned = values.filter(pl.Series(draft.part == DEVELOPMENT)).drop_nulls().unique()
    return int(values.filter(pl.Series(draft.part == TEST)).drop_nulls().is_in(learned.implode()).sum())
