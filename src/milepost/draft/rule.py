"""A baseline rule found in the data: one or two readable conditions, or a CASE with a few branches.

binary       contract = 'Month-to-month' AND internet_service = 'Fiber optic'
multiclass   CASE WHEN petal_length < 2.5 THEN 'setosa' WHEN petal_width < 1.7 THEN 'versicolor' ELSE 'virginica' END
regression   CASE WHEN carat < 1 AND carat < 0.7 THEN 1040 WHEN carat < 1 THEN 2820 … ELSE 11900 END
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from milepost.data.labels import truth as truth_of
from milepost.data.schema import Column, Schema
from milepost.draft.conditions import Condition, conditions, quoted, round_to, rounded, written
from milepost.ground.fanout import one_thread_each
from milepost.ground.text import figure, share

MOST_ROWS = 20_000  # so many rows find the same rule as all of them
MOST_COLUMNS = 60
BEST_OF_A_COLUMN = 12
FEWEST_ROWS = 20  # on each side of a condition, and at least a hundredth of all
WORTH = 0.02  # agreement that a second condition must add
COST = 0.01  # agreement that one more value in a condition must add
MOST_BRANCHES = 4
LEAST_GAIN = 0.01  # of the variation, that one more branch must explain


@dataclass(frozen=True, slots=True)
class FoundRule:
    """A rule that the data suggest, with its figures on the rows in which it was found.

    Attributes:
        text: in the expression language.
        columns: what it reads.
        says: how good it is, one sentence.
        rows: how many rows it was found in.
    """

    text: str
    columns: tuple[str, ...]
    says: str
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """The conditions worth a try.

    Attributes:
        conditions: in the order of the table's columns.
        masks: where each holds, 0 or 1, shape (conditions, rows).
    """

    conditions: list[Condition]
    masks: np.ndarray


Gain = Callable[[np.ndarray], np.ndarray]  # masks (conditions, rows) -> how good each condition is alone


def find_rule(
    frame: pl.DataFrame, schema: Schema, columns: Sequence[Column], *, by_median: bool = False
) -> FoundRule | None:
    """Return the readable rule that agrees best with the answers; None where none is better than no rule.

    Args:
        frame: development rows with their answers; of more than 20,000 every second, third, … is looked at.
        schema: what the columns are.
        columns: those that a rule may read.
        by_median: numbers are answered by medians, for an absolute loss; else by means.
    """
    frame = frame.filter(pl.col(schema.target.name).is_not_null())
    frame = frame.gather_every(-(-len(frame) // MOST_ROWS)) if len(frame) else frame
    if len(frame) < 2 * FEWEST_ROWS:
        return None
    truth = frame.select(truth_of(schema)).to_series().to_numpy()
    with one_thread_each():  # sums in one order, so that the same rule is found on every machine
        if schema.task == "regression":
            return _regression(frame, truth, columns, by_median=by_median)
        find = _binary if schema.task == "binary" else _multiclass
        return find(frame, truth, schema, columns)


def _fewest(rows: int) -> int:
    return max(FEWEST_ROWS, rows // 100)


def _tried(frame: pl.DataFrame, columns: Sequence[Column], scores: np.ndarray, gain: Gain) -> _Tried | None:
    """Return the best conditions of the best columns; None where there is none.

    Args:
        frame: the rows.
        columns: that may be read.
        scores: of the rows, to bring levels in order, shape (rows,).
        gain: how good each condition is alone.
    """
    by_column: list[tuple[float, list[Condition], np.ndarray]] = []
    for column in columns:
        found = list(conditions(frame, column, scores))
        if not found:
            continue
        masks = np.array([one.holds for one in found], dtype=np.float32)
        gains = gain(masks)
        order = np.sort(np.argsort(-gains, kind="stable")[:BEST_OF_A_COLUMN])
        by_column.append((float(gains.max()), [found[at] for at in order], masks[order]))
    by_column.sort(key=lambda one: -one[0])
    by_column = by_column[:MOST_COLUMNS]
    if not by_column:
        return None
    kept = [condition for _, found, _ in by_column for condition in found]
    return _Tried(kept, np.concatenate([masks for *_, masks in by_column]))


def _columns(chosen: Sequence[Condition]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.column for one in chosen))


# ---- yes or no


def _binary(frame: pl.DataFrame, truth: np.ndarray, schema: Schema, columns: Sequence[Column]) -> FoundRule | None:
    answers = truth.astype(np.float32)
    tried = _tried(frame, columns, answers, lambda masks: _agreement(masks @ answers, masks.sum(axis=1), answers))
    if tried is None:
        return None
    masks, found = tried.masks, tried.conditions
    single = _agreement(masks @ answers, masks.sum(axis=1), answers)
    pairs = _agreement((masks * answers) @ masks.T, masks @ masks.T, answers)
    costs = COST * (np.array([one.values for one in found]) - 1)
    single, pairs = single - costs, pairs - costs - costs[:, None]
    names = np.array([one.column for one in found])
    pairs[names[:, None] == names] = -1.0
    at, (first, second) = int(np.argmax(single)), divmod(int(np.argmax(pairs)), len(found))
    if single[at] <= 0:
        return None
    better = pairs[first, second] >= single[at] + WORTH
    chosen = [found[first], found[second]] if better else [found[at]]
    holds = np.logical_and.reduce([one.holds for one in chosen])
    text = " AND ".join(one.text for one in chosen)
    return FoundRule(text, _columns(chosen), _binary_says(holds, truth, schema), len(frame))


def _agreement(right: np.ndarray, called: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return the Matthews correlation of calling with the answers; -1 where too few rows are on a side."""
    rows, positives = len(answers), float(answers.sum())
    right, called = right.astype(float), called.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(positives * (rows - positives) * called * (rows - called))
        agreement = np.where(spread > 0, (rows * right - positives * called) / spread, -1.0)
    too_few = np.minimum(called, rows - called) < _fewest(rows)
    return np.asarray(np.where(too_few, -1.0, agreement))


