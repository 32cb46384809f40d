from dataclasses import dataclass

from milepost.models.steps import Ladder
from milepost.show.notebook import Shown, Shows, as_html, register


class Formatter:
    """Stands where IPython's formatter stands: it maps a type to what draws it."""

    def __init__(self):
        self.drawn = {}

    def for_type(self, kind, draw):
        self.drawn[kind] = draw


class Shell:
    def __init__(self):
        self.display_formatter = self
        self.formatters = {"text/html": Formatter()}


@dataclass(frozen=True, slots=True)
class Trained(Shows):
    name: str
    ladder: Ladder
    next_step: str


def test_a_climb_is_drawn_and_told(telco):
    html = as_html(telco.ladder)
    assert html.count("<svg") == 1
    assert "The climb ends with additive trees" in html


def test_a_result_that_inherits_is_drawn_with_its_parts(telco):
    html = Trained("telco-churn", telco.ladder, "milepost evaluate")._repr_html_()
    assert html.count("<svg") == 1
    assert "Next: milepost evaluate" in html


def test_any_result_can_be_wrapped(telco):
    shown = Shown(telco.verdict, telco.problem)
    assert shown._repr_html_() == as_html(telco.verdict, problem=telco.problem)
    assert "Of 100 customers" in repr(shown)


def test_markup_in_a_result_is_only_text(hostile):
    assert "<script" not in as_html((hostile,))


def test_a_shell_learns_to_draw_when_asked(telco):
    shell = Shell()
    register(shell)
    assert shell.formatters["text/html"].drawn[Ladder](telco.ladder) == as_html(telco.ladder)


def test_a_result_prints_as_the_terminal_shows_it(telco):
    said = str(Trained("telco-churn", telco.ladder, "milepost evaluate"))
    assert said.endswith("Next: milepost evaluate")
    assert "The climb" in said
    assert "Ladder(" not in said
