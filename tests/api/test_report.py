import json
import re

import pytest

import milepost
from milepost.ground.errors import MilepostError, UnknownNameError
from telco import files_in


def test_a_report_is_one_small_page_that_fetches_nothing(judged):
    reported = milepost.report(problem=judged / "milepost.toml")
    page = reported.path.read_text(encoding="utf-8")
    assert reported.path.parent == judged
    assert reported.bytes == reported.path.stat().st_size < 1_500_000
    assert not re.search(r"(?:src|href)=[\"']?https?:", page)
    assert reported.next_step == f"milepost status --problem {judged / 'milepost.toml'}"


def test_a_page_before_the_verdict_says_how_to_get_one(trained):
    page = milepost.report(problem=trained / "milepost.toml", output=trained / "page.html").path
    assert "milepost evaluate" in page.read_text(encoding="utf-8")


def test_a_report_of_an_unknown_bundle_writes_nothing(trained):
    before = files_in(trained)
    with pytest.raises(UnknownNameError):
        milepost.report("churn:9", problem=trained / "milepost.toml")
    assert files_in(trained) == before


def test_a_verdict_of_an_earlier_shape_says_to_judge_again(judged):
    problem = judged / "milepost.toml"
    [place] = judged.glob(".milepost/artifacts/*/artifacts/evidence/verdict.json")
    verdict = json.loads(place.read_text())
    for criterion in verdict["criteria"]:
        criterion["beside"] = {"dummy": 0.7}
    place.write_text(json.dumps(verdict))
    with pytest.raises(MilepostError, match="The 'verdict' that the registry holds") as caught:
        milepost.report(problem=problem)
    assert f"milepost evaluate {verdict['bundle_id']}" in caught.value.fix
    milepost.evaluate(verdict["bundle_id"], problem=problem)
    assert milepost.report(problem=problem).bytes


def test_a_climb_of_an_earlier_shape_says_to_train_again(judged):
    [place] = judged.glob(".milepost/artifacts/*/artifacts/evidence/climb.json")
    place.write_text("{}")
    with pytest.raises(MilepostError, match="The 'climb' that the registry holds") as caught:
        milepost.report(problem=judged / "milepost.toml")
    assert "milepost train" in caught.value.fix


def test_a_page_tells_when_it_was_trained_and_judged_and_what_comes_next(judged):
    page = milepost.report(problem=judged / "milepost.toml").path.read_text(encoding="utf-8")
    assert re.search(r"Trained on \d{4}-\d\d-\d\d at \d\d:\d\d UTC, judged on \d{4}-\d\d-\d\d at \d\d:\d\d UTC", page)
    assert not re.search(r">[0-9a-f]{64}<", page)


@pytest.mark.parametrize("name", ["milepost.toml", "telco.csv", "page"])
def test_a_report_is_written_to_the_name_of_a_page_only(judged, name):
    before = files_in(judged)
    with pytest.raises(MilepostError, match=r"does not end in \.html or \.htm") as refused:
        milepost.report(problem=judged / "milepost.toml", output=judged / name)
    assert refused.value.fix == "Write: -o report.html"
    assert files_in(judged) == before
