"""What each result looks like in a terminal: tables and sentences, returned and not printed.

Nothing is said by colour alone, nothing needs more than 60 columns; wider terminals get more columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.evaluate.verdict import Judged, Verdict
from milepost.ground.errors import MilepostError
from milepost.ground.text import count, figure, listed, share, span
from milepost.metrics.measure import Measured
from milepost.models.decisions import loss_title
from milepost.models.steps import Ladder, Step
from milepost.problem.criteria import Criterion
from milepost.problem.spec import Problem, SqlSource
from milepost.registry.decisions import Decision
from milepost.show import counts, wording
from milepost.show.charts.split import Part
from milepost.show.glossary import Entry, Topic
from milepost.show.terminal import MIDDLE, NARROW, WIDE, Grid, Heading, facts, heading, marked, plain, sentences, spaced

_OUTCOME_STYLES = {"met": "green", "not met": "red", "can't tell yet": "yellow"}
_SEVERITY_STYLES = {"stop": "red", "warn": "yellow", "note": ""}


def next_view(next_step: str) -> Text:
    """Return the command to run next."""
    return Text.assemble(("Next: ", "bold"), plain(next_step))


def error_view(error: MilepostError) -> Group:
    """Return the three lines of an error: what, where, fix."""
    return Group(plain(error.what, "bold"), facts((("where:", error.where), ("fix:", error.fix))))


def topic_view(topic: Topic) -> Group:
    """Return the names of a topic's terms."""
    return Group(heading(f"{topic.name}: {topic.title}"), Padding(plain(", ".join(topic.terms)), (0, 0, 0, 2)))


def entry_view(entry: Entry) -> Group:
    """Return a word with what it means and what to do."""
    also = f"Also called {listed(entry.aka)}." if entry.aka else ""
    told = [text for text in (entry.says, f"What to do: {entry.do}" if entry.do else "", also) if text]
    return Group(heading(entry.term), *(Padding(plain(text), (0, 0, 0, 2)) for text in told))


# --- the road before training


def problem_view(problem: Problem, schema: Schema | None = None) -> Group:
    """Return a problem as it was understood.

    Args:
        problem: the contract.
        schema: of its table, where it was read.
    """
    aim, data = problem.aim, problem.data
    task = schema.task if schema else aim.task
    target = f"{aim.target} = {aim.positive}" if aim.positive else aim.target
    horizon = f", within {wording.span_in_words(aim.horizon)}" if aim.horizon else ""
    source = data.source.query if isinstance(data.source, SqlSource) else data.source
    pairs = [
        ("predicts", f"{target}{f' ({task})' if task else ''}{horizon}"),
        ("from", source + (f": {wording.columns_in_short(schema)}" if schema else "")),
        ("features", listed([f"{name} = {text}" for name, text in problem.features.items()])),
        ("never a feature", listed([*data.exclude, *(name for name in data.sensitive if name not in data.allowed)])),
        ("rule of today", problem.baseline.rule or ""),
        ("success", listed([criterion.text for criterion in problem.success])),
        ("money", _money_in_short(problem)),
        ("kept for test", _split_in_short(problem)),
    ]
    said = plain(f"“{aim.statement}”") if aim.statement else None
    return spaced(heading(aim.name), said, facts((label, value) for label, value in pairs if value))


def _money_in_short(problem: Problem) -> str:
    if problem.value is None:
        return ""
    cells = ("true_positive", "false_positive", "true_negative", "false_negative")
    declared = {cell.replace("_", " "): getattr(problem.value, cell) for cell in cells}
    told = [
        f"{cell} {figure(money) if isinstance(money, float) else money}" for cell, money in declared.items() if money
    ]
    told += ["a matrix by class"] if problem.value.matrix else []
    told += [f"each row {problem.value.row}"] if problem.value.row else []
    return f"in {problem.value.currency}: {listed(told)}" if told else ""


