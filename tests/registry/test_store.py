from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest

from milepost.ground.errors import EnvironmentFault, MilepostError, UnknownNameError
from milepost.ground.workspace import Workspace
from milepost.predictor.manifest import verify
from milepost.registry.bundles import BundleRef, write_bundle
from milepost.registry.evidence import environment
from milepost.registry.store import NotRecorded, Store, open_store

FIRST_USE = """
import logging, sys, warnings
warnings.simplefilter("error")
logging.basicConfig(level=logging.DEBUG)
from pathlib import Path
from milepost.ground.workspace import Workspace
from milepost.registry.bundles import write_bundle
from milepost.registry.store import open_store
workspace = Workspace(Path(sys.argv[1]))
store = open_store(workspace, name="telco-churn")
bundle = write_bundle(workspace.bundles, {"model.json": sys.argv[2]})
logging.info("mine")
print(store.record(bundle, parameters={"a": 1}, metrics={"b": 2.0}))
logging.info("mine too")
import mlflow.telemetry.client
assert mlflow.telemetry.client.get_telemetry_client() is None
"""

AT_ONCE = """
import sys
from pathlib import Path
from milepost.ground.workspace import Workspace
from milepost.registry.bundles import write_bundle
from milepost.registry.store import open_store
workspace = Workspace(Path(sys.argv[1]))
store = open_store(workspace, name="telco-churn")
bundles = [write_bundle(workspace.bundles, {"model.json": content}) for content in "1234"]
store.connect()
print("ready", flush=True)
sys.stdin.read()
print([store.record(bundle, parameters={"a": 1}, metrics={"b": 2.0}) for bundle in bundles])
"""

