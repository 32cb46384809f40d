"""What the log holds, in a sentence for `status`: how many predictions, how old the newest, how much truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from milepost.ground.errors import MilepostError
from milepost.ground.text import counted
from milepost.problem.spec import Problem


@dataclass(frozen=True, slots=True)
class LogStatus:
    """What a log holds.

    Attributes:
        says: it in a sentence; empty where nothing was logged yet.
        answers: predictions that callers were told; None where the log cannot be read now.
        outcomes: on how many predictions there is a word.
    """

    says: str = ""
    answers: int | None = 0
    outcomes: int = 0


def log_status(contract: Problem) -> LogStatus:
    """Return what the log of a problem holds; one that cannot be read now is told, for it does not stop a status."""
    from milepost.api.serving import log_place_of

    try:
        place = log_place_of(contract)
        if not place.journals.exists() and contract.serve.tables is None and not Path(place.tables).exists():
            return LogStatus()
        return _counted(contract)
    except MilepostError as why:
        return LogStatus(f"The log cannot be read now: {why.what}", None)


def _counted(contract: Problem) -> LogStatus:
    import polars as pl

    from milepost.api.serving import log_place_of
    from milepost.predlog.delta_tables import reading
    from milepost.predlog.journal import journals_in
    from milepost.predlog.read import read_outcomes, read_predictions
    from milepost.predlog.tails import tail_of
    from milepost.predlog.unread import noted

    place = log_place_of(contract)
    with reading(place.tables):
        rows = read_predictions(place).select(pl.len().alias("rows"), pl.col("at").max()).collect(engine="streaming")
        known = read_outcomes(place).select(pl.len()).collect(engine="streaming").item()
    answers, newest = rows.row(0)
    if not answers:
        return LogStatus()
    says = (
        f"The log holds {counted(answers, 'prediction')}, the newest of {newest:%Y-%m-%d %H:%M} UTC; "
        f"{counted(known, 'outcome')} {'is' if known == 1 else 'are'} known."
    )
    if any(noted(path.parent, path.stem) or tail_of(path) == "damaged" for path in journals_in(place.journals)):
        says += " Some of it cannot be read; how much is lost says: milepost log verify"
    return LogStatus(says, answers, known)