def _split_in_short(problem: Problem) -> str:
    if problem.split.column:
        return f"the rows that {problem.split.column} says"
    strategy = problem.split.strategy or (
        "time" if problem.data.time else "group" if problem.data.group else "stratified"
    )
    how = strategy if strategy == "stratified" else f"by {strategy}"
    return f"{share(problem.split.test, digits=0)} of the rows, {how}"


def findings_view(findings: Sequence[Finding]) -> Group:
    """Return findings with the most severe first, each with its code and what to do."""
    if not findings:
        return Group(plain("Nothing about the data stood out."))
    return Group(*(_finding(finding) for finding in wording.by_severity(findings)))


def _finding(finding: Finding) -> RenderableType:
    do = f" {finding.do}" if finding.do else ""
    text = Text.assemble(plain(finding.says), plain(do, "bold"), plain(f" [{finding.code}]", "dim"))
    return marked(f"{finding.severity:<4}", text)


def split_view(says: Sequence[str], *, split_hash: str = "", parts: Sequence[Part] = ()) -> Group:
    """Return how rows were kept for the verdict."""
    headings = (
        Heading("part"),
        Heading("rows", is_number=True),
        *([Heading("time")] if any(map(_days, parts)) else []),
    )
    rows = tuple((part.name, count(part.rows), _days(part))[: len(headings)] for part in parts)
    grid = Grid(headings, rows) if rows else None
    name = plain(f"This split is called {split_hash}.", "dim") if split_hash else None
    return spaced(heading("The split"), Group(*sentences(says)) if says else None, grid, name)


def _days(part: Part) -> str:
    return f"{part.start:%Y-%m-%d} to {part.end:%Y-%m-%d}" if part.start and part.end else ""


# --- the climb


def ladder_view(ladder: Ladder, *, reasons: bool = True) -> Group:
    """Return the climb: a table of its rungs, and why each was kept or not.

    Args:
        ladder: the climb.
        reasons: tell below the table why rungs were kept or not; the whole sentence of each is on the page.
    """
    headings = (
        Heading("rung"),
        Heading(_loss_title(ladder), is_number=True, from_width=MIDDLE),
        Heading("gain", is_number=True),
        Heading("95 % interval", is_number=True, may_fold=True),
        Heading("answer", is_number=True, from_width=MIDDLE),
        Heading("training", is_number=True, from_width=WIDE),
        Heading("decision"),
    )
    grid = Grid(headings, tuple(_step_row(step, ladder) for step in ladder.steps))
    compared = plain(f"Compared on {count(ladder.rows)} development rows: {ladder.folds}", "dim")
    return spaced(
        heading("The climb"),
        plain(ladder.learnable.says),
        grid,
        Group(*sentences(_reasons(ladder), mark="-")) if reasons else None,
        plain(ladder.ending, "bold"),
        plain(ladder.curve.says) if ladder.curve else None,
        compared,
    )


def _reasons(ladder: Ladder) -> list[str]:
    """Return why rungs were kept or not, rungs of one reason together; the numbers stand in the table."""
    told: dict[str, list[str]] = {}
    for step in ladder.steps:
        told.setdefault(_reason(step, ladder), []).append(step.title)
    return [
        reason if "{}" not in reason else reason.format(wording.one_line(listed(titles), most=2000))
        for reason, titles in told.items()
    ]


def _reason(step: Step, ladder: Ladder) -> str:
    """Return the reason of a decision with {} where the names of rungs belong; of a failed one its whole sentence."""
    gain, least = step.gain, share(ladder.smallest_gain)
    if step.failed is not None:
        return _braceless(step.says)
    if gain is None:
        return "The start, which every other rung has to beat: {}."
    if step.kept:
        return f"Kept, because better than the best before by {least} or more, and beyond chance: {{}}."
    over = _braceless(next((other.title for other in ladder.steps if other.rung == step.over), "the best before"))
    if not gain.relative > 0 or not math.isfinite(gain.relative):
        return f"Not kept, because no better than {over}: {{}}."
    if gain.lo <= 0:
        return f"Not kept, because it may be no gain over {over} at all: {{}}."
    if gain.relative < ladder.smallest_gain:
        return f"Not kept, because better than {over}, but by less than {least}: {{}}."
    return _braceless(step.says)  # better, but only something to compare with: the sentence says why