WITHOUT_MLFLOW = """
import sys
sys.modules["mlflow"] = None
from pathlib import Path
from milepost.ground.workspace import Workspace
from milepost.registry.champions import champion
from milepost.registry.history import read_history, verify_history
from milepost.registry.names import resolve
from milepost.registry.promote import promote, rollback
from milepost.registry.store import open_store
workspace = Workspace(Path(sys.argv[1]))
store = open_store(workspace, name="telco-churn")
bundle = resolve(sys.argv[2], workspace=workspace, store=store, history=workspace.history)
print(bundle.bundle_id, store.evidence(bundle.bundle_id, "verdict"), len(read_history(workspace.history)))
print([name for name in ("pandas", "sqlalchemy", "sklearn", "lightgbm") if name in sys.modules])
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_bundle_gets_a_version_and_keeps_it(store, recorded):
    first, second = recorded("{}"), recorded('{"a":1}')
    assert [version.bundle_id for version in store.versions()] == [first.bundle_id, second.bundle_id]
    assert store.record(first, parameters={"seed": 0}, metrics={}) == 1
    assert (store.version_of(second.bundle_id), store.version_of("0" * 16)) == (2, None)


def test_mlflow_shows_parameters_metrics_and_files(workspace, store):
    bundle = write_bundle(workspace.bundles, {"model.json": "{}"})
    store.record(bundle, parameters={"loss": "log", "f(x)": "y" * 9000}, metrics={"auc": 0.84, "gain": float("nan")})
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=store._uri, registry_uri=store._uri)
    [run] = client.search_runs([client.get_experiment_by_name("telco-churn").experiment_id])
    assert run.data.params == {"loss": "log", "f_x_": "y" * 6000}
    assert run.data.metrics == {"auc": 0.84}
    assert run.info.status == "FINISHED"
    assert [item.path for item in client.list_artifacts(run.info.run_id)] == ["bundle"]
    [version] = client.search_model_versions("name = 'telco-churn'")
    assert version.tags["milepost.bundle_id"] == bundle.bundle_id


def test_a_recording_that_was_cut_off_is_completed_by_the_next(workspace):
    class CutOff(Store):
        def _keep(self, *_):
            raise KeyboardInterrupt

    bundle = write_bundle(workspace.bundles, {"model.json": "{}"})
    with pytest.raises(KeyboardInterrupt):
        CutOff(workspace, "telco-churn", None).record(bundle, parameters={"a": 1}, metrics={"b": 1})
    store = open_store(workspace, name="telco-churn")
    assert store.versions() == ()
    assert store.record(bundle, parameters={"a": 1}, metrics={"b": 1}) == 1
    assert len(list(workspace.artifacts.glob("*/artifacts/bundle"))) == 1


def test_evidence_comes_back_and_is_replaced(store, recorded):
    bundle_id = recorded("{}").bundle_id
    assert store.evidence(bundle_id, "verdict") is None
    store.attach(bundle_id, "verdict", {"overall": "not met", "recall": 0.5})
    store.attach(bundle_id, "verdict", {"overall": "met", "recall": float("inf")})
    store.attach(bundle_id, "environment", environment())
    assert store.evidence(bundle_id, "verdict") == {"overall": "met", "recall": "inf"}
    assert "polars" in store.evidence(bundle_id, "environment")["packages"]


def test_evidence_of_an_unknown_bundle_is_refused(store, recorded):
    recorded("{}")
    with pytest.raises(UnknownNameError, match="was not trained here"):
        store.attach("0" * 16, "verdict", {})
    with pytest.raises(UnknownNameError, match="was not trained here"):
        store.evidence("0" * 16, "verdict")


def test_an_alias_is_set_moved_and_taken_away(store, recorded):
    recorded("{}"), recorded('{"a":1}')
    assert store.alias("champion") is None
    store.set_alias("champion", 1)
    store.set_alias("champion", 2)
    assert store.alias("champion") == 2
    assert [version.aliases for version in store.versions()] == [(), ("champion",)]
    store.set_alias("champion", None)
    store.set_alias("champion", None)
    assert store.alias("champion") is None


def test_a_lost_bundle_is_fetched_and_a_damaged_one_replaced(store, recorded):
    bundle = recorded("{}")
    (bundle.path / "model.json").write_text("{ }")
    assert store.fetch(bundle.bundle_id) == bundle
    assert verify(bundle.path).bundle_id == bundle.bundle_id
    shutil.rmtree(bundle.path)
    assert verify(store.fetch(bundle.bundle_id).path).bundle_id == bundle.bundle_id


def test_a_bundle_damaged_in_the_registry_is_refused_and_not_left_behind(workspace, store, recorded):
    bundle = recorded("{}")
    shutil.rmtree(bundle.path)
    [kept] = workspace.artifacts.glob("*/artifacts/bundle")
    (kept / "model.json").write_text("{ }")
    with pytest.raises(MilepostError, match="was changed"):
        store.fetch(bundle.bundle_id)
    assert list(workspace.bundles.iterdir()) == []


@pytest.mark.parametrize("damaged", ["artifacts/bundle/manifest.json", "artifacts/bundle/model.json", "run.json"])
def test_recording_a_bundle_again_mends_what_the_registry_holds(workspace, store, recorded, damaged):
    bundle = recorded("{}")
    store.attach(bundle.bundle_id, "verdict", {"overall": "met"})
    [place] = workspace.artifacts.glob(f"*/{damaged}")
    place.write_text("{")
    assert store.record(bundle, parameters={}, metrics={}) == 1
    assert store.evidence(bundle.bundle_id, "verdict") == {"overall": "met"}
    shutil.rmtree(bundle.path)
    assert verify(store.fetch(bundle.bundle_id).path).bundle_id == bundle.bundle_id


def test_a_bundle_passed_off_as_another_is_refused(workspace, store, recorded):
    bundle, other = recorded("{}"), recorded('{"a":1}')
    shutil.rmtree(bundle.path)
    [place] = [
        kept
        for kept in workspace.artifacts.glob("*/artifacts/bundle")
        if json.loads((kept / "manifest.json").read_text())["bundle_id"] == bundle.bundle_id
    ]
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text((other.path / "manifest.json").read_text())
    with pytest.raises(MilepostError):
        store.fetch(manifest["bundle_id"])


def test_a_moved_workspace_still_has_its_files_and_versions(tmp_path, workspace, store, recorded):
    bundle = recorded("{}")
    store.attach(bundle.bundle_id, "verdict", {"overall": "met"})
    moved = Workspace(tmp_path / "elsewhere")
    shutil.move(workspace.root, moved.root)
    shutil.rmtree(moved.bundles)
    after = open_store(moved, name="telco-churn")
    assert after.evidence(bundle.bundle_id, "verdict") == {"overall": "met"}
    assert after.fetch(bundle.bundle_id).path == moved.bundles / bundle.bundle_id
    new = write_bundle(moved.bundles, {"model.json": '{"new":1}'})
    assert after.record(new, parameters={}, metrics={}) == 2
    assert not workspace.root.exists()


def test_a_workspace_made_again_at_the_same_place_starts_anew(workspace, store, recorded, empty_registry):
    bundle = recorded("{}")
    shutil.rmtree(workspace.root)
    workspace.root.mkdir()
    shutil.copy(empty_registry, workspace.root / "mlflow.db")
    again = open_store(workspace, name="telco-churn")
    assert again.versions() == ()
    bundle = write_bundle(workspace.bundles, {"model.json": "{}"})
    assert again.record(bundle, parameters={}, metrics={}) == 1


def test_problems_in_one_workspace_have_versions_of_their_own(workspace, store, recorded):
    bundle = recorded("{}")
    other = open_store(workspace, name="iris")
    assert other.versions() == ()
    assert other.record(bundle, parameters={}, metrics={}) == 1
    assert len(store.versions()) == 1


def test_problems_that_trained_the_same_bundle_have_evidence_of_their_own(workspace, store, recorded):
    bundle = recorded("{}")
    other = open_store(workspace, name="iris")
    other.record(bundle, parameters={}, metrics={})
    store.attach(bundle.bundle_id, "verdict", {"overall": "not met"})
    assert other.evidence(bundle.bundle_id, "verdict") is None
    other.attach(bundle.bundle_id, "verdict", {"overall": "met"})
    assert store.evidence(bundle.bundle_id, "verdict") == {"overall": "not met"}


def test_a_bundle_of_another_problem_in_the_workspace_is_not_recorded(workspace, recorded):
    bundle_id = recorded("{}").bundle_id
    with pytest.raises(NotRecorded):
        open_store(workspace, name="iris").evidence(bundle_id, "verdict")


@pytest.mark.parametrize("name", ["a/b", "a:b", ".."])
def test_a_name_that_mlflow_refuses_is_said_clearly(workspace, recorded, name):
    bundle = recorded("{}")
    with pytest.raises(MilepostError, match="MLflow refused") as caught:
        open_store(workspace, name=name).record(bundle, parameters={}, metrics={})
    assert caught.value.exit_code == 2


def test_first_use_is_silent_and_leaves_the_users_logging_and_environment_alone(tmp_path):
    before = dict(os.environ)
    done = run(FIRST_USE, tmp_path / "new", "{}")
    assert done.stdout == "1\n"
    assert done.stderr.splitlines() == ["INFO:root:mine", "INFO:root:mine too"]
    assert dict(os.environ) == before


def test_calls_leave_levels_and_environment_as_they_were(store):
    before = dict(os.environ), [logging.getLogger(name).level for name in ("mlflow", "alembic", "urllib3")]
    store.versions()
    assert before == (dict(os.environ), [logging.getLogger(name).level for name in ("mlflow", "alembic", "urllib3")])


def test_history_bundles_and_evidence_are_read_without_mlflow(workspace, store, recorded):
    from milepost.registry.promote import promote

    bundle = recorded("{}")
    store.attach(bundle.bundle_id, "verdict", {"overall": "met"})
    promote(bundle.bundle_id, verdict="met", who="ada", store=store, history=workspace.history)
    for name in ("telco-churn@champion", bundle.bundle_id[:8], bundle.path):
        done = run(WITHOUT_MLFLOW, workspace.root, name)
        assert done.stdout.splitlines() == [f"{bundle.bundle_id} {{'overall': 'met'}} 1", "[]"], done.stderr


def test_two_processes_record_at_once_without_losing_a_bundle(workspace):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_USE, str(workspace.root), content],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for content in ("1", "2")
    ]
    answers = [process.communicate(timeout=120) for process in processes]
    assert sorted(out for out, _ in answers) == ["1\n", "2\n"], answers
    assert len(open_store(workspace, name="telco-churn").versions()) == 2


def test_bundles_recorded_by_three_processes_at_once_have_one_run_and_one_version_each(workspace):
    words = [sys.executable, "-c", AT_ONCE, str(workspace.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as running:
        processes = [running.enter_context(subprocess.Popen(words, **pipes)) for _ in range(3)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.close()
        assert [process.stdout.read() for process in processes] == ["[1, 2, 3, 4]\n"] * 3
    assert len(open_store(workspace, name="telco-churn").versions()) == 4
    assert len(list(workspace.artifacts.glob("*/artifacts/bundle"))) == 4


def test_a_bundle_that_was_trained_elsewhere_is_told_from_one_that_is_misspelled(store, recorded):
    recorded("{}")
    with pytest.raises(NotRecorded) as caught:
        store.evidence("0" * 16, "verdict")
    assert "--problem PATH" in caught.value.fix


def test_a_bundle_that_is_not_there_is_not_recorded(workspace, store):
    with pytest.raises(EnvironmentFault):
        store.record(BundleRef("0" * 16, workspace.bundles / ("0" * 16)), parameters={}, metrics={})
    assert store.versions() == ()
