"""Hold each success criterion against an interval: met, not met, can't tell yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from milepost.evaluate.curves import Curves, draw
from milepost.evaluate.hindsight import CriteriaChange
from milepost.evaluate.simpler import simpler_is_better
from milepost.ground.text import count, counted, figure, share
from milepost.metrics.answers import Answers
from milepost.metrics.measure import Measured, measure
from milepost.metrics.names import METRIC_NAMES, Task
from milepost.problem.criteria import Criterion

Outcome = Literal["met", "not met", "can't tell yet"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion held against the test rows.

    Attributes:
        criterion: as written in the contract ("recall >= 0.60").
        metric: its metric.
        threshold: the number to clear.
        outcome: met where the whole interval clears the threshold, not met where none of it does.
        measured: the value with its interval.
        beside: the same metric of the dummy, the rule and the linear baseline on the same rows, where they were fitted.
        says: one sentence with the numbers and the reason.
    """

    criterion: str
    metric: str
    threshold: float
    outcome: Outcome
    measured: Measured
    beside: dict[str, Measured]
    says: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The bundle judged on rows that chose nothing.

    Attributes:
        bundle_id: what was judged.
        overall: met if every criterion is met, not met if one is not met, else can't tell yet.
        says: the verdict in words, first sentence first.
        criteria: in the contract's order.
        measures: every metric of the task with its interval, criterion or not.
        value: money per 1,000 rows of the bundle; None where no value is declared.
        value_beside: money per 1,000 rows of the dummy, the rule and the linear baseline.
        rows: test rows with known truth.
        positives: of them positive; None unless binary.
        look: how many bundles have been judged on these test rows, this one included.
        level: level of the intervals, 1 - 0.05 / look.
        split: hash of the split.
        curves: what the charts draw.
        changed: how the criteria were changed after the rows had been seen; None where they were not.
    """

    bundle_id: str
    overall: Outcome
    says: tuple[str, ...]
    criteria: tuple[Judged, ...]
    measures: dict[str, Measured]
    value: Measured | None
    value_beside: dict[str, Measured]
    rows: int
    positives: int | None
    look: int
    level: float
    split: str
    curves: Curves
    changed: CriteriaChange | None = None

    @property
    def is_by_hindsight(self) -> bool:
        """Return whether the criteria were made easier, or other ones, after the rows had been seen."""
        return self.changed is not None and not self.changed.is_harmless


def level_at(look: int) -> float:
    """Return the level of intervals at the given look at the same test rows: 1 - 0.05 / look (Bonferroni)."""
    return 1 - 0.05 / look


def judge(
    answers: Answers,
    criteria: Sequence[Criterion],
    *,
    bundle_id: str,
    split: str,
    baselines: Mapping[str, Answers] | None = None,
    look: int = 1,
    changed: CriteriaChange | None = None,
    seed: int = 0,
    quantile: float = 0.5,
    currency: str = "",
) -> Verdict:
    """Return the verdict on answers to rows that chose nothing.

    Args:
        answers: of the bundle, on the test rows.
        criteria: the contract's.
        bundle_id: what is judged.
        split: hash of the split.
        baselines: answers of simpler models to the same rows, by rung.
        look: how many bundles have been judged on these rows, this one included.
        changed: how the criteria were changed after the rows had been seen; None where they were not.
        seed: of the intervals that need chance.
        quantile: which one "quantile_loss" judges, 0..1.
        currency: of money, for the sentences.
    """
    level = level_at(look)
    names = [name for name, metric in METRIC_NAMES.items() if answers.task in metric.tasks and _offered(name, answers)]
    names += [criterion.metric for criterion in criteria if criterion.metric not in names]
    measures = {name: measure(name, answers, level=level, seed=seed, quantile=quantile) for name in names}
    beside = {
        rung: {name: measure(name, theirs, level=level, seed=seed, quantile=quantile) for name in names}
        for rung, theirs in (baselines or {}).items()
    }
    judged = tuple(_judged(criterion, measures[criterion.metric], beside) for criterion in criteria)
    overall = _overall([one.outcome for one in judged])
    rows = len(answers.truth)
    says = _sentences(overall, judged, rows, look, level, changed, answers.task)
    says += simpler_is_better(
        _what_counts(judged, measures),
        measures,
        beside,
        answers,
        baselines or {},
        level=level,
        quantile=quantile,
        currency=currency,
    )
    return Verdict(
        bundle_id=bundle_id,
        overall=overall,
        says=says,
        criteria=judged,
        measures=measures,
        value=measures.get("value"),
        value_beside={rung: values["value"] for rung, values in beside.items()} if "value" in measures else {},
        rows=rows,
        positives=int(answers.truth.sum()) if answers.task == "binary" else None,
        look=look,
        level=level,
        split=split,
        curves=draw(answers),
        changed=changed,
    )


def _what_counts(judged: Sequence[Judged], measures: Mapping[str, Measured]) -> list[str]:
    """Return the metrics that a simpler model is compared in: those of the criteria, and money, once."""
    names = list(dict.fromkeys(one.metric for one in judged))
    return names if "value" not in measures or {"value", "value_per_row"} & set(names) else [*names, "value"]


def _offered(metric: str, answers: Answers) -> bool:
    if METRIC_NAMES[metric].needs == "value":
        return answers.value is not None
    return metric != "quantile_loss"  # it needs to be told which quantile


def _judged(criterion: Criterion, measured: Measured, beside: Mapping[str, Mapping[str, Measured]]) -> Judged:
    outcome = outcome_of(criterion, measured)
    others = {rung: values[criterion.metric] for rung, values in beside.items()}
    return Judged(
        criterion.text,
        criterion.metric,
        criterion.threshold,
        outcome,
        measured,
        others,
        _reason(criterion, measured, outcome),
    )


def outcome_of(criterion: Criterion, measured: Measured) -> Outcome:
    """Return met where the whole interval keeps the criterion, not met where none of it does, else can't tell yet."""
    if measured.interval is None:
        return "can't tell yet"
    ends = [criterion.holds(measured.interval.lo), criterion.holds(measured.interval.hi)]
    return "met" if all(ends) else "can't tell yet" if any(ends) else "not met"


