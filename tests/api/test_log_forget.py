import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError
from serving import bundle_in, served, usual_row
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


def test_an_entity_is_forgotten_while_a_service_answers(judged):
    problem, row = judged / "milepost.toml", usual_row(bundle_in(judged))
    with served(problem) as asked:
        first = asked("/predict", {"row": {"customer": "c-81", **row}, "request_id": "r-1"})
        asked("/predict", {"customer": "c-82", **row})
        told = forget(judged, "c-81")
        assert told.remaining == ()
        assert {one.where.rpartition("/")[2]: one.rows for one in told.removed} == {
            "predictions": 1, "claims.sqlite": 1,
        }  # fmt: skip
        left = files_in(judged / ".milepost")
        for name in ("c-81", first["prediction_id"]):  # of an id, versions of the table may tell that it was deleted
            assert not [path for path in left if name.encode() in left[path] and "_delta_log" not in path]
        asked("/predict", {"customer": "c-83", **row})
    assert {one.entity for one in milepost.log_show(problem=problem).answers} == {"c-82", "c-83"}