def _braceless(text: str) -> str:
    return wording.one_line(text, most=2000).replace("{}", "{ }")


def _loss_title(ladder: Ladder) -> str:
    return "error (RMSE)" if _is_rooted(ladder) else loss_title(ladder.loss, "binary")


def _is_rooted(ladder: Ladder) -> bool:
    """Return whether the climb's sentences tell the root of a squared loss: of numbers, not of probabilities."""
    return ladder.loss == "squared" and any("(RMSE)" in step.says for step in ladder.steps)


def _loss(step: Step, ladder: Ladder) -> str:
    """Return a mean loss; a squared one of numbers as its root, which is in the target's own unit."""
    if step.loss is None:
        return "–"
    return figure(math.sqrt(step.loss) if _is_rooted(ladder) else step.loss, digits=4)


def _step_row(step: Step, ladder: Ladder) -> tuple[str | Text, ...]:
    gain, interval = "–", "–"
    if step.gain is not None:
        gain = wording.percent(step.gain.relative)
        interval = f"{wording.percent(step.gain.relative_lo)} to {wording.percent(step.gain.relative_hi)}"
    decision = "failed" if step.failed else "kept" if step.kept else "not kept"
    is_chosen = step.rung == ladder.chosen
    if is_chosen:
        decision = "chosen"
    return (
        plain(step.title, "bold" if is_chosen else ""),
        _loss(step, ladder),
        gain,
        interval,
        "–" if step.answer_us is None else span(step.answer_us / 1e6),
        span(step.fit_seconds),
        decision,
    )


def threshold_view(choice: ThresholdChoice, criteria: Sequence[Criterion] = (), *, currency: str = "") -> Group:
    """Return where to act and why; where criteria collide, what each choice would cost."""
    names = wording.shown_metrics(choice, criteria)
    has_money = any(row.value is not None for row in choice.rows)
    headings = (
        Heading("act from", is_number=True, may_fold=True),
        *(
            Heading(wording.metric_title(name), is_number=True, from_width=NARROW if place < 2 else MIDDLE)
            for place, name in enumerate(names)
        ),
        *([Heading(f"{wording.clean(currency) or 'money'} / 1,000", is_number=True)] if has_money else []),
        *([Heading("meets", from_width=MIDDLE)] if criteria else []),
        Heading("why shown"),
    )
    rows = []
    for row in choice.rows:
        cells = [figure(row.at), *(_two_lines(row.figures.get(name)) for name in names)]
        cells += [_two_lines(row.value)] if has_money else []
        cells += [wording.meets(criteria, row.meets)] if criteria else []
        rows.append((*cells, wording.role_title(row.role)))
    title = "Where to act" if choice.meets_all else "Where to act: the criteria collide"
    note = plain(f"{wording.measured_how(choice)} {wording.measured_apart(choice, criteria)}".rstrip(), "dim")
    return spaced(heading(title), plain(choice.says), Grid(headings, tuple(rows)), note)


def _two_lines(measured: Measured | None) -> str:
    """Return a measure with its interval under it."""
    return "–" if measured is None else f"{wording.value_of(measured)}\n{wording.ends(measured)}"


# --- the verdict


def verdict_view(
    verdict: Verdict, *, target: str = "", noun: str = "rows", currency: str = "", unit: str = ""
) -> Group:
    """Return the verdict in words, then each criterion (without any, the main measures), what was found, and money.

    Args:
        verdict: to show.
        target: the column that is predicted, for the sentence about found and missed.
        noun: what the rows are, in the plural.
        currency: of the money.
        unit: of the target, where it is known.
    """
    told = {one.says for one in verdict.criteria}
    others = [sentence for sentence in verdict.says[1:] if sentence not in told]
    outcome = Text.assemble((verdict.overall.upper(), f"bold {_OUTCOME_STYLES[verdict.overall]}"), "  ")
    return spaced(
        Text.assemble(outcome, plain(verdict.says[0] if verdict.says else "", "bold")),
        _criteria(verdict.criteria, verdict.level, currency, unit)
        if verdict.criteria
        else _main_measures(verdict, currency),
        Group(*sentences([_judged(one, currency) for one in verdict.criteria], mark="-")) if verdict.criteria else None,
        _decisions(verdict, target, noun),
        _money(verdict, noun, currency),
        Group(*sentences(others)) if others else None,
    )


