"""Does a bundle answer as it did where it was made, and alike by both of its ways? Asked before it answers anybody.

The rows are made from the schema: usual values, missing ones, levels never seen, numbers far out, odd text. One by one
and as a table they have to give the same bits, and each an answer. The bundle brings some rows along with the answers
that they had on the machine that trained it: another library or processor has to give them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.answer import NO_ANSWER, Answer, Document, probability_names
from milepost.predictor.predictor import Predictor

_ODD_TEXT = "never seen – 例 🜚"
_FAR = 3.0  # times the width of what was seen
_SUM = 1e-9  # by which probabilities may miss 1
_NEAR = 1e-9  # by which, of its size, a number may differ from the one of another machine


def usual_row(schema: Schema) -> dict[str, Any]:
    """Return a row with a usual value of each input."""
    return {column.name: next(_choices(column)) for column in schema.columns}


def synthetic_rows(schema: Schema) -> list[dict[str, Any]]:
    """Return rows that show every kind of value of every input, first together with others and then one by one.

    >>> from milepost.data.schema import Column
    >>> rows = synthetic_rows(Schema((Column("age", "integer", "number", "feature", lo=0.0, hi=10.0),), "regression"))
    >>> [row["age"] for row in rows[:5]]
    [5, 0, 10, None, -30.0]
    """
    choices = {column.name: list(_choices(column)) for column in schema.columns}
    usual = {name: values[0] for name, values in choices.items()}
    alone = [{**usual, name: value} for name, values in choices.items() for value in values[1:]]
    return [*_together(choices), *alone]


def _together(choices: dict[str, list[Any]]) -> list[dict[str, Any]]:
    longest = max(map(len, choices.values()), default=1)
    return [{name: values[place % len(values)] for name, values in choices.items()} for place in range(longest)]


def expected_answers(predictor: Predictor) -> Document:
    """Return rows and what they are answered here, as a bundle brings them along."""
    rows = _together({column.name: list(_choices(column)) for column in predictor.schema.columns})
    return {"rows": rows, "answers": [predictor.answer(row) for row in rows]}


def refuse_unfit(predictor: Predictor) -> None:
    """Refuse a bundle whose answers cannot be trusted on this machine.

    Raises:
        MilepostError: it fails at a row, or answers otherwise than where it was made, or its two ways disagree.
    """
    try:
        _refuse_unfit(predictor)
    except MilepostError:
        raise
    except Exception as why:
        raise _unfit(predictor, f"it fails with {type(why).__name__}") from why


def _refuse_unfit(predictor: Predictor) -> None:
    for place, (row, answer) in enumerate(_expected(predictor)):
        if not _alike(found := predictor.answer(row), answer):
            raise _unfit(predictor, f"row {place} gives {_shown(found)}, where it was made {_shown(answer)}")
    rows = synthetic_rows(predictor.schema)
    one_by_one = [predictor.answer(row) for row in rows]
    as_table = answers_in(predictor.answer_table(rows, threads=1), predictor.schema.labels)
    for place, (answer, other) in enumerate(zip(one_by_one, as_table, strict=True)):
        if answer != other:
            raise _unfit(predictor, f"row {place} alone gives {_shown(answer)}, in a table {_shown(other)}")
        shares = answer.get("probabilities")
        has_none = NO_ANSWER in answer["flags"]
        if shares and not has_none and abs(math.fsum(shares.values()) - 1.0) > _SUM:
            raise _unfit(predictor, f"the probabilities of row {place} sum to {math.fsum(shares.values())}")


def _expected(predictor: Predictor) -> Iterator[tuple[dict[str, Any], Answer]]:
    if predictor.expected:  # a bundle of an earlier version brings none along
        yield from zip(predictor.expected["rows"], predictor.expected["answers"], strict=True)


def _alike(one: Any, other: Any) -> bool:
    """Return whether two answers are equal but for the last digits of numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=_NEAR, abs_tol=_NEAR)
    return bool(one == other)


def answers_in(table: pl.DataFrame, labels: Sequence[str]) -> list[Answer]:
    """Return the rows of a table of answers, each as the answer to one row.

    Args:
        table: prediction, probabilities or interval, decision, flags.
        labels: the classes; none for a regression.
    """
    names = probability_names(labels)
    answers = []
    for row in table.iter_rows(named=True):
        answer: Answer = {"prediction": row["prediction"]}
        if labels:
            answer["probabilities"] = {label: row[name] for label, name in zip(labels, names, strict=True)}
        elif "lo" in row:
            answer["interval"] = None if row["lo"] is None else [row["lo"], row["hi"]]
        answers.append({**answer, "decision": row["decision"], "flags": row["flags"]})
    return answers


def _choices(column: Column) -> Iterator[Any]:
    """Yield values that an input may have, the most usual first."""
    if column.dtype in ("integer", "float"):
        lo, hi = (0.0 if bound is None else bound for bound in (column.lo, column.hi))
        middle = min(max(float(f"{(lo + hi) / 2:.3g}"), lo), hi)  # as a person would write it
        yield from (int(number) if column.dtype == "integer" else number for number in (middle, lo, hi))
        yield None
        width = max(hi - lo, 1.0)
        yield from (lo - _FAR * width, hi + _FAR * width)
    elif column.dtype == "boolean":
        yield from (True, False, None)
    elif column.dtype == "text":
        yield from (*column.levels[:3], None, _ODD_TEXT)
    else:
        yield from (*(_moment(bound, column) for bound in (column.lo, column.hi) if bound is not None), None)


def _moment(seconds: float, column: Column) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.date().isoformat() if column.dtype == "date" else moment.isoformat()


def _unfit(predictor: Predictor, why: str) -> MilepostError:
    return MilepostError(
        f"Bundle {predictor.bundle_id} fails its self-test: {why}.",
        where=f"bundle {predictor.bundle_id}",
        fix="Train it again on a machine like this one: milepost train",
    )


def _shown(answer: Answer) -> str:
    return str({name: answer[name] for name in ("prediction", "decision", "flags")})
