"""The target: which task it makes, what its classes are called, which of two is the positive one.

churn  Yes 1,869 / No 5,174  ->  task "binary", labels ("No", "Yes"): negative first, positive last
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from milepost.data.findings import Finding
from milepost.data.kinds import Facts
from milepost.data.parsing import numbers
from milepost.data.schema import Dtype, Kind, Schema
from milepost.ground.errors import MilepostError
from milepost.ground.text import count, counted, listed, nearest, share
from milepost.metrics.answers import Task

MOST_CLASSES = 100  # a target with more labels is no class but a name
MOST_NUMBERED = 20  # whole numbers with at most so many values, close together, are taken for classes
FEWEST_POSITIVES = 2
MOST_WORDS = 0.05  # share of the values; so few words among numbers are slips
LARGEST = 1e100  # of a number to predict
_POSITIVE_WORDS = ("yes", "true", "1", "y", "t", "positive", "pos", "+")


@dataclass(frozen=True, slots=True)
class Target:
    """What is predicted.

    Attributes:
        task: which kind of target.
        labels: class names in index order; binary: (negative, positive); empty for regression.
        kind: of the target column: number, flag or category.
        counts: rows of each class, in the order of labels.
        findings: what was inferred, and what is odd.
    """

    task: Task
    labels: tuple[str, ...]
    kind: Kind
    counts: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()


def label_text(column: pl.Expr, dtype: Dtype) -> pl.Expr:
    """Return the values of a target as class names: text as it is, true and false, whole numbers without a point."""
    if dtype == "float":
        whole = column == column.floor()
        return (
            pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        )
    return column.cast(pl.String)


def truth(schema: Schema) -> pl.Expr:
    """Return the target as numbers: the class index in schema.labels (Int64), or the number itself (Float64).

    A row whose answer is not known, or is no class of schema, is missing.
    """
    column = pl.col(schema.target.name)
    if schema.task == "regression":
        return column.cast(pl.Float64)
    text = label_text(column, schema.target.dtype)
    index = list(range(len(schema.labels)))
    return text.replace_strict(list(schema.labels), index, default=None, return_dtype=pl.Int64)


def understand_target(
    frame: pl.LazyFrame, facts: Facts, *, task: Task | None, positive: str | None, was_float: bool,
    where: Callable[[str], str],
) -> Target:  # fmt: skip
    """Return what a target is.

    Args:
        frame: the understood table.
        facts: of the target column.
        task: what the problem file says; inferred when None.
        positive: the positive class it names; inferred when None.
        was_float: the target came as broken numbers that all happen to be whole.
        where: the place of a dotted key of the problem file.

    Raises:
        MilepostError: the target cannot be predicted, or is not what the problem file says.
    """
    place = where("problem.target")
    _refuse_empty(facts, place)
    missing = _missing(facts)
    found = task or _inferred(facts, was_float, place)
    if found == "regression":
        if facts.dtype not in ("integer", "float"):
            raise _not_numbers(frame, facts, where)
        if positive is not None:
            raise MilepostError(
                f"The task is regression, which has no positive class ({positive!r}).",
                where=where("problem.positive"),
                fix="Delete positive, or write task = \"binary\".",
            )  # fmt: skip
        _refuse_too_large(facts, place)
        return Target("regression", (), "number", (), (*_said(task, facts, "regression"), *missing))
    levels = _levels(frame, facts, place)
    labels, findings = _ordered(levels, facts, found, positive, where)
    kind: Kind = "flag" if facts.dtype == "boolean" or set(labels) == {"0", "1"} else "category"
    counts = tuple(levels[label] for label in labels)
    rare = _rare(labels, counts, facts, found, place)
    return Target(found, labels, kind, counts, (*_said(task, facts, found), *findings, *rare, *missing))


def _refuse_empty(facts: Facts, place: str) -> None:
    if not facts.present:
        raise MilepostError(
            f"The target {facts.name!r} is missing in all {counted(facts.rows, 'row')}.",
            where=place,
            fix="Name a column whose answers are known, or add them.",
        )
    if facts.distinct == 1:
        raise MilepostError(
            f"The target {facts.name!r} has the same value in every row, so there is nothing to learn.",
            where=place,
            fix="Add rows with another answer, or name another target.",
        )


def _refuse_too_large(facts: Facts, place: str) -> None:
    """Refuse numbers whose squared errors no computer could sum: 1e300 is a slip of the pen, or a mark for no value."""
    largest = max((facts.lo or 0.0, facts.hi or 0.0), key=abs)
    if abs(largest) > LARGEST:
        raise MilepostError(
            f"The target {facts.name!r} reaches {largest:g}, which is too large to compute errors with.",
            where=place,
            fix="Correct the value; or if it means that nothing is known, write "
            f'{facts.name} = "{largest:g} is missing" in data.repairs.',
        )


def _missing(facts: Facts) -> tuple[Finding, ...]:
    if not facts.missing:
        return ()
    part = facts.missing / facts.rows
    return (
        Finding(
            "target-missing", "warn", facts.name,
            f"{counted(facts.missing, 'row')} ({share(part)}) {'has' if facts.missing == 1 else 'have'} no answer and "
            f"{'is' if facts.missing == 1 else 'are'} left out of training and verdict.",
            {"rows": facts.missing, "share": part}, "Find out why: unless by chance, the verdict is of the rest only.",
        ),
    )  # fmt: skip


def _inferred(facts: Facts, was_float: bool, place: str) -> Task:
    """Return the task that the target's values make."""
    if facts.distinct == 2:
        return "binary"
    if facts.dtype in ("date", "datetime"):
        raise MilepostError(
            f"The target {facts.name!r} holds times, which are not predicted.",
            where=place,
            fix="Predict the number of days until then, in a column of its own.",
        )
    if facts.dtype == "text":
        return "multiclass"
    span = (facts.hi or 0.0) - (facts.lo or 0.0) + 1
    numbered = facts.dtype == "integer" and not was_float and facts.distinct <= MOST_NUMBERED
    return (
        "multiclass"
        if numbered and span <= 2 * facts.distinct and facts.present >= 10 * facts.distinct
        else "regression"
    )


