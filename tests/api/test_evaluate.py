import numpy as np
import polars as pl
import pytest

import milepost
from milepost.api.opening import open_problem
from milepost.ground.errors import MilepostError
from milepost.ground.events import silent
from milepost.predictor.load import load_predictor
from telco import edit_contract, few_rows, write_few, write_waves


def width(measured):
    return measured.interval.hi - measured.interval.lo


@pytest.fixture(scope="module")
def judged_twice(once, judged_folder):
    """Return a Telco folder in which a second bundle was judged on the same test rows."""

    def make(folder):
        import shutil

        shutil.copytree(judged_folder, folder, dirs_exist_ok=True)
        edit_contract(folder, "charge_per_month = ", 'long = "tenure > 40"\ncharge_per_month = ')
        milepost.train(folder / "milepost.toml")
        milepost.evaluate(problem=folder / "milepost.toml")

    return once("judged-twice", make)


def test_a_second_look_of_the_same_bundle_is_no_new_look(judged):
    first = milepost.evaluate(problem=judged / "milepost.toml")
    again = milepost.evaluate(problem=judged / "milepost.toml", seed=0)
    assert (first.verdict.look, again.verdict.look) == (1, 1)
    assert first.verdict == again.verdict


def test_a_second_bundle_is_look_2_with_wider_intervals(judged_twice, judged):
    first = milepost.evaluate(problem=judged / "milepost.toml").verdict
    second = milepost.evaluate("churn:2", problem=judged_twice / "milepost.toml").verdict
    assert (first.look, second.look) == (1, 2)
    assert (first.level, second.level) == (0.95, 0.975)
    assert width(second.measures["roc_auc"]) > 1.05 * width(first.measures["roc_auc"])
    assert any("look 2 at the same test rows" in sentence for sentence in second.says)


def test_the_first_bundle_that_meets_its_contract_answers_and_the_second_waits(judged_twice):
    problem = judged_twice / "milepost.toml"
    first, second = (milepost.evaluate(name, problem=problem) for name in ("churn:1", "churn:2"))
    assert first.is_champion
    assert not second.is_champion
    assert "milepost promote churn:2" in second.standing
    assert second.next_step == f"milepost report churn:2 --problem {problem}"


def test_every_number_has_an_interval_or_the_reason_why_not(judged):
    verdict = milepost.evaluate(problem=judged / "milepost.toml").verdict
    for measured in [*verdict.measures.values(), *(one.measured for one in verdict.criteria)]:
        assert (measured.interval is None) == (measured.why is not None), measured
        assert measured.rows == verdict.rows
        if measured.interval:
            assert measured.interval.lo <= measured.value <= measured.interval.hi


def test_every_bundle_stands_beside_the_dummy_the_rule_and_the_linear_model(judged):
    verdict = milepost.evaluate(problem=judged / "milepost.toml").verdict
    assert set(verdict.criteria[0].beside) == {"dummy", "rule", "linear"}


def test_a_contract_without_criteria_cannot_be_met(trained):
    edit_contract(trained, 'accuracy = ">= 0.70"\nrecall = ">= 0.40"\n', "")
    assert milepost.evaluate(problem=trained / "milepost.toml").outcome == "can't tell yet"


def test_a_criterion_that_changed_is_judged_without_another_look(judged):
    edit_contract(judged, ">= 0.70", ">= 0.95")
    verdict = milepost.evaluate(problem=judged / "milepost.toml").verdict
    assert (verdict.overall, verdict.look) == ("not met", 1)


@pytest.mark.parametrize(
    "other",
    [
        'target = "churn"\npositive = "No"',
        'target = "internet_service"',
        'target = "churn"\ntask = "multiclass"',
    ],
)
def test_a_bundle_that_answers_another_question_sees_no_test_rows(few, other):
    problem = edit_contract(few, 'target = "churn"\npositive = "Yes"', other)
    with pytest.raises(MilepostError, match="answers another question: 'churn' \\(binary, No or Yes\\)"):
        milepost.evaluate(problem=problem)
    assert "looked" not in {decision.kind for decision in milepost.status(problem, most_decisions=100).decisions}


def test_a_rule_may_read_a_column_that_is_the_same_everywhere(tmp_path):
    problem = write_few(tmp_path, few_rows().with_columns(plan=pl.lit("A"), empty=pl.lit(None, pl.String)))
    edit_contract(tmp_path, "[split]", "[baseline]\nrule = \"plan = 'A' AND tenure < 6\"\n[split]")
    milepost.train(problem)
    verdict = milepost.evaluate(problem=problem).verdict
    assert all(value is not None for value in verdict.criteria[0].beside.values())
    assert set(verdict.criteria[0].beside) == {"dummy", "rule", "linear"}


def test_the_quantile_loss_is_that_of_the_contracts_quantile(tmp_path):
    problem = write_waves(tmp_path)
    edit_contract(tmp_path, 'budget = "small"', 'budget = "small"\nloss = "quantile:0.9"')
    edit_contract(tmp_path, 'rmse = "<= 2"', 'quantile_loss = "<= 2"')
    trained = milepost.train(problem)
    verdict = milepost.evaluate(problem=problem).verdict
    test = open_problem(problem, listener=silent)
    rows = test.rows(test.split.test)
    short = rows["height"].to_numpy() - load_predictor(trained.path).answer_table(rows)["prediction"].to_numpy()
    by_hand = np.maximum(0.9 * short, -0.1 * short).mean()
    assert verdict.measures["quantile_loss"].value == pytest.approx(by_hand, rel=1e-9)
    assert verdict.criteria[0].measured == verdict.measures["quantile_loss"]
