from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.serve.keys import add_key
from milepost.serve.rates import MOST_CALLERS, Rates
from milepost.serve.replies import Refusal
from milepost.serve.service import KEYS_FILE
from milepost.serve.settings import Limits
from serving import Worker, read_answer, request, settings_around, usual_row


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def is_let_in(rates: Rates, caller: str = "ann") -> bool:
    try:
        rates.take(caller)
    except Refusal as refusal:
        return refusal.status != 429
    return True


def test_a_second_s_worth_may_come_at_once_and_then_as_many_as_time_brings():
    clock = Clock()
    rates = Rates(2, seconds=clock)
    assert [is_let_in(rates) for _ in range(3)] == [True, True, False]
    clock.now = 0.5
    assert [is_let_in(rates) for _ in range(2)] == [True, False]
    clock.now = 100
    assert [is_let_in(rates) for _ in range(3)] == [True, True, False]


def test_callers_do_not_take_from_each_other():
    rates = Rates(1, seconds=Clock())
    assert [is_let_in(rates, one) for one in ("ann", "bob", "ann", "bob")] == [True, True, False, False]


def test_whoever_waits_as_long_as_it_is_told_is_let_in():
    clock = Clock()
    rates = Rates(0.3, seconds=clock)
    rates.take("ann")
    with pytest.raises(Refusal) as refused:
        rates.take("ann")
    ((name, wait),) = refused.value.headers
    assert name == b"retry-after"
    clock.now += int(wait)
    assert int(wait) == 4
    assert is_let_in(rates)


@given(st.floats(0.1, 50), st.lists(st.floats(0, 2), max_size=60))
def test_never_more_are_let_in_than_the_rate_and_one_burst(per_second, pauses):
    clock, let_in = Clock(), 0
    rates = Rates(per_second, seconds=clock)
    for pause in pauses:
        clock.now += pause
        let_in += is_let_in(rates)
    assert let_in <= max(1, per_second) + clock.now * per_second + 1e-6


def test_callers_who_come_once_are_forgotten_and_those_who_flood_are_not():
    clock = Clock()
    rates = Rates(1, seconds=clock)
    assert is_let_in(rates, "flood")
    for number in range(5 * MOST_CALLERS):
        clock.now += 0.9 / MOST_CALLERS
        is_let_in(rates, f"caller {number}")
    assert len(rates._buckets) <= 2 * MOST_CALLERS + 1
    assert is_let_in(rates, "flood")
    assert not is_let_in(rates, "flood")


# a real process


@pytest.fixture
def limited(bundles, tmp_path):
    """Return a worker that lets each key ask 20 times a second."""
    secrets = {name: add_key(tmp_path / KEYS_FILE, name, ["predict", "read"]) for name in ("flood", "shop")}
    limits = Limits(requests_per_second=20)
    worker = Worker(settings_around(bundles("binary"), tmp_path, limits=limits))
    while worker.process.poll() is None and not _is_up(worker):
        time.sleep(0.02)
    yield worker, secrets
    worker.stop()


def _is_up(worker: Worker) -> bool:
    try:
        return worker.ask("GET", "/health/ready").status == 200
    except OSError:
        return False


def test_a_flood_of_one_key_is_told_to_wait_and_another_key_is_answered(limited, bundles):
    worker, secrets = limited
    body = json.dumps(usual_row(bundles("binary"))).encode()

    def flood(_: int) -> list[tuple[int, str | None]]:
        asked = request("POST", "/predict", body, headers={"X-API-Key": secrets["flood"]})
        got = []
        with worker.connect() as connection:
            for _ in range(50):
                connection.sendall(asked)
                answer = read_answer(connection)
                got.append((answer.status, answer.headers.get("retry-after")))
        return got

    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        flooding = pool.map(flood, range(8))
        answered = [
            worker.ask("POST", "/predict", body, headers={"X-API-Key": secrets["shop"]}).status for _ in range(10)
        ]
        statuses = Counter(status for got in flooding for status, _ in got)
    took = time.monotonic() - began
    assert answered == [200] * 10
    assert set(statuses) == {200, 429}
    assert 20 <= statuses[200] <= 20 + 20 * took + 1
    assert worker.ask("GET", "/schema", headers={"X-API-Key": secrets["flood"]}).status == 200


def test_a_refusal_says_when_to_come_again(limited, bundles):
    worker, secrets = limited
    row, headers = usual_row(bundles("binary")), {"X-API-Key": secrets["flood"]}
    got = worker.ask("POST", "/predict", row, headers=headers)
    while got.status == 200:
        got = worker.ask("POST", "/predict", [row] * 400, headers=headers)
    assert (got.status, got.headers["retry-after"]) == (429, "1")
    assert set(got.json["error"]) == {"what", "where", "fix"}
    time.sleep(1)
    assert worker.ask("POST", "/predict", row, headers=headers).status == 200


def test_without_keys_each_address_has_its_own_rate(make_worker, bundles):
    worker, row = make_worker(limits=Limits(requests_per_second=0.1)), usual_row(bundles("binary"))
    assert [worker.ask("POST", "/predict", row).status for _ in range(2)] == [200, 429]
    assert worker.ask("GET", "/model").status == 200
