from __future__ import annotations

import ctypes
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.workspace import Workspace
from milepost.registry.bundles import write_bundle
from milepost.registry.mlflow_door import calls, lock_of, shown
from milepost.registry.store import open_store


@pytest.fixture
def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def silent_port():
    """A server that takes connections and never says a word."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(8)
        yield one.getsockname()[1]


def failing(workspace: Workspace, uri: str | None = None) -> tuple[MilepostError, float]:
    started = time.monotonic()
    with pytest.raises(MilepostError) as caught:
        open_store(workspace, name="telco-churn", uri=uri).connect()
    return caught.value, time.monotonic() - started


@pytest.mark.parametrize("scheme", ["http", "https", "postgresql", "mysql+pymysql"])
def test_a_server_that_does_not_run_is_an_environment_fault(tmp_path, closed_port, scheme):
    fault, seconds = failing(Workspace(tmp_path), f"{scheme}://ada:secret@127.0.0.1:{closed_port}/x")
    assert isinstance(fault, EnvironmentFault)
    assert "refused" in fault.what
    assert "secret" not in str(fault)
    assert seconds < 12


def test_a_server_that_never_answers_is_given_up_after_two_attempts(tmp_path, silent_port, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")  # ours is 4
    fault, seconds = failing(Workspace(tmp_path), f"http://127.0.0.1:{silent_port}")
    assert isinstance(fault, EnvironmentFault)
    assert "timed out" in fault.what
    assert seconds < 5


@pytest.mark.parametrize("uri", ["ftp://there", "somewhere"])
def test_an_address_that_is_no_registry_is_the_users_mistake(tmp_path, uri):
    fault, _ = failing(Workspace(tmp_path), uri)
    assert fault.exit_code == 2
    assert "stores.registry" in fault.fix


def test_a_file_that_is_no_database_is_an_environment_fault(workspace):
    (workspace.root / "mlflow.db").write_text("no database " * 100)
    fault, _ = failing(workspace)
    assert isinstance(fault, EnvironmentFault)
    assert "not a database" in fault.what
    assert (workspace.root / "mlflow.db").read_text().startswith("no database")


def test_a_locked_file_is_given_up(workspace):
    with closing(sqlite3.connect(workspace.root / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        fault, seconds = failing(workspace)
    assert "locked" in fault.what
    assert seconds < 10


def test_a_workspace_that_is_a_file_is_an_environment_fault(tmp_path):
    (tmp_path / "file").write_text("")
    fault, _ = failing(Workspace(tmp_path / "file" / "workspace"))
    assert isinstance(fault, EnvironmentFault)


@pytest.mark.parametrize("name", ["what?", "a%41"])
def test_a_path_that_an_address_cannot_hold_is_refused(tmp_path, name):
    fault, _ = failing(Workspace(tmp_path / name))
    assert "path holds" in fault.what
    assert not (tmp_path / name).exists()


def test_what_the_user_has_set_goes_before_our_settings(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    with calls("http://127.0.0.1"):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"


def test_the_environment_of_the_process_is_not_touched():
    read = ctypes.CDLL(None).getenv  # as other threads read it, who would find it moved under their feet
    read.restype = ctypes.c_char_p
    with calls("sqlite://"):
        assert os.environ["MLFLOW_CONFIGURE_LOGGING"] == "false"
        assert read(b"MLFLOW_CONFIGURE_LOGGING") is None
    assert "MLFLOW_CONFIGURE_LOGGING" not in os.environ


def test_our_own_bugs_keep_their_traceback():
    with pytest.raises(ZeroDivisionError), calls("http://127.0.0.1"):
        1 / 0  # noqa: B018


@pytest.mark.parametrize(
    ("uri", "printed"),
    [
        ("postgresql://ada:p%40ss@db.example.org/mlflow", "postgresql://db.example.org/mlflow"),
        ("no http://ada:secret@host and http://bob@host", "no http://host and http://host"),
        ("http://ada:p@ss/w@rd@db.example.org/x", "http://db.example.org/x"),
        ("sqlite:////srv/a@b/mlflow.db", "sqlite:////srv/a@b/mlflow.db"),
    ],
)
def test_credentials_are_never_shown(uri, printed):
    assert shown(uri) == printed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a file's size are set in a process of its own")
def test_a_disk_that_is_full_while_the_file_is_made_leaves_nothing_half_made(tmp_path):
    code = (
        "import resource, sys; from pathlib import Path; from milepost.ground.workspace import Workspace;"
        "from milepost.registry.store import open_store;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "open_store(Workspace(Path(sys.argv[1])), name='telco-churn').connect()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "EnvironmentFault" in done.stderr
    assert "Free some space" in done.stderr
    assert list(tmp_path.iterdir()) == [lock_of(Workspace(tmp_path).registry_uri)]
    open_store(Workspace(tmp_path), name="telco-churn").connect()


def test_a_file_is_made_and_recorded_in_under_one_lock_wherever_it_lies(tmp_path, empty_registry):
    uri = f"sqlite:///{shutil.copy(empty_registry, tmp_path)}"
    workspace = Workspace(tmp_path / ".milepost")
    bundle = write_bundle(workspace.bundles, {"model.json": "{}"})
    open_store(workspace, name="telco-churn", uri=uri).record(bundle, parameters={}, metrics={})
    assert sorted(path for path in tmp_path.rglob("*.lock")) == [lock_of(uri)]
