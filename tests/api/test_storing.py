import milepost
from milepost.api.storing import person, reference_path, store_of
from milepost.ground.workspace import Workspace


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
    decisions = milepost.status(trained / "milepost.toml", most_decisions=100).decisions
    rungs = [decision.figures["rung"] for decision in decisions if decision.kind == "rung"]
    assert rungs[:4] == ["dummy", "rule", "linear", "tree"]
    assert decisions[-1].kind == "trained"
    assert all(decision.says.endswith(".") for decision in decisions)