def _binary_says(holds: np.ndarray, truth: np.ndarray, schema: Schema) -> str:
    called, right = int(holds.sum()), int(truth[holds].sum())
    answer = f"{schema.target.name} = '{schema.labels[1]}'"
    return (
        f"It is true for {share(float(holds.mean()))} of the rows; {share(right / called)} of these have {answer} "
        f"({share(float(truth.mean()))} of all rows do), and it finds {share(right / int(truth.sum()))} of them."
    )


# ---- several classes


def _multiclass(frame: pl.DataFrame, truth: np.ndarray, schema: Schema, columns: Sequence[Column]) -> FoundRule | None:
    classes = np.eye(len(schema.labels), dtype=np.float32)[truth]
    tried = _tried(frame, columns, truth, lambda masks: _parting(masks, classes)[0])
    if tried is None:
        return None
    left, branches = np.ones(len(frame), dtype=bool), list[tuple[Condition, int]]()
    while len(branches) < min(MOST_BRANCHES, len(schema.labels) - 1):
        at = _purest(tried.masks * left, classes * left[:, None])
        if at is None:
            break
        here = tried.conditions[at].holds & left
        branches.append((tried.conditions[at], int(classes[here].sum(axis=0).argmax())))
        left &= ~here
    if not branches:
        return None
    otherwise = int(classes[left].sum(axis=0).argmax())
    called = np.full(len(frame), otherwise)
    for condition, label in reversed(branches):
        called[condition.holds] = label
    words = [quoted(label) if schema.target.dtype == "text" else label for label in schema.labels]
    whens = " ".join(f"WHEN {condition.text} THEN {words[label]}" for condition, label in branches)
    says = (
        f"It names the right class in {share(float((called == truth).mean()))} of the rows; always answering "
        f"'{schema.labels[int(classes.sum(axis=0).argmax())]}' does in {share(float(classes.mean(axis=0).max()))}."
    )
    read = _columns([condition for condition, _ in branches])
    return FoundRule(f"CASE {whens} ELSE {words[otherwise]} END", read, says, len(frame))


