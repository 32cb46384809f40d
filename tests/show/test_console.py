import io
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from milepost.data.findings import Finding
from milepost.evaluate.verdict import Verdict
from milepost.models.steps import Ladder
from milepost.problem.spec import Problem
from milepost.show.console import terminal_text, text_of, view


@dataclass(frozen=True, slots=True)
class Milestone:
    step: str
    is_done: bool
    says: str


@dataclass(frozen=True, slots=True)
class Trained:
    name: str
    bundle_id: str
    version: int
    path: Path
    is_champion: bool
    ladder: Ladder
    calibration_says: str
    findings: tuple[Finding, ...]
    seconds: float
    next_step: str
    threshold: None = None
    figures: dict[str, float] = field(default_factory=lambda: {"No": 3.0, "Yes": 1.0})


@dataclass(frozen=True, slots=True)
class Judged:
    problem: Problem
    verdict: Verdict


def trained(telco) -> Trained:
    return Trained(
        "telco-churn",
        "9f2c",
        3,
        Path("bundles/9f2c"),
        True,
        telco.ladder,
        "As they are.",
        telco.findings,
        75.0,
        "milepost evaluate",
    )


def test_a_result_made_of_results_tells_facts_then_parts_then_the_next_step(telco, golden):
    golden("show/composed-80.txt", text_of(trained(telco)))


def test_what_is_none_or_empty_is_left_out(telco):
    assert "threshold" not in text_of(trained(telco))
    assert "igures" in text_of(trained(telco))
    assert "igures" not in text_of(replace(trained(telco), figures={}))


def test_names_and_currency_come_from_the_problem(telco):
    text = text_of(Judged(telco.problem, telco.verdict))
    assert "Of 100 customers" in text
    assert "EUR" in text
    assert text == text_of(view(telco.verdict, problem=telco.problem))


def test_milestones_are_shown_as_a_road():
    text = text_of((Milestone("train", True, "done"), Milestone("evaluate", False, "not yet")))
    assert text.splitlines() == ["[x]  train     done", "[>]  evaluate  not yet"]


def test_plain_records_become_a_table():
    @dataclass(frozen=True)
    class Candidate:
        name: str
        rows: int
        horizon: timedelta | None

    text = text_of((Candidate("churn", 7043, timedelta(days=30)), Candidate("female", 12, None)))
    assert text.splitlines()[0].split() == ["name", "rows", "horizon"]
    assert text.splitlines()[2].split() == ["churn", "7,043", "30", "d"]
    assert text.splitlines()[3].split() == ["female", "12", "–"]


def test_output_that_is_no_terminal_has_no_colours(telco):
    text = terminal_text(telco.verdict, console=Console(file=io.StringIO(), width=80))
    assert "\x1b" not in text
    assert "NOT MET" in text


def test_a_terminal_gets_colours(telco):
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    assert "\x1b[1;31m" in terminal_text(telco.verdict, console=console)


def test_sentences_are_paragraphs():
    assert text_of(("One thing.", "Another [bold]thing[/bold].")) == "One thing.\nAnother [bold]thing[/bold].\n"
