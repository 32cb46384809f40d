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


def test_the_rule_of_today_may_read_sensitive_columns_but_not_the_answer(telco):
    edit_contract(telco, "tenure < 6", "female = 1")
    assert opened(telco / "milepost.toml").rule.columns == ("contract", "female")
    edit_contract(telco, "female = 1", "churn = 'Yes'")
    with pytest.raises(MilepostError, match="rule reads 'churn'"):
        opened(telco / "milepost.toml")
