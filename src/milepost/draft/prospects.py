"""What to expect of each success criterion: what comes for free, and whether the test rows can verify the rest.

accuracy >= 0.80   0.735 for free   verifiable: 1,761 test rows, needs 481 if the model truly reaches 0.85
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from milepost.draft.free import BestFree, Free, best_free, meets, spoken
from milepost.draft.planning import Population, at_least, denominator, fewest_rows, rows_needed, tellable
from milepost.ground.text import count, counted, figure, listed, share
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion

Outlook = Literal["verifiable", "will probably end as can't tell yet", "nearly free"]

NEARLY = 0.1  # of the way from what is free to the best: a criterion that asks for less is nearly free
TRADED = ("recall", "specificity", "precision", "positive_rate")  # each is free alone, at the price of another


@dataclass(frozen=True, slots=True)
class Need:
    """How many test rows verify a criterion, if the model truly has a certain value.

    Attributes:
        reach: the true value, in the metric's unit.
        rows: test rows that verify the criterion with 80 % chance; None where that cannot be told beforehand.
    """

    reach: float
    rows: int | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What to expect of one criterion before there is a model.

    Attributes:
        criterion: as written ("recall >= 0.60").
        metric: its metric.
        threshold: the number to clear.
        free: the best score without a model; None where there is none.
        free_by: how that is scored, a clause.
        rule: what today's rule scores; None where there is no rule.
        needs: for a model a little and well beyond the threshold, and for one as good as today's rule where that lies
            still further, how many test rows verify it.
        rows_needed: test rows that verify it if the model comes so far: the last of needs.
        rows_there: test rows.
        counted: which of them the metric is a share of ("rows that are 'Yes'"); "rows" for all of them.
        counted_there: how many of these the test is expected to have.
        tellable_from: the true value from which on the test rows verify it with 80 % chance; None if none is enough.
        is_verifiable: whether the test rows can tell it, if the model comes as far as the last of needs.
        outlook: how it will probably end.
        says: the same in sentences.
    """

    criterion: str
    metric: str
    threshold: float
    free: float | None
    free_by: str
    rule: float | None
    needs: tuple[Need, ...]
    rows_needed: int | None
    rows_there: int
    counted: str
    counted_there: int
    tellable_from: float | None
    is_verifiable: bool
    outlook: Outlook
    says: str


def prospect(
    criterion: Criterion,
    criteria: Sequence[Criterion],
    answers: Sequence[Free],
    population: Population,
    *,
    test_rows: int,
    measured_rows: int,
    labels: tuple[str, ...] = (),
) -> Prospect:
    """Return what to expect of a criterion.

    Args:
        criterion: one of criteria.
        criteria: all of the problem.
        answers: what comes without a model, on development rows.
        population: the rows that will come.
        test_rows: how many there are; their targets stay closed.
        measured_rows: development rows on which the answers were measured.
        labels: class names in index order; empty for regression.
    """
    metric = criterion.metric
    free = best_free(answers, metric, higher=criterion.is_lower_bound)
    is_free = _is_nearly_free(criterion, criteria, answers, free)
    best = _best(criterion, population)
    rule = next((one for one in answers if one.name == "rule"), None)
    reaches = _reaches(criterion, best)
    least = _least_by_rule(criterion, criteria, rule, measured_rows, population)
    if least is not None and reaches and _is_beyond(criterion, least, reaches[-1]):
        reaches = (*reaches, round(least, 12))
    else:
        least = None
    needs = tuple(Need(reach, rows_needed(metric, reach, criterion.threshold, population)) for reach in reaches)
    reachable = needs[-1].reach if needs else best
    first = tellable(metric, criterion.threshold, best, test_rows, population)
    can_tell = first is not None and not _is_beyond(criterion, first, reachable)
    outlook: Outlook = "nearly free" if is_free else "verifiable" if can_tell else "will probably end as can't tell yet"
    share_of = denominator(metric, population)
    return Prospect(
        criterion=criterion.text,
        metric=metric,
        threshold=criterion.threshold,
        free=free.score if free else None,
        free_by=free.by if free else "",
        rule=rule.scores.get(metric) if rule else None,
        needs=needs,
        rows_needed=needs[-1].rows if needs else None,
        rows_there=test_rows,
        counted=_counted(metric, labels) if share_of is not None else "rows",
        counted_there=int(test_rows * (1.0 if share_of is None else share_of)),
        tellable_from=first,
        is_verifiable=can_tell,
        outlook=outlook,
        says=" ".join(
            [
                *_of_free(criterion, criteria, free, is_free),
                *_of_rows(criterion, needs, first, test_rows, population, labels),
                *_of_rule(criterion, least, measured_rows),
            ]
        ),
    )


# ---- free


def _is_nearly_free(
    criterion: Criterion, criteria: Sequence[Criterion], answers: Sequence[Free], free: BestFree | None
) -> bool:
    """Return whether hardly any model is needed: one constant answer meets all criteria, or comes near this one."""
    constants = [one for one in answers if one.name != "rule"]
    beside = _about_decisions(criteria)
    if criterion in beside and any(all(meets(one, other) for other in beside) for one in constants):
        return True
    if free is None or criterion.metric in TRADED:
        return False
    return criterion.holds(free.score) or abs(criterion.threshold - free.score) <= NEARLY * _way(criterion, free.score)


