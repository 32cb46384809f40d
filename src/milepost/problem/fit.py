"""Do the parts of a problem fit together: task, metrics, loss, money, roles of columns, time, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from milepost.ground.errors import MilepostError
from milepost.ground.text import listed
from milepost.metrics.names import ALL, METRIC_NAMES, Task, metrics_for
from milepost.problem.mistakes import Mistake
from milepost.problem.secrets import refuse_literal_secrets, refuse_malformed_references
from milepost.problem.serving import contradictions, contradictions_with_task
from milepost.problem.spans import span_text
from milepost.problem.spec import Problem

_LOSSES: dict[Task, tuple[str, ...]] = {
    "binary": ("log", "squared"),
    "multiclass": ("log", "squared"),
    "regression": ("squared", "absolute", "quantile:0.9"),
}
_ADDRESSES = (
    "data.source", "data.source.uri", "stores.workspace", "stores.registry", "serve.tables", "alerts.channels",
)  # fmt: skip
_CELLS = ("true_positive", "false_positive", "true_negative", "false_negative")
_MONEY: dict[Task, tuple[str, ...]] = {"binary": _CELLS, "multiclass": ("matrix",), "regression": ("row",)}


def misfits(problem: Problem) -> list[Mistake]:
    """Return what contradicts itself between the parts of a problem; for a task that is not said, what no task fits."""
    task = problem.aim.task or ("binary" if problem.aim.positive is not None else None)
    by_task = [*misfits_with_task(problem, task)] if task else [*_misfits_with_every_task(problem)]
    return [
        *by_task,
        *_colliding_roles(problem),
        *_undefined(problem),
        *_split(problem),
        *contradictions(problem.serve),
        *_forgotten_too_soon(problem),
    ]


def misfits_with_task(problem: Problem, task: Task) -> Iterator[Mistake]:
    """Give what does not fit a task: for a problem whose task was found from the target."""
    yield from _metrics(problem, task)
    loss = problem.climb.loss
    if loss is not None and loss.partition(":")[0] not in {one.partition(":")[0] for one in _LOSSES[task]}:
        fit = listed([f'"{one}"' for one in _LOSSES[task]])
        yield Mistake("climb.loss", f"The loss {loss!r} does not fit a {task} task.", f"Write one of {fit}.")
    if problem.aim.positive is not None and task != "binary":
        yield Mistake(
            "problem.positive",
            f"A positive class is named ({problem.aim.positive!r}), but the task is {task}.",
            'Remove positive, or write task = "binary".',
        )
    yield from _money(problem, task)
    yield from contradictions_with_task(problem.serve, task)


def check_task(problem: Problem, task: Task) -> None:
    """Refuse a task, found from the target, that the problem's metrics, loss or money do not fit.

    Raises:
        MilepostError: something does not fit.
    """
    for mistake in misfits_with_task(problem, task):
        raise MilepostError(mistake.what, where=problem.where(mistake.key), fix=mistake.fix)


def secrets_in(document: Any, key: str = "") -> Iterator[Mistake]:
    """Give each text of a document that holds a written-out secret, and each address with a malformed ${NAME}."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from secrets_in(value, f"{key}.{name}" if key else str(name))
    elif isinstance(document, list):
        for value in document:
            yield from secrets_in(value, key)
    elif isinstance(document, str):
        is_address = key in _ADDRESSES
        try:
            refuse_literal_secrets(document, where=key, is_address=is_address)
            if is_address:
                refuse_malformed_references(document, where=key)
        except MilepostError as error:
            yield Mistake(key, error.what, error.fix)


def zero_characters_in(document: Any, key: str = "") -> Iterator[Mistake]:
    """Give each text and each name in a document that holds a zero character: no column may have one in its name."""
    if isinstance(document, dict):
        for name, value in document.items():
            if "\0" in name:
                yield Mistake(key, f"The name {name!r} holds a zero character.", "Write it without \\u0000.")
            else:
                yield from zero_characters_in(value, f"{key}.{name}" if key else name)
    elif isinstance(document, list):
        for value in document:
            yield from zero_characters_in(value, key)
    elif isinstance(document, str) and "\0" in document:
        yield Mistake(key, f"The text {document[:60]!r} holds a zero character.", "Write it without \\u0000.")


def _metrics(problem: Problem, task: Task) -> Iterator[Mistake]:
    for criterion in problem.success:
        if task not in METRIC_NAMES[criterion.metric].tasks:
            yield Mistake(
                f"success.{criterion.metric}",
                f"The metric {criterion.metric!r} does not fit a {task} task.",
                f"Choose one of: {listed([known.name for known in metrics_for(task)], most=30)}.",
            )


