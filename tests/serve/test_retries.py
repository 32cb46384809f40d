from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from milepost.ground.errors import EnvironmentFault
from milepost.predlog.journal import journals_in, read_frames
from milepost.predlog.records import Predictions, decode
from milepost.serve.replies import Refusal, Reply, bytes_reply
from milepost.serve.retries import KEPT_S, Retries, forget_answers
from serving import Worker, usual_row

HOLD = """\
import asyncio, sys
from pathlib import Path
from milepost.serve.retries import Retries
async def make():
    print("claimed", flush=True)
    await asyncio.sleep(60)
asyncio.run(Retries(Path(sys.argv[1])).once("id", b"body", make))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claims.sqlite"


@pytest.fixture
def numbered() -> Callable[[], Reply]:
    """Return a maker of replies of which no two are alike."""
    numbers = count()

    async def make() -> Reply:
        return bytes_reply(200, str(next(numbers)).encode())

    return make


def once(retries: Retries, make, *, request_id: str = "id", body: bytes = b"body") -> Reply:
    return asyncio.run(retries.once(request_id, body, make))


def test_the_same_request_gets_the_stored_answer(path, numbered):
    retries = Retries(path)
    assert [once(retries, numbered).body for _ in range(3)] == [b"0"] * 3
    assert once(retries, numbered, request_id="other").body == b"1"


def test_another_body_with_the_same_id_is_a_conflict(path, numbered):
    retries = Retries(path)
    once(retries, numbered)
    with pytest.raises(Refusal) as refusal:
        once(retries, numbered, body=b"another")
    assert refusal.value.status == 409


def test_an_answer_outlives_the_process_that_gave_it(path, numbered):
    first = Retries(path)
    stored = once(first, numbered)
    first.close()
    assert once(Retries(path), numbered).body == stored.body


def test_only_an_answer_is_stored(path, numbered):
    async def refuse() -> Reply:
        return bytes_reply(422, b"no")

    async def fail() -> Reply:
        raise EnvironmentFault("The disk is full.", where="here", fix="Free some space.")

    retries = Retries(path)
    assert once(retries, refuse).status == 422
    with pytest.raises(EnvironmentFault):
        once(retries, fail)
    assert once(retries, numbered).body == b"0"


def test_an_answer_is_kept_for_a_day(path, numbered):
    now = 1_000_000.0
    for later, body in ((0.0, b"0"), (KEPT_S - 1, b"0"), (KEPT_S + 1, b"1")):
        assert once(Retries(path, clock=lambda later=later: now + later), numbered).body == body


def test_the_same_request_twice_at_once_is_answered_once(path):
    made = []

    async def slowly() -> Reply:
        made.append(1)
        await asyncio.sleep(0.05)
        return bytes_reply(200, b"one")

    async def both(first: Retries, second: Retries) -> list[Reply]:
        return await asyncio.gather(*(one.once("id", b"body", slowly) for one in (first, second, first)))

    replies = asyncio.run(both(Retries(path), Retries(path)))
    assert {reply.body for reply in replies} == {b"one"}
    assert len(made) == 1


def test_a_claim_of_a_process_that_was_killed_is_taken_over(path, numbered):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"claimed\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert once(Retries(path), numbered).body == b"0"


def test_a_claim_that_its_process_could_not_give_back_is_taken_over(path, numbered):
    async def answer_with_claims_away() -> Reply:
        retries.close()
        path.rename(away)
        path.mkdir()
        raise EnvironmentFault("The disk is full.", where="here", fix="Free some space.")

    retries, away = Retries(path), path.with_suffix(".away")
    with pytest.raises(EnvironmentFault, match="disk is full"):
        once(retries, answer_with_claims_away)
    path.rmdir()
    away.rename(path)
    assert once(retries, numbered).body == b"0"


def test_an_answer_that_could_not_be_stored_is_given_and_not_made_again(path, caplog):
    async def answer_as_claims_go_away() -> Reply:
        retries.close()
        path.rename(away)
        path.mkdir()
        return bytes_reply(200, b"recorded")

    async def fail() -> Reply:
        raise AssertionError("answered twice")

    retries, away = Retries(path), path.with_suffix(".away")
    assert once(retries, answer_as_claims_go_away).body == b"recorded"
    assert "cannot be written" in caplog.text
    assert once(retries, fail).body == b"recorded"
    path.rmdir()
    away.rename(path)
    assert once(retries, fail).body == b"recorded"
    assert once(Retries(path), fail).body == b"recorded"


def test_an_answer_that_could_not_be_stored_can_be_forgotten(path, numbered):
    async def answer_as_claims_go_away() -> Reply:
        retries.close()
        path.unlink()
        path.mkdir()
        return bytes_reply(200, b"about somebody")

    retries = Retries(path)
    once(retries, answer_as_claims_go_away)
    retries.forget()
    path.rmdir()
    assert once(retries, numbered).body == b"0"


def test_a_file_that_another_process_writes_to_does_not_hold_up_the_loop(path, numbered):
    async def wait_for_it() -> tuple[Reply, float]:
        answering = asyncio.create_task(retries.once("late", b"body", numbered))
        longest, before = 0.0, time.monotonic()
        asyncio.get_running_loop().call_later(0.3, other.execute, "rollback")
        while not answering.done():
            await asyncio.sleep(0.01)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()
        return answering.result(), longest

    retries = Retries(path)
    once(retries, numbered)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        reply, longest = asyncio.run(wait_for_it())
    assert reply.body == b"1"
    assert longest < 0.2
    retries.close()


def test_claims_that_are_too_old_are_removed_few_at_a_time_and_never_answer(path, numbered):
    old, now = Retries(path, clock=lambda: 0.0), Retries(path, clock=lambda: KEPT_S + 1.0)
    bodies = [once(old, numbered, request_id=str(number)).body for number in range(50)]
    old.close()
    again = [once(now, numbered, request_id=str(number)).body for number in reversed(range(10))]
    assert not set(again) & set(bodies)
    now.close()
    with closing(sqlite3.connect(path)) as store:
        left = store.execute("select count(*) from claims where at = 0").fetchone()[0]
    assert 20 <= left < 40


def test_claims_that_cannot_be_written_are_a_fault_and_not_an_answer(tmp_path, numbered):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnvironmentFault):
        once(Retries(tmp_path / "file" / "claims.sqlite"), numbered)


def test_a_damaged_file_of_claims_is_a_fault_until_it_is_removed(path, numbered):
    path.write_bytes(b"no database, whatever it is called" * 100)
    retries = Retries(path)
    with pytest.raises(EnvironmentFault):
        once(retries, numbered)
    path.unlink()
    assert once(retries, numbered).body == b"0"


def test_many_processes_may_make_the_file_at_once(path):
    script = HOLD.replace('print("claimed", flush=True)\n    await asyncio.sleep(60)', "raise SystemExit(0)")
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(6)]
    assert [process.wait() for process in processes] == [0] * 6
    with sqlite3.connect(path) as store:
        assert store.execute("select count(*) from claims").fetchone() == (0,)
    store.close()


def test_two_processes_with_the_same_id_at_once_give_one_prediction(make_settings, bundles):
    settings, row = make_settings(), usual_row(bundles("binary"))
    workers = [Worker(settings), Worker(settings)]
    try:
        for worker in workers:
            worker.await_ready()
        asked = [(worker, {"row": row, "request_id": f"id-{number}"}) for number in range(20) for worker in workers * 2]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: one[0].ask("POST", "/predict", one[1]), asked))
    finally:
        for worker in workers:
            worker.stop()
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 20
    frames = [decode(payload) for path in journals_in(Path(settings.journals)) for _, payload in read_frames(path)]
    logged = Counter(row.request_id for frame in frames if isinstance(frame, Predictions) for row in frame.rows)
    assert set(logged.values()) == {1}
    assert len(logged) == 20


def _answered(*ids: str) -> Callable[[], Reply]:
    body = json.dumps({"predictions": [{"prediction_id": one} for one in ids]}).encode()

    async def make() -> Reply:
        return bytes_reply(200, body)

    return make


def test_stored_answers_about_a_prediction_are_forgotten_and_others_stay(path):
    retries = Retries(path)
    ours, theirs = [f"0190f5d2-0000-7000-8000-00000000000{number}" for number in range(2)]
    for name, ids in (("r-1", [ours]), ("r-2", [theirs]), ("r-3", [theirs, ours])):
        asyncio.run(retries.once(name, b"{}", _answered(*ids)))
    assert forget_answers(path, {ours}) == 2
    assert forget_answers(path, {ours}) == 0
    files = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert (ours.encode() in files, theirs.encode() in files) == (False, True)
    again = asyncio.run(retries.once("r-2", b"{}", _answered("another")))
    assert theirs.encode() in again.body
    assert (
        asyncio.run(retries.once("r-1", b"{}", _answered("another"))).body == asyncio.run(_answered("another")()).body
    )
    retries.close()


def test_answers_that_are_kept_too_long_are_forgotten_too(path, numbered):
    asyncio.run(Retries(path, clock=lambda: 0.0).once("r-1", b"{}", numbered))
    forget_answers(path, (), clock=lambda: KEPT_S + 1.0)
    assert asyncio.run(Retries(path).once("r-1", b"{}", numbered)).body == b"1"


def test_where_no_answer_was_ever_stored_none_is_forgotten(path):
    assert forget_answers(path, {"0190f5d2-0000-7000-8000-000000000000"}) == 0
    assert not path.exists()
