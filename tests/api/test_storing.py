import milepost
from milepost.api.storing import person, reference_path, store_of
from milepost.ground.files import hash_of_text
from milepost.ground.workspace import Workspace
from milepost.registry.history import read_history
from telco import edit_contract


def test_who_did_it_is_the_account_unless_a_name_is_given(monkeypatch):
    monkeypatch.setenv("MILEPOST_WHO", "Ada")
    assert person() == "Ada"
    monkeypatch.delenv("MILEPOST_WHO")
    assert person()


def test_a_workspace_can_be_moved(trained, tmp_path):
    moved = trained.rename(tmp_path / "elsewhere")
    problem = milepost.read_problem(moved / "milepost.toml")
    (version,) = store_of(problem).versions()
    assert store_of(problem).evidence(version.bundle_id, "climb")["chosen"]
    assert milepost.evaluate("churn:1", problem=moved / "milepost.toml").verdict.rows == 375


def test_what_normal_was_is_kept_beside_the_bundle_and_not_in_it(trained):
    (manifest,) = trained.glob(".milepost/bundles/*/manifest.json")
    path = reference_path(Workspace(trained / ".milepost"), manifest.parent.name)
    assert path.is_file()
    assert path.parent == manifest.parent.parent


def test_every_rung_leaves_a_decision_in_the_history(trained):
    decisions = read_history(Workspace(trained / ".milepost").history)
    rungs = [decision.figures["rung"] for decision in decisions if decision.kind == "rung"]
    assert rungs[:4] == ["dummy", "rule", "linear", "tree"]
    assert decisions[-1].kind == "trained"
    assert all(decision.says.endswith(".") for decision in decisions)


def test_a_bundle_that_comes_out_of_another_training_again_keeps_its_verdict(judged):
    problem = judged / "milepost.toml"
    store = store_of(milepost.read_problem(problem))
    (version,) = store.versions()
    verdict = store.evidence(version.bundle_id, "verdict")
    edit_contract(judged, "with 70% accuracy", "as well as it can be done")
    again = milepost.train(problem)
    assert (again.bundle_id, again.version) == (version.bundle_id, version.number)
    assert store.evidence(version.bundle_id, "verdict") == verdict
    assert store.evidence(version.bundle_id, "problem") == problem.read_text()
    past = milepost.status(problem, most_decisions=100).decisions
    first, second = (decision.figures["problem"] for decision in past if decision.kind == "trained")
    assert (
        first != second == hash_of_text(problem.read_text()) == store.evidence(version.bundle_id, "lineage")["problem"]
    )
    assert milepost.evaluate(problem=problem).verdict.look == 1
