"""A bundle that is asked by the service: its predictor, what of a row is logged, and its guards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from milepost.ground.errors import MilepostError
from milepost.predictor.inputs import Canonical
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.predlog.records import InputSchema, input_schema
from milepost.predlog.redaction import Redaction, compile_redaction, redaction_key
from milepost.serve.column_bodies import ColumnDecoder, compile_columns
from milepost.serve.guards import Guards, compile_guards
from milepost.serve.settings import Settings
from milepost.serve.state import Named

_FIRST_DAY = date(1970, 1, 1).toordinal()
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Voice:
    """A bundle that is asked.

    Attributes:
        named: the bundle and why it is asked.
        predictor: its answers.
        values: canonical values of a row -> as a journal holds them, in the order of asked.
        redaction: what of a row is logged; `redacts` says whether that is less than what was asked.
        redacts: whether any column has a rule.
        guards: around its answers; None where there are none.
        inputs: names of the inputs.
        columns: reads large bodies of rows; None where none can be read so.
    """

    named: Named
    predictor: Predictor
    values: Callable[[Canonical], list[Any]]
    redaction: Redaction
    redacts: bool
    guards: Guards | None
    inputs: frozenset[str]
    columns: ColumnDecoder | None

    @property
    def bundle_id(self) -> str:
        return self.named.bundle_id

    @property
    def logged(self) -> InputSchema:
        """Return the schema of what is logged of its inputs."""
        return self.redaction.logged


@dataclass(frozen=True, slots=True)
class Voices:
    """All that one request is answered with; a request takes them once, so that no answer mixes two states."""

    champion: Voice
    challenger: Voice | None = None

    @property
    def canary(self) -> Voice | None:
        """Return the challenger if it may answer callers."""
        return self.challenger if self.challenger is not None and self.challenger.named.may_answer else None


def load_voice(named: Named, settings: Settings) -> Voice:
    """Return a bundle ready to answer.

    Raises:
        MilepostError: it cannot be read, is not the one that was named, or a guard or a redaction does not fit it.
        EnvironmentFault: a file cannot be read.
    """
    predictor = load_predictor(named.folder)
    if predictor.bundle_id != named.bundle_id:
        raise MilepostError(
            f"The folder holds bundle {predictor.bundle_id}, not {named.bundle_id}.",
            where=named.folder,
            fix="Remove the folder, then start the service again: it fetches the bundle anew.",
        )
    asked = input_schema((column.name, column.dtype) for column in predictor.schema.columns)
    _refuse_alike(predictor.schema.names)
    logged = {column.name for column in predictor.schema.columns} | {settings.entity, settings.time, *settings.context}
    rules = {name: rule for name, rule in settings.redaction.items() if name in logged}
    redaction = compile_redaction(
        rules,
        asked,
        redaction_key(Path(settings.folder)) if rules else b"",
        entity=settings.entity or "",
        time=settings.time or "",
        context=settings.context,
        where=_in_problem_file,
    )
    guards = compile_guards(settings.guards, predictor.schema) if settings.guards else None
    beside = [name for name in (settings.entity, settings.time, *settings.context) if name]
    return Voice(
        named,
        predictor,
        _values_of(asked),
        redaction,
        bool(rules),
        guards,
        frozenset(predictor.schema.names),
        compile_columns(predictor.schema, beside),
    )


def _refuse_alike(names: Sequence[str]) -> None:
    """Refuse inputs whose names differ by small and capital letters alone: no column of the log could hold both."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise MilepostError(
                f"The inputs {other!r} and {name!r} differ by small and capital letters alone.",
                where="the log of the service",
                fix="Rename one of them in the table, then train again: milepost train",
            )


def _in_problem_file(key: str) -> str:
    return f"the problem file, {key}"


def _values_of(asked: InputSchema) -> Callable[[Canonical], list[Any]]:
    """Return the function from canonical values to the integers, numbers and texts of a journal."""
    names = [name for name, _ in asked.columns]
    moments = [place for place, (_, dtype) in enumerate(asked.columns) if dtype == "datetime"]
    days = [place for place, (_, dtype) in enumerate(asked.columns) if dtype == "date"]

    def values(inputs: Canonical) -> list[Any]:
        found: list[Any] = [inputs[name] for name in names]
        for place in moments:
            found[place] = None if found[place] is None else microseconds(found[place])
        for place in days:
            found[place] = None if found[place] is None else found[place].toordinal() - _FIRST_DAY
        return found

    return values


def microseconds(moment: datetime) -> int:
    """Return a time as microseconds since 1970, exactly."""
    since = moment - _FIRST_MOMENT
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