def _said(task: Task | None, facts: Facts, found: Task) -> tuple[Finding, ...]:
    """Return the finding that the task was inferred, if it was."""
    if task:
        return ()
    other = "regression" if found == "multiclass" and facts.dtype == "integer" else ""
    why = {
        "binary": "it has two values",
        "multiclass": f"it has {counted(facts.distinct, 'class', 'classes')}",
        "regression": f"it has {count(facts.distinct)} different numbers",
    }[found]
    do = f'If its numbers are amounts, write task = "{other}".' if other else ""
    says = f"The task is {found}: {why}."
    return (Finding("task-inferred", "note", facts.name, says, {"values": facts.distinct}, do),)


def _levels(frame: pl.LazyFrame, facts: Facts, place: str) -> dict[str, int]:
    """Return the rows of each class."""
    if facts.distinct > MOST_CLASSES:
        amounts = '; for amounts write task = "regression"'
        if facts.dtype == "text":
            words = _words(frame, facts)
            _refuse_nearly_numbers(words, facts, place)
            is_code = words.is_empty()  # all digits, and yet text: numbers do not begin with zeros
            amounts = f'; for amounts write {facts.name} = "is a number" in data.repairs' if is_code else ""
        raise MilepostError(
            f"The target {facts.name!r} has {count(facts.distinct)} different values; at most {MOST_CLASSES} classes "
            "are offered.",
            where=place,
            fix=f"Name another target, or join rare values before{amounts}.",
        )
    label = label_text(pl.col(facts.name), facts.dtype).alias("label")
    table = frame.select(label).drop_nulls().group_by("label").len().collect(engine="streaming")
    return dict(sorted(table.iter_rows()))


def _words(frame: pl.LazyFrame, facts: Facts) -> pl.Series:
    """Return the values of a column of text that are no numbers."""
    cells = frame.select(pl.col(facts.name).alias("text")).drop_nulls()
    return cells.filter(numbers(pl.col("text")).is_null()).collect(engine="streaming")["text"]


def _refuse_nearly_numbers(words: pl.Series, facts: Facts, place: str) -> None:
    """Refuse numbers among which a few words stand, and name these: a mark for no value, or a slip."""
    if not 0 < len(words) <= MOST_WORDS * facts.present:
        return
    shown = [repr(word) for word in words.unique(maintain_order=True)]
    raise MilepostError(
        f"The target {facts.name!r} holds numbers, but {counted(len(words), 'value')} of {count(facts.present)} "
        f"{'is' if len(words) == 1 else 'are'} none: {listed(shown, most=3)}.",
        where=place,
        fix=f"Leave such cells empty; or where {shown[0]} means that nothing is known, write "
        f'{facts.name} = "{shown[0]} is missing" in data.repairs.',
    )


