from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import milepost
from milepost.api.opening import workspace_of
from milepost.api.storing import store_of
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.read import read_problem
from milepost.registry.champions import champion
from telco import edit_contract


@pytest.fixture(scope="module")
def replaced_folder(judged_folder, tmp_path_factory):
    """Return a folder with a first champion, a second that replaced it, and a third bundle; not to be changed."""
    folder = Path(shutil.copytree(judged_folder, tmp_path_factory.mktemp("replaced") / "telco"))
    problem = edit_contract(folder, 'sensitive = ["female", "senior_citizen"]', 'sensitive = ["female"]')
    milepost.train(problem)
    milepost.evaluate(problem=problem)
    milepost.promote("churn:2", problem=problem)
    edit_contract(folder, "total_charges / nullif(tenure, 0)", "total_charges / (tenure + 1)")
    milepost.train(problem)
    return folder


@pytest.fixture
def replaced(replaced_folder, tmp_path):
    """Return the problem file in such a folder of one's own."""
    return Path(shutil.copytree(replaced_folder, tmp_path / "replaced")) / "milepost.toml"


def champion_now(problem: Path) -> str | None:
    contract = read_problem(problem)
    return champion(workspace_of(contract).history, contract.aim.name)


def bundle_of(problem: Path, version: int) -> str:
    versions = store_of(read_problem(problem)).versions()
    return next(one.bundle_id for one in versions if one.number == version)


def test_the_champion_before_answers_again(replaced, monkeypatch):
    monkeypatch.setenv("MILEPOST_WHO", "Ada")
    back = milepost.rollback(reason="too many calls", problem=replaced)
    assert back.bundle_id == champion_now(replaced) == bundle_of(replaced, 1)
    assert back.says.startswith(
        f"Ada rolled back from bundle {bundle_of(replaced, 2)} to {back.bundle_id} (version 1)."
    )
    assert back.says.endswith("Reason: too many calls")
    assert milepost.load_predictor("churn@champion", problem=replaced).bundle_id == back.bundle_id


@pytest.mark.parametrize("spelling", ["churn:1", "the bundle_id", "its first digits", "a folder"])
def test_an_earlier_champion_is_named_like_any_bundle(replaced, spelling):
    first = bundle_of(replaced, 1)
    folder = str(replaced.parent / ".milepost" / "bundles" / first)
    names = {"the bundle_id": first, "its first digits": first[:8], "a folder": folder}
    assert milepost.rollback(names.get(spelling, spelling), problem=replaced).bundle_id == first


def test_after_going_back_one_can_go_forth_again(replaced):
    milepost.rollback(problem=replaced)
    assert milepost.rollback("churn:2", problem=replaced).bundle_id == bundle_of(replaced, 2)


def test_the_time_of_the_decision_is_the_clocks(replaced):
    when = datetime(2031, 5, 1, tzinfo=UTC)
    milepost.rollback(problem=replaced, clock=lambda: when)
    assert milepost.history(problem=replaced).decisions[-1].at == when


def test_what_answers_already_or_never_did_is_no_way_back(replaced):
    for name in ("churn:2", "churn@champion"):
        with pytest.raises(MilepostError, match="is the champion already") as caught:
            milepost.rollback(name, problem=replaced)
        assert "milepost history" in caught.value.fix
    with pytest.raises(UnknownNameError, match="No earlier champion is called"):
        milepost.rollback("churn:3", problem=replaced)
    assert champion_now(replaced) == bundle_of(replaced, 2)


def test_a_bundle_that_answers_otherwise_on_this_machine_is_no_way_back(replaced, monkeypatch):
    now, exactly = champion_now(replaced), np.exp
    with monkeypatch.context() as other:
        other.setattr(np, "exp", lambda power: exactly(power) * 1.001)
        with pytest.raises(MilepostError, match="fails its self-test"):
            milepost.rollback(problem=replaced)
    assert champion_now(replaced) == now


def test_without_an_earlier_champion_there_is_no_way_back(judged, trained):
    for folder in (judged, trained):
        with pytest.raises(MilepostError, match="no earlier champion to go back to"):
            milepost.rollback(problem=folder / "milepost.toml")


def test_a_rollback_ends_with_the_next_command(replaced):
    back = milepost.rollback(problem=replaced)
    assert back.next_step == f"milepost history --problem {replaced}"
    assert str(back).startswith("Rolled back churn\n")
