"""The answers themselves: how rare, how lopsided, and whether there are enough of them to learn from."""

from __future__ import annotations

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.ground.text import counted, figure, listed, share

RARE, VERY_RARE = 0.10, 0.01  # share of the rarer of two answers
FEW_EVENTS = 100
FEW_OF_A_CLASS = 20
ROWS_PER_FEATURE = 10
SKEWED = 2.0
HEAVY_ROWS, HEAVY_SHARE = 0.001, 0.2  # so few rows make so much of the squared spread
LUMP = 0.2  # share of one value of a number


def about_answers(frame: pl.DataFrame, schema: Schema) -> list[Finding]:
    """Return what the answers of development rows show."""
    values = frame[schema.target.name]
    found = _numbers(values) if schema.task == "regression" else _classes(values, schema)
    features = len(schema.with_role("feature"))
    if len(frame) < ROWS_PER_FEATURE * features:
        found.append(
            Finding(
                "few-rows",
                "warn",
                None,
                f"There are {counted(len(frame), 'row')} for {counted(features, 'feature')}: with so few, chance looks "
                "like a pattern, and simple models win.",
                {"rows": len(frame), "features": features},
                "Bring more rows, or leave out features that cannot matter.",
            )
        )
    return found


def _classes(values: pl.Series, schema: Schema) -> list[Finding]:
    counts = values.cast(pl.String).value_counts(sort=True, name="__rows__")
    names, rows = counts[values.name].to_list(), counts["__rows__"].to_list()
    if len(rows) < 2:
        return []
    if schema.task == "multiclass":
        return _rare_classes(names, rows, values.name)
    return [*_imbalance(names, rows, values.name), *_few_events(names[-1], rows[-1], values.name)]


def _imbalance(names: list[str], rows: list[int], target: str) -> list[Finding]:
    rarest = rows[-1] / sum(rows)
    if rarest >= RARE:
        return []
    return [
        Finding(
            "rare-answer",
            "warn" if rarest < VERY_RARE else "note",
            target,
            f"Only {share(rarest)} of the rows have {target} = '{names[-1]}'. Always answering '{names[0]}' would be "
            f"right in {share(1 - rarest)} of all cases, so accuracy says little.",
            {"share": rarest, "rows": rows[-1]},
            "Judge by recall, precision, average precision or value rather than by accuracy.",
        )
    ]


def _few_events(name: str, rows: int, target: str) -> list[Finding]:
    if rows >= FEW_EVENTS:
        return []
    return [
        Finding(
            "few-events",
            "warn",
            target,
            f"Only {counted(rows, 'row')} have {target} = '{name}': little to learn from, and every figure about them "
            "will be rough.",
            {"rows": rows},
            "Bring more rows with this answer; more of the other one helps little.",
        )
    ]


def _rare_classes(names: list[str], rows: list[int], target: str) -> list[Finding]:
    rare = [f"'{name}' ({n})" for name, n in zip(names, rows, strict=True) if n < FEW_OF_A_CLASS]
    if not rare:
        return []
    return [
        Finding(
            "rare-classes",
            "warn",
            target,
            f"{counted(len(rare), 'class has', 'classes have')} fewer than {FEW_OF_A_CLASS} rows: "
            f"{listed(rare, most=5)}. They can hardly be learned.",
            {"classes": len(rare)},
            "Bring more rows of them, or merge them with a related class.",
        )
    ]


def _numbers(values: pl.Series) -> list[Finding]:
    numbers = values.cast(pl.Float64).to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) < 30 or numbers.std() == 0:
        return []
    return [*_heavy(numbers, values.name), *_skewed(numbers, values.name), *_lump(numbers, values.name)]


def _heavy(numbers: np.ndarray, target: str) -> list[Finding]:
    squares = np.sort((numbers - numbers.mean()) ** 2)[::-1]
    few = max(1, int(len(numbers) * HEAVY_ROWS))
    weight = float(squares[:few].sum() / squares.sum())
    if weight < HEAVY_SHARE or len(numbers) < 200:
        return []
    return [
        Finding(
            "target-far-values",
            "warn",
            target,
            f"{counted(few, 'row')} alone {'makes' if few == 1 else 'make'} up {share(weight)} of the spread of "
            f"`{target}` in squares (up to {figure(float(numbers[np.argmax(np.abs(numbers - numbers.mean()))]))}, on "
            f"average {figure(float(numbers.mean()))}). A squared error would be ruled by them.",
            {"rows": few, "share": weight},
            'Check these values; if they are right, consider loss = "absolute" under [climb].',
        )
    ]


def _skewed(numbers: np.ndarray, target: str) -> list[Finding]:
    centred = numbers - numbers.mean()
    skewness = float(np.mean(centred**3) / numbers.std() ** 3)
    if abs(skewness) < SKEWED:
        return []
    tail = "large" if skewness > 0 else "small"
    return [
        Finding(
            "target-skewed",
            "note",
            target,
            f"`{target}` has a long tail of {tail} values: half of the rows are {'below' if skewness > 0 else 'above'} "
            f"{figure(float(np.median(numbers)))}, the mean is {figure(float(numbers.mean()))}.",
            {"skewness": skewness},
            'If an error counts in proportion, judge by mae or mape, with loss = "absolute" under [climb].',
        )
    ]


def _lump(numbers: np.ndarray, target: str) -> list[Finding]:
    values, rows = np.unique(numbers, return_counts=True)
    most = int(np.argmax(rows))
    if rows[most] < LUMP * len(numbers) or len(values) < 10:
        return []
    return [
        Finding(
            "target-lump",
            "note",
            target,
            f"{share(rows[most] / len(numbers))} of the rows have exactly {target} = {figure(float(values[most]))}.",
            {"share": float(rows[most] / len(numbers)), "value": float(values[most])},
            "Ask whether this is a value or a kind of its own, which would be a question before the number.",
        )
    ]
