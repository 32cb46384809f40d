"""What each column of a table is used for, as the problem file says; the others are features, or unused.

target "churn", id "customer", exclude ("cancel_reason",)  ->  {"churn": "target", "tenure": "feature", …}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from milepost.data.schema import Column, Role
from milepost.ground.errors import MilepostError, UnknownNameError

if TYPE_CHECKING:
    from milepost.problem.spec import Problem

_UNUSED = {
    "id": "a model would only learn the rows by heart",
    "text": "free text is not read by the models yet",
    "constant": "it says nothing",
}


def named_columns(problem: Problem) -> dict[str, tuple[Role, str]]:
    """Return the columns that a problem names, each with its role and the key that names it; the first role wins."""
    data = problem.data
    one: tuple[tuple[Role, str, str | None], ...] = (
        ("target", "problem.target", problem.aim.target),
        ("time", "data.time", data.time),
        ("known_at", "data.known_at", data.known_at),
        ("id", "data.id", data.id),
        ("group", "data.group", data.group),
    )
    several: tuple[tuple[Role, str, Iterable[str]], ...] = (
        ("excluded", "data.exclude", data.exclude),
        ("sensitive", "data.sensitive", data.sensitive),
        ("context", "data.context", data.context),
        ("excluded", "split.column", [problem.split.column] if problem.split.column else []),
    )
    named: dict[str, tuple[Role, str]] = {}
    for role, key, name in [*one, *((role, key, name) for role, key, names in several for name in names)]:
        if name is not None:
            named.setdefault(name, (role, key))
    return named


def check_names(problem: Problem, known: list[str]) -> None:
    """Refuse a problem that names a column which the table does not have, or has the target as something else too.

    Raises:
        UnknownNameError: a column does not exist; the nearest name is the cure.
        MilepostError: the target is also the id, the time or the group.
    """
    data = problem.data
    keys: dict[str, Iterable[str | None]] = {
        "problem.target": [problem.aim.target], "data.id": [data.id], "data.time": [data.time],
        "data.known_at": [data.known_at], "data.group": [data.group], "data.exclude": data.exclude,
        "data.sensitive": data.sensitive, "data.allowed": data.allowed, "data.context": data.context,
        "split.column": [problem.split.column],
    }  # fmt: skip
    for key, names in keys.items():
        for name in names:
            if name is not None and name not in known:
                raise UnknownNameError("column", name, known=known, where=problem.where(key))
    for name in data.repairs:
        if name not in known:
            raise UnknownNameError("column", name, known=known, where=problem.where(f"data.repairs.{name}"))
    for key in ("id", "time", "known_at", "group"):
        if getattr(data, key) == problem.aim.target:
            raise MilepostError(
                f"The target {problem.aim.target!r} cannot be the {key} as well.",
                where=problem.where(f"data.{key}"),
                fix="Name another column.",
            )


def with_roles(columns: Iterable[Column], problem: Problem) -> tuple[Column, ...]:
    """Return the columns with what each is used for, and why."""
    named = named_columns(problem)
    allowed = set(problem.data.allowed)
    return tuple(_with_role(column, named, allowed) for column in columns)


def _with_role(column: Column, named: dict[str, tuple[Role, str]], allowed: set[str]) -> Column:
    role, key = named.get(column.name, ("feature", ""))
    if role == "sensitive" and column.name in allowed:
        return replace(column, role="feature", because=f"{column.because}; data.allowed lets it be a feature")
    if role != "feature":
        return replace(column, role=role, because=f"{column.because}; {key} names it")
    if column.kind in _UNUSED:
        return replace(column, role="unused", because=f"{column.because}; {_UNUSED[column.kind]}")
    return replace(column, role="feature")
