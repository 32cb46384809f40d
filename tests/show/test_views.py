import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from milepost.ground.errors import MilepostError
from milepost.problem.criteria import Criterion
from milepost.registry.decisions import Decision
from milepost.show import views
from milepost.show.charts.split import Part
from milepost.show.console import text_of
from milepost.show.glossary import explain
from milepost.stats.intervals import Interval
from milepost.stats.paired import Gain

DAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
DECISIONS = (
    Decision(
        1,
        DAY,
        "trained",
        "telco-churn",
        "9f2c41d07ab83e65",
        "Trained on 5,282 development rows.",
        {},
        "0" * 64,
        "1" * 64,
    ),
    Decision(2, DAY, "rolled_back", "telco-churn", None, "Rolled back by ada: false alarms.", {}, "1" * 64, "2" * 64),
)
MILESTONES = (
    ("problem", True, "milepost.toml, 2 success criteria"),
    ("train", True, "Trained on 5,282 rows."),
    ("evaluate", False, "bundle 9f2c41d07ab83e65 has no verdict yet"),
    ("champion", False, "no bundle answers yet"),
)
VIEWS = {
    "problem": lambda m: views.problem_view(m.problem, m.schema),
    "findings": lambda m: views.findings_view(m.findings),
    "split": lambda m: views.split_view(m.split_says, split_hash=m.split_hash, parts=m.parts),
    "ladder": lambda m: views.ladder_view(m.ladder),
    "threshold": lambda m: views.threshold_view(m.threshold, m.problem.success, currency="EUR"),
    "verdict": lambda m: views.verdict_view(m.verdict, target="churn", noun="customers", currency="EUR"),
    "measures": lambda m: views.measures_view(m.verdict.measures),
    "status": lambda _: views.status_view(MILESTONES, next_step="milepost evaluate"),
    "history": lambda _: views.history_view(DECISIONS),
    "entry": lambda _: views.entry_view(explain("threshold")),
    "error": lambda _: views.error_view(
        MilepostError("No column is called 'chrun'.", where="milepost.toml, line 4", fix="Write 'churn' instead.")
    ),
}


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_as_it_was_approved(name, width, telco, golden):
    golden(f"show/{name}-{width}.txt", text_of(VIEWS[name](telco), width=width))


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_never_runs_over_the_edge(name, width, telco):
    assert max(map(len, text_of(VIEWS[name](telco), width=width).splitlines())) <= width


@pytest.mark.parametrize("task", ["ames", "wine"])
def test_other_tasks_can_be_viewed(task, request):
    material = request.getfixturevalue(task)
    assert "Beside it" in text_of(views.verdict_view(material.verdict))
    assert material.ladder.ending in text_of(views.ladder_view(material.ladder), width=200)


def test_names_of_users_do_not_steer_the_terminal(telco, hostile):
    findings = (replace(telco.findings[0], says=hostile, do=hostile),)
    steps = tuple(replace(step, title=hostile, says=hostile) for step in telco.ladder.steps)
    text = text_of(views.findings_view(findings)) + text_of(
        views.ladder_view(replace(telco.ladder, steps=steps)), width=120
    )
    assert "\x1b" not in text
    assert "[red]" in text  # markup is text, too


def test_a_climb_can_be_told_without_its_reasons(telco):
    assert telco.ladder.steps[1].says[:30] not in text_of(views.ladder_view(telco.ladder, reasons=False))


def test_criteria_without_an_interval_say_so(telco):
    measured = replace(telco.verdict.criteria[0].measured, interval=None, why="Only 4 rows are positive.")
    verdict = replace(telco.verdict, criteria=(replace(telco.verdict.criteria[0], measured=measured),))
    assert "–" in text_of(views.verdict_view(verdict))


def test_a_split_by_time_shows_its_days():
    parts = (Part("development rows", 10, DAY, DAY), Part("test rows", 5, DAY, DAY))
    assert "2026-01-05 to 2026-01-05" in text_of(views.split_view((), parts=parts))


def test_no_findings_are_said_in_words():
    assert text_of(views.findings_view(())) == "Nothing about the data stood out.\n"


def test_long_names_and_large_numbers_are_folded_and_not_cut(telco):
    interval = Interval(-12_345_678.0, 123_456_789.0)
    measured = replace(telco.verdict.criteria[0].measured, metric="value", value=98_765_432.0, interval=interval)
    judged = replace(
        telco.verdict.criteria[0], criterion="balanced_accuracy >= 0.80", metric="value", measured=measured
    )
    text = text_of(views.verdict_view(replace(telco.verdict, criteria=(judged,)), currency="EUR"), width=60)
    assert "…" not in text
    assert all(part in text for part in ("98,765,432", "-12,345,678", "123,456,789"))


def test_a_gain_without_bounds_reads_as_infinite(telco):
    first, rule, *_ = telco.ladder.steps
    steps = (first, replace(rule, gain=Gain(0.1, -math.inf, math.inf, 0.95, 0.2, -math.inf, math.inf, 40, 2)))
    assert "-∞ to ∞" in text_of(views.ladder_view(replace(telco.ladder, steps=steps)))


def test_rungs_of_one_reason_are_told_together(telco):
    told = " ".join(text_of(views.ladder_view(telco.ladder), width=200).split())
    assert "beyond chance: today's rule, logistic regression, additive trees." in told
    assert "Not kept, because no better than additive trees: boosted trees." in told
    assert "the library refused the parameters." in told


def test_the_root_of_a_squared_loss_is_called_so_only_where_it_is_one(ames):
    steps = tuple(replace(step, says=f"{step.title}: error (RMSE) 1") for step in ames.ladder.steps)
    assert "error (RMSE)" in text_of(views.ladder_view(replace(ames.ladder, steps=steps)), width=120)
    assert "Brier score" in text_of(views.ladder_view(ames.ladder), width=120)


def test_the_accuracy_is_shown_where_a_row_is_there_for_it(telco):
    first = replace(telco.threshold.rows[0], role="highest accuracy")
    choice = replace(telco.threshold, rows=(first,))
    assert "accuracy  " in text_of(views.threshold_view(choice, (Criterion("recall", ">=", 0.6),)), width=120)
