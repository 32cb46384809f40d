"""What a drafted problem file holds: every key with a comment for a beginner, what is uncertain behind a #."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.data.column_names import words_of
from milepost.data.schema import Column
from milepost.draft.conditions import rounded, spelled
from milepost.draft.free import BestFree, best_free, spoken
from milepost.draft.problem_file import Section, Setting
from milepost.draft.prospects import TRADED
from milepost.draft.table import Draft
from milepost.draft.unread import unread_notes
from milepost.ground.text import figure, listed
from milepost.metrics.names import METRIC_NAMES, Task
from milepost.problem.criteria import Criterion
from milepost.problem.spans import span_text

NAME = re.compile(r"[^A-Za-z0-9]+")
_KINDS: dict[Task, str] = {
    "binary": "yes or no (else multiclass or regression)",
    "multiclass": "one of several classes (else binary or regression)",
    "regression": "a number (else binary or multiclass)",
}
RULE = "the rule above"
PART_OF_THE_WAY = 0.3  # from what is reached without a model to a perfect one
HARDLY_BETTER = 0.99  # nearly perfect without a model
RARE = 0.1  # share of the rarer answer below which accuracy says little
_MONEY = {"price", "charge", "charges", "amount", "income", "revenue", "cost", "fee", "balance", "salary", "payment"}


def opening(source: str, check: str) -> tuple[str, ...]:
    """Return the comments at the top of a draft.

    Args:
        source: the table as the file names it.
        check: the command that checks the file.
    """
    return (
        f"What this model is for, drafted from {source}. Every later step holds its results against this file.",
        "Read it once and correct what is wrong. A line behind # does not count: take the # away to make it count.",
        "The first line lets editors complete and check the keys. When you have read it all, run:",
        check,
    )


def sections(draft: Draft) -> tuple[Section, ...]:
    """Return the tables of a drafted problem file."""
    trade = "what an expert of the trade would compute from the columns of one row"
    today = "what is done today, without a model: the model has to beat it"
    reach = "what the model must reach, judged on the test rows with intervals"
    worth = "what each decision brings in money; take the # away and write your own figures"
    return (
        Section("problem", "what is predicted, and why", tuple(_problem(draft))),
        Section("data", "where the rows are, and what their columns are for", tuple(_data(draft))),
        Section("features", trade, tuple(_features(draft))),
        Section("baseline", today, tuple(_baseline(draft))),
        Section("split", "rows that the model never learns from, kept for the verdict", tuple(_split(draft))),
        Section("climb", "how models are compared, from simple to complex", tuple(_climb(draft))),
        Section("success", reach, tuple(_success(draft)), notes=unread_notes(draft.understood, draft.schema.names)),
        Section("value", worth, tuple(_value(draft)), is_on=False),
    )


def draft_name(source: str, target: str) -> str:
    """Return what a problem may be called: the table's name, then the target's.

    >>> draft_name("data/telco.csv", "churn"), draft_name("ünïcode.csv", "größe")
    ('telco-churn', 'n-code-gr-e')
    """
    stem = source.rstrip("/").rpartition("/")[2].partition(".")[0]
    table, answer = (NAME.sub("-", part).strip("-").lower() for part in (stem, target))
    known = answer in table or answer.rstrip("s") in table.split("-")
    return (table if known else f"{table}-{answer}")[:100].strip("-") or "my-problem"


def _problem(draft: Draft) -> Iterator[Setting]:
    said, target = draft.understood, draft.target
    yield Setting("name", draft_name(draft.source, target), "what the problem and its models are called")
    if said.statement:
        yield Setting("statement", said.statement, "the aim in your words")
    else:
        yield Setting("statement", f"Predict {target} …", "the aim in one sentence", is_on=False)
    yield Setting("task", draft.task, f"{_KINDS[draft.task]}: {draft.task_because}")
    yield Setting("target", target, f"the column to predict: {draft.target_because}")
    if draft.task == "binary":
        yield Setting("positive", draft.schema.labels[1], f"the answer to look for: {draft.positive_because}")
    span = "the outcome is meant within this span after the prediction"
    if said.horizon is not None:
        yield Setting("horizon", span_text(said.horizon), span)
    else:
        none = "the sentence says none, and without it outcomes are found by prediction_id alone"
        yield Setting("horizon", "30d", f"{span}; {none}", is_on=False)
    yield from _effect(draft)


def _effect(draft: Draft) -> Iterator[Setting]:
    promised = draft.understood.effect
    if promised is None:
        column = draft.effect_column or draft.target
        example = {"column": column, "change": "-15%" if draft.task != "regression" else "-5%"}
        yield Setting("effect", example, "what acting on the answers is to change in the business", is_on=False)
        return
    says = "the change of the business that is promised; the model alone cannot bring it about"
    if draft.effect_column is None:
        says = f"the sentence promises a change of '{promised.about or '…'}', but which column is that?"
    value = {"column": draft.effect_column or draft.target, "change": promised.change.text}
    yield Setting("effect", value, says, is_on=draft.effect_column is not None)


def _data(draft: Draft) -> Iterator[Setting]:
    roles = draft.roles
    yield Setting("source", draft.source, "the table, relative to this file")
    if roles.id:
        doubt = "" if roles.id.is_sure else "; take the # away if it names who a row is about"
        yield Setting("id", roles.id.column, f"names the entity of a row: {roles.id.because}{doubt}", roles.id.is_sure)
    else:
        yield Setting("id", "customer", "the column that names who a row is about; none was found", is_on=False)
    if not roles.times:
        yield Setting("time", "snapshot_at", "when each prediction would be made; no column holds times", is_on=False)
    leaks = {finding.column for finding in draft.excluded}
    for time in (one for one in roles.times if one.column not in leaks):
        meaning = "when each prediction would be made: the newest rows become the test"
        yield Setting("time", time.column, f"{meaning}; {time.because}", time.is_sure)
    if roles.known_at:
        yield Setting(
            "known_at", roles.known_at.column, f"when the truth was recorded? {roles.known_at.because}", is_on=False
        )
    for group in roles.groups:
        says = f"rows that may not be on both sides of the split; {group.because}"
        yield Setting("group", group.column, says, is_on=False)
    yield from _hidden(draft)


def _hidden(draft: Draft) -> Iterator[Setting]:
    """Give what no model may see: leaks, then what people may not be judged by."""
    leaks = [finding.column for finding in draft.excluded]
    if leaks:
        reasons = " ".join(finding.says for finding in draft.excluded)
        yield Setting("exclude", leaks, f"not known when predicting: {reasons}")
    doubtful = [*(finding.column for finding in draft.suspects), *draft.with_answer, *draft.named_alike]
    if doubtful:
        says = f"are these known when predicting? {' '.join(_doubts(draft))}"
        do = "Keep those that are not, and use this line for the one above." if leaks else "Exclude those that are not."
        yield Setting("exclude", [*leaks, *doubtful], f"{says} {do}", is_on=False)
    elif not leaks:
        yield Setting(
            "exclude", ["column"], "columns that are not known when predicting; none looks like it", is_on=False
        )
    sensitive = [one.column for one in draft.roles.sensitive]
    if sensitive:
        yield Setting("sensitive", sensitive, "the model never sees them, unless you list them in allowed")
        yield Setting("allowed", sensitive[:1], "sensitive columns that the model may see all the same", is_on=False)


def _doubts(draft: Draft) -> Iterator[str]:
    """Give why columns may not be known when predicting, a sentence each."""
    yield from (finding.says for finding in draft.suspects)
    if draft.with_answer:
        yield f"Where `{draft.target}` is missing, {_quoted(draft.with_answer)} are too."
    if draft.named_alike:
        yield f"The name of {_quoted(draft.named_alike)} is like that of `{draft.target}`."


def _quoted(names: tuple[str, ...]) -> str:
    return listed([f"`{name}`" for name in names])


def _features(draft: Draft) -> Iterator[Setting]:
    numbers = [column for column in draft.schema.with_role("feature") if column.kind == "number"]
    totals = [column for column in numbers if {"total", "sum", *_MONEY} & set(words_of(column.name))]
    wholes = [column for column in numbers if column.dtype == "integer" and column not in totals]
    if not totals or not wholes:
        totals, wholes = numbers[:1], numbers[1:2]
    if totals and wholes:
        expression = f"{_spelled(totals[-1])} / nullif({_spelled(wholes[0])}, 0)"
        yield Setting("a_ratio", expression, "an example: a name of your own, and an expression", is_on=False)


def _spelled(column: Column) -> str:
    return spelled(column.name, column.dtype)


def _baseline(draft: Draft) -> Iterator[Setting]:
    if draft.rule is None:
        example = "CASE WHEN column < 6 THEN 1 ELSE 0 END" if draft.task == "regression" else "column < 6"
        yield Setting("rule", example, "whom you would pick today; no readable rule was found in the data", is_on=False)
        return
    rows = f"{draft.rule.rows:,} of {draft.development:,}" if draft.is_sampled else f"{draft.rule.rows:,}"
    says = f"found in {rows} development rows; write what you do today instead. {draft.rule.says}"
    yield Setting("rule", draft.rule.text, says)


def _split(draft: Draft) -> Iterator[Setting]:
    yield Setting("test", 0.25, "share of the rows that is kept for the verdict")
    why = {
        "time": "the newest rows are tested on, as in production",
        "group": "rows of one id stay on one side",
        "stratified": "at random, with the same mix of answers on both sides",
    }[draft.strategy]
    yield Setting("strategy", draft.strategy, f"chosen by itself: {why}; or time, group, stratified", is_on=False)


def _climb(draft: Draft) -> Iterator[Setting]:
    choice = (
        "log or squared"
        if draft.task != "regression"
        else "squared (large errors count most), absolute or quantile:0.9"
    )
    yield Setting("loss", draft.loss, f"what a wrong answer costs while models are compared: {choice}")
    yield Setting("smallest_gain", 0.01, "a more complex model must be better by this share of the loss")
    yield Setting("budget", "medium", "amount of work: small, medium or large")


# ---- success


def _success(draft: Draft) -> Iterator[Setting]:
    written = set()
    for metric in dict.fromkeys(one.metric for one in draft.understood.criteria):
        bounds = [one for one in draft.understood.criteria if one.metric == metric]
        needs_money = METRIC_NAMES[metric].needs == "value"
        value = bounds[0].bound if len(bounds) == 1 else [one.bound for one in bounds]
        says = "from the sentence" if not needs_money else "from the sentence; it needs [value] below"
        yield Setting(metric, value, f"{says}{beside(bounds[0], draft)}", is_on=not needs_money)
        written.add(metric)
    for criterion, meaning in _suggested(draft):
        if criterion.metric not in written:
            yield Setting(criterion.metric, criterion.bound, f"{meaning}{beside(criterion, draft)}", is_on=False)


def beside(criterion: Criterion, draft: Draft) -> str:
    """Return what is reached without a model, to stand behind a criterion."""
    if criterion.metric in ("recall", "specificity"):
        return ""  # to find all is easy for who calls everybody
    free = best_free(draft.answers, criterion.metric, higher=criterion.is_lower_bound)
    if free is None:
        return ""
    score = spoken(criterion.metric, free.score)
    if not draft.is_sampled:
        return f"; {free.by} scores {score}"
    return f"; {free.by} scores about {score}, on {draft.looked_at:,} of {draft.development:,} development rows"


def _suggested(draft: Draft) -> Iterator[tuple[Criterion, str]]:
    """Give criteria that usually suit the task, with bounds above what is reached without a model."""
    if draft.task == "regression":
        mae = _reached(draft, "mae")
        if mae is not None:
            # of what always answering the same is off by; a rule is harder to beat
            share_of = 0.7 if mae.by != RULE else 0.9
            bound = rounded(share_of * mae.score, 2)
            says = f"how far off on average, in the target's unit; {figure(share_of)} times what {mae.by} is off by"
            yield Criterion("mae", "<=", bound), says
        yield _suggestion(draft, "r2", 0.5, "share of the variation that is explained")
        return
    rate = min(draft.shares, default=0.5)
    if rate >= RARE:
        yield _suggestion(draft, "accuracy", 0.0, "share of the rows that are called what they are")
    if draft.task == "binary":
        yield _suggestion(draft, "recall", 0.6, f"share of the '{draft.schema.labels[1]}' that is found")
        bound = min(0.5, rounded(4 * rate, 1))
        yield _suggestion(draft, "precision", bound, "share of those called it that are")
        yield _suggestion(draft, "roc_auc", 0.75, "how well rows are put in order; 0.5 is chance")
    else:
        says = "share called right in each class, averaged over the classes"
        yield _suggestion(draft, "balanced_accuracy", 0.7, says)


def _suggestion(draft: Draft, metric: str, usual: float, says: str) -> tuple[Criterion, str]:
    """Return a criterion that asks for the usual, or for a part of the way from what is reached without a model."""
    reached = _reached(draft, metric)
    if reached is None or reached.score + PART_OF_THE_WAY * (1 - reached.score) <= usual:
        return Criterion(metric, ">=", usual), says
    found = " on the rows in which it was found" if reached.by == RULE else ""
    so_far = f"{says}; {reached.by} has {spoken(metric, reached.score)}{found}"
    if reached.score > HARDLY_BETTER:
        return Criterion(metric, ">=", HARDLY_BETTER), f"{so_far}: is a model needed?"
    bound = reached.score + PART_OF_THE_WAY * (1 - reached.score)
    digits = 2 if 1 - reached.score >= 0.03 else 3  # so many tell the bound from what is reached
    return Criterion(metric, ">=", round(bound, digits)), f"{so_far}, and a model has to beat it"


def _reached(draft: Draft, metric: str) -> BestFree | None:
    """Return the best that a metric reaches without a model, the drafted rule among it; None where nothing does."""
    higher = METRIC_NAMES[metric].higher_is_better is not False
    free = None if metric in TRADED else best_free(draft.answers, metric, higher=higher)
    of_rule = next((one.scores.get(metric) for one in draft.answers if one.name == "rule"), None)
    if of_rule is None or (free is not None and (of_rule <= free.score if higher else of_rule >= free.score)):
        return free
    return BestFree(metric, of_rule, RULE)


# ---- value


def _value(draft: Draft) -> Iterator[Setting]:
    yield Setting("currency", "EUR", "what the money is counted in", is_on=False)
    if draft.task == "binary":
        yield from _cells(draft)
    elif draft.task == "multiclass":
        one, other = draft.schema.labels[:2]
        matrix = {one: {one: 10, other: -2}}
        yield Setting(
            "matrix", matrix, "money by what it is, then by what it was called; 0 where nothing is said", is_on=False
        )
    else:
        says = "money for one row: an expression over truth, prediction and columns"
        yield Setting("row", "-0.1 * abs(truth - prediction)", says, is_on=False)


def _cells(draft: Draft) -> Iterator[Setting]:
    positive = f"{draft.target} = '{draft.schema.labels[1]}'"
    money = [one for one in draft.schema.columns if one.kind == "number" and _MONEY & set(words_of(one.name))]
    gain = f"0.3 * {_spelled(money[0])} - 20" if money else 100
    yield Setting("true_positive", gain, f"acting where {positive}: what it brings less what it costs", is_on=False)
    yield Setting("false_positive", -20, "acting in vain: what it costs", is_on=False)
    yield Setting("false_negative", 0, f"not acting where {positive}", is_on=False)
    capacity = {"positives": 500, "per": "7d", "population_per": 7000}
    yield Setting("capacity", capacity, "how many can be acted on, of how many that come", is_on=False)
