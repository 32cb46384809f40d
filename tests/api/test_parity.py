import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError
from telco import edit_contract, files_in


def test_the_champion_answers_stored_and_generated_rows_alike(logged, tmp_path):
    edit_contract(logged, "[climb]", '[[serve.guards]]\nname = "new"\nwhen = "unseen"\nthen = "abstain"\n[climb]')
    before = files_in(logged)
    told = milepost.parity(rows=60, problem=logged / "milepost.toml")
    assert (told.outcome, told.rows, told.different, told.differences) == ("equal", 60, 0, ())
    assert "30 stored rows and 30 generated ones" in told.says[0]
    assert files_in(logged) == before


def test_a_folder_without_a_sample_is_asked_generated_rows(judged):
    (sample,) = (judged / ".milepost" / "bundles").glob("*.reference.parquet")
    bundle = str(sample).removesuffix(".reference.parquet")
    sample.unlink()
    told = milepost.parity(bundle, rows=12, problem=judged / "milepost.toml")
    assert (told.outcome, told.rows) == ("equal", 12)
    assert "so all rows are generated" in told.says[1]


def test_a_sample_with_other_rows_is_drawn_by_the_seed(judged_folder):
    problem = judged_folder / "milepost.toml"
    assert milepost.parity(rows=10, seed=3, problem=problem).outcome == "equal"


@pytest.mark.parametrize("rows", [0, 9, 100_001])
def test_too_few_or_too_many_rows_are_refused(judged_folder, rows):
    with pytest.raises(MilepostError, match=f"rows is {rows:,}"):
        milepost.parity(rows=rows, problem=judged_folder / "milepost.toml")


def test_a_sample_may_be_smaller_than_half_of_the_rows(judged):
    (sample,) = (judged / ".milepost" / "bundles").glob("*.reference.parquet")
    pl.read_parquet(sample).head(4).write_parquet(sample)
    told = milepost.parity(rows=20, problem=judged / "milepost.toml")
    assert told.rows == 20
    assert "4 stored rows and 16 generated ones" in told.says[0]
