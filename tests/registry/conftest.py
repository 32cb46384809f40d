from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from milepost.ground.workspace import Workspace
from milepost.registry.bundles import BundleRef, write_bundle
from milepost.registry.champions import champion
from milepost.registry.decisions import Entry
from milepost.registry.history import append
from milepost.registry.promote import promote, promote_first, rollback
from milepost.registry.store import Store, open_store


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory) -> Path:
    """An MLflow file without any run; making one takes MLflow seconds, copying it takes none."""
    workspace = Workspace(tmp_path_factory.mktemp("registry"))
    open_store(workspace, name="telco-churn").connect()
    return workspace.root / "mlflow.db"


@pytest.fixture
def workspace(tmp_path, empty_registry) -> Workspace:
    place = Workspace(tmp_path / "a folder é" / ".milepost")
    place.root.mkdir(parents=True)
    shutil.copy(empty_registry, place.root / "mlflow.db")
    return place


@pytest.fixture
def store(workspace) -> Store:
    return open_store(workspace, name="telco-churn")


@pytest.fixture
def clock():
    """A clock that steps one minute with each reading."""
    minutes = itertools.count()
    return lambda: datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(minutes=next(minutes))


@pytest.fixture
def recorded(workspace, store):
    """Return a maker of bundles that the registry knows."""

    def make(content: str) -> BundleRef:
        bundle = write_bundle(workspace.bundles, {"model.json": content, "trees/boosted.txt": "tree"})
        store.record(bundle, parameters={"seed": 0}, metrics={"log_loss": 0.4})
        return bundle

    return make


@pytest.fixture
def road(workspace, store, clock):
    """Return promote, promote_first and rollback for this workspace, as ada."""

    class Road:
        def __init__(self):
            self.history = workspace.history
            self.stores = {"store": store, "history": workspace.history}

        def promote(self, bundle, verdict="met", **more):
            return promote(bundle.bundle_id, verdict=verdict, who="ada", clock=clock, **self.stores, **more)

        def first(self, bundle, verdict, **more):
            entry = Entry("verdict", "telco-churn", f"The verdict is {verdict}.", bundle.bundle_id)
            append(self.history, [entry], clock=clock)
            return promote_first(bundle.bundle_id, verdict=verdict, who="milepost", clock=clock, **self.stores, **more)

        def rollback(self, to=None, **more):
            return rollback(to, who="ada", clock=clock, **self.stores, **more)

        def champion(self):
            """Return the champion's bundle_id by the history, after checking that the alias agrees."""
            found = champion(self.history, "telco-churn")
            assert store.alias("champion") == (found and store.version_of(found))
            return found

    return Road()
