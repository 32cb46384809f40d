from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from milepost.predlog.journal import is_abandoned, journals_in
from milepost.predlog.read import read_predictions
from milepost.predlog.rotation import ask_for_rotation
from milepost.registry.bundles import write_bundle
from milepost.serve.engine import Recorded
from milepost.serve.replies import Reply, bytes_reply
from milepost.serve.service import CLAIMS_FILE, LOOK_S, Service
from milepost.serve.settings import read_settings, write_settings
from milepost.serve.state import Named, State, read_state, write_state
from serving import ask, bundle_in, usual_row

PATIENCE_S = 15.0
SERVICE = sys.modules[Service.__module__]  # `milepost.serve` names the verb


@pytest.fixture
def other_bundle(few_folder: Path) -> Path:
    return bundle_in(few_folder)


def _named(bundle: Path) -> Named:
    return Named(bundle.name, str(bundle))


def _damaged(bundle: Path, folder: Path) -> Path:
    """Return a copy of a bundle with one changed byte."""
    copy = Path(shutil.copytree(bundle, folder / bundle.name))
    (copy / "model.json").write_bytes((copy / "model.json").read_bytes().replace(b"0.1", b"0.2", 1))
    return copy


def test_a_promotion_is_followed_and_a_rollback_too(make_service, bundles, other_bundle):
    service = make_service()
    path, first = Path(service.settings.state), bundles("binary")
    row = usual_row(first)
    for bundle in (other_bundle, first):
        write_state(State(_named(bundle)), path)
        assert asyncio.run(service.follow())
        assert ask(service, "POST", "/predict", row).json["bundle_id"] == bundle.name
        assert ask(service, "GET", "/model").json["champion"]["bundle_id"] == bundle.name
    assert not asyncio.run(service.follow())


def test_a_damaged_bundle_is_refused_and_the_old_one_goes_on(make_service, bundles, other_bundle, tmp_path):
    service = make_service()
    write_state(State(_named(_damaged(other_bundle, tmp_path))), Path(service.settings.state))
    assert not asyncio.run(service.follow())
    assert ask(service, "POST", "/predict", usual_row(bundles("binary"))).json["bundle_id"] == bundles("binary").name
    assert "goes on" in ask(service, "GET", "/model").json["says"]
    assert ask(service, "GET", "/health/ready").json == {"ready": True}  # asked without a key


def _of_a_newer_kind(bundle: Path, folder: Path) -> Path:
    """Return a whole bundle that holds a calibration this version does not know."""
    texts = {path.relative_to(bundle).as_posix(): path.read_text() for path in bundle.rglob("*") if path.is_file()}
    del texts["manifest.json"]
    texts["model.json"] = json.dumps(json.loads(texts["model.json"]) | {"calibration": {"kind": "newer"}})
    return write_bundle(folder, texts).path


def test_a_challenger_of_a_newer_kind_stops_neither_the_start_nor_the_following(
    make_settings, bundles, other_bundle, tmp_path
):
    settings = make_settings(shadow=True)
    path = Path(settings.state)
    champion, newer = read_state(path).champion, _named(_of_a_newer_kind(other_bundle, tmp_path / "bundles"))
    write_state(State(champion, newer), path)
    service = Service(settings)
    assert ask(service, "GET", "/model").json["challenger"] is None
    write_state(State(newer), path)
    assert not asyncio.run(service.follow())
    assert "does not understand" in ask(service, "GET", "/model").json["says"]
    write_state(State(champion, _named(other_bundle)), path)
    assert asyncio.run(service.follow())
    page = ask(service, "GET", "/model").json
    assert (page["challenger"]["bundle_id"], page["says"]) == (other_bundle.name, "")
    asyncio.run(service.stop())


@pytest.mark.parametrize("role", ["champion", "challenger"])
def test_a_bundle_that_a_disk_withheld_is_tried_again(make_service, bundles, other_bundle, tmp_path, monkeypatch, role):
    monkeypatch.setattr(SERVICE, "RETRY_S", 0.0)
    service = make_service(shadow=True)
    path, away = Path(service.settings.state), tmp_path / other_bundle.name
    named = _named(Path(shutil.copytree(other_bundle, away)))
    lost = away / "model.json"
    content = lost.read_bytes()
    write_state(State(named) if role == "champion" else State(read_state(path).champion, named), path)
    with monkeypatch.context() as broken:
        read = Path.read_bytes
        broken.setattr(Path, "read_bytes", lambda one: _refuse(one) if one == lost else read(one))
        assert [asyncio.run(service.follow()) for _ in range(2)] == [False, False]
        assert "cannot be read" in ask(service, "GET", "/model").json["says"]
    assert lost.read_bytes() == content
    assert asyncio.run(service.follow())
    page = ask(service, "GET", "/model").json
    assert (page[role]["bundle_id"], page["says"]) == (other_bundle.name, "")


