"""Which classes are taken for which, and how well each one is found.

             called No   called Yes
is No             1180          112
is Yes             226          243
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milepost.metrics.answers import Answers
from milepost.metrics.decisions import classes_in
from milepost.metrics.measure import Measured, measure
from milepost.stats.agreement import counts


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many rows of each class were called each class.

    Attributes:
        labels: class names in index order.
        counts: shape (classes, classes), int; row = what it is, column = what it was called.
    """

    labels: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class is found, each class against all others.

    Attributes:
        label: the class's name.
        rows: how many rows are of this class.
        called: how many rows were called it.
        precision: share of those called it that are.
        recall: share of those that are it that were called it.
        f1: harmonic mean of the two.
    """

    label: str
    rows: int
    called: int
    precision: Measured
    recall: Measured
    f1: Measured


def confusion(answers: Answers) -> Confusion:
    """Return the confusion matrix of classification answers."""
    classes = classes_in(answers)
    return Confusion(_labels(answers, classes), counts(answers.truth, answers.decision, classes))


def class_figures(answers: Answers, *, level: float = 0.95) -> tuple[ClassFigures, ...]:
    """Return precision, recall and F1 of each class with their intervals, classes in index order."""
    labels = _labels(answers, classes_in(answers))
    return tuple(_figures(_against_rest(answers, index, labels), labels[index], level) for index in range(len(labels)))


def _figures(one: Answers, label: str, level: float) -> ClassFigures:
    precision, recall, f1 = (measure(name, one, level=level) for name in ("precision", "recall", "f1"))
    return ClassFigures(label, int(one.truth.sum()), int(one.decision.sum()), precision, recall, f1)


def _against_rest(answers: Answers, index: int, labels: tuple[str, ...]) -> Answers:
    """Return the same answers as a question of this class or not."""
    truth, decision = (answers.truth == index).astype(np.int64), (answers.decision == index).astype(np.int64)
    names = (f"not {labels[index]}", labels[index])
    return Answers("binary", truth, decision.astype(float), decision, names, clusters=answers.clusters)


def _labels(answers: Answers, classes: int) -> tuple[str, ...]:
    return answers.labels or tuple(str(index) for index in range(classes))