def _criteria(judged: Sequence[Judged], level: float, currency: str, unit: str) -> Grid:
    headings = (
        Heading("criterion", is_whole=True),
        Heading("outcome"),
        Heading("value", is_number=True),
        Heading(f"{wording.level_title(level)} interval", is_number=True, may_fold=True),
    )
    rows = [
        (
            one.criterion,
            plain(one.outcome, _OUTCOME_STYLES[one.outcome]),
            wording.value_of(one.measured, currency, unit),
            wording.between(one.measured),
        )
        for one in judged
    ]
    return Grid(headings, tuple(rows))


_MAIN = ("accuracy", "balanced_accuracy", "precision", "recall", "roc_auc", "rmse", "mae", "r2")


def _main_measures(verdict: Verdict, currency: str) -> Grid:
    return measures_view(
        {name: verdict.measures[name] for name in _MAIN if name in verdict.measures}, currency=currency
    )


def _judged(one: Judged, currency: str) -> str:
    """Return a criterion's sentence, with what simpler answers to the same rows reach."""
    return f"{one.says} {wording.beside(one.beside, currency)}".rstrip()


def _decisions(verdict: Verdict, target: str, noun: str) -> Group | None:
    if len(verdict.curves.confusion) != 2 or len(verdict.curves.labels) != 2:
        return None
    cells = counts.out_of(verdict.curves.confusion)
    if cells is None:
        return None
    return Group(*sentences(counts.found_and_missed(cells, noun, target, verdict.curves.labels[1])))


def _money(verdict: Verdict, noun: str, currency: str) -> Text | None:
    if verdict.value is None:
        return None
    said = f"Money per 1,000 {noun}: {wording.reading(verdict.value, currency)}."
    told = (said, wording.left_out(verdict.value, noun), wording.beside(verdict.value_beside, currency))
    return plain(" ".join(part for part in told if part))


def measures_view(measures: dict[str, Measured], *, currency: str = "") -> Grid:
    """Return every measure with its interval, or the reason why there is none."""
    headings = (
        Heading("measure"),
        Heading("value", is_number=True),
        Heading("interval"),
        Heading("rows", is_number=True, from_width=MIDDLE),
    )
    rows = [
        (
            wording.metric_title(name),
            wording.value_of(one, currency),
            wording.between(one) if one.interval else one.why or "–",
            count(one.denominator),
        )
        for name, one in measures.items()
    ]
    return Grid(headings, tuple(rows))


# --- the road so far


def status_view(milestones: Sequence[tuple[str, bool, str]], *, next_step: str = "") -> Group:
    """Return the road with what is done and what comes next.

    Args:
        milestones: step, whether it was taken, and what it left.
        next_step: the command to run next.
    """
    undone = next((step for step, is_done, _ in milestones if not is_done), None)
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    for step, is_done, says in milestones:
        table.add_row(plain("[x]" if is_done else "[>]" if step == undone else "[ ]"), plain(step, "bold"), plain(says))
    return spaced(table, next_view(next_step) if next_step else None)


def history_view(decisions: Sequence[Decision]) -> Grid:
    """Return decisions as they were written, oldest first."""
    headings = (Heading("when"), Heading("what"), Heading("why"), Heading("bundle", from_width=WIDE))
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", one.kind.replace("_", " "), one.says, one.bundle_id or "–") for one in decisions
    ]
    return Grid(headings, tuple(rows))