def _refuse(path: Path) -> bytes:
    raise OSError(5, "Input/output error", str(path))


def test_one_step_that_fails_is_told_once_stops_no_other_and_not_the_end(
    make_settings, other_bundle, caplog, monkeypatch
):
    monkeypatch.setattr(SERVICE, "LOOK_S", 0.001)
    settings = make_settings()
    service = Service(settings)

    async def run():
        service.start()
        (Path(settings.folder) / "keys.json").mkdir()
        write_state(State(_named(other_bundle)), Path(settings.state))
        ask_for_rotation(Path(settings.journals))
        deadline = time.monotonic() + PATIENCE_S
        while service.engine.voices.champion.bundle_id != other_bundle.name or len(journals) < 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
            journals.update(journals_in(Path(settings.journals)))
        await asyncio.sleep(0.05)
        service.shadows.ask(lambda: done.append("asked"), 1)
        await service.stop()

    journals, done = set(), []
    asyncio.run(run())
    assert done == ["asked"]
    assert caplog.text.count("The keys cannot be read") == 1
    assert all(is_abandoned(path) for path in journals_in(Path(settings.journals)))


def test_a_damaged_challenger_leaves_the_champion_alone(make_service, bundles, other_bundle, tmp_path):
    service = make_service(shadow=True)
    champion = read_state(Path(service.settings.state)).champion
    again = replace(champion, why="Promoted once more.")
    write_state(State(again, _named(_damaged(other_bundle, tmp_path))), Path(service.settings.state))
    assert asyncio.run(service.follow())
    page = ask(service, "GET", "/model").json
    assert (page["champion"]["why"], page["challenger"]) == ("Promoted once more.", None)
    assert "not asked" in page["says"]


def test_a_state_that_is_gone_or_no_state_changes_nothing(make_service, bundles):
    service = make_service()
    path = Path(service.settings.state)
    path.write_text("{")
    assert not asyncio.run(service.follow())
    path.unlink()
    assert not asyncio.run(service.follow())
    assert ask(service, "POST", "/predict", usual_row(bundles("binary"))).status == 200


def test_swaps_under_load_fail_no_request_and_mix_none(make_worker, bundles, other_bundle):
    worker = make_worker()
    folder = worker.log.parent
    first, row = bundles("binary"), usual_row(bundles("binary"))
    answers: list[dict] = []
    stop = threading.Event()

    def load():
        while not stop.is_set():
            got = worker.ask("POST", "/predict", {"rows": [row] * 3})
            assert got.status == 200
            answers.extend(got.json["answers"])
            assert len({answer["bundle_id"] for answer in got.json["answers"]}) == 1

    def caught():
        try:
            load()
        except (AssertionError, OSError) as why:
            failures.append(why)

    failures: list[Exception] = []
    threads = [threading.Thread(target=caught) for _ in range(3)]
    for thread in threads:
        thread.start()
    for bundle in (other_bundle, first, other_bundle):
        write_state(State(_named(bundle)), folder / "state.json")
        deadline = time.monotonic() + PATIENCE_S
        while worker.ask("GET", "/model").json["champion"]["bundle_id"] != bundle.name:
            assert time.monotonic() < deadline
            time.sleep(LOOK_S / 10)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    said = {
        bundle: {json.dumps(a["probabilities"]) for a in answers if a["bundle_id"] == bundle}
        for bundle in (first.name, other_bundle.name)
    }
    assert all(len(different) == 1 for different in said.values())  # the same row, the same bundle, the same answer


def test_what_was_answered_is_in_the_log_and_the_journal_sealed_when_it_is_stopped(make_worker, bundles):
    worker = make_worker(shadow=True)
    row = usual_row(bundles("binary"))
    ids = [worker.ask("POST", "/predict", row).json["prediction_id"] for _ in range(20)]
    assert worker.stop() == 0
    folder = worker.log.parent
    settings = read_settings(folder / "service.json")
    logged = read_predictions(settings.place).collect()
    assert sorted(logged["prediction_id"]) == sorted(ids)
    assert "Traceback" not in worker.log.read_text()


