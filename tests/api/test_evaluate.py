import re

import numpy as np
import polars as pl
import pytest

import milepost
from milepost.api.opening import open_problem
from milepost.ground.errors import MilepostError
from milepost.ground.events import silent
from milepost.predictor.load import load_predictor
from milepost.show.console import terminal_text
from serving import write_other_machine
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


def test_a_champion_that_fails_a_stricter_contract_goes_on_and_that_is_said(judged):
    problem = edit_contract(judged, ">= 0.70", ">= 0.99")
    standing = milepost.evaluate(problem=problem).standing
    assert "It is the champion" in standing
    assert "It goes on answering all the same: train a better one (milepost train" in standing
    assert "milepost rollback" in standing


def test_a_bundle_that_the_service_answers_otherwise_stays_a_challenger(few, tmp_path, monkeypatch):
    problem = few / "milepost.toml"
    milepost.train(problem)
    with monkeypatch.context() as other:
        other.setenv("PYTHONPATH", write_other_machine(tmp_path / "other"))
        judged = milepost.evaluate(problem=problem)
    assert (judged.outcome, judged.is_champion) == ("met", False)
    assert "It stays a challenger: Over HTTP" in judged.standing
    assert "milepost parity" in judged.standing
    assert milepost.evaluate(problem=problem).is_champion


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


def criterion_after(folder, bound):
    """Return the verdict by a contract of the few rows whose accuracy is bound like that."""
    problem = folder / "milepost.toml"
    text = re.sub(r'accuracy = ".*"', f'accuracy = "{bound}"', problem.read_text(encoding="utf-8"))
    problem.write_text(text, encoding="utf-8")
    return milepost.evaluate(problem=problem)


def test_a_limit_that_was_lowered_after_the_rows_were_seen_makes_no_champion(few):
    assert criterion_after(few, ">= 0.95").outcome == "not met"
    eased = criterion_after(few, ">= 0.60")
    assert (eased.outcome, eased.is_champion, eased.verdict.look) == ("met", False, 1)
    assert eased.verdict.changed.before == ("accuracy >= 0.95",)
    assert eased.verdict.changed.says in eased.verdict.says
    assert "with hindsight a limit can always be met" in eased.verdict.changed.says
    assert "promote few:1 --reason" in eased.standing
    status = milepost.status(few / "milepost.toml")
    assert status.decisions[-1].figures["changed"]["before"] == ["accuracy >= 0.95"]
    assert "the criteria were changed" in status.decisions[-1].says


def test_a_bundle_trained_after_the_limit_was_lowered_is_judged_with_hindsight_too(few):
    criterion_after(few, ">= 0.95")
    edit_contract(few, "[split]", '[features]\nlong = "tenure > 40"\n[split]')
    edit_contract(few, ">= 0.95", ">= 0.60")
    second = milepost.train(few / "milepost.toml")
    assert second.version == 2
    eased = milepost.evaluate(problem=few / "milepost.toml")
    assert (eased.verdict.look, eased.outcome, eased.is_champion) == (2, "met", False)
    assert eased.verdict.is_by_hindsight


def test_a_bundle_that_meets_the_limit_for_the_other_class_is_no_champion_by_itself(few):
    edit_contract(few, 'accuracy = ">= 0.70"', 'recall = ">= 0.70"')
    assert milepost.evaluate(problem=few / "milepost.toml").outcome != "met"
    milepost.train(edit_contract(few, 'positive = "Yes"', 'positive = "No"'))
    turned = milepost.evaluate(problem=few / "milepost.toml")
    assert (turned.verdict.look, turned.outcome, turned.is_champion) == (2, "met", False)
    assert "(before: recall >= 0.70; and other problem.positive)" in turned.verdict.changed.says


def test_going_back_to_the_first_limit_is_no_hindsight(few):
    criterion_after(few, ">= 0.95")
    criterion_after(few, ">= 0.60")
    assert criterion_after(few, ">= 0.95").verdict.changed is None


def test_a_limit_that_was_raised_is_told_and_harmless(few):
    unsure = criterion_after(few, ">= 0.85")
    assert unsure.outcome == "can't tell yet"
    raised = criterion_after(few, ">= 0.86").verdict
    assert raised.changed.is_harmless
    assert not raised.is_by_hindsight
    assert "Nothing was made easier after these test rows had been seen" in " ".join(raised.says)


def test_a_first_limit_that_was_written_after_the_rows_were_seen_is_hindsight(few):
    edit_contract(few, 'accuracy = ">= 0.70"\n', "")
    none = milepost.evaluate(problem=few / "milepost.toml")
    assert none.verdict.changed is None
    edit_contract(few, "[success]\n", '[success]\naccuracy = ">= 0.60"\n')
    eased = milepost.evaluate(problem=few / "milepost.toml")
    assert (eased.outcome, eased.is_champion) == ("met", False)
    assert "(before: none)" in eased.verdict.changed.says


def test_without_a_criterion_the_look_is_told_with_a_line_to_write_and_the_main_measures(few):
    edit_contract(few, 'accuracy = ">= 0.70"\n', "")
    heard = []
    none = milepost.evaluate(problem=few / "milepost.toml", listener=heard.append)
    assert any("look 1, now counted" in event.message for event in heard)
    assert "this is look 1" in none.verdict.says[1]
    assert 'under [success] in the contract, such as accuracy = ">= 0.80"' in none.verdict.says[1]
    told = terminal_text(none)
    assert re.search(r"accuracy +\d", told)
    assert "area under the ROC curve" in told


def test_before_any_training_not_even_the_table_is_read(tmp_path):
    problem = write_few(tmp_path)
    (tmp_path / "few.csv").unlink()
    with pytest.raises(MilepostError, match="No bundle has been trained yet") as caught:
        milepost.evaluate(problem=problem)
    assert caught.value.fix == "Run: milepost train"
    assert not (tmp_path / ".milepost").exists()


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
