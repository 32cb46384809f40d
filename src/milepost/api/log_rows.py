"""Rows of the log as answers that people read, with what shadows answered in their place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_predictions
from milepost.show.logged import LoggedAnswer


def shadows_of(place: LogPlace, ids: pl.Series, since: datetime, until: datetime | None = None) -> pl.DataFrame:
    """Return what was answered in the place of answers, in the order in which it was.

    Args:
        place: of the log.
        ids: of the answers.
        since: when the first of them was given.
        until: after the last of them; None means now.
    """
    rows = read_predictions(place, since=since, until=until, roles=["shadow"], origins=None)
    asked = pl.LazyFrame({"request": ids})
    return rows.join(asked, on="request", how="semi").collect(engine="streaming").sort("prediction_id")


def logged_answer(row: dict[str, Any], labels: dict[str, tuple[str, ...]]) -> LoggedAnswer:
    """Return one answer.

    Args:
        row: with the columns of predictions, and where they are known truth_label and truth_number.
        labels: bundle_id -> its classes in the order of their probabilities.
    """
    is_class, decision = row["number"] is None, row["decision_label"]
    return LoggedAnswer(
        at=row["at"],
        prediction_id=row["prediction_id"],
        entity=row["entity"],
        decision=decision if is_class else row["decision_number"],
        probability=_probability(row, labels.get(row["bundle_id"], ())) if is_class and decision is not None else None,
        lo=row["lo"],
        hi=row["hi"],
        flags=len(row["flags"] or ()),
        arm=row["arm"],
        truth=one_of(row.get("truth_label"), row.get("truth_number")),
        bundle_id=row["bundle_id"],
        role=row["role"],
    )


def one_of(label: str | None, number: float | None) -> str | float | None:
    """Return what a pair of columns says of which one is empty, as label and number are."""
    return number if label is None else label


def _probability(row: dict[str, Any], labels: tuple[str, ...]) -> float | None:
    """Return the probability of the class that is the decision; None where the bundle's classes are not known."""
    shares: list[float] = row["probabilities"] or []
    if row["decision_label"] in labels and len(shares) == len(labels):
        return shares[labels.index(row["decision_label"])]
    return max(shares, default=None) if row["decision_label"] == row["label"] else None  # the likeliest is predicted
