import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError
from telco import edit_contract, files_in


def forget(folder, entity):
    return milepost.log_forget(entity, problem=folder / "milepost.toml")


def test_an_entity_is_in_no_file_of_the_log_and_the_samples_any_more(logged):
    problem = logged / "milepost.toml"
    milepost.outcomes(logged / "truth.csv", problem=problem)
    (sample,) = (logged / ".milepost" / "bundles").glob("*.reference.parquet")
    sampled = pl.read_parquet(sample)["customer"]
    entity = next(name for name in pl.read_parquet(logged / "answers.parquet")["customer"].head(150) if name in sampled)
    told = forget(logged, entity)
    assert [one.rows for one in told.removed] == [1, 1, 1]
    assert "nothing that can be reached is left" in told.says[0]
    assert len(told.out_of_reach) >= 5
    assert milepost.log_show(entity=entity, problem=problem).answers == ()
    left = {name for name, content in files_in(logged / ".milepost" / "log").items() if entity.encode() in content}
    assert left == set()
    assert entity not in pl.read_parquet(sample)["customer"]


def test_the_others_stay_and_forgetting_can_be_repeated(logged):
    forget(logged, "C05717")
    assert milepost.log_show(problem=logged / "milepost.toml").rows == 299
    assert forget(logged, "C05717").says == ("Nothing here is about this entity.",)


def test_an_entity_is_found_by_its_hash(judged):
    edit_contract(judged, "[climb]", '[serve]\nredaction = { customer = "hash" }\n[climb]')
    problem = judged / "milepost.toml"
    milepost.score("churn@champion", judged / "telco.csv", output=judged / "a.parquet", problem=problem, log=True)
    places = [one.where.rsplit("/", 1)[-1] for one in forget(judged, "C05717").removed]
    assert "predictions" in places


@pytest.mark.parametrize("entity", ["", "  "])
def test_nobody_is_forgotten_by_no_name(logged_folder, entity):
    with pytest.raises(MilepostError, match="No entity is named"):
        forget(logged_folder, entity)
