from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from milepost.problem.criteria import Criterion
from milepost.problem.effects import Change
from milepost.problem.read import parse_problem
from milepost.problem.serving import Serve
from milepost.problem.spec import SqlSource

SHORT = """
[problem]
name = "sales"
target = "sales"
[data]
source = "sales.parquet"
"""


def test_the_houses_example_says_what_it_says(sample):
    problem = parse_problem(sample)
    assert (problem.aim.task, problem.aim.target, problem.aim.positive) == ("binary", "churn", "Yes")
    assert problem.aim.horizon == timedelta(days=30)
    assert problem.data.sensitive == ("female", "senior_citizen")
    assert problem.success == (Criterion("accuracy", ">=", 0.8), Criterion("recall", ">=", 0.6))
    assert problem.value.true_positive == "0.3 * 12 * monthly_charges - 20"
    assert (problem.value.false_positive, problem.value.false_negative) == (-20.0, 0.0)
    assert problem.baseline.rule == "contract = 'Month-to-month' AND tenure < 6"


def test_every_key_of_the_example_can_be_switched_on(whole_sample):
    problem = parse_problem(whole_sample)
    assert problem.aim.effect.change == Change(-0.15, "relative")
    assert problem.embargo == timedelta(days=32)
    assert problem.value.capacity.per == timedelta(days=7)
    assert problem.data.repairs == {"pdays": "999 is missing"}
    assert problem.serve.control_share == 0.05
    assert problem.retrain.when == ("schedule: 30d", "performance", "drift")


def test_what_is_not_written_has_the_documented_default():
    problem = parse_problem(SHORT)
    assert (problem.split.test, problem.climb.smallest_gain, problem.climb.budget) == (0.25, 0.01, "medium")
    assert (problem.aim.task, problem.aim.positive, problem.climb.loss, problem.value) == (None, None, None, None)
    assert (problem.data.timezone, problem.stores.workspace, problem.embargo) == ("UTC", ".milepost", timedelta(0))
    assert (problem.success, problem.features, problem.serve) == ((), {}, Serve())


@pytest.mark.parametrize(
    ("written", "label"), [("'Yes'", "Yes"), ("1", "1"), ("true", "true"), ("1.0", "1"), ("0.5", "0.5")]
)
def test_a_positive_class_is_the_text_that_tables_show(written, label):
    text = SHORT.replace("target", f"positive = {written}\ntarget", 1)
    assert parse_problem(text).aim.positive == label


def test_a_database_is_a_source():
    text = SHORT.replace('"sales.parquet"', '{ uri = "${SALES_DB}", query = "select 1" }')
    assert parse_problem(text).data.source == SqlSource(uri="${SALES_DB}", query="select 1")


@pytest.mark.parametrize(
    ("written", "budget"),
    [('"small"', "small"), ("{ trials = 200 }", 200), ("200", 200), ('"trials = 200"', 200)],
)
def test_an_amount_of_work_is_a_word_or_a_number_of_trials(written, budget):
    assert parse_problem(f"{SHORT}[climb]\nbudget = {written}").climb.budget == budget


def test_a_metric_may_have_a_bound_on_each_side_and_another_spelling():
    problem = parse_problem(f'{SHORT}[success]\nr_squared = [">= 0.5", "<= 0.9"]\nmae = "< 5,000"')
    assert [criterion.text for criterion in problem.success] == ["r2 >= 0.50", "r2 <= 0.90", "mae < 5000"]


def test_money_of_several_classes_is_a_matrix_and_of_numbers_an_expression():
    matrix = parse_problem(f"{SHORT}[value.matrix]\ngold = {{ gold = 10, silver = -2.5 }}").value.matrix
    assert matrix == {"gold": {"gold": 10.0, "silver": -2.5}}
    assert parse_problem(f'{SHORT}[value]\nrow = "-abs(truth - prediction)"').value.row == "-abs(truth - prediction)"


def test_a_problem_is_frozen(sample):
    with pytest.raises(ValidationError):
        parse_problem(sample).aim.target = "tenure"


def test_a_problem_survives_a_process_border(sample):
    problem = parse_problem(sample, path=Path("milepost.toml"))
    again = pickle.loads(pickle.dumps(problem))
    assert again == problem
    assert again.where("problem.target") == "milepost.toml, line 5, problem.target"


def test_paths_start_from_the_folder_of_the_file(sample):
    problem = parse_problem(sample, path=Path("projects/telco/milepost.toml"))
    assert problem.folder == Path("projects/telco")
    assert problem.workspace == Path("projects/telco/.milepost")


def test_a_place_names_the_line_of_the_key_or_of_the_table_around_it(sample):
    problem = parse_problem(sample, path=Path("milepost.toml"))
    assert problem.where("success.recall") == "milepost.toml, line 39, success.recall"
    assert problem.where("split.strategy") == "milepost.toml, line 29, split.strategy"
    assert problem.where("stores.registry") == "milepost.toml, stores.registry"
    assert problem.line_of("stores.registry") is None


def test_the_copy_is_the_file_as_it_was_written(sample):
    assert parse_problem(sample).text == sample
