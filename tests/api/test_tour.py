import re

import pytest

import milepost
from milepost.ground.errors import MilepostError


def test_the_tour_walks_the_whole_road_and_leaves_everything(tmp_path):
    heard = []
    toured = milepost.tour(tmp_path / "tour", rows=600, on_leg=heard.append)
    assert tuple(heard) == toured.legs
    commands = [leg.command.split()[1] for leg in toured.legs if leg.command]
    assert commands == ["init", "check", "train", "evaluate", "report", "score", "serve", "outcomes", "log", "status"]
    left = {path.name for path in (tmp_path / "tour").iterdir()}
    assert left == {
        ".milepost", "answers.parquet", "draft.toml", "milepost.toml", "report.html", "telco.csv", "what_came_true.csv",
    }  # fmt: skip
    assert all(leg.why.endswith(".") for leg in toured.legs)
    priced = toured.legs[4].found  # what the contract costs, each figure with its interval
    assert priced
    assert all(re.search(r"accuracy \S+ % \[\S+\], recall \S+ % \[\S+\], \S+ EUR \[", said) for said in priced)
    assert milepost.status(tmp_path / "tour" / "milepost.toml").milestones[2].is_done
    assert toured.next_step.startswith(f"open {tmp_path / 'tour' / 'report.html'} in a browser, then: cd ")


def test_the_tour_never_walks_over_another_problem(tmp_path):
    (tmp_path / "milepost.toml").write_text('[problem]\nname = "mine"\n')
    with pytest.raises(MilepostError, match="holds another problem"):
        milepost.tour(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["milepost.toml"]
