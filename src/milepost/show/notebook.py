"""Results in a notebook: their pictures and their text as HTML, without touching the notebook on import.

A result of the api inherits Shows and is drawn by itself; any other is wrapped in Shown, or register() teaches a shell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from typing import Any

from milepost.evaluate.thresholds import ThresholdChoice
from milepost.evaluate.verdict import Verdict
from milepost.models.steps import Ladder
from milepost.problem.spec import Problem
from milepost.show.charts.climb import climb
from milepost.show.charts.criteria import criteria
from milepost.show.charts.drawing import Chart, as_svg
from milepost.show.charts.threshold import threshold
from milepost.show.console import VIEWS, text_of, view
from milepost.show.wording import currency_of

_WIDTH = 100  # columns of the text
_TEXT = "white-space:pre-wrap;font-size:13px;line-height:1.45;margin:0"
_PICTURE = "background:#fff;padding:12px;margin:0 0 12px;max-width:704px"


class Shows:
    """What a result inherits to be drawn by a notebook, and printed as the terminal shows it."""

    __slots__ = ()

    def __str__(self) -> str:
        return text_of(view(self)).rstrip("\n")

    def _repr_html_(self) -> str:
        return as_html(self)


@dataclass(frozen=True, slots=True)
class Shown(Shows):
    """A result that a notebook draws and a prompt prints.

    Attributes:
        result: what is shown.
        problem: what it is about, for names and currency.
    """

    result: Any
    problem: Problem | None = None

    def _repr_html_(self) -> str:
        return as_html(self.result, problem=self.problem)

    def __str__(self) -> str:
        return text_of(view(self.result, problem=self.problem)).rstrip("\n")

    __repr__ = __str__


def as_html(result: Any, *, problem: Problem | None = None) -> str:
    """Return a result as HTML for a notebook: the pictures it can carry, then its text. It fetches and runs nothing.

    Args:
        result: a result of any floor, or one that is made of such results.
        problem: what the result is about, for names and currency; a result's own attribute "problem" goes before.
    """
    own = getattr(result, "problem", None)
    problem = own if isinstance(own, Problem) else problem
    pictures = "".join(f'<div style="{_PICTURE}">{as_svg(chart)}</div>' for chart in _pictures(result, problem))
    text = escape(text_of(view(result, problem=problem), width=_WIDTH))
    return f'<div>{pictures}<pre style="{_TEXT}">{text}</pre></div>'


def register(shell: Any) -> None:
    """Teach an IPython shell to draw plain results; nothing else of the shell is changed.

    Args:
        shell: what IPython.get_ipython() returns.
    """
    formatter = shell.display_formatter.formatters["text/html"]
    for kind in VIEWS:
        formatter.for_type(kind, as_html)


def _pictures(result: Any, problem: Problem | None) -> Sequence[Chart]:
    """Return the charts of a result and of the results in its fields."""
    draw = _DRAWN.get(type(result))
    if draw:
        return draw(result, problem)
    if not is_dataclass(result) or type(result) in VIEWS:
        return []
    return [chart for field in fields(result) for chart in _pictures(getattr(result, field.name), problem)]


_DRAWN: dict[type, Callable[[Any, Problem | None], Sequence[Chart]]] = {
    Ladder: lambda ladder, _: [climb(ladder)],
    Verdict: lambda verdict, problem: (
        [criteria(verdict.criteria, currency=currency_of(problem))] if verdict.criteria else []
    ),
    ThresholdChoice: lambda choice, problem: [
        threshold(choice, problem.success if problem else (), currency=currency_of(problem))
    ],
}
