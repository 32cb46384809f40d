"""What a climb leaves behind: one step for each rung, and the sentence that explains each decision."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.stats.intervals import Interval
from milepost.stats.paired import Gain


@dataclass(frozen=True, slots=True)
class Step:
    """What happened at one rung.

    Attributes:
        rung: its name ("linear").
        title: the same for people ("logistic regression").
        is_baseline: baselines never count towards the plateau.
        loss: mean out-of-fold loss in the problem's loss; None where the rung failed.
        loss_interval: its interval.
        gain: paired gain over the best simpler kept rung; None for the first rung and a failed one.
        over: the name of that rung.
        kept: whether it replaced the best simpler kept rung.
        failed: why it could not be fitted; None where it could.
        fit_seconds: seconds of training, summed over the folds.
        answer_us: microseconds for the answer to one row; None where the rung failed.
        says: the decision with its numbers, for a stakeholder.
    """

    rung: str
    title: str
    is_baseline: bool
    loss: float | None
    loss_interval: Interval | None
    gain: Gain | None
    over: str | None
    kept: bool
    failed: str | None
    fit_seconds: float
    answer_us: float | None
    says: str


@dataclass(frozen=True, slots=True)
class Learnable:
    """Whether the columns say anything at all about the target."""

    holds: bool
    says: str


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """What more rows bring: one rung learned from growing parts of the rows, judged on the same other rows.

    Attributes:
        rung: its name.
        title: the same for people.
        rows: rows learned from at each point, rising; means over the folds.
        losses: mean out-of-fold loss at each point.
        last_doubling: paired gain of the last point over the one before, which had half as many rows.
        of_rows: development rows that there are, more than the climb compared the rungs on.
        says: whether comparing the rungs on a sample was enough, with its numbers.
    """

    rung: str
    title: str
    rows: tuple[int, ...]
    losses: tuple[float, ...]
    last_doubling: Gain
    of_rows: int
    says: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The whole climb, as it is stored with the bundle and drawn in the report.

    Attributes:
        loss: the proper loss that rungs are compared in ("log").
        smallest_gain: relative gain below which a more complex rung is not kept.
        folds: how the rungs were compared, a sentence.
        rows: development rows that the rungs were compared on.
        steps: in order of complexity.
        chosen: the rung that won.
        learnable: said before anything else.
        ending: why the climb ended where it did.
        weights: the ensemble's weight for each rung; empty if no ensemble was judged.
        curve: whether a sample of the rows was enough; None where all were taken.
    """

    loss: str
    smallest_gain: float
    folds: str
    rows: int
    steps: tuple[Step, ...]
    chosen: str
    learnable: Learnable
    ending: str
    weights: dict[str, float]
    curve: LearningCurve | None = None

    def step(self, rung: str) -> Step:
        """Return the step of the rung called rung; KeyError if it was not tried."""
        return {step.rung: step for step in self.steps}[rung]
