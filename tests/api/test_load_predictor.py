import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError


def test_a_predictor_is_loaded_by_the_name_of_its_bundle(judged, monkeypatch):
    monkeypatch.chdir(judged)
    champion = milepost.load_predictor("churn@champion")
    (folder,) = judged.glob(".milepost/bundles/*/")
    assert champion.bundle_id == milepost.load_predictor("churn:1").bundle_id == folder.name
    assert champion.bundle_id == milepost.load_predictor(folder).bundle_id
    assert champion.answer_table(pl.read_csv("telco.csv").head(3)).height == 3


def test_a_name_without_a_problem_file_cannot_be_looked_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MilepostError, match=r"no problem file 'milepost\.toml'") as caught:
        milepost.load_predictor("churn@champion")
    assert "problem=" in caught.value.fix


def test_a_problem_file_is_no_bundle(judged):
    with pytest.raises(MilepostError, match="is a problem file, not a bundle") as caught:
        milepost.evaluate("milepost.toml", problem=judged / "milepost.toml")
    assert 'problem="milepost.toml"' in caught.value.fix