def _misfits_with_every_task(problem: Problem) -> Iterator[Mistake]:
    """Give the mistakes of the task that fits best, where the task is not said and no task fits everything."""
    by_task = {task: [*misfits_with_task(problem, task)] for task in ALL}

    def how_far(mistakes: list[Mistake]) -> tuple[int, int]:
        """Return how many mistakes say that another task is meant, then how many there are."""
        return sum(mistake.key != "value.capacity" for mistake in mistakes), len(mistakes)

    for mistake in min(by_task.values(), key=how_far):
        yield Mistake(mistake.key, f"No task fits all that is written. {mistake.what}", mistake.fix)


def _money(problem: Problem, task: Task) -> Iterator[Mistake]:
    value = problem.value
    needs_money = [one.metric for one in problem.success if METRIC_NAMES[one.metric].needs == "value"]
    if value is None:
        for metric in needs_money:
            yield Mistake(
                f"success.{metric}",
                f"The metric {metric!r} needs money for each decision, but there is no table [value].",
                f"Write [value] with {listed(_MONEY[task])}.",
            )
        return
    written = value.model_fields_set & {key for keys in _MONEY.values() for key in keys}
    for key in sorted(written - set(_MONEY[task])):
        fix = f"For {task} write {listed(_MONEY[task])}."
        yield Mistake(f"value.{key}", f"The key {key!r} of [value] does not fit a {task} task.", fix)
    if not written:
        yield Mistake("value", "The table [value] says no money.", f"Write {listed(_MONEY[task])}, or remove [value].")
    capacity = value.capacity
    if capacity and task != "binary":
        yield Mistake(
            "value.capacity",
            f"A capacity is not offered yet for a {task} task.",
            "Remove capacity; it limits how many rows are flagged where there are two classes.",
        )
    elif capacity and capacity.population_per is not None and capacity.population_per < capacity.positives:
        yield Mistake(
            "value.capacity",
            f"{capacity.positives} positives are more than the population of {capacity.population_per} rows.",
            "Write a population_per that is at least positives.",
        )


def _colliding_roles(problem: Problem) -> Iterator[Mistake]:
    data = problem.data
    roles = [("problem.target", problem.aim.target)]
    single = (("id", data.id), ("time", data.time), ("known_at", data.known_at), ("group", data.group))
    roles += [(f"data.{role}", column) for role, column in single if column]
    for role in ("exclude", "sensitive", "context"):
        roles += [(f"data.{role}", column) for column in getattr(data, role)]
    for (first, column), (second, other) in combinations(roles, 2):
        # an entity with several rows is the natural group
        if column == other and (first, second) != ("data.id", "data.group"):
            says = f"is named twice in {first}" if first == second else f"is both {first} and {second}"
            yield Mistake(second, f"The column {column!r} {says}.", "Keep one of the two.")
    for column in data.allowed:
        if column not in data.sensitive:
            fix = f"Add {column!r} to sensitive, or remove it from allowed."
            yield Mistake("data.allowed", f"The column {column!r} is allowed, but it is not sensitive.", fix)
    named = {column: role for role, column in roles}
    for feature in problem.features:
        if feature in named:
            what = f"The feature {feature!r} has the name of a column that is {named[feature]}."
            yield Mistake(f"features.{feature}", what, "Give the feature a name of its own.")


def _undefined(problem: Problem) -> Iterator[Mistake]:
    if problem.data.label_delay is not None and problem.aim.horizon is None:
        yield Mistake(
            "data.label_delay",
            "label_delay counts from the end of the horizon, but there is no horizon.",
            'Write horizon under [problem], such as horizon = "30d"; "0d" where the outcome is there at once.',
        )


def _forgotten_too_soon(problem: Problem) -> Iterator[Mistake]:
    retention = problem.serve.retention
    if retention is not None and retention <= problem.embargo:
        known = span_text(problem.embargo)
        yield Mistake(
            "serve.retention",
            f"Predictions are kept for {span_text(retention)}, but their truth is known only after {known} (horizon "
            "plus label delay).",
            f'Write a retention longer than "{known}".',
        )


def _split(problem: Problem) -> Iterator[Mistake]:
    split = problem.split
    # an entity with several rows is the natural group
    columns = {"time": problem.data.time, "group": problem.data.group or problem.data.id}
    if split.strategy and columns.get(split.strategy, "") is None:
        yield Mistake(
            "split.strategy",
            f"The split goes by {split.strategy}, but data.{split.strategy} names no column.",
            f"Write {split.strategy} under [data], or choose another strategy.",
        )
    if split.column is None:
        return
    for key in ("strategy", "test"):
        if key in split.model_fields_set:
            what = f"split.{key} and split.column both say which rows are test rows."
            yield Mistake(f"split.{key}", what, f"Remove {key} or column.")
    taken = {
        "problem.target": problem.aim.target,
        "data.time": problem.data.time,
        "data.known_at": problem.data.known_at,
    }
    for role, column in taken.items():
        if column == split.column:
            what = f"The column {column!r} is both {role} and split.column."
            yield Mistake("split.column", what, "Name a column that only says which rows are test rows.")
