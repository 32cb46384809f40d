"""Any result in a terminal: what it is made of decides how it is shown, so that new results need no new code.

a field of a result: a known result -> its view, a sentence -> a paragraph, a short value -> a fact, next_step -> last
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.draft.candidates import Candidates
from milepost.draft.sense import Sense
from milepost.draft.sentence import Understood
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.evaluate.verdict import Verdict
from milepost.ground.errors import MilepostError
from milepost.ground.text import count, figure, listed, span
from milepost.metrics.measure import Measured
from milepost.models.steps import Ladder
from milepost.predlog.forgetting import Remaining, Removed
from milepost.predlog.verifying import Flaw
from milepost.problem.spec import Problem
from milepost.registry.decisions import Decision
from milepost.serve.parity import Difference
from milepost.show import cells, drafts, logged, logged_case, terminal, views
from milepost.show.glossary import Entry, Topic
from milepost.show.leg import Leg
from milepost.show.wording import columns_in_short, currency_of, noun_of_rows, unit_of_target

View = Callable[[Any, Problem | None], RenderableType]

_LONGEST_FACT = 60  # characters; longer texts are paragraphs


def _verdict(verdict: Verdict, problem: Problem | None) -> RenderableType:
    if problem is None:
        return views.verdict_view(verdict)
    noun, currency = noun_of_rows(problem.data.id), currency_of(problem)
    unit = unit_of_target(problem)
    return views.verdict_view(verdict, target=problem.aim.target, noun=noun, currency=currency, unit=unit)


def _threshold(choice: ThresholdChoice, problem: Problem | None) -> RenderableType:
    if problem is None:
        return views.threshold_view(choice)
    return views.threshold_view(choice, problem.success, currency=currency_of(problem))


def _leg(leg: Leg, problem: Problem | None) -> RenderableType:
    walks_on = hasattr(leg.result, "next_step")  # the next leg says what comes next
    result = replace(leg.result, next_step="") if walks_on else leg.result
    told = terminal.spaced(
        terminal.plain(f"── {leg.number}. {leg.title} ──", "bold"),
        terminal.plain(leg.why, "dim"),
        terminal.plain(f"$ {leg.command}", "bold") if leg.command else None,
        None if result is None else view(result, problem=problem),
        *(terminal.plain(sentence) for sentence in leg.found),
    )
    return Padding(told, (0, 0, 1, 0))


VIEWS: dict[type, View] = {
    Leg: _leg,
    Ladder: lambda ladder, _: views.ladder_view(ladder),
    Verdict: _verdict,
    ThresholdChoice: _threshold,
    Problem: lambda problem, _: views.problem_view(problem),
    Schema: lambda schema, _: terminal.plain(columns_in_short(schema) + "."),
    Entry: lambda entry, _: views.entry_view(entry),
    Topic: lambda topic, _: views.topic_view(topic),
    Understood: lambda understood, _: drafts.understood_view(understood),
    Candidates: lambda candidates, _: drafts.candidates_view(candidates),
    Sense: lambda sense, _: drafts.sense_view(sense),
    cells.Cells: lambda answer, _: cells.cells_view(answer),
    logged_case.CaseAnswer: lambda answer, _: logged_case.case_answer_view(answer),
    logged_case.CaseInputs: lambda inputs, _: logged_case.case_inputs_view(inputs),
    Measured: lambda measured, problem: views.measures_view({measured.metric: measured}, currency=currency_of(problem)),
    MilepostError: lambda error, _: views.error_view(error),
}
VIEWS_OF_MANY: dict[type, Callable[[Any], RenderableType]] = {
    Finding: views.findings_view,
    Decision: views.history_view,
    logged.LoggedAnswer: logged.answers_view,
    logged.RefusedRows: logged.refused_view,
    logged_case.CaseOutcome: logged_case.case_outcomes_view,
    Removed: logged.removed_view,
    Remaining: logged.remaining_view,
    Flaw: logged.flaws_view,
    Difference: logged.differences_view,
}


def view(result: Any, *, problem: Problem | None = None) -> RenderableType:
    """Return any result as something that rich prints; a sequence as the views of its items.

    Args:
        result: a result of any floor, or one that is made of such results.
        problem: what the result is about, for names and currency; a result's own attribute "problem" goes before.
    """
    if isinstance(result, str):
        return terminal.plain(result)
    if isinstance(result, Sequence):
        return _many(result, problem)
    known = next((VIEWS[kind] for kind in type(result).__mro__ if kind in VIEWS), None)
    if known:
        return known(result, problem)
    return _composed(result, problem) if is_dataclass(result) else terminal.plain(_short(result))


def terminal_text(result: Any, *, problem: Problem | None = None, console: Console | None = None) -> str:
    """Return a result as this terminal takes it: coloured where it can, else plain and without trailing blanks.

    Args:
        result: what to show.
        problem: what it is about, for names and currency.
        console: the terminal; None takes standard output.
    """
    console = console or Console(highlight=False)
    shown = view(result, problem=problem)
    if not console.is_terminal:
        return text_of(shown, width=console.width)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def text_of(result: RenderableType | Any, *, width: int = 80) -> str:
    """Return a result, or a view of it, as plain text without colours.

    Args:
        result: what to show.
        width: columns, 40 or more.
    """
    shown = result if _is_renderable(result) else view(result)
    told = StringIO()
    paper = Console(
        file=told, width=width, color_system=None, force_terminal=False, highlight=False, legacy_windows=False
    )
    paper.print(shown)
    return "\n".join(line.rstrip() for line in told.getvalue().splitlines()) + "\n"


def _is_renderable(result: Any) -> bool:
    return hasattr(result, "__rich_console__") or hasattr(result, "__rich__")


def _composed(result: Any, problem: Problem | None) -> RenderableType:
    """Return a result that is made of others: its name, its facts, then part after part, the next step last."""
    own = getattr(result, "problem", None)
    problem = own if isinstance(own, Problem) else problem
    values = {
        field.name: getattr(result, field.name) for field in fields(result) if getattr(result, field.name) is not own
    }
    name, next_step = values.pop("name", None), values.pop("next_step", None)
    there = {label: value for label, value in values.items() if value not in (None, (), "", {})}
    short = {label: value for label, value in there.items() if _is_short(value)}
    parts = [_part(label, value, problem) for label, value in there.items() if label not in short]
    return terminal.spaced(
        terminal.heading(f"{getattr(type(result), 'shown_as', type(result).__name__)} {name}") if name else None,
        terminal.facts((_label(label), _short(value, label)) for label, value in short.items()) if short else None,
        *parts,
        views.next_view(str(next_step)) if next_step else None,
    )


_TITLES = {  # of parts that are plain sentences
    "open_questions": "What only you can answer",
    "out_of_reach": "What nothing here can reach",
}


def _part(label: str, value: Any, problem: Problem | None) -> RenderableType:
    if isinstance(value, Mapping):
        if all(_is_short(item) for item in value.values()):
            pairs = terminal.facts((str(key), _short(item)) for key, item in value.items())
            return Group(terminal.heading(_label(label).capitalize()), pairs)
        return terminal.spaced(
            terminal.heading(_label(label).capitalize()), *(view(item, problem=problem) for item in value.values())
        )
    if label in _TITLES:
        return Group(terminal.heading(_TITLES[label]), view(value, problem=problem))
    if isinstance(value, Sequence) and value and type(value[0]) in VIEWS_OF_MANY:
        return Group(terminal.heading(_label(label).capitalize()), view(value, problem=problem))
    return view(value, problem=problem)


def _many(items: Sequence[Any], problem: Problem | None) -> RenderableType:
    kinds = {type(item) for item in items}
    if len(kinds) == 1 and (kind := kinds.pop()) in VIEWS_OF_MANY:
        return VIEWS_OF_MANY[kind](items)
    if all(isinstance(item, str) for item in items):
        return Group(*terminal.sentences(items))
    if items and all(hasattr(item, "is_done") for item in items):
        return views.status_view([(item.step, item.is_done, item.says) for item in items])
    if items and all(type(item) not in VIEWS and is_dataclass(item) for item in items):
        return _rows(items)
    return terminal.spaced(*(view(item, problem=problem) for item in items))


def _rows(items: Sequence[Any]) -> RenderableType:
    """Return plain dataclasses as a table with a column for each field; as a list where each has a text."""
    if all(isinstance(getattr(item, "text", None), str) for item in items) and not hasattr(items[0], "meaning"):
        return Group(*terminal.sentences([item.text for item in items], mark="-"))
    names = [field.name for field in fields(items[0])]
    numbers = {name: isinstance(getattr(items[0], name), int | float) for name in names}
    headings = tuple(terminal.Heading(_label(name), is_number=numbers[name]) for name in names)
    return terminal.Grid(headings, tuple(tuple(_short(getattr(item, name), name) for name in names) for item in items))


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_FACT and not value.rstrip().endswith((".", "!", "?"))
    if isinstance(value, tuple):
        return all(isinstance(item, str) and _is_short(item) for item in value)
    return isinstance(value, bool | int | float | Path | datetime | timedelta)


def _short(value: Any, label: str = "") -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return span(value) if label.endswith("seconds") else figure(value)
    if isinstance(value, timedelta):
        return span(value.total_seconds())
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return listed([_short(item) for item in value])
    return str(getattr(value, "text", value))


def _label(name: str) -> str:
    return "took" if name == "seconds" else name.removeprefix("is_").replace("_", " ")
