from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import milepost
from milepost.api.serving import prepare
from milepost.problem.read import read_problem
from program import start_program
from serving import bundle_in

PATIENCE_S = 20.0


class _Service:
    """`milepost serve few:1`, in a process of its own."""

    def __init__(self, folder: Path):
        self.process = start_program("serve", "few:1", "--port", "0", "--json", folder=folder)
        self.told = json.loads(self.process.stdout.readline())

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.told["url"] + path, timeout=PATIENCE_S) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def read(self, path: str):
        with urllib.request.urlopen(self.told["url"] + path, timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def stop(self) -> str:
        """Return what it has written on stderr."""
        self.process.terminate()
        return self.process.communicate(timeout=PATIENCE_S)[1]


@pytest.fixture
def service(few):
    started = _Service(few)
    yield started
    started.stop()


def champion(folder: Path, name: str):
    return prepare(read_problem(folder / "milepost.toml"), name).state.champion


def test_a_bundle_that_was_named_answers_with_its_version(few):
    bundle = bundle_in(few)
    assert [champion(few, name).version for name in ("few:1", bundle.name, str(bundle))] == [1, 1, 1]


def test_a_service_of_a_version_tells_it_and_how_outcomes_find_their_answers(service):
    assert service.told["version"] == 1
    assert json.loads(service.read("/model"))["champion"]["version"] == 1
    says = "No problem.horizon: outcomes are found by prediction_id alone, not by customer and time."
    assert says in service.told["says"]


def test_the_text_log_tells_when_callers_begin_to_need_a_key_and_when_none_is_left(few, service):
    assert service.status("/model") == 200
    key = milepost.keys_add("prom", scopes=["read"], problem=few / "milepost.toml").key
    deadline = time.monotonic() + PATIENCE_S
    while service.status("/model") == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (few / ".milepost" / "serving" / "few" / "keys.json").unlink()
    time.sleep(1.2)  # longer than between two looks
    err = service.stop()
    assert err.count("from now on callers need one") == 1
    assert err.count("no key is left") == 1
    assert key not in err
