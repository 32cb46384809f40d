"""Connections of our own: the same answers as under any ASGI server, whether they wait for something or not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from milepost.serve.app import App
from milepost.serve.connections import GRACE_S, IDLE_S, connections_within
from milepost.serve.requests import MOST_WISHES
from milepost.serve.settings import Limits
from serving import Got, Worker, read_answer, read_next, request, usual_row

DURABILITIES = ("process", "disk")  # the second one lets each answer wait


@pytest.fixture(params=DURABILITIES)
def waiting(request: pytest.FixtureRequest, make_worker) -> Worker:
    """Return a worker whose answers wait for the disk, or not."""
    return make_worker(durability=request.param)


@pytest.fixture
def row(bundles) -> dict[str, Any]:
    return usual_row(bundles("binary"))


def test_requests_in_a_row_are_answered_in_their_order(waiting, row):
    bodies = [json.dumps({"row": row, "request_id": f"r-{place}"}).encode() for place in range(20)]
    with waiting.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(b"".join(request("POST", "/predict", body) for body in bodies))
        answers = [read_next(stream).json for _ in bodies]
    assert [answer["request_id"] for answer in answers] == [f"r-{place}" for place in range(20)]


@pytest.mark.parametrize(
    "last",
    [
        b"POST /predict HTTP/1.0\r\ncontent-length: %d\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n",
    ],
)
def test_the_last_request_is_answered_and_ends_the_connection(waiting, row, last):
    body = json.dumps(row).encode()
    with waiting.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(request("POST", "/predict", body) + last % len(body) + body + request("GET", "/health/live"))
        assert "connection" not in read_next(stream).headers
        answered = read_next(stream)
        assert (answered.status, answered.headers["connection"]) == (200, "close")
        assert stream.read() == b""


@pytest.mark.parametrize("cut", [10, 60, -1])
def test_a_request_may_come_in_parts_while_the_one_before_it_is_answered(waiting, row, cut):
    bodies = [json.dumps({"row": row, "request_id": f"r-{place}"}).encode() for place in range(3)]
    asked = [request("POST", "/predict", body) for body in bodies]
    with waiting.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(asked[0] + asked[1][:cut])
        answers = [read_next(stream)]
        connection.sendall(asked[1][cut:] + asked[2][:cut])
        connection.sendall(asked[2][cut:])
        answers += [read_next(stream), read_next(stream)]
    assert [answer.json["request_id"] for answer in answers] == ["r-0", "r-1", "r-2"]


CHUNKED = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("fault", [b"nonsense\r\n\r\n", CHUNKED + b"z"])
def test_what_stands_before_a_fault_is_answered_before_it_is_refused(waiting, row, fault):
    with waiting.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(request("POST", "/predict", json.dumps(row).encode()) * 2 + fault)
        assert [read_next(stream).status for _ in range(3)] == [200, 200, 400]
        assert stream.read() == b""


def test_a_fault_in_the_body_of_a_request_is_its_answer(waiting):
    with waiting.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(CHUNKED + b"2\r\n{}\r\nz")
        assert read_next(stream).status == 400
        assert stream.read() == b""


def test_a_fault_in_what_nobody_waits_for_ends_the_connection(waiting):
    with waiting.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(CHUNKED.replace(b"/predict", b"/nothing"))
        assert read_next(stream).status == 404
        connection.sendall(b"2\r\n{}\r\nz")
        assert stream.read() == b""


def test_whoever_hangs_up_before_the_answer_leaves_nothing_behind(waiting, row):
    for _ in range(20):
        with waiting.connect() as connection:
            connection.sendall(request("POST", "/predict", json.dumps(row).encode()))
    assert waiting.ask("POST", "/predict", row).status == 200
    assert "Traceback" not in waiting.log.read_text()


def test_an_error_after_a_wait_has_its_answer(worker):
    about_nothing = {"recorded_at": "\x06", "truth": 1.4}
    assert worker.ask("POST", "/outcomes", about_nothing).status == 422


def test_a_caller_with_many_requests_leaves_others_their_turn(worker):
    many = 4_000
    with worker.connect() as busy, worker.connect() as other, busy.makefile("rb") as stream:
        other.sendall(request("GET", "/health/live"))
        assert read_answer(other).status == 200
        begun = time.perf_counter()
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(lambda: {read_next(stream).status for _ in range(many)})
            busy.sendall(request("GET", "/nothing") * many)
            other.sendall(request("GET", "/health/live"))
            assert read_answer(other).status == 200
            waited = time.perf_counter() - begun
            assert reading.result() == {404}
    assert waited < (time.perf_counter() - begun) / 2


@pytest.mark.parametrize(("path", "seconds"), [("/openapi.json", 2.5), ("/health/live", 1.0)])
def test_a_caller_that_takes_nothing_is_answered_and_read_no_further(make_worker, path, seconds):
    worker = make_worker()
    before = resident_mb(worker)
    with worker.connect() as connection:
        connection.setblocking(False)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(BlockingIOError):
                connection.sendall(request("GET", path) * 100)
        assert worker.ask("GET", "/health/live").status == 200
        assert resident_mb(worker) - before < 20


def test_a_header_has_its_time_once(make_worker):
    worker = make_worker(limits=Limits(seconds=2.0))
    with worker.connect() as connection:
        begun = time.monotonic()
        time.sleep(1.8)
        connection.sendall(b"GET /health")
        assert connection.recv(10) == b""
        assert time.monotonic() - begun < 3.5


def test_a_service_that_ends_does_not_wait_for_a_request_that_gets_no_answer(make_worker, row):
    worker = make_worker(limits=Limits(seconds=15.0))
    body = json.dumps(row).encode()
    asked = request("POST", "/predict", body)
    with worker.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(asked[:-10])
        time.sleep(0.2)
        os.kill(worker.process.pid, signal.SIGTERM)
        time.sleep(GRACE_S + 0.5)
        connection.sendall(asked[-10:] + asked[:-10])
        assert read_next(stream).headers["connection"] == "close"
        assert worker.process.wait(10) in (0, -signal.SIGTERM)


def test_what_is_told_behind_a_body_is_no_header(worker, row):
    body = json.dumps(row).encode()
    chunk = b"%x\r\n%b\r\n0\r\nidempotency-key: trailer\r\n\r\n" % (len(body), body)
    with worker.connect() as connection:
        connection.sendall(CHUNKED + chunk)
        assert "request_id" not in read_answer(connection).json


WISH = b"connection: upgrade\r\nupgrade: h2c\r\n"


@pytest.mark.parametrize("cut", [30, 60, 90, -3])
def test_a_wish_for_another_protocol_is_passed_over_wherever_it_stands(worker, row, cut):
    body = b'{"x": "\\r\\nupgrade: y", ' + json.dumps(row).encode()[1:]
    asked = request("POST", "/predict", body).replace(b"\r\n\r\n", b"\r\n" + WISH + b"\r\n", 1)
    plain = request("POST", "/predict", b"\r\nupgrade: x" + body)
    with worker.connect() as connection, connection.makefile("rb") as stream:
        for part in (asked + asked[:cut], asked[cut:] + plain):
            connection.sendall(part)
            time.sleep(0.05)
        assert [read_next(stream).status for _ in range(3)] == [200, 200, 400]
        connection.sendall(request("GET", "/health/live"))
        assert read_next(stream).status == 200


def test_whoever_wishes_for_another_protocol_for_ever_is_refused(worker):
    wishing = request("GET", "/health/live").replace(b"\r\n\r\n", b"\r\n" + WISH + b"\r\n")
    with worker.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(wishing * 500)
        assert [read_next(stream).status for _ in range(MOST_WISHES + 1)] == [200] * MOST_WISHES + [400]
    assert worker.ask("GET", "/health/live").status == 200
    assert "Traceback" not in worker.log.read_text()


# the same under a server that knows nothing of us

ASKED = {
    "a row": ("POST", "/predict", "row"),
    "rows": ("POST", "/predict", [1, {}]),
    "no row": ("POST", "/predict", 3),
    "MLflow's": ("POST", "/invocations", {"instances": [{}]}),
    "outcomes": ("POST", "/outcomes", []),
    "too long": ("POST", "/predict", "x" * 5_000),
    "schema": ("GET", "/schema", None),
    "head": ("HEAD", "/schema", None),
    "head of nothing": ("HEAD", "/nothing", None),
    "page": ("GET", "/docs", None),
    "ready": ("GET", "/health/ready", None),
    "wrong method": ("DELETE", "/predict", None),
    "wrong path": ("GET", "/pre%64ictions?a=b", None),
    "escaped": ("GET", "/%73chema?a=b", None),
}


@pytest.mark.parametrize("name", ASKED)
def test_status_headers_and_body_are_those_of_any_asgi_server(make_service, row, name):
    method, path, document = ASKED[name]
    app = App(make_service(limits=Limits(body=4_000)))
    content = b"" if document is None else json.dumps(row if document == "row" else document).encode()

    async def both() -> list[Got]:
        answers = []
        for protocol in (connections_within(app.service.settings.limits, app), "httptools"):
            async with serving(app, protocol) as port:
                answers.append(await asyncio.to_thread(answer_at, port, request(method, path, content), method))
        return answers

    own, other = asyncio.run(both())
    assert own.status == other.status
    assert {**own.headers, "date": ""} == {**other.headers, "date": ""}
    assert without_ids(own) == without_ids(other)


@asynccontextmanager
async def serving(app: App, protocol: Any) -> AsyncIterator[int]:
    """Serve an application in this loop; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, server_header=False)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


