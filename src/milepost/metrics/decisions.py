"""Metrics of decisions: what was called what. Several classes: the unweighted average over the classes."""

from __future__ import annotations

import numpy as np

from milepost.metrics.answers import Answers
from milepost.metrics.reading import Reading, Settings, nothing
from milepost.stats.agreement import Score, average_f1, counts, matthews, score_interval
from milepost.stats.intervals import Scale
from milepost.stats.proportions import average_interval, f1_interval, proportion_interval

WILSON = "Wilson's interval of a proportion"
EFFECTIVE = "Wilson's interval at the number of rows that the clusters are worth"
AVERAGED = "Wilson's intervals of the classes, put together (MOVER)"


def label_of(answers: Answers, index: int) -> str:
    """Return a class's name in quotes, or its number where the classes have no names."""
    return f'"{answers.labels[index]}"' if index < len(answers.labels) else f"class {index}"


def classes_in(answers: Answers) -> int:
    """Return how many classes the task has."""
    return answers.prediction.shape[1] if answers.task == "multiclass" else 2


def accuracy(answers: Answers, settings: Settings) -> Reading:
    """Return the share of rows that were called what they are."""
    return _share(answers, settings, answers.decision == answers.truth, np.ones(len(answers.truth), dtype=bool), "rows")


def positive_rate(answers: Answers, settings: Settings) -> Reading:
    """Return the share of rows that were called positive."""
    return _share(answers, settings, answers.decision == 1, np.ones(len(answers.truth), dtype=bool), "rows")


def recall(answers: Answers, settings: Settings) -> Reading:
    """Return the share of the positives that were called positive; several classes: the average over true classes."""
    if answers.task == "multiclass":
        return balanced_accuracy(answers, settings)
    return _share(answers, settings, answers.decision == 1, answers.truth == 1, f"rows that are {label_of(answers, 1)}")


def specificity(answers: Answers, settings: Settings) -> Reading:
    """Return the share of the negatives that were called negative."""
    return _share(answers, settings, answers.decision == 0, answers.truth == 0, f"rows that are {label_of(answers, 0)}")


def precision(answers: Answers, settings: Settings) -> Reading:
    """Return the share of those called positive that are; several classes: the average over the classes called."""
    if answers.task == "binary":
        called = f"rows called {label_of(answers, 1)}"
        return _share(answers, settings, answers.truth == 1, answers.decision == 1, called)
    never = np.setdiff1d(answers.truth, answers.decision)
    if len(never):
        return nothing(f"No row was called {label_of(answers, int(never[0]))}, so its precision does not exist.")
    return _average(answers, settings, answers.decision, "called")


def balanced_accuracy(answers: Answers, settings: Settings) -> Reading:
    """Return the unweighted average, over the classes that occur, of the share called right."""
    if answers.task == "binary":
        for side in (0, 1):
            if not (answers.truth == side).any():
                return nothing(f"No row is {label_of(answers, side)}.")
    return _average(answers, settings, answers.truth, "that are")


def f1(answers: Answers, settings: Settings) -> Reading:
    """Return the harmonic mean of precision and recall; several classes: the average over the classes."""
    clusters, level = answers.clusters, settings.level
    if answers.task == "multiclass":
        return _of_table(answers, settings, average_f1, "logit")
    both = (answers.truth == 1) & (answers.decision == 1)
    either = (answers.truth == 1) | (answers.decision == 1)
    if not either.any():
        return nothing(f"No row is or was called {label_of(answers, 1)}.", counted=either)
    return Reading(
        2 * int(both.sum()) / (int(both.sum()) + int(either.sum())),
        lambda: f1_interval(both, either, clusters=clusters, level=level),
        "Wilson's interval of the share that is both, among rows that are or were called positive",
        either,
        f"rows that are or were called {label_of(answers, 1)}",
    )


def mcc(answers: Answers, settings: Settings) -> Reading:
    """Return the Matthews correlation between truth and decision."""
    return _of_table(answers, settings, matthews, "atanh")


def _share(answers: Answers, settings: Settings, hits: np.ndarray, counted: np.ndarray, of: str) -> Reading:
    if not counted.any():
        return nothing(f"There are no {of}, so the share does not exist.", counted=counted)
    return Reading(
        int((hits & counted).sum()) / int(counted.sum()),
        lambda: proportion_interval(hits, counted, clusters=answers.clusters, level=settings.level),
        WILSON if answers.clusters is None else EFFECTIVE,
        counted,
        of,
    )


def _average(answers: Answers, settings: Settings, group: np.ndarray, verb: str) -> Reading:
    hits = answers.truth == answers.decision
    sizes = np.bincount(group.astype(np.int64))
    right = np.bincount(group.astype(np.int64), weights=hits)
    present = np.flatnonzero(sizes)
    rarest = int(present[np.argmin(sizes[present])])
    return Reading(
        float((right[present] / sizes[present]).mean()),
        lambda: average_interval(hits, group, clusters=answers.clusters, level=settings.level),
        AVERAGED if answers.clusters is None else EFFECTIVE,
        group == rarest,
        f"rows {verb} {label_of(answers, rarest)}",
    )


def _of_table(answers: Answers, settings: Settings, score: Score, scale: Scale) -> Reading:
    classes = classes_in(answers)
    value = score(counts(answers.truth, answers.decision, classes))[0]
    if not np.isfinite(value):
        return nothing("All rows are of one class or were called one class, so there is nothing to correlate.")
    present = np.bincount(answers.truth.astype(np.int64))
    rarest = int(np.argmin(np.where(present > 0, present, len(answers.truth) + 1)))
    return Reading(
        value,
        lambda: score_interval(
            score,
            answers.truth,
            answers.decision,
            classes,
            scale=scale,
            clusters=answers.clusters,
            level=settings.level,
        ),
        f"t interval on the {scale} scale, error from the counts' pulls",
        answers.truth == rarest if scale == "logit" else None,
        f"rows that are {label_of(answers, rarest)}" if scale == "logit" else "rows",
    )
