"""What nobody should send, sent to a real process: it is refused in time, and the next request is answered."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.serve.requests import MOST_HEADER_BYTES
from milepost.serve.settings import Limits
from serving import Worker, read_answer, request, settings_around, usual_row

SECONDS = 0.5  # that a hurried worker waits
SOON_S = 5.0  # by then it has given up waiting, on a busy machine too
POSTS = ("/predict", "/invocations", "/outcomes")


@pytest.fixture
def row(bundles) -> dict[str, Any]:
    return usual_row(bundles("binary"))


@pytest.fixture(scope="module")
def hurried(bundles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Return a worker with little patience and few places."""
    limits = Limits(body=2_000_000, seconds=SECONDS, concurrent=4)
    worker = Worker(settings_around(bundles("binary"), tmp_path_factory.mktemp("hurried"), limits=limits))
    yield worker.await_ready()
    worker.stop()


@pytest.fixture(autouse=True)
def still_answers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ask after each test whether the workers that it used still answer."""
    yield
    for name in {"worker", "hurried"} & set(request.fixturenames):
        used: Worker = request.getfixturevalue(name)
        deadline = time.monotonic() + SOON_S
        while (status := used.ask("GET", "/health/ready").status) == 503 and time.monotonic() < deadline:
            time.sleep(SECONDS / 5)  # until what the test left open is closed
        assert status == 200
        assert "Traceback" not in used.log.read_text()


# bodies

ODD = {
    "empty": b"",
    "spaces": b" \n\t ",
    "NaN": b'{"rows": [{"tenure": NaN}]}',
    "Infinity": b'[{"tenure": -Infinity}]',
    "1e999": b'{"tenure": 1e999}',
    "an integer of 400 digits": b'{"tenure": ' + b"9" * 400 + b"}",
    "an integer of 10,000 digits": b'{"tenure": ' + b"9" * 10_000 + b"}",
    "10,000 lists": b"[" * 10_000 + b"]" * 10_000,
    "10,000 open lists": b"[" * 10_000,
    "a million objects": b'{"a":' * 1_000_000,
    "the same key twice": b'{"tenure": 1, "tenure": [], "rows": [], "rows": {}}',
    "UTF-16": '{"tenure": 1}'.encode("utf-16"),
    "UTF-32": '{"tenure": 1}'.encode("utf-32"),
    "a mark of UTF-8": b'\xef\xbb\xbf{"tenure": 1}',
    "no UTF-8": b'{"tenure": "\xff\xfe"}',
    "half a character": b'{"tenure": "\\ud800"}',
    "half a character as a key": b'{"\\udfff": 1}',
    "half a character in bytes": b'{"tenure": "\xed\xa0\x80"}',
    "a zero byte": b'{"tenure": "\x00"}',
    "an escaped zero byte": b'{"tenure": "\\u0000"}',
    "a million letters": b'{"tenure": "' + b"x" * 1_000_000 + b'"}',
    "a key of a million letters": b'{"' + b"x" * 1_000_000 + b'": 1}',
    "5,000 fields": json.dumps({f"f{number}": number for number in range(5_000)}).encode(),
    "100,000 rows": b"[" + b"{}," * 99_999 + b"{}]",
    "10,000 rows that say nothing": b'{"rows": [' + b"{}," * 9_999 + b"{}]}",
    "10,000 rows that are no rows": b'{"rows": [' + b"1," * 9_999 + b'1], "partial": true}',
    "an outcome of odd kinds": b'{"prediction_id": 5, "truth": 1.5, "entity": true, "time": 7, "acted_on": 3}',
    "outcomes of all kinds": b'[{"entity": 1, "time": "x", "truth": 99999999999999999999999}, {"truth": 0.5}]',
    "outcomes of time past": b'[{"entity": "c", "time": "9999-12-31T23:59:59-23:00", "truth": "Yes"}]',
    "a table of nothing": b'{"dataframe_split": {"columns": [], "data": [[], []]}}',
    "columns of nothing": b'{"inputs": {"a": [], "b": []}}',
}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", ODD)
def test_an_odd_body_is_refused_or_answered_but_never_a_failure(worker, name, path):
    got = worker.ask("POST", path, ODD[name])
    assert got.status in (200, 400, 413, 422)
    if got.status != 200:
        assert set(got.json["error"]) == {"what", "where", "fix"}


def test_every_value_of_a_row_may_be_odd(worker, row):
    odd = [None, True, 0, -1, 10**400, -1e308, 1e-320, "", "x" * 1_000, "\x00", "𝕏", [], [[]], {}, {"a": 1}]
    for value in odd:
        for document in (dict.fromkeys(row, value), [dict.fromkeys(row, value)] * 40):
            assert worker.ask("POST", "/predict", document).status in (200, 422)


@pytest.mark.parametrize("count", [1, 40])
def test_a_zero_character_in_a_name_is_no_end_of_the_service(worker, row, count):
    first = next(iter(row))
    renamed = {name: value for name, value in row.items() if name != first} | {first + "\0": row[first]}
    for rows, status in (({**row, "a\0b": 1}, 200), (renamed, 422), ({**row, "\0": {"\0": "\0"}}, 200)):
        assert worker.ask("POST", "/predict", [rows] * count).status == status
        assert worker.ask("POST", "/invocations", {"dataframe_records": [rows] * count}).status == status
        columns = {"columns": list(rows), "data": [list(rows.values())] * count}
        assert worker.ask("POST", "/invocations", {"dataframe_split": columns}).status == status
    table = b"a\0b," + ",".join(row).encode() + b"\n" + b"," * len(row) + b"\n"
    assert worker.ask("POST", "/invocations", table, headers={"Content-Type": "text/csv"}).status == 200
    assert worker.ask("POST", "/predict", {"rows": [{"a\0b": 1}] * count, "partial": True}).status == 200
    assert worker.ask("POST", "/outcomes", {"truth\0": 1}).status == 400
    assert worker.ask("POST", "/outcomes", [{"truth\0": 1}] * count).json["counts"]["refused"] == count


@given(st.binary(max_size=200), st.sampled_from(POSTS))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_get_an_answer(worker, body, path):
    assert worker.ask("POST", path, body).status in (200, 400, 413, 422)


# requests that are no good HTTP


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n", b"hello\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"POST /predict HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /predict HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST /predict HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"POST /predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n", b"GET /%ff%00 HTTP/1.1\r\n\r\n", b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nName with spaces: 1\r\n\r\n", b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET /health/live HTTP/1.0\r\n\r\n", b"GET /health/live HTTP/1.1\r\nExpect: 200-ok\r\n\r\n",
        b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_good_http_is_refused_or_closed_in_time(hurried, head):
    began = time.monotonic()
    got = hurried.send(head)
    assert got is None or got.status < 500
    assert time.monotonic() - began < SOON_S
    if got is not None and got.status == 400:
        assert set(got.json["error"]) == {"what", "where", "fix"}


@pytest.mark.parametrize("upgrade", ["websocket", "h2c"])
def test_a_body_is_read_even_where_another_protocol_is_wished_for(hurried, row, upgrade):
    wish = {"Connection": "Upgrade", "Upgrade": upgrade}
    got = hurried.send(request("POST", "/predict", json.dumps(row).encode(), headers=wish))
    assert got is not None
    assert got.status == 200


def test_a_header_without_end_is_refused(hurried):
    got = hurried.send(b"GET /health/live HTTP/1.1\r\n", *[b"X: " + b"x" * 10_000 + b"\r\n"] * 100)
    assert got is None or got.status == 431


@pytest.mark.parametrize(
    "filler", [b"1;" + b"x" * 50_000, b"0\r\n" + b"X: " + b"x" * 50_000, b"1\r\n{\r\n2;" + b"y" * 50_000]
)
def test_framing_without_end_is_refused(worker, filler):
    head = b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    began = time.monotonic()
    got = worker.send(head + filler, *[b"x" * 50_000] * 40)
    assert got is None or got.status in (400, 431)
    assert time.monotonic() - began < SOON_S  # long before the request would be too slow
    assert len(filler) < MOST_HEADER_BYTES


# bodies that come in another way than at once


def test_a_body_in_pieces_is_the_same_body(hurried, row):
    body = json.dumps(row).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7))
    chunked = hurried.send(b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", chunks + b"0\r\n\r\n")
    whole = hurried.ask("POST", "/predict", row)
    assert chunked is not None
    assert {**chunked.json, "prediction_id": ""} == {**whole.json, "prediction_id": ""}


def test_a_caller_that_asks_first_whether_it_may_send_is_told_so(hurried, row):
    body = json.dumps(row).encode()
    with hurried.connect() as connection:
        connection.sendall(
            request("POST", "/predict", headers={"Expect": "100-continue", "Content-Length": str(len(body))})
        )
        assert connection.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection).status == 200


def test_more_body_than_announced_is_no_part_of_it(hurried, row):
    got = hurried.send(request("POST", "/predict", json.dumps(row).encode()) + b"and more\r\n\r\n")
    assert got is not None
    assert got.status in (200, 400)


def test_a_long_body_is_refused_while_it_is_still_being_sent(hurried):
    got = hurried.ask("POST", "/predict", b'{"tenure": "' + b"x" * 5_000_000 + b'"}')
    assert got.status == 413


def test_a_body_that_never_ends_is_refused(hurried):
    head = b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    got = hurried.send(head, *[b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * 60)
    assert got is None or got.status == 413


@pytest.mark.parametrize("sent", [b"", b'{"tenure": 1'])
def test_a_body_that_does_not_come_is_not_waited_for(hurried, sent):
    began = time.monotonic()
    got = hurried.send(request("POST", "/predict", sent, headers={"Content-Length": "100"}))
    assert got is not None
    assert got.status == 408
    assert SECONDS * 0.9 < time.monotonic() - began < SOON_S


def test_a_body_that_trickles_is_not_waited_for(hurried):
    with hurried.connect() as connection:
        connection.sendall(request("POST", "/predict", headers={"Content-Length": "1000"}))
        assert _trickle(connection, b"{") < SOON_S


# connections


@pytest.mark.parametrize("sent", [b"", b"GET /hea", b"GET /health/live HTTP/1.1\r\nHost: a\r\n"])
def test_a_connection_without_a_request_is_closed(hurried, sent):
    with hurried.connect() as connection:
        connection.sendall(sent)
        began = time.monotonic()
        assert connection.recv(100) == b""
        assert SECONDS * 0.5 < time.monotonic() - began < SOON_S


@pytest.mark.parametrize("before", [b"", request("GET", "/health/live")])
def test_a_header_that_trickles_is_not_waited_for(hurried, before):
    with hurried.connect() as connection:
        connection.sendall(before + b"GET /health/live HTTP/1.1\r\nX: ")
        assert _trickle(connection, b"x") < SOON_S


def test_a_connection_is_kept_for_the_next_request_and_closed_when_none_comes(hurried):
    with hurried.connect() as connection:
        for _ in range(3):
            connection.sendall(request("GET", "/health/live"))
            assert read_answer(connection).status == 200
            time.sleep(SECONDS / 3)
        assert connection.recv(100) == b""


def test_a_caller_that_takes_no_answer_is_cut_off(hurried):
    short = request("POST", "/predict", b'{"rows": [' + b"1," * 9_999 + b'1], "partial": true}')  # its answer is long
    with hurried.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.sendall(short * 10)
        assert _connections_of(hurried) == 1
        deadline = time.monotonic() + SOON_S
        while _connections_of(hurried) and time.monotonic() < deadline:
            time.sleep(SECONDS / 5)
        assert _connections_of(hurried) == 0


def test_connections_beyond_the_limit_are_told_to_come_again(hurried):
    with contextlib.ExitStack() as opened:
        idle = [opened.enter_context(hurried.connect()) for _ in range(8)]
        time.sleep(SECONDS / 5)
        with hurried.connect() as one_more:
            got = read_answer(one_more)
        assert got.status == 503
        assert got.headers["retry-after"] == "1"
        assert set(got.json["error"]) == {"what", "where", "fix"}
        assert len(idle) == 8


def test_a_flood_is_answered_as_far_as_it_can_be_and_the_rest_is_told_to_come_again(hurried, row):
    body = request("POST", "/predict", json.dumps([row] * 50).encode(), headers={"Connection": "close"})

    def asked(_: int) -> int:
        try:
            with hurried.connect() as connection:
                connection.sendall(body)
                return read_answer(connection).status
        except ConnectionError:  # refused before the request was read
            return 503

    with ThreadPoolExecutor(40) as pool:
        statuses = Counter(pool.map(asked, range(300)))
    assert set(statuses) <= {200, 503}
    assert statuses[200] > 0


def test_slow_callers_take_no_more_places_than_there_are(hurried, row):
    with contextlib.ExitStack() as opened:
        for _ in range(4):
            slow = opened.enter_context(hurried.connect())
            slow.sendall(request("POST", "/predict", headers={"Content-Length": "1000"}))
        time.sleep(SECONDS / 5)
        got = hurried.ask("POST", "/predict", row)
        assert (got.status, got.headers["retry-after"]) == (503, "1")
        assert hurried.ask("GET", "/health/live").status == 200


# the end


def test_sigterm_lets_a_request_that_has_begun_be_answered(make_worker, row):
    worker = make_worker(limits=Limits(seconds=SOON_S))
    body = json.dumps(row).encode()
    with worker.connect() as idle, worker.connect() as connection:
        connection.sendall(request("POST", "/predict", body[:50], headers={"Content-Length": str(len(body))}))
        time.sleep(0.2)
        os.kill(worker.process.pid, signal.SIGTERM)
        time.sleep(0.2)
        connection.sendall(body[50:])
        got = read_answer(connection)
        assert got.status == 200
        assert got.headers["connection"] == "close"
        assert idle.recv(100) == b""
    worker.stop()
    assert "Traceback" not in worker.log.read_text()


def _trickle(connection: socket.socket, byte: bytes) -> float:
    """Return after how many seconds a connection ends on which byte comes again and again."""
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - began < SOON_S * 2:
            connection.sendall(byte)
            time.sleep(SECONDS / 20)
    return time.monotonic() - began


def _connections_of(worker: Worker) -> int:
    """Return how many connections a worker holds."""
    mine, here = f"{worker.port:04X}", 0
    with open("/proc/net/tcp") as table:  # noqa: PTH123
        for line in list(table)[1:]:
            _, local, _, state, *_ = line.split()
            here += local.endswith(f":{mine}") and state == "01"
    return here
