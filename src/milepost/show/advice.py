"""What can be done after a verdict, for people who decide: which criterion, how many rows more, whose decision it is.

Verdict "can't tell yet": recall 60.2 % (55.7 % to 64.5 %) against 60 %  ->  "… about 13,000 test rows would tell …"
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from milepost.evaluate.verdict import Judged, Verdict
from milepost.ground.text import count
from milepost.problem.criteria import Criterion
from milepost.show.wording import amount
from milepost.stats.intervals import normal_quantile

_POWER = 0.8  # chance that so many rows tell
_MOST_TIMES = 100  # more test rows than so many times those there are: nobody waits for them
_NAMED = 2  # open criteria that get a sentence of their own


def advice(
    verdict: Verdict | None, criteria: Sequence[Criterion], *, is_champion: bool | None = None, unit: str = ""
) -> tuple[str, ...]:
    """Return one to four sentences on what can be done now, and who has to decide.

    Args:
        verdict: None where the bundle was not judged yet.
        criteria: the contract's.
        is_champion: whether this bundle is the one that answers; None where that is not known.
        unit: of the target, where it is known.
    """
    if verdict is None:
        return _before(criteria)
    if not verdict.criteria:
        return (
            "The contract names no success criterion, so this page can't say whether the model is good enough.",
            "Whoever ordered it decides what it must reach; an engineer writes that under [success] of the problem "
            "file and asks for a new verdict.",
        )
    if verdict.overall == "met":
        return _after_met(is_champion)
    return _after_missed(verdict, unit) if verdict.overall == "not met" else _after_open(verdict, is_champion, unit)


def _before(criteria: Sequence[Criterion]) -> tuple[str, ...]:
    if not criteria:
        return (
            "The contract names no success criterion: whoever ordered the model has to say what it must reach, before "
            "its test rows are opened.",
        )
    return (
        "There is nothing to decide yet: the test rows are still closed.",
        "An engineer opens them; after that this page says for each criterion whether the model keeps it.",
    )


def _after_met(is_champion: bool | None) -> tuple[str, ...]:
    kept = "The model keeps what the contract asks for, on rows that it had never seen: it may be put to use."
    if is_champion:
        return (kept, "It is the champion: programs that ask for the champion get its answers.")
    return (kept, "It does not answer yet: a person has to promote it, and the reason is kept in the history.")


def _after_missed(verdict: Verdict, unit: str) -> tuple[str, ...]:
    missed = [one for one in verdict.criteria if one.outcome == "not met"]
    told = [_promise(one, unit) for one in missed[:_NAMED]]
    return (
        *told,
        "More test rows will hardly change that. An engineer can look for columns or rows that tell more about the "
        "answer, and train again.",
        f"Whether the model is still useful with less is for whoever ordered it to decide: {_lower(missed)}",
    )


def _promise(one: Judged, unit: str) -> str:
    """Return what the model can be relied on for, by the better end of the interval that the contract asks about."""
    interval = one.measured.interval
    if interval is None:
        return f"{one.criterion} is not met."
    is_lower_bound = ">" in one.criterion
    sure = amount(interval.lo if is_lower_bound else interval.hi, one.metric, unit=unit)
    side = "or more" if is_lower_bound else "or less"
    return f"{one.criterion} is out of this model's reach; what it can be relied on for is {sure} {side}."


def _lower(missed: Sequence[Judged]) -> str:
    limits = "another limit" if len(missed) == 1 else "other limits"
    return f"then {limits} in the contract, with a reason, or promoting it all the same, which the history keeps."


def _after_open(verdict: Verdict, is_champion: bool | None, unit: str) -> tuple[str, ...]:
    still = [one for one in verdict.criteria if one.outcome == "can't tell yet"]
    told = [_open(one, verdict.rows, unit) for one in still[:_NAMED]]
    if len(still) > _NAMED:
        told.append(f"The same holds for {' and '.join(one.criterion for one in still[_NAMED:])}.")
    decide = (
        "Whoever ordered the model decides: wait for more rows, which takes a new training, or use it all the same "
        "and keep the reason in the history."
    )
    if is_champion:
        decide = "It answers already; more rows, and a new training, would show whether rightly."
    return (*told, decide)


def _open(one: Judged, rows: int, unit: str) -> str:
    measured = one.measured
    if measured.value is None or measured.interval is None:
        return f"Whether {one.criterion} holds can't be told: {measured.why or 'there are too few test rows.'}"
    value, times = amount(measured.value, one.metric, unit=unit), _times(one)
    there = f"Whether {one.criterion} holds can't be told from {count(rows)} test rows"
    if times is None or times > _MOST_TIMES:
        return f"{there}: {value} lies so near the limit that hardly any number of rows would tell."
    is_kept = (measured.value > one.threshold) == (">" in one.criterion)
    told = f"about {count(_round(rows * times))} would show that it is {'' if is_kept else 'not '}met"
    return f"{there}. If it truly is {value}, {told}."


def _times(one: Judged) -> float | None:
    """Return how many times the test rows it takes to tell a criterion, if the true value is the measured one.

    The distance to the limit stays, and the interval gets narrower by the square root of the rows.
    """
    interval, value = one.measured.interval, one.measured.value
    if interval is None or value is None:
        return None
    distance = abs(one.threshold - value)
    reach = (interval.hi - interval.lo) / 2
    if distance == 0 or not math.isfinite(reach) or reach <= 0:
        return None
    spread = normal_quantile(interval.level)
    return max(1.0, (reach / distance * (spread + normal_quantile(2 * _POWER - 1)) / spread) ** 2)


def _round(rows: float) -> int:
    """Return rows rounded up to two digits, for they are a guess."""
    size = int(10 ** max(0, math.floor(math.log10(rows)) - 1))
    return math.ceil(rows / size) * size