def _ordered(
    levels: dict[str, int], facts: Facts, task: Task, positive: str | None, where: Callable[[str], str]
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the labels in index order: numbers by size, words by the alphabet; binary with the positive one last."""
    numeric = facts.dtype in ("integer", "float")
    labels = sorted(levels, key=lambda label: (float(label) if numeric else 0.0, label))
    if task == "multiclass":
        if positive is not None:
            raise MilepostError(
                f"A multiclass task has no positive class ({positive!r}).",
                where=where("problem.positive"),
                fix="Delete positive.",
            )
        return tuple(labels), ()
    if len(labels) != 2:
        raise MilepostError(
            f"The target {facts.name!r} has {len(labels)} classes ({listed(labels, most=5)}), not two.",
            where=where("problem.task"),
            fix="Write task = \"multiclass\", or make a column of two values.",
        )  # fmt: skip
    if positive is not None:
        if positive not in levels:
            raise _no_such_class(positive, labels, where)
        return (next(label for label in labels if label != positive), positive), ()
    chosen, why = _positive(labels, levels)
    negative = next(label for label in labels if label != chosen)
    return (negative, chosen), (_chosen(facts, chosen, why, levels),)


def _positive(labels: list[str], levels: dict[str, int]) -> tuple[str, str]:
    """Return the class that is taken as positive, and why: a word that says yes, else the rarer one."""
    for word in _POSITIVE_WORDS:
        for label in labels:
            if label.lower() == word:
                return label, "it says yes"
    rarer = min(labels, key=lambda label: (levels[label], -labels.index(label)))
    return rarer, "it is the rarer one" if levels[labels[0]] != levels[labels[1]] else "it comes last in the alphabet"


def _chosen(facts: Facts, chosen: str, why: str, levels: dict[str, int]) -> Finding:
    part = levels[chosen] / sum(levels.values())
    says = f"{chosen!r} is taken as the positive class because {why}: {share(part)} of the answers."
    do = "Write positive = '…' if the other one is meant."
    return Finding("positive-inferred", "note", facts.name, says, {"positive": chosen, "share": part}, do)


def _no_such_class(positive: str, labels: list[str], where: Callable[[str], str]) -> MilepostError:
    near = next((label for label in labels if label.casefold() == positive.casefold()), nearest(positive, labels))
    fix = f"Write {near!r} instead." if near else f"Choose one of: {listed(labels)}."
    return MilepostError(
        f"The positive class {positive!r} does not occur in the target.", where=where("problem.positive"), fix=fix
    )


def _rare(
    labels: tuple[str, ...], counts: tuple[int, ...], facts: Facts, task: Task, place: str
) -> tuple[Finding, ...]:
    """Refuse a class of a binary target that one row has; report such a class among several."""
    few = [f"{label!r} ({counted(n, 'row')})" for label, n in zip(labels, counts, strict=True) if n < FEWEST_POSITIVES]
    if few and task == "binary":
        raise MilepostError(
            f"One class of the target {facts.name!r} has a single row: {few[0]}.",
            where=place,
            fix="Add rows of that class: one cannot be both learned from and tested on.",
        )
    if not few:
        return ()
    says = f"Some classes have a single row: {listed(few, most=5)}."
    do = "Join them with another class, or add rows."
    return (Finding("class-of-one-row", "warn", facts.name, says, {"classes": len(few)}, do),)


def _not_numbers(frame: pl.LazyFrame, facts: Facts, where: Callable[[str], str]) -> MilepostError:
    example = ""
    if facts.dtype == "text":
        texts = frame.select(pl.col(facts.name).drop_nulls().head(3)).collect(engine="streaming").to_series()
        example = f" ({listed([repr(text) for text in texts])}, …)"
    return MilepostError(
        f"The task is regression, but the target {facts.name!r} holds {facts.dtype} values{example}.",
        where=where("problem.task"),
        fix="Name a column of numbers, or write task = \"multiclass\" or \"binary\".",
    )  # fmt: skip
