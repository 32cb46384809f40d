import polars as pl
import pytest

from milepost.api.opening import open_problem
from milepost.ground.errors import MilepostError
from milepost.ground.events import silent
from telco import edit_contract, few_rows, write_few


def opened(problem):
    return open_problem(problem, listener=silent)


def test_what_is_normal_is_learned_from_development_rows_alone(tmp_path):
    is_test = pl.col("part") == "test"
    strange = few_rows().with_columns(
        contract=pl.when(is_test).then(pl.lit("For life")).otherwise("contract"),
        tenure=pl.when(is_test).then(999).otherwise("tenure"),
    )
    schema = opened(write_few(tmp_path, strange)).schema
    assert "For life" not in schema.column("contract").levels
    assert schema.column("tenure").hi < 100


def test_the_same_table_is_split_the_same_way_each_time(telco):
    first, again = opened(telco / "milepost.toml").split, opened(telco / "milepost.toml").split
    assert first.hash == again.hash
    assert len(list(telco.glob(".milepost/splits/*.parquet"))) == 1


@pytest.mark.parametrize(("column", "role"), [("churn", "target"), ("female", "sensitive"), ("tenure", "excluded")])
def test_a_feature_may_not_read_what_no_model_may_see(telco, column, role):
    edit_contract(telco, 'id = "customer"\n', 'id = "customer"\nexclude = ["tenure"]\n')
    edit_contract(telco, '"total_charges / nullif(tenure, 0)"', f'"coalesce({column}, {column})"')
    with pytest.raises(MilepostError, match=f"reads '{column}', which no model may see: its role is '{role}'"):
        opened(telco / "milepost.toml")


@pytest.mark.parametrize(("expression", "gives"), [("signed", "a date"), ("coalesce(seen, seen)", "a time")])
def test_a_rule_that_gives_a_date_is_no_answer(tmp_path, expression, gives):
    day = pl.int_range(pl.len()) % 9 + 1
    dated = few_rows().with_columns(signed=pl.date(2024, 1, day), seen=pl.datetime(2024, 1, day))
    problem = write_few(tmp_path, dated)
    text = problem.read_text(encoding="utf-8")
    problem.write_text(f'{text}\n[baseline]\nrule = "{expression}"\n', encoding="utf-8")
    with pytest.raises(MilepostError, match=f"rule gives {gives}, which is no answer") as caught:
        opened(problem)
    assert caught.value.where.endswith("baseline.rule")


@pytest.mark.parametrize(
    ("serve", "what", "place"),
    [
        ('[[serve.guards]]\nname = "a"\nwhen = "tenur < 6"\nthen = "flag"', "called 'tenur'", "serve.guards[1].when"),
        ('[[serve.guards]]\nname = "a"\nwhen = "unseen"\nthen = "override"\nto = "yes"', "'yes'", "serve.guards[1].to"),
        ('[serve.redaction]\ntenure = "drop"', "'tenure' is redacted", "serve.redaction.tenure"),
    ],
)
def test_what_the_service_is_to_do_is_held_against_the_table_before_anything_is_trained(few, serve, what, place):
    problem = edit_contract(few, "[split]", f"{serve}\n[split]")
    with pytest.raises(MilepostError, match=what) as caught:
        opened(problem)
    assert place in caught.value.where


def test_the_rule_of_today_may_read_sensitive_columns_but_not_the_answer(telco):
    edit_contract(telco, "tenure < 6", "female = 1")
    assert opened(telco / "milepost.toml").rule.columns == ("contract", "female")
    edit_contract(telco, "female = 1", "churn = 'Yes'")
    with pytest.raises(MilepostError, match="rule reads 'churn'"):
        opened(telco / "milepost.toml")


@pytest.mark.parametrize(("key", "role"), [("exclude = ['tenure']", "excluded"), ("known_at = 'day'", "known_at")])
def test_the_rule_of_today_may_not_read_what_is_not_known_when_it_is_used(tmp_path, key, role):
    column = key.split("'")[1]
    problem = write_few(tmp_path, few_rows().with_columns(day=pl.date(2024, 1, pl.int_range(pl.len()) % 9 + 1)))
    rule = "tenure > 3" if column == "tenure" else "day IS NOT NULL"
    edit_contract(tmp_path, "[split]", f'{key}\n[baseline]\nrule = "{rule}"\n[split]')
    with pytest.raises(MilepostError, match=f"rule reads '{column}'.*role is '{role}'"):
        opened(problem)
