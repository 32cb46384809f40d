"""Connections of our own: the same answers as under any ASGI server, whether they wait for something or not."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from milepost.serve.app import App
from milepost.serve.connections import connections_within
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


def without_ids(got: Got) -> Any:
    if "json" not in got.headers["content-type"] or not got.body:
        return got.body
    return {name: value for name, value in got.json.items() if name != "prediction_id"}
