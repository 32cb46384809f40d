"""Does the table [serve] fit the columns: what guards read and decide on, what is redacted."""

from __future__ import annotations

from collections.abc import Collection

from milepost.data.schema import Role, Schema
from milepost.ground.errors import MilepostError
from milepost.predlog.redaction_rules import read_rules
from milepost.problem.conditions import CONFIDENCE
from milepost.problem.serving import guard_key, redaction_conflicts
from milepost.problem.spec import Problem
from milepost.serve.guards import compile_guards

_INPUTS: tuple[Role, ...] = ("feature", "time")  # roles of the columns that every bundle has


def check_serve(problem: Problem, schema: Schema, features: Collection[str]) -> None:
    """Refuse guards and redactions that do not fit the table.

    Args:
        problem: the contract.
        schema: of its table.
        features: the columns that models learn from, and what the computed ones read.

    Raises:
        MilepostError: a guard reads a column that does not exist or is no input, or decides on what is no answer; or a
            column is redacted that does not exist, cannot be redacted so, or is a feature.
    """
    _check_guards(problem, schema)
    conflict = redaction_conflicts(problem.serve, features, where=problem.where)
    if conflict is not None:
        raise conflict
    data = problem.data
    read_rules(problem.serve.redaction, schema.dtypes, entity=data.id or "", time=data.time or "", where=problem.where)


def _check_guards(problem: Problem, schema: Schema) -> None:
    compiled = compile_guards([guard.document for guard in problem.serve.guards], schema, where=problem.where)
    for number, guard in enumerate(compiled.guards if compiled else (), 1):
        for name in guard.condition.columns:
            if name == CONFIDENCE and name not in schema.names:
                continue
            role = schema.column(name).role
            if role not in _INPUTS:
                raise MilepostError(
                    f"The guard {guard.name!r} reads {name!r}, which is no input of the model: its role is {role!r}.",
                    where=problem.where(guard_key(number, "when")),
                    fix=f"Write the guard without {name!r}.",
                )
