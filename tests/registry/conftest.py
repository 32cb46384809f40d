from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from milepost.ground.workspace import Workspace
from milepost.registry.bundles import BundleRef, write_bundle
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
