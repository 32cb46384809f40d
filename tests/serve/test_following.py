from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import milepost
from milepost.api.opening import workspace_of
from milepost.api.storing import store_of
from milepost.problem.read import read_problem
from milepost.serve.following import followed_state
from telco import edit_contract


def _followed(problem: Path):
    contract = read_problem(problem)
    return followed_state(workspace_of(contract), store_of(contract), with_challenger=True)


@pytest.mark.parametrize(("limit", "may_answer"), [(">= 0.71", True), (">= 0.99", False), (">= 0.40", False)])
def test_a_challenger_answers_callers_only_if_its_verdict_is_met_without_hindsight(
    judged_folder, tmp_path, limit, may_answer
):
    folder = Path(shutil.copytree(judged_folder, tmp_path / "folder"))
    edit_contract(folder, ">= 0.70", limit)
    problem = edit_contract(folder, 'sensitive = ["female", "senior_citizen"]', 'sensitive = ["female"]')
    milepost.train(problem)
    judged = milepost.evaluate(problem=problem)
    challenger = _followed(problem).challenger
    assert (challenger.bundle_id, challenger.version) == (judged.bundle_id, 2)
    assert challenger.may_answer is may_answer
    assert ("as a canary" if may_answer else "as a shadow alone") in challenger.why
