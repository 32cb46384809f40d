import re

import pytest

import milepost
from milepost.ground.errors import UnknownNameError
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
