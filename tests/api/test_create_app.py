"""The application in a server of the user's: a real uvicorn with two workers of its own."""

from __future__ import annotations

import asyncio
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

import pytest

import milepost
from milepost.ground.workspace import Workspace
from milepost.predlog.places import log_place
from milepost.predlog.read import read_predictions
from milepost.serve.app import App
from milepost.serve.keeper import LOCK_FILE
from milepost.serve.keys import add_key
from milepost.serve.service import KEYS_FILE
from serving import ask_soon, bundle_in, usual_row

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


def _asked_from(app: App, addresses: tuple[str | None, ...], path: str = "/schema", **headers: str) -> list[int]:
    async def run() -> list[int]:
        return [(await ask_soon(app, "GET", path, headers=headers, client=client)).status for client in addresses]

    return asyncio.run(run())


HERE, ELSEWHERE = ("127.0.0.1", "::1"), ("192.0.2.7", "2001:db8::7", "testclient", None)


def test_without_keys_only_this_machine_may_ask_unless_anybody_may_on_purpose(trained: Path):
    problem, bundle = trained / "milepost.toml", bundle_in(trained).name
    careful = milepost.create_app(problem, bundle=bundle)
    assert _asked_from(careful, (*HERE, *ELSEWHERE)) == [200, 200, 401, 401, 401, 401]
    assert _asked_from(careful, ELSEWHERE, "/health/ready") == [200] * 4
    open_to_all = milepost.create_app(problem, bundle=bundle, without_keys=True)
    assert _asked_from(open_to_all, (*HERE, *ELSEWHERE)) == [200] * 6
    for app in (careful, open_to_all):
        asyncio.run(app.service.stop())


@pytest.mark.parametrize("without_keys", [False, True])
def test_where_keys_were_made_everybody_needs_one_and_nobody_has_one_when_their_file_is_lost(trained, without_keys):
    problem = trained / "milepost.toml"
    keys = Workspace(trained / ".milepost").serving(milepost.read_problem(problem).aim.name) / KEYS_FILE
    secret = add_key(keys, "shop", ["read"])
    app = milepost.create_app(problem, bundle=bundle_in(trained).name, without_keys=without_keys)
    assert _asked_from(app, (*HERE, *ELSEWHERE)) == [401] * 6
    assert _asked_from(app, ELSEWHERE, Authorization=f"Bearer {secret}") == [200] * 4
    keys.unlink()
    app.service.keys.refresh()
    assert _asked_from(app, (*HERE, *ELSEWHERE), Authorization=f"Bearer {secret}") == [401] * 6
    asyncio.run(app.service.stop())
