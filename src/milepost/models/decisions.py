"""The sentences of the decision log: why a rung was kept or not, with its numbers, for a stakeholder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from milepost.ground.errors import MilepostError
from milepost.ground.text import count, counted, figure, listed, share, span
from milepost.metrics.answers import Task
from milepost.models.steps import Learnable, Step
from milepost.stats.paired import Gain

HARDLY = 0.0005  # relative gains within this are shown as none


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision sentence needs.

    Attributes:
        title: of the rung.
        task: what is predicted.
        loss: the proper loss's name.
        loss_mean: mean out-of-fold loss.
        gain: over the best simpler kept rung; None for the first rung.
        kept: the decision.
        seconds: of training over all folds.
        answer_us: microseconds for one answer; None where it was not timed.
        yardstick: why the rung may only be compared with; None where it may be kept.
    """

    title: str
    task: Task
    loss: str
    loss_mean: float
    gain: Gain | None
    kept: bool
    seconds: float
    answer_us: float | None
    yardstick: str | None = None


def loss_title(loss: str, task: Task) -> str:
    """Return the loss's name for people."""
    if loss == "squared":
        return "squared error" if task == "regression" else "Brier score"
    titles = {"log": "log loss", "absolute": "absolute error"}
    return titles.get(loss, f"quantile loss at {loss.removeprefix('quantile:')}")


def kept_or_not(facts: Facts, over: str | None, smallest_gain: float) -> str:
    """Return the decision about one rung in words."""
    cost = f"It took {span(facts.seconds)} to train on all folds"
    if facts.answer_us is not None:
        cost += f" and answers one row in {span(facts.answer_us / 1e6)}"
    opening = f"{_capital(facts.title)}: {_level(facts)}"
    if facts.gain is None:
        return f"{opening}. Every other rung has to beat this one. {cost}."
    return f"{opening}, {_comparison(facts, facts.gain, over or '', smallest_gain)}. {cost}."


def _level(facts: Facts) -> str:
    """Return the mean loss in a unit that people know: squared errors as their root."""
    if facts.loss == "squared" and facts.task == "regression":
        return f"error (RMSE) {figure(math.sqrt(facts.loss_mean), digits=4)}"
    return f"{loss_title(facts.loss, facts.task)} {figure(facts.loss_mean, digits=4)}"


def _comparison(facts: Facts, gain: Gain, over: str, smallest_gain: float) -> str:
    name = loss_title(facts.loss, facts.task)
    if not math.isfinite(gain.relative):
        return f"no better than {over}, which makes no error at all; not kept"
    level = share(gain.level, digits=0)
    changes_nothing = max(abs(gain.relative_lo), abs(gain.relative_hi)) < HARDLY
    if changes_nothing and not (facts.kept or facts.yardstick):
        return f"as good as {over}, and more complex; not kept"
    if gain.relative <= 0:
        interval = f"({level} interval {share(-gain.relative_hi)} to {share(-gain.relative_lo)})"
        return f"no better than {over}: {share(-gain.relative)} more {name} {interval}; not kept"
    interval = f"({level} interval {share(gain.relative_lo)} to {share(gain.relative_hi)})"
    better = f"{share(gain.relative)} less {name} than {over} {interval}"
    if facts.yardstick:
        return f"{better}; {facts.yardstick}, so it is only something to compare with; not kept"
    if facts.kept:
        return f"{better}; kept"
    if gain.lo <= 0:
        return f"{better}, so it may be no gain at all; not kept"
    return f"{better}, under the {share(smallest_gain)} that more complexity has to bring; not kept"


def failed(title: str, reason: str) -> str:
    """Return the sentence for a rung that could not be fitted."""
    return f"{_capital(title)} could not be fitted and is left out: {reason}"


def refuse_nothing_fitted(steps: Sequence[Step]) -> None:
    """Raise MilepostError if no rung that learns from the columns could be fitted."""
    reasons = [step.failed for step in steps if step.failed]
    if reasons and not any(step.failed is None for step in steps if step.rung not in ("dummy", "rule")):
        raise MilepostError(
            f"No rung that learns from the columns could be fitted: {listed(reasons, most=2)}",
            where="the climb",
            fix="Mend the first reason, then run: milepost train",
        )


def learnable(steps: Sequence[Step]) -> Learnable:
    """Return whether any of the rungs so far is better than the dummy beyond chance, however little."""
    dummy, *others = (step for step in steps if step.failed is None)
    better = [step for step in others if step.kept or _has_learned_more(step, dummy)]
    if not better:
        return Learnable(
            False,
            f"Nothing learnable was found: none of {counted(len(others), 'rung')} is better than {dummy.title} "
            "beyond chance. More rows of the same columns will hardly help; other columns might.",
        )
    first = better[0]
    last = min(better, key=lambda step: step.loss or 0.0)
    assert dummy.loss is not None
    assert last.loss is not None
    less = share(1 - last.loss / dummy.loss)
    if first is last:
        says = f"with {last.title} the loss is {less} below that of {dummy.title}."
    else:
        says = (
            f"already with {first.title} the loss is below that of {dummy.title}, "
            f"and with {last.title} it is {less} below."
        )
    return Learnable(True, f"The columns do say something about the target: {says}")


def _has_learned_more(step: Step, dummy: Step) -> bool:
    """Return whether a rung that learns beats the dummy beyond chance, though perhaps by too little to be kept."""
    return step.rung != "rule" and step.over == dummy.rung and step.gain is not None and step.gain.lo > 0


def ending(steps: Sequence[Step], chosen: str, not_tried: Sequence[str]) -> str:
    """Return why the climb ended where it did.

    Args:
        steps: all that were taken.
        chosen: the rung that won.
        not_tried: titles of the rungs that were not, because the ones before them brought no gain.
    """
    choice = next(step.title for step in steps if step.rung == chosen)
    if not not_tried:
        return f"The climb ends with {choice}: every rung was tried."
    tried = [step for step in steps if not step.is_baseline and step.rung != "ensemble" and step.failed is None]
    vain = [step.title for step in tried[1 + max((at for at, step in enumerate(tried) if step.kept), default=-1) :]]
    return (
        f"The climb ends with {choice}: {listed(vain, most=3)} brought no gain worth their complexity. "
        f"Not tried after that: {listed(not_tried, most=3)}."
    )


def sample_was_enough(title: str, rows: int, of_rows: int, gain: Gain, smallest_gain: float) -> str:
    """Return whether comparing the rungs on a sample was enough, told by what the last doubling of the rows brought.

    Args:
        title: of the rung that was learned from parts of the rows.
        rows: that the rungs were compared on.
        of_rows: that there are.
        gain: of learning from all compared rows over learning from half of them.
        smallest_gain: relative gain that is worth having.
    """
    told = f"The rungs were compared on {count(rows)} of {count(of_rows)} development rows, drawn by chance."
    brought = f"All of these instead of half of them changed the loss of {title} by {share(-gain.relative)}"
    if math.isfinite(gain.relative_lo):
        edges = f"{share(-gain.relative_hi)} to {share(-gain.relative_lo)}"
        brought += f" ({share(gain.level, digits=0)} interval {edges})"
    if gain.relative_hi < smallest_gain:
        follows = f"less than the {share(smallest_gain)} that counts: the sample was enough to choose a rung"
    elif gain.relative_lo >= smallest_gain:
        follows = "so more rows still help, and a larger climb.budget might end with a more complex rung"
    else:
        follows = f"which may or may not be the {share(smallest_gain)} that counts: whether it was enough is open"
    return f"{told} {brought}, {follows}. The last fit takes all rows."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
