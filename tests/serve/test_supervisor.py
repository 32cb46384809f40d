from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import milepost
from milepost.api.storing import person, store_of
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.workspace import Workspace
from milepost.predlog.places import log_place
from milepost.predlog.read import read_predictions
from milepost.serve.keeper import FOLLOW_S, Keeper
from milepost.serve.keys import add_key
from milepost.serve.service import KEYS_FILE
from milepost.serve.settings import write_settings
from milepost.serve.state import read_state
from milepost.serve.supervisor import Supervisor, bound_socket
from serving import bundle_in, usual_row

PATIENCE_S = 30.0


@pytest.fixture
def promoted(trained: Path) -> Path:
    """Return the problem of a Telco folder whose bundle was judged and promoted."""
    problem = trained / "milepost.toml"
    milepost.evaluate(problem=problem)
    milepost.promote(bundle_in(trained).name, reason="for the test", problem=problem)
    return problem


class _Command:
    """`milepost serve` as a user starts it."""

    def __init__(self, problem: Path, *words: str):
        program = Path(sys.executable).parent / "milepost"
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", "--json", "--problem", problem, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.told = json.loads(line)

    def ask(self, path: str, body: object = None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.told["url"] + path, data, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def stop(self, number=signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@pytest.fixture
def serve():
    made: list[_Command] = []

    def start(*words) -> _Command:
        made.append(_Command(*words))
        return made[-1]

    yield start
    for command in made:
        command.process.terminate()
        command.process.communicate(timeout=PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_tells_where_it_is_answers_and_stops_with_its_log_folded(promoted, serve, number):
    command = serve(promoted)
    row = usual_row(bundle_in(promoted.parent))
    answer = command.ask("/predict", row)
    assert answer["bundle_id"] == command.told["bundle_id"] == bundle_in(promoted.parent).name
    assert command.told["example"].startswith(f"curl {command.told['url']}/predict")
    code, _, err = command.stop(number)
    assert (code, "Traceback" in err) == (0, False)
    place = log_place(Workspace(promoted.parent / ".milepost"), command.told["name"])
    assert not list(place.journals.glob("*.journal"))
    assert read_predictions(place).collect()["prediction_id"].to_list() == [answer["prediction_id"]]


def test_the_printed_example_can_be_pasted(promoted, serve):
    command = serve(promoted)
    done = subprocess.run(["sh", "-c", command.told["example"]], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["prediction_id"]


def test_a_worker_that_dies_is_started_again(promoted, serve):
    command = serve(promoted, "--workers", "2")
    children = Path(f"/proc/{command.process.pid}/task/{command.process.pid}/children")
    first, *_ = before = children.read_text().split()
    time.sleep(1.2)  # one that dies sooner is not started again at once
    os.kill(int(first), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while first in (now := children.read_text().split()) or len(now) < len(before):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert command.ask("/health/ready")["ready"]


def test_the_page_of_the_model_shows_how_it_was_trained_judged_and_promoted(promoted, serve):
    shown = serve(promoted).ask("/model")["champion"]
    store, verdict = store_of(milepost.read_problem(promoted)), milepost.evaluate(problem=promoted).verdict
    origin = store.evidence(shown["bundle_id"], "lineage")
    assert {name: shown["trained"][name] for name in origin} == origin
    assert (shown["verdict"]["overall"], shown["verdict"]["look"]) == (verdict.overall, 1)
    assert [(one["criterion"], one["value"], one["interval"]) for one in shown["verdict"]["judged"]] == [
        (one.criterion, one.measured.value, [one.measured.interval.lo, one.measured.interval.hi])
        for one in verdict.criteria
    ]
    assert shown["promoted"]["who"] == person()
    assert shown["promoted"]["at"] == shown["since"]


def test_a_worker_that_starts_after_the_file_of_keys_was_lost_lets_nobody_in(promoted, serve):
    keys = Workspace(promoted.parent / ".milepost").serving(milepost.read_problem(promoted).aim.name) / KEYS_FILE
    add_key(keys, "shop", ["read"])
    command = serve(promoted)
    keys.unlink()
    place = Path(f"/proc/{command.process.pid}/task/{command.process.pid}/children")
    before = place.read_text().split()
    time.sleep(1.2)  # one that dies sooner is not started again at once
    os.kill(int(before[0]), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while not (now := place.read_text().split()) or now == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        command.ask("/schema")
    with refused.value:
        assert refused.value.code == 401


def test_a_store_that_hangs_keeps_no_worker_from_being_started_again(make_settings, tmp_path):
    path, store_is_back, after = tmp_path / "service.json", threading.Event(), []
    write_settings(make_settings(), path)
    keeper = Keeper(make_settings(), history=tmp_path, state=lambda: store_is_back.wait(PATIENCE_S) and None)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = set(children.read_text().split())

    def accident():
        (worker,) = set(children.read_text().split()) - before
        time.sleep(FOLLOW_S + 0.5)  # now the keeper waits
        os.kill(int(worker), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while not after and time.monotonic() < deadline:
            after.extend(set(children.read_text().split()) - before - {worker})
            time.sleep(0.05)
        store_is_back.set()
        os.kill(os.getpid(), signal.SIGTERM)

    with bound_socket("127.0.0.1", 0) as listener:
        Supervisor(path, listener, keeper).run(lambda: threading.Thread(target=accident).start())
    assert len(after) == 1


def test_a_log_that_cannot_be_folded_at_the_end_is_said_and_kept(make_settings, tmp_path):
    settings = make_settings(tables=str(tmp_path / "tables"))
    (tmp_path / "tables").write_text("a file where the folder of the tables should be")
    path = tmp_path / "service.json"
    write_settings(settings, path)
    keeper = Keeper(settings, history=tmp_path, state=lambda: None)
    with bound_socket("127.0.0.1", 0) as listener:

        def ask_and_stop():
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/predict"
            urllib.request.urlopen(
                url, json.dumps(usual_row(Path(read_state(Path(settings.state)).champion.folder))).encode()
            )
            os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(EnvironmentFault, match="not in the tables yet") as caught:
            Supervisor(path, listener, keeper).run(ask_and_stop)
    assert "Nothing is lost" in caught.value.fix
    assert len(list(Path(settings.journals).glob("*.journal"))) == 1


def test_workers_end_with_a_parent_that_is_killed(promoted, serve):
    command = serve(promoted)
    (worker,) = Path(f"/proc/{command.process.pid}/task/{command.process.pid}/children").read_text().split()
    command.process.kill()
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{worker}").exists() and "Z" not in Path(f"/proc/{worker}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_promotion_and_a_rollback_reach_a_running_service(promoted, serve):
    command = serve(promoted)
    first = command.told["bundle_id"]
    text = promoted.read_text()
    promoted.write_text(text.replace("[features]", '[features]\nextra = "tenure * 2"', 1))
    second = milepost.train(promoted).bundle_id
    milepost.evaluate(second, problem=promoted)
    milepost.promote(second, reason="another one", problem=promoted)
    _await_bundle(command, second)
    milepost.rollback(problem=promoted)
    _await_bundle(command, first)


def test_the_text_log_of_a_service_is_json_where_that_is_asked_for(promoted, serve):
    command = serve(promoted, "--workers", "2", "--log-format", "json", "--access-log")
    processes = Path(f"/proc/{command.process.pid}/task/{command.process.pid}/children").read_text().split()
    answer = command.ask("/predict", usual_row(bundle_in(promoted.parent)))
    _, _, err = command.stop()
    lines = [json.loads(line) for line in err.splitlines()]
    assert {str(line["process"]) for line in lines} <= set(processes)
    assert [line["prediction_id"] for line in lines if "rows" in line] == [answer["prediction_id"]]


def _await_bundle(command, bundle_id):
    deadline = time.monotonic() + PATIENCE_S
    while command.ask("/model")["champion"]["bundle_id"] != bundle_id:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_bundle_served_by_name_leaves_the_service_of_the_champion_alone(promoted, serve):
    champion = serve(promoted)
    promoted.write_text(promoted.read_text().replace("[features]", '[features]\nextra = "tenure * 2"', 1))
    other = milepost.train(promoted).bundle_id
    named = serve(promoted, other)
    time.sleep(1.5)  # longer than between two looks
    assert champion.ask("/model")["champion"]["bundle_id"] == champion.told["bundle_id"]
    assert named.ask("/model")["champion"]["bundle_id"] == other
    with urllib.request.urlopen(champion.told["url"] + "/metrics") as page:
        assert 'milepost_requests_total{path="/model"' in page.read().decode()


def test_other_machines_are_let_in_only_with_keys_or_on_purpose(promoted):
    with pytest.raises(MilepostError, match="without a key"):
        milepost.serve(problem=promoted, host="0.0.0.0", port=0)


def test_a_port_that_is_taken_is_named_with_another_one():
    with bound_socket("127.0.0.1", 0) as listener, pytest.raises(EnvironmentFault, match="cannot listen") as caught:
        bound_socket("127.0.0.1", port := listener.getsockname()[1])
    assert f"port {port}" in caught.value.what
    assert "--port 0" in caught.value.fix


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_an_address_of_another_machine_is_said(host):
    with pytest.raises(EnvironmentFault, match="is no address of this machine") as caught:
        bound_socket(host, 0)
    assert (caught.value.where, "127.0.0.1" in caught.value.fix) == ("--host", True)


def test_a_guard_that_cannot_be_read_is_said_with_its_line_before_anything_starts(promoted):
    guard = '\n[[serve.guards]]\nname = "new"\nwhen = "tenur < 3"\nthen = "abstain"\n'
    promoted.write_text(promoted.read_text() + guard)
    line = promoted.read_text().splitlines().index('when = "tenur < 3"') + 1
    with pytest.raises(MilepostError, match="tenur") as caught:
        milepost.serve(problem=promoted, port=0)
    assert f"line {line}" in caught.value.where


def test_a_service_says_where_its_page_is_what_is_on_and_how_to_stop_it(promoted, serve):
    text = promoted.read_text() + "\n[serve]\ncontrol_share = 0.1\n"
    promoted.write_text(text + '[[serve.guards]]\nname = "new"\nwhen = "tenure < 3"\nthen = "abstain"\n')
    command = serve(promoted, "--host", "0.0.0.0", "--without-keys")
    told = command.told
    assert told["docs"] == f"{told['url']}/docs"
    assert "0.0.0.0" not in told["url"] + told["example"]
    says = " ".join(told["says"])
    assert all(word in says for word in ("new (abstain)", "Control: 10.0 %", "Ctrl-C"))
    assert "Canary" not in says


def test_without_a_champion_nothing_is_served(trained):
    with pytest.raises(MilepostError, match="no champion"):
        milepost.serve(problem=trained / "milepost.toml", port=0)
