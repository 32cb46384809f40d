"""A problem's table, understood: rows as they are meant, what each column is and is for, and all that was noticed.

problem ─► scan ─► census ─► repairs ─► facts, kinds ─► roles, target ─► Dataset
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from milepost.data.declared import Declared, parse_repair
from milepost.data.findings import Finding
from milepost.data.kinds import Facts
from milepost.data.labels import understand_target
from milepost.data.normal import learn_schema
from milepost.data.repairs import Repair
from milepost.data.roles import check_names, with_roles
from milepost.data.schema import Column, Schema
from milepost.data.sources import Source, scan
from milepost.data.table import Table, understand_table
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.events import Listener, silent
from milepost.ground.text import counted, share
from milepost.ground.workspace import Workspace

if TYPE_CHECKING:
    from milepost.problem.spec import Problem

__all__ = ["Dataset", "learn_schema", "read", "read_table"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """An understood table and what its columns are for.

    Attributes:
        frame: the rows, lazy; whole numbers Int64, broken ones Float64, truths Boolean, words String, times Date or
            Datetime in UTC.
        rows: how many.
        schema: what the columns are; normal values are not learned yet.
        fingerprint: hash of the content, the same wherever it is stored.
        findings: what is worth knowing, in the order of the steps that found it.
        repairs: how cells as they come become the values of frame, one for each column; they travel in the bundle.
    """

    frame: pl.LazyFrame
    rows: int
    schema: Schema
    fingerprint: str
    findings: tuple[Finding, ...] = ()
    repairs: tuple[Repair, ...] = ()


def read(problem: Problem, *, workspace: Workspace, listener: Listener = silent) -> Dataset:
    """Return the table of a problem, understood.

    Raises:
        MilepostError: the table, or what the problem says of it, is wrong.
        EnvironmentFault: the disk, the network or a database failed, or a secret is not set.
    """
    place, data = problem.where("data.source"), problem.data
    scanned = scan(data.source, workspace=workspace, base=problem.folder, listener=listener, where=place)
    names = scanned.frame.collect_schema().names()
    check_names(problem, names)
    table = understand_table(
        scanned, declared=_declared(problem), keep=[name for name in (data.id, data.group) if name],
        zone=data.timezone, folder=workspace.staged, listener=listener, where=place,
    )  # fmt: skip
    known = table.known
    target = understand_target(
        table.frame, _target_facts(problem, table), task=problem.aim.task, positive=problem.aim.positive,
        was_float=problem.aim.target in known.was_float, where=problem.where,
    )  # fmt: skip
    columns = with_roles(known.columns, problem)
    columns = tuple(replace(each, kind=target.kind) if each.role == "target" else each for each in columns)
    times = tuple(found for name in _times(problem) for found in _check_time(table.facts(name), name, problem))
    idle = tuple(found for each in columns for found in _unused(each))
    schema = Schema(columns, target.task, target.labels)
    findings = (*known.findings, *times, *idle, *target.findings)
    return Dataset(table.frame, known.rows, schema, known.fingerprint, findings, known.repairs)


def read_table(
    source: Source, *, workspace: Workspace, base: Path = Path(), timezone: str = "UTC",
    repairs: Mapping[str, str] | None = None, listener: Listener = silent,
) -> Dataset:  # fmt: skip
    """Return a table without a problem, understood; its schema says regression and has no target.

    Args:
        source: as for `scan`.
        workspace: where tables are staged.
        base: the folder that relative paths start from.
        timezone: of times that have no offset.
        repairs: sentences about columns, as in data.repairs.
        listener: told what is done.

    Raises:
        MilepostError: the table, or a repair, is wrong.
        EnvironmentFault: the disk, the network or a database failed.
    """
    scanned = scan(source, workspace=workspace, base=base, listener=listener)
    names = scanned.frame.collect_schema().names()
    said = {name: parse_repair(name, text, where=f"repairs.{name}") for name, text in (repairs or {}).items()}
    for name in said:
        if name not in names:
            raise UnknownNameError("column", name, known=names, where=f"repairs.{name}")
    table = understand_table(
        scanned, declared=said, keep=(), zone=timezone, folder=workspace.staged, listener=listener,
        where=scanned.name,
    )  # fmt: skip
    known = table.known
    return Dataset(
        table.frame, known.rows, Schema(known.columns, "regression"), known.fingerprint, known.findings, known.repairs
    )


def _declared(problem: Problem) -> dict[str, Declared]:
    """Return what the problem says of columns: in data.repairs, and by naming a time or a number to predict."""
    said = {
        name: parse_repair(name, text, where=problem.where(f"data.repairs.{name}"))
        for name, text in problem.data.repairs.items()
    }
    for key, name in (("data.time", problem.data.time), ("data.known_at", problem.data.known_at)):
        if name:
            known = said.get(name, Declared(name, "", problem.where(key)))
            said[name] = replace(known, kind="time", where=problem.where(key))
    target = problem.aim.target
    if problem.aim.task == "regression" and target not in (problem.data.time, problem.data.known_at):
        known = said.get(target, Declared(target, "", problem.where("problem.target")))
        said[target] = replace(known, kind="number", where=problem.where("problem.target"))
    return said


def _target_facts(problem: Problem, table: Table) -> Facts:
    """Return the facts of the target.

    Raises:
        MilepostError: it was left out, as it holds lists or other things without one value a row.
    """
    if problem.aim.target not in {facts.name for facts in table.known.facts}:
        raise MilepostError(
            f"The target {problem.aim.target!r} does not hold one value a row.",
            where=problem.where("problem.target"),
            fix="Name a column of numbers, words or truths.",
        )
    return table.facts(problem.aim.target)


def _times(problem: Problem) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (problem.data.time, problem.data.known_at) if name))


def _check_time(facts: Facts, name: str, problem: Problem) -> tuple[Finding, ...]:
    """Return what is odd about a column of times that the problem names.

    Raises:
        MilepostError: it has no times, or the time of prediction is the same in every row.
    """
    is_time = name == problem.data.time
    where = problem.where("data.time" if is_time else "data.known_at")
    if not facts.present:
        raise MilepostError(f"Column {name!r} holds no time in any row.", where=where, fix="Name a column of times.")
    if is_time and facts.distinct == 1:
        raise MilepostError(
            f"All rows have the same time in {name!r}, so there is no earlier and later.",
            where=where,
            fix='Delete this key, or name a column whose times differ; split.strategy can be "stratified".',
        )
    if not facts.missing:
        return ()
    part = facts.missing / facts.rows
    says = f"{counted(facts.missing, 'row')} ({share(part)}) {'has' if facts.missing == 1 else 'have'} no time."
    do = "Fill them in; a row without a time has no place before or after the others." if is_time else ""
    return (Finding("time-missing", "warn", name, says, {"rows": facts.missing, "share": part}, do),)


def _unused(column: Column) -> tuple[Finding, ...]:
    """Return the finding about a column that no model will see although the problem does not say so."""
    if column.role != "unused" or column.kind not in ("id", "text"):
        return ()
    code = "looks-like-id" if column.kind == "id" else "free-text"
    do = f'If it is more than a name, write {column.name} = "is a category" (or a number) in data.repairs.'
    says = f"It is not used as a feature: {column.because}."
    return (Finding(code, "note", column.name, says, {}, do if column.kind == "id" else ""),)
