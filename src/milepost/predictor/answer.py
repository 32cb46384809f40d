"""The last step: from a model's response to the answer that people see, for one row and for a table.

row    {"prediction": "Yes", "probabilities": {"No": 0.2, "Yes": 0.8}, "decision": "Yes", "flags": []}
row    {"prediction": 12.5, "interval": [10.0, 15.0], "decision": 12.5, "flags": []}
table  prediction · probability_No · probability_Yes · decision · flags
table  prediction · lo · hi · decision · flags

Prediction is the most probable class, decision the one that is acted on. A response that is no finite number, after
values far beyond any that were seen, leaves all of them empty and says so in a flag.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.predictor.calibrate import interval_of
from milepost.predictor.decide import decided, decided_row, first_largest

if TYPE_CHECKING:
    import polars as pl


Document = Mapping[str, Any]
Answer = dict[str, Any]

NO_ANSWER = "the model has no answer to these values"
_MOST_LIKELY = {"kind": "most_likely"}


def probability_names(labels: Sequence[str]) -> list[str]:
    """Return a column name for each label's probability: letters, digits and underscores, no two alike.

    >>> probability_names(["No", "Yes", "yes!"])
    ['probability_No', 'probability_Yes', 'probability_yes_']
    >>> probability_names(["a b", "A-b"])
    ['probability_a_b', 'probability_A_b_2']
    """
    names: list[str] = []
    taken: set[str] = set()
    for label in labels:
        plain = "probability_" + "".join(letter if letter.isalnum() else "_" for letter in label)
        name, copy = plain, 2
        while name.casefold() in taken:
            name, copy = f"{plain}_{copy}", copy + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def number_answer(model: Document) -> Callable[[list[float], list[str]], Answer]:
    """Return the function from a regression's response and flags to the answer of one row."""
    interval = interval_of(model["calibration"])

    def answer(response: list[float], flags: list[str]) -> Answer:
        number: float | None = response[0]
        if not math.isfinite(response[0]):
            number = None
            flags.append(NO_ANSWER)
        result: Answer = {"prediction": number}
        if interval:
            result["interval"] = None if number is None else [number + interval[0], number + interval[1]]
        result["decision"] = number
        result["flags"] = flags
        return result

    return answer


def class_answer(model: Document, labels: Sequence[str]) -> Callable[[list[float], list[str]], Answer]:
    """Return the function from a classifier's response and flags to the answer of one row."""
    decide = decided_row(model["decision"])
    empty = {"prediction": None, "probabilities": dict.fromkeys(labels), "decision": None}

    def answer(response: list[float], flags: list[str]) -> Answer:
        if len(response) == 1:
            positive = min(max(response[0], 0.0), 1.0) + 0.0  # 0.0 rather than -0.0
            response = [1.0 - positive, positive]
        if not math.isfinite(sum(response)):  # shares are 1 at most: their sum is finite where they are
            return {**empty, "flags": [*flags, NO_ANSWER]}
        return {
            "prediction": labels[first_largest(response)],
            "probabilities": dict(zip(labels, response, strict=True)),
            "decision": labels[decide(response)],
            "flags": flags,
        }

    return answer


def number_table(model: Document, response: np.ndarray, flags: pl.Series) -> pl.DataFrame:
    """Return the answers to many rows of a regression.

    Args:
        model: holds the calibration.
        response: shape (rows, 1).
        flags: of each row.
    """
    import polars as pl

    number, finite = response[:, 0], np.isfinite(response[:, 0])
    columns = {"prediction": number}
    if interval := interval_of(model["calibration"]):
        with np.errstate(over="ignore"):
            columns |= {"lo": number + interval[0], "hi": number + interval[1]}
    columns["decision"] = number
    shown = [_where(finite, pl.Series(name, values)) for name, values in columns.items()]
    return pl.DataFrame([*shown, _with_no_answer(flags, finite)])


def class_table(model: Document, labels: Sequence[str], response: np.ndarray, flags: pl.Series) -> pl.DataFrame:
    """Return the answers to many rows of a classifier.

    Args:
        model: holds the decision.
        labels: class names in index order.
        response: shape (rows, 1) for two classes, else (rows, classes).
        flags: of each row.
    """
    import polars as pl

    shares = shares_of(response)
    finite = np.isfinite(shares).all(axis=1)
    names = pl.Series(list(labels), dtype=pl.String)
    columns = [
        names.gather(decided(shares, _MOST_LIKELY)).alias("prediction"),
        *(pl.Series(name, shares[:, place]) for place, name in enumerate(probability_names(labels))),
        names.gather(decided(shares, model["decision"])).alias("decision"),
    ]
    return pl.DataFrame([*(_where(finite, column) for column in columns), _with_no_answer(flags, finite)])


def shares_of(response: np.ndarray) -> np.ndarray:
    """Return the probability of each class, shape (rows, classes)."""
    if response.shape[1] > 1:
        return response
    positive = np.clip(response[:, 0], 0.0, 1.0) + 0.0
    return np.stack([1.0 - positive, positive], axis=1)


def _where(finite: np.ndarray, values: pl.Series) -> pl.Series:
    import polars as pl

    return values if finite.all() else values.set(pl.Series(~finite), None)


def _with_no_answer(flags: pl.Series, finite: np.ndarray) -> pl.Series:
    import polars as pl

    if finite.all():
        return flags.alias("flags")
    more = pl.Series([[] if known else [NO_ANSWER] for known in finite], dtype=pl.List(pl.String))
    return flags.list.concat(more).alias("flags")