def _about_decisions(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Return the criteria that a threshold decides, so that each can be bought at the price of another."""
    return [one for one in criteria if METRIC_NAMES[one.metric].needs != "prediction"]


def _way(criterion: Criterion, free: float) -> float:
    """Return how far it is from what is free to the best; 0 where there is no best."""
    known = METRIC_NAMES[criterion.metric]
    best = known.highest if criterion.is_lower_bound else known.lowest
    return abs(best - free) if math.isfinite(best) else 0.0


# ---- how far a model may get


def _best(criterion: Criterion, population: Population) -> float:
    """Return the best value that is thinkable, finite."""
    known = METRIC_NAMES[criterion.metric]
    if criterion.metric == "bias" and criterion.holds(0.0):
        return 0.0
    best = known.highest if criterion.is_lower_bound else known.lowest
    if math.isfinite(best):
        return best
    scale = 10 * max(population.money * (1000 if criterion.metric == "value" else 1), population.sizes, 1e-9)
    return criterion.threshold + (scale if criterion.is_lower_bound else -scale)


def _reaches(criterion: Criterion, best: float) -> tuple[float, ...]:
    """Return two true values that a model may have: a little and well beyond the threshold."""
    known, threshold = METRIC_NAMES[criterion.metric], criterion.threshold
    way = abs(best - threshold)
    if criterion.metric in ("value", "value_per_row"):
        steps = (0.1 * max(abs(threshold), 0.01 * way), 0.25 * max(abs(threshold), 0.01 * way))
    elif criterion.metric == "bias":
        steps = (0.5 * way, way)
    elif known.higher_is_better is False:
        steps = (0.05 * abs(threshold), 0.1 * abs(threshold))
    else:
        steps = (min(0.02, 0.2 * way), min(0.05, 0.5 * way))
    sign = 1 if criterion.is_lower_bound else -1
    return tuple(round(threshold + sign * step, 12) for step in steps if step > 0)


def _least_by_rule(
    criterion: Criterion, criteria: Sequence[Criterion], rule: Free | None, measured_rows: int, population: Population
) -> float | None:
    """Return how far today's rule gets at least, and with it a model; None where that says nothing of a model.

    What a threshold decides can be bought at the price of another criterion: there a rule must meet them all.
    """
    score = rule.scores.get(criterion.metric) if rule else None
    is_bound = METRIC_NAMES[criterion.metric].higher_is_better is criterion.is_lower_bound
    if rule is None or score is None or not is_bound:
        return None
    beside = _about_decisions(criteria)
    if criterion in beside and not all(meets(rule, other) for other in beside):
        return None
    return at_least(criterion.metric, score, measured_rows, population, higher=criterion.is_lower_bound)


def _is_beyond(criterion: Criterion, value: float, other: float) -> bool:
    """Return whether a value is better than another, by the criterion."""
    return value > other if criterion.is_lower_bound else value < other


# ---- words


def _of_free(criterion: Criterion, criteria: Sequence[Criterion], free: BestFree | None, is_free: bool) -> list[str]:
    if free is None:
        return []
    score = spoken(criterion.metric, free.score)
    told = f"{free.by[0].upper()}{free.by[1:]} scores {score}"
    if is_free and criterion.holds(free.score):
        return [f"{told}: the criterion is met without any model."]
    if criterion.metric in TRADED and criterion.holds(free.score):
        others = [other.text for other in _about_decisions(criteria) if other.metric != criterion.metric]
        return [f"{told}, so it counts only together with {listed(others)}."]
    asked = abs(criterion.threshold - free.score)
    way = _way(criterion, free.score)
    part = f", {share(asked / way, digits=0)} of the way to a perfect model" if way > 0 else ""
    side = "more" if criterion.is_lower_bound else "less"
    return [f"{told} for free; the criterion asks for {_difference(criterion.metric, asked)} {side}{part}."]


def _difference(metric: str, amount: float) -> str:
    return f"{figure(100 * amount, digits=2)} points" if METRIC_NAMES[metric].unit == "share" else figure(amount)


def _of_rows(
    criterion: Criterion,
    needs: Sequence[Need],
    first: float | None,
    test_rows: int,
    population: Population,
    labels: tuple[str, ...],
) -> list[str]:
    metric = criterion.metric
    share_of = denominator(metric, population)
    there = counted(test_rows, "test row")
    if share_of is not None and share_of < 1:
        there = f"{there}, about {count(int(test_rows * share_of))} of them {_counted(metric, labels)},"
    if test_rows < fewest_rows(population):
        few = f"{counted(test_rows, 'test row')} hold fewer than ten of the rarer answers, too few for any interval"
        return [f"{few}; at least {count(fewest_rows(population))} are needed."]
    known = [need for need in needs if need.rows is not None]
    if not known:
        return [f"How many rows verify it cannot be told beforehand; there are {there.rstrip(',')}."]
    says = []
    if first is not None:
        beyond = "or more" if criterion.is_lower_bound else "or less"
        says.append(f"The {there} can verify it if the model truly reaches {spoken(metric, first)} {beyond}.")
    else:
        says.append(f"The {there} cannot verify it, however good the model.")
    wanted = [f"{count(need.rows or 0)} if it reaches {spoken(metric, need.reach)}" for need in known]
    return [*says, f"Test rows needed: {listed(wanted)}."]


def _of_rule(criterion: Criterion, least: float | None, measured_rows: int) -> list[str]:
    if least is None:
        return []
    beyond = "or more" if criterion.is_lower_bound else "or less"
    told = f"Today's rule reaches {spoken(criterion.metric, least)} {beyond}"
    return [f"{told}, as {counted(measured_rows, 'development row')} show; a model will hardly be worse."]


def _counted(metric: str, labels: tuple[str, ...]) -> str:
    """Return which rows a share is a share of."""
    if metric == "recall" and len(labels) == 2:
        return f"'{labels[1]}'"
    if metric == "specificity":
        return f"'{labels[0]}'"
    if metric == "precision" and len(labels) == 2:
        return f"called '{labels[1]}'"
    return "rows"