def test_a_worker_imports_neither_lightgbm_nor_mlflow_nor_pandas_nor_deltalake(make_settings, tmp_path):
    path = tmp_path / "service.json"
    write_settings(make_settings(), path)
    script = (
        "import sys, asyncio; from pathlib import Path; import milepost.serve.worker;"
        "from milepost.serve.app import App; from milepost.serve.service import Service;"
        "from milepost.serve.settings import read_settings; from milepost.predictor.selftest import usual_row;"
        "service = Service(read_settings(Path(sys.argv[1]))); app = App(service);"
        "row = usual_row(service.engine.voices.champion.predictor.schema);"
        "service.commits.record_now(service.engine.answer([row]).records + service.engine.answer([row] * 50).records);"
        "heavy = {'lightgbm', 'mlflow', 'pandas', 'deltalake', 'sklearn'};"
        "print(sorted({name.split('.')[0] for name in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_shadow_answers_are_logged_beside_the_given_ones(make_worker, make_settings, bundles, other_bundle):
    worker = make_worker(shadow=True)
    folder, row = worker.log.parent, usual_row(bundles("binary"))
    state = read_state(folder / "state.json")
    write_state(replace(state, challenger=_named(other_bundle)), folder / "state.json")
    deadline = time.monotonic() + PATIENCE_S
    while worker.ask("GET", "/model").json["challenger"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    given = [answer["prediction_id"] for answer in worker.ask("POST", "/predict", [row] * 40).json["answers"]]
    given.append(worker.ask("POST", "/predict", row).json["prediction_id"])
    assert worker.stop() == 0
    shadows = read_predictions(read_settings(folder / "service.json").place, roles=("shadow",)).collect()
    assert sorted(shadows["request"]) == sorted(given)
    assert set(shadows["bundle_id"]) == {other_bundle.name}


@pytest.mark.parametrize("durability", ["process", "disk"])
def test_a_journal_that_is_asked_for_begins_once_and_nothing_is_lost(make_service, bundles, durability):
    service, row = make_service(durability=durability), usual_row(bundles("binary"))
    place = service.settings.place
    ids = [ask(service, "POST", "/predict", row).json["prediction_id"]]
    assert not asyncio.run(service.rotate())
    for _ in range(2):
        before = journals_in(place.journals)
        ask_for_rotation(place.journals)
        assert asyncio.run(service.rotate())
        assert not asyncio.run(service.rotate())
        assert [is_abandoned(path) for path in journals_in(place.journals)] == [*(True for _ in before), False]
        ids.append(ask(service, "POST", "/predict", row).json["prediction_id"])
    assert sorted(read_predictions(place).collect()["prediction_id"]) == ids


def test_answers_that_wait_to_be_stored_for_retries_are_forgotten_with_the_journal(make_service):
    async def answer_as_claims_go_away() -> Reply:
        service.retries.close()
        claims.unlink()
        claims.mkdir()
        return bytes_reply(200, b"about somebody")

    async def answer_anew() -> Reply:
        return bytes_reply(200, b"another")

    service = make_service()
    claims = Path(service.settings.folder) / CLAIMS_FILE
    for make, body in ((answer_as_claims_go_away, b"about somebody"), (answer_anew, b"about somebody")):
        assert asyncio.run(service.retries.once("id", b"body", make)).body == body
    ask_for_rotation(service.settings.place.journals)
    asyncio.run(service.rotate())
    claims.rmdir()
    assert asyncio.run(service.retries.once("id", b"body", answer_anew)).body == b"another"


def test_what_waits_for_the_challenger_does_not_come_into_the_journal_after_one_was_asked_for(make_service):
    service, go_on = make_service(), threading.Event()

    def question(name: bytes) -> Callable[[], Recorded]:
        return lambda: Recorded(None, name) if go_on.wait(PATIENCE_S) else None

    async def run() -> None:
        for name in (b"asked", b"waits"):
            service.shadows.ask(question(name), 1)
        await asyncio.sleep(0)  # the first one is asked
        ask_for_rotation(Path(service.settings.journals))
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        assert await service.rotate()
        await service.shadows.close(PATIENCE_S)

    asyncio.run(run())
    before, now = journals_in(Path(service.settings.journals))
    assert b"asked" in before.read_bytes()
    assert b"waits" not in before.read_bytes() + now.read_bytes()