def _parting(masks: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much purer each condition makes the classes (Gini, in rows), and the share of its largest class."""
    inside, total = masks @ classes, classes.sum(axis=0)
    sizes, rows = inside.sum(axis=1), float(total.sum())
    outside = total - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.square(inside).sum(axis=1) / sizes + np.square(outside).sum(axis=1) / (rows - sizes)
        purity = inside.max(axis=1) / sizes
    too_few = np.minimum(sizes, rows - sizes) < min(_fewest(len(classes)), max(5, len(classes) // 20))
    gain = np.where(too_few, -1.0, kept - float(np.square(total).sum()) / max(rows, 1.0))
    return np.asarray(gain), np.nan_to_num(purity)


def _purest(masks: np.ndarray, classes: np.ndarray) -> int | None:
    """Return which condition parts the classes best; of the two sides of a cut the purer one. None where none does."""
    gain, purity = _parting(masks, classes)
    at = int(np.argmax(gain * (1 + 0.01 * purity)))
    return at if gain[at] >= LEAST_GAIN * len(classes) else None


# ---- numbers

Leaf = tuple[list[Condition], np.ndarray]  # what must hold, and for which rows it does


def _regression(
    frame: pl.DataFrame, truth: np.ndarray, columns: Sequence[Column], *, by_median: bool
) -> FoundRule | None:
    centred = (truth - truth.mean()).astype(np.float32)
    everything, total = np.ones(len(truth), dtype=bool), float(centred @ centred)
    tried = _tried(frame, columns, truth, lambda masks: _explained(masks, centred, everything))
    root = _split(tried, centred, everything, total) if tried else None
    if tried is None or root is None:
        return None
    leaves = _leaves(tried, centred, total, root)
    name, middle = ("median", np.median) if by_median else ("mean", np.mean)
    step = rounded(float(truth.std()) / 30, 1)  # what differs by less is the same to a reader
    said = [round_to(float(middle(truth[rows])), step) for _, rows in leaves]
    predicted = np.empty(len(truth))
    for answer, (_, rows) in zip(said, leaves, strict=True):
        predicted[rows] = answer
    whens = " ".join(
        f"WHEN {' AND '.join(one.text for one in path)} THEN {written(answer)}"
        for answer, (path, _) in zip(said[:-1], leaves[:-1], strict=True)
    )
    always = float(middle(truth))
    says = (
        f"It is off by {figure(float(np.abs(truth - predicted).mean()))} on average; always answering the {name} "
        f"({figure(always)}) is off by {figure(float(np.abs(truth - always).mean()))}."
    )
    read = _columns([one for path, _ in leaves for one in path])
    return FoundRule(f"CASE {whens} ELSE {written(said[-1])} END", read, says, len(frame))


def _leaves(tried: _Tried, centred: np.ndarray, total: float, root: int) -> list[Leaf]:
    """Return the branches of a tree of two floors, each written so that it follows those before it."""
    leaves: list[Leaf] = []
    first = tried.conditions[root]
    for path, rows in (([first], first.holds), ([], ~first.holds)):
        at = _split(tried, centred, rows, total)
        if at is not None:
            inner = tried.conditions[at]
            outer = [one for one in path if not one.holds[inner.holds].all()]  # x < 65 says x < 100 as well
            leaves.append(([*outer, inner], rows & inner.holds))
            rows = rows & ~inner.holds
        leaves.append((path, rows))
    return leaves


def _split(tried: _Tried, centred: np.ndarray, rows: np.ndarray, total: float) -> int | None:
    """Return which condition explains most of the variation among some rows; None where that is too little."""
    gain = _explained(tried.masks, centred, rows)
    at = int(np.argmax(gain))
    return at if gain[at] >= LEAST_GAIN * total else None


def _explained(masks: np.ndarray, centred: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the sum of squares that each condition explains among some rows; -1 where too few are on a side."""
    here = centred * rows
    size, total = float(rows.sum()), float(here.sum())
    sizes, inside = (masks @ rows.astype(np.float32)).astype(float), (masks @ here).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = inside**2 / sizes + (total - inside) ** 2 / (size - sizes) - total**2 / max(size, 1.0)
    return np.asarray(np.where(np.minimum(sizes, size - sizes) < _fewest(len(centred)), -1.0, gain))