def _overall(outcomes: Sequence[Outcome]) -> Outcome:
    if "not met" in outcomes:
        return "not met"
    return "met" if outcomes and set(outcomes) == {"met"} else "can't tell yet"


def _reason(criterion: Criterion, measured: Measured, outcome: Outcome) -> str:
    title = METRIC_NAMES[criterion.metric].title
    if measured.value is None:
        return f"{criterion.text}: can't tell yet. {measured.why}"
    value = _written(criterion.metric, measured.value)
    if measured.interval is None:
        return f"{criterion.text}: can't tell yet; {title} is {value}. {measured.why}"
    ends = [_written(criterion.metric, end) for end in (measured.interval.lo, measured.interval.hi)]
    sure = f"{title} is {value}, and with {_level(measured.interval.level)} confidence between {ends[0]} and {ends[1]}"
    limit = _written(criterion.metric, criterion.threshold)
    if outcome == "met":
        return f"{criterion.text}: met; {sure}, all of it on the right side of {limit}."
    if outcome == "not met":
        return f"{criterion.text}: not met; {sure}, all of it on the wrong side of {limit}."
    return f"{criterion.text}: can't tell yet; {sure}, and {limit} lies inside. More test rows would narrow it."


def _level(level: float) -> str:
    """Return a level without digits that say nothing: 95 %, 97.5 %, 98.33 %."""
    return f"{figure(100 * level, digits=4)} %"


def _written(metric: str, value: float) -> str:
    return share(value) if METRIC_NAMES[metric].unit == "share" else figure(value, digits=4)


def _sentences(
    overall: Outcome,
    judged: Sequence[Judged],
    rows: int,
    look: int,
    level: float,
    changed: CriteriaChange | None,
    task: Task,
) -> tuple[str, ...]:
    says = [_headline(overall, judged, rows, changed), *(one.says for one in judged)]
    if not judged:
        says.append(_no_criterion(look, task))
    if changed is not None and judged:
        says.append(changed.says)
    if look > 1:
        says.append(
            f"This is look {look} at the same test rows. Each look is one more chance to be lucky, "
            f"so the intervals are at {_level(level)} instead of 95 %."
        )
    return tuple(says)


def _headline(overall: Outcome, judged: Sequence[Judged], rows: int, changed: CriteriaChange | None) -> str:
    by_outcome = {outcome: [one.criterion for one in judged if one.outcome == outcome] for outcome in _ORDER}
    if not judged:
        return f"The contract names no success criterion, so {counted(rows, 'test row')} can't give a verdict."
    if overall == "met":
        met = f"The model meets {_every(judged)} on {counted(rows, 'row')} that it had never seen"
        return f"{met}." if changed is None or changed.is_harmless else f"{met}, but {_HINDSIGHT}."
    if overall == "not met":
        return (
            f"The model does not meet {_joined(by_outcome['not met'], 'or')} on {counted(rows, 'row')} "
            "that it had never seen."
        )
    open_ones = _joined(by_outcome["can't tell yet"], "and")
    return f"{count(rows)} test rows can't tell yet whether the model meets {open_ones}."


def _no_criterion(look: int, task: Task) -> str:
    """Return what it cost to open the rows without a criterion, and how to write one."""
    return (
        f"Opening them is counted all the same: this is look {look}. Write what must hold under [success] in the "
        f"contract, such as {_EXAMPLES[task]}. But a limit that is written now is written with hindsight: "
        "judge it on new rows, or let somebody promote with a reason."
    )


_HINDSIGHT = "the criteria were changed after somebody had seen them"
_EXAMPLES: dict[Task, str] = {
    "binary": 'accuracy = ">= 0.80"',
    "multiclass": 'accuracy = ">= 0.80"',
    "regression": 'mae = "<= 5" (in the unit of the target)',
}
_ORDER: tuple[Outcome, ...] = ("met", "not met", "can't tell yet")


def _joined(criteria: Sequence[str], word: str) -> str:
    return f" {word} ".join([*([", ".join(criteria[:-1])] if len(criteria) > 1 else []), criteria[-1]])


def _every(judged: Sequence[Judged]) -> str:
    return "its criterion" if len(judged) == 1 else "every criterion"