def answer_at(port: int, asked: bytes, method: str) -> Got:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(asked)
        return read_answer(connection, method)


def resident_mb(worker: Worker) -> float:
    """Return the resident megabytes of a worker."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def without_ids(got: Got) -> Any:
    if "json" not in got.headers["content-type"] or not got.body:
        return got.body
    return {name: value for name, value in got.json.items() if name != "prediction_id"}


# the end, and too many


def test_whoever_asks_while_the_service_ends_is_answered_and_told_to_go(make_worker, row):
    worker = make_worker()
    body = json.dumps(row).encode()
    answered: list[Got] = []

    def asks(_: int) -> None:
        with worker.connect() as connection, connection.makefile("rb") as stream:
            while not answered or answered[-1].headers.get("connection") != "close":
                connection.sendall(request("POST", "/predict", body))
                answer = read_next(stream)
                answered.append(answer)
                if answer.headers.get("connection") == "close":
                    assert stream.read() == b""
                    return

    def ends() -> None:
        time.sleep(0.3)
        os.kill(worker.process.pid, signal.SIGTERM)

    with ThreadPoolExecutor(2) as pool:
        ending, asking = pool.submit(ends), pool.submit(asks, 0)
        ending.result()
        asking.result()  # no answer was cut off, none was refused
    assert {answer.status for answer in answered} == {200}
    assert worker.process.wait(20) in (0, -signal.SIGTERM)


def test_a_connection_that_is_kept_hears_that_the_service_ends(make_worker):
    worker = make_worker()
    with worker.connect() as idle, worker.connect() as connection, connection.makefile("rb") as stream:
        os.kill(worker.process.pid, signal.SIGTERM)
        connection.sendall(request("GET", "/health/ready"))
        while (answer := read_next(stream)).headers.get("connection") != "close":
            assert answer.status == 200  # the server has not heard the signal yet
            connection.sendall(request("GET", "/health/ready"))
        assert answer.status == 503
        assert idle.recv(10) == b""
    assert worker.process.wait(20) in (0, -signal.SIGTERM)


def test_the_connection_that_waits_longest_makes_room_for_the_next(make_worker, row):
    worker = make_worker(limits=Limits(concurrent=2))
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(worker.connect()) for _ in range(4)]
        for connection in connections:
            connection.sendall(request("POST", "/predict", json.dumps(row).encode()))
            assert read_answer(connection).status == 200
            time.sleep(0.02)  # each has waited for another time
        time.sleep(IDLE_S + 0.2)
        connections[0].sendall(request("GET", "/health/live"))
        assert read_answer(connections[0]).status == 200
        assert worker.ask("GET", "/health/live").status == 200
        assert connections[1].recv(10) == b""
        connections[2].sendall(request("GET", "/health/live"))
        assert read_answer(connections[2]).status == 200
        time.sleep(IDLE_S + 0.2)
        more = [opened.enter_context(worker.connect()) for _ in range(3)]
        for connection in more:
            connection.sendall(request("GET", "/health/live"))
        assert [read_answer(connection).status for connection in more] == [200] * 3
