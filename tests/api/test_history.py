from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import milepost
from milepost.api.storing import store_of
from milepost.ground.errors import MilepostError, UnknownNameError
from telco import edit_contract

NOW = datetime(2032, 1, 1, tzinfo=UTC)
PROMOTED, BACK = datetime(2031, 3, 1, 12, tzinfo=UTC), datetime(2031, 4, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def eventful(judged_folder, tmp_path_factory):
    """Return the problem file of a past with a first champion, a second from March 2031, and a way back in April."""
    folder = Path(shutil.copytree(judged_folder, tmp_path_factory.mktemp("eventful") / "telco"))
    problem = edit_contract(folder, 'sensitive = ["female", "senior_citizen"]', 'sensitive = ["female"]')
    milepost.train(problem)
    milepost.evaluate(problem=problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILEPOST_WHO", "Ada")
        milepost.promote("churn:2", reason="it pays more", problem=problem, clock=lambda: PROMOTED)
        milepost.rollback(reason="too many calls", problem=problem, clock=lambda: BACK)
    return problem


def told(problem, **asked):
    return milepost.history(problem=problem, clock=lambda: NOW, **asked)


def bundle_of(problem, version):
    versions = store_of(milepost.read_problem(problem)).versions()
    return next(one.bundle_id for one in versions if one.number == version)


def kinds(history):
    return [decision.kind for decision in history.decisions]


def test_decisions_come_in_order_without_single_rungs(eventful):
    history = told(eventful)
    ends = ["trained", "looked", "verdict"]
    assert kinds(history) == [*ends, "promoted", *ends, "promoted", "rolled_back"]
    assert history.bundle_id == bundle_of(eventful, 1)
    assert history.says[0] == f"Bundle {history.bundle_id} (version 1) answers since 2031-04-01 12:00:00 UTC."
    assert history.says[1].endswith("decisions about single rungs left out; --kind rung shows them.")


@pytest.mark.parametrize(
    ("at", "version", "until", "why"),
    [
        (PROMOTED - SECOND, 1, "until 2031-03-01 12:00:00 UTC.", "is the first champion"),
        (PROMOTED, 2, "until 2031-04-01 12:00:00 UTC.", "Decided by Ada: Ada promoted bundle"),
        (BACK - SECOND, 2, "until 2031-04-01 12:00:00 UTC.", "Reason: it pays more"),
        (BACK, 1, "and it still does.", "Decided by Ada: Ada rolled back from bundle"),
    ],
)
def test_at_a_time_it_says_which_bundle_answered_until_when_and_why(eventful, at, version, until, why):
    history = told(eventful, at=at)
    answered, decided, verdict = history.says
    assert history.bundle_id == bundle_of(eventful, version)
    assert f"bundle {history.bundle_id} (version {version}) answered: since" in answered
    assert answered.endswith(until)
    assert why in decided
    assert verdict.startswith("Its verdict then: The model meets every criterion")
    assert {decision.bundle_id for decision in history.decisions} == {history.bundle_id}
    assert all(decision.at <= at for decision in history.decisions)
    assert "rung" not in kinds(history)


def test_before_the_first_champion_nobody_answered(eventful):
    history = told(eventful, at="2020-01-01")
    assert (history.bundle_id, history.decisions) == (None, ())
    assert history.says[0].startswith("On 2020-01-01 00:00:00 UTC no bundle answered. The first champion came on ")


def test_a_time_without_an_offset_is_one_of_the_problems_zone(eventful, tmp_path):
    folder = Path(shutil.copytree(eventful.parent, tmp_path / "berlin"))
    problem = edit_contract(folder, 'id = "customer"', 'id = "customer"\ntimezone = "Europe/Berlin"')
    for at in ("2031-03-01T13:00", datetime(2031, 3, 1, 13), datetime(2031, 3, 1, 13, tzinfo=ZoneInfo("Europe/Paris"))):
        assert told(problem, at=at).at == PROMOTED
    assert told(problem, at="2031-03-01T13:00Z").at == PROMOTED + timedelta(hours=1)


def test_one_kind_and_the_newest_can_be_kept(eventful):
    assert set(kinds(told(eventful, kind="rung"))) == {"rung"}
    assert kinds(told(eventful, kind="Rolled back")) == ["rolled_back"]
    assert kinds(told(eventful, last=2)) == ["promoted", "rolled_back"]
    assert told(eventful, kind="promoted", last=1).decisions[0].at == PROMOTED
    assert told(eventful, kind="rolled_back", at=BACK - SECOND).decisions == ()


@pytest.mark.parametrize(
    ("asked", "what", "fix"),
    [
        ({"at": "yesterday"}, "'yesterday' is no time", '"2026-03-01"'),
        ({"at": NOW + SECOND}, "has not come yet", "has passed"),
        ({"last": 0}, "last is 0", "1 or more"),
        ({"kind": "promotd"}, "called 'promotd'", "'promoted'"),
    ],
)
def test_what_cannot_be_asked_is_refused(eventful, asked, what, fix):
    with pytest.raises(MilepostError) as caught:
        told(eventful, **asked)
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert isinstance(caught.value, UnknownNameError) == ("kind" in asked)


def test_a_problem_without_a_past_says_so_and_leaves_nothing(telco):
    history = milepost.history(problem=telco / "milepost.toml")
    assert (history.says, history.decisions, history.bundle_id) == (("No bundle answers yet.",), (), None)
    assert not (telco / ".milepost").exists()


def test_a_history_that_was_changed_is_warned_of(eventful, tmp_path):
    folder = Path(shutil.copytree(eventful.parent, tmp_path / "forged"))
    for part in (folder / ".milepost" / "history").glob("*.parquet"):
        table = pl.read_parquet(part)
        table.with_columns(pl.col("says").str.replace("it pays more", "no reason")).write_parquet(part)
    (warning,) = told(folder / "milepost.toml").warnings
    assert warning.startswith("The history is damaged: Decision")


def test_a_history_ends_with_the_next_command(eventful):
    history = told(eventful)
    assert history.next_step == f"milepost status --problem {eventful}"
    assert str(history).startswith("History of churn\n")


def test_now_is_a_time_too(eventful):
    now = told(eventful, at="now")
    assert now.at == NOW
    assert now.bundle_id == told(eventful).bundle_id
    assert "and it still does" in now.says[0]
