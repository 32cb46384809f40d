"""The application in a server of the user's: a real uvicorn with two workers of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import milepost
from milepost.ground.workspace import Workspace
from milepost.predlog.places import log_place
from milepost.predlog.read import read_predictions
from milepost.serve.keeper import LOCK_FILE
from serving import bundle_in, usual_row

PATIENCE_S = 40.0


def test_a_server_of_the_users_answers_logs_and_leaves_a_folded_log(trained: Path):
    problem = trained / "milepost.toml"
    bundle = bundle_in(trained)
    (trained / "app.py").write_text(
        f"import milepost\napp = milepost.create_app({str(problem)!r}, bundle={bundle.name!r})\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["app:app", "--port", str(port), "--workers", "2", "--log-level", "warning"]
    process = subprocess.Popen([sys.executable, "-m", "uvicorn", *words], cwd=trained)
    try:
        row, asked = usual_row(bundle), json.dumps(usual_row(bundle)).encode()
        assert row
        deadline = time.monotonic() + PATIENCE_S
        ids: list[str] = []
        while len(ids) < 5 and time.monotonic() < deadline:
            with suppress(urllib.error.URLError, ConnectionError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", asked, timeout=5) as answer:
                    ids.append(json.load(answer)["prediction_id"])
                continue
            time.sleep(0.1)
        lock = Workspace(trained / ".milepost").serving(milepost.read_problem(problem).aim.name) / LOCK_FILE
        while (
            not lock.exists() and time.monotonic() < deadline
        ):  # a keeper that is not up yet leaves the log to the next
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    place = log_place(Workspace(trained / ".milepost"), milepost.read_problem(problem).aim.name)
    assert sorted(read_predictions(place).collect()["prediction_id"]) == sorted(ids)
    assert len(ids) == 5
    deadline = time.monotonic() + PATIENCE_S
    while list(place.journals.glob("*.journal")) and time.monotonic() < deadline:  # the keeper ends after its server
        time.sleep(0.1)
    assert not list(place.journals.glob("*.journal"))
