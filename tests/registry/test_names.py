from __future__ import annotations

import shutil

import pytest

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.workspace import Workspace
from milepost.predictor.manifest import verify
from milepost.registry.bundles import write_bundle
from milepost.registry.decisions import Entry
from milepost.registry.history import append, read_history
from milepost.registry.names import resolve, version_of
from milepost.registry.promote import promote
from milepost.registry.store import open_store


@pytest.fixture
def find(workspace, store):
    def resolved(name):
        return resolve(name, workspace=workspace, store=store, history=workspace.history)

    return resolved


@pytest.fixture
def trained(workspace, recorded):
    """Return two bundles as train leaves them."""
    bundles = [recorded("1"), recorded("2")]
    append(workspace.history, [Entry("trained", "telco-churn", "", bundle.bundle_id) for bundle in bundles])
    return bundles


@pytest.fixture
def judged(workspace, store, trained):
    """Return a champion and its challenger."""
    champion, challenger = trained
    promote(champion.bundle_id, verdict="met", who="ada", store=store, history=workspace.history)
    append(workspace.history, [Entry("verdict", "telco-churn", "", challenger.bundle_id)])
    return trained


def test_no_name_means_the_bundle_trained_last(workspace, find, trained):
    append(workspace.history, [Entry("trained", "iris", "", "f" * 16)])
    assert find(None) == trained[1]


def test_a_folder_names_itself_wherever_it_lies(tmp_path, find):
    bundle = write_bundle(tmp_path / "copies", {"model.json": "{}"})
    assert find(str(bundle.path)) == bundle


def test_champion_and_challenger_are_the_historys(find, judged):
    assert [find("telco-churn@champion"), find("telco-churn@challenger")] == judged


def test_an_alias_of_the_registry_and_a_version_name_a_bundle(find, store, trained):
    store.set_alias("quarterly", 2)
    assert find("telco-churn@quarterly") == trained[1]
    assert [find("telco-churn:1"), find("telco-churn:2")] == trained


def test_without_any_verdict_the_registrys_champion_is_believed(find, store, trained):
    store.set_alias("champion", 1)
    assert find("telco-churn@champion") == trained[0]


def test_the_first_digits_of_an_id_are_enough(find, trained):
    assert find(trained[0].bundle_id) == find(trained[0].bundle_id[:6]) == trained[0]


def test_a_bundle_that_is_not_here_is_fetched(find, trained):
    shutil.rmtree(trained[0].path)
    for name in (trained[0].bundle_id, "telco-churn:1"):
        assert find(name) == trained[0]
        assert (trained[0].path / "manifest.json").is_file()
        shutil.rmtree(trained[0].path)


def test_a_damaged_bundle_is_fetched_anew_however_it_is_named(find, trained):
    model = trained[0].path / "model.json"
    for name in (trained[0].bundle_id, "telco-churn:1"):
        model.write_text("{ }")
        assert find(name) == trained[0]
        assert verify(trained[0].path).bundle_id == trained[0].bundle_id


def test_a_damaged_bundle_without_a_better_copy_says_what_is_wrong_with_it(workspace, find):
    bundle = write_bundle(workspace.bundles, {"model.json": "{}"})
    (bundle.path / "model.json").write_text("{ }")
    with pytest.raises(MilepostError, match="was changed"):
        find(bundle.bundle_id)


def test_a_damaged_folder_given_by_its_path_is_left_as_it_is(find, trained):
    (trained[0].path / "model.json").write_text("{ }")
    found = find(str(trained[0].path))
    with pytest.raises(MilepostError, match="was changed"):
        verify(found.path)


def test_digits_that_begin_two_ids_are_refused(workspace, find, trained):
    for ending in "ab":
        (workspace.bundles / f"abcdef{ending * 10}").mkdir()
        (workspace.bundles / f"abcdef{ending * 10}" / "manifest.json").write_text("{}")
    with pytest.raises(MilepostError, match="beginning of 2 bundles"):
        find("abcdef")


def test_before_any_training_there_is_no_version(find):
    with pytest.raises(MilepostError, match="so there is no version 1") as caught:
        find("telco-churn:1")
    assert caught.value.fix == "Run: milepost train"


def test_a_problem_file_in_place_of_a_bundle_is_told_so(find):
    with pytest.raises(MilepostError, match="is a problem file") as caught:
        find("milepost.toml")
    assert "--problem milepost.toml" in caught.value.fix


def test_before_any_training_the_error_says_how_to_train(find):
    with pytest.raises(MilepostError, match="milepost train"):
        find(None)


@pytest.mark.parametrize("alias", ["champion", "challenger"])
def test_before_any_verdict_there_is_no_champion(find, trained, alias):
    with pytest.raises(MilepostError, match=f"no {alias}"):
        find(f"telco-churn@{alias}")


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("telco-chrun@champion", "Write 'telco-churn' instead."),
        ("telco-churn@campion", "Write 'champion' instead."),
        ("telco-churn:3", "Choose one of: 1, 2."),
        ("telco-churn:one", "Choose one of: 1, 2."),
    ],
)
def test_a_name_that_is_spelled_wrong_gets_the_right_one(find, trained, name, fix):
    with pytest.raises(UnknownNameError) as caught:
        find(name)
    assert caught.value.fix == fix


@pytest.mark.parametrize("name", ["", "nothing", "abc", "ABCDEF"])
def test_what_names_no_bundle_is_refused(find, trained, name):
    with pytest.raises(MilepostError, match="names no bundle"):
        find(name)


def test_a_folder_without_a_bundle_is_refused(tmp_path, find):
    with pytest.raises(MilepostError, match="no bundle here"):
        find(str(tmp_path))


@pytest.mark.parametrize("name", ["telco-churn:2", "its id", "its folder"])
def test_a_version_is_known_however_its_bundle_is_named(workspace, store, trained, name):
    bundle = trained[1]
    name = {"its id": bundle.bundle_id, "its folder": str(bundle.path)}.get(name, name)
    past = read_history(workspace.history, problem="telco-churn")
    assert version_of(name, bundle.bundle_id, past=past, store=store) == 2


def test_what_the_history_says_of_a_version_needs_no_registry(workspace, judged):
    past = read_history(workspace.history, problem="telco-churn")
    away = open_store(workspace, name="telco-churn", uri="http://127.0.0.1:9")
    assert version_of(judged[0].bundle_id, judged[0].bundle_id, past=past, store=away) == 1


def test_a_folder_from_elsewhere_has_no_version_and_asks_no_registry(tmp_path, workspace):
    bundle = write_bundle(tmp_path / "copies", {"model.json": "{}"})
    empty = open_store(Workspace(tmp_path / "empty"), name="telco-churn")
    assert version_of(str(bundle.path), bundle.bundle_id, past=(), store=empty) is None
    assert not (tmp_path / "empty").exists()
