from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from milepost.ground.errors import MilepostError
from milepost.serve import handshakes
from milepost.serve.handshakes import tls_context
from milepost.serve.settings import Limits, write_settings
from milepost.serve.supervisor import Tls, await_ready, bound_socket, end_workers, start_worker
from serving import Worker, read_answer, request, settings_around, usual_row

SECONDS = 0.5  # that the worker waits
SOON_S = 5.0  # by then it has given up waiting, on a busy machine too


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate of this machine, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", key, "-out", certificate,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture(scope="module")
def safe(pem, bundles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Return a worker with TLS, little patience and few places."""
    limits = Limits(seconds=SECONDS, concurrent=4)
    words = ["--certificate", str(pem[0]), "--private-key", str(pem[1]), "--log-format", "json"]
    worker = Worker(settings_around(bundles("binary"), tmp_path_factory.mktemp("safe"), limits=limits), words=words)
    await_ready(worker.listener, [worker.process])
    yield worker
    worker.stop()


@pytest.fixture
def shaken(safe, pem):
    """Return a maker of connections to the worker whose handshake has ended."""
    context = ssl.create_default_context(cafile=pem[0])
    return lambda: context.wrap_socket(safe.connect(), server_hostname="localhost")


@pytest.fixture(autouse=True)
def still_answers(safe, shaken) -> Iterator[None]:
    """Ask after each test whether the worker still answers."""
    yield
    deadline = time.monotonic() + SOON_S
    while (status := _status(shaken)) != 200 and time.monotonic() < deadline:
        time.sleep(SECONDS / 5)  # until what the test left open is closed
    assert status == 200
    assert "frames" not in safe.log.read_text()


def _status(shaken) -> int:
    with contextlib.suppress(OSError), shaken() as connection:
        connection.sendall(request("GET", "/health/live"))
        return read_answer(connection).status
    return 0


def test_rows_are_answered_on_a_connection_that_is_kept(shaken, bundles):
    row = usual_row(bundles("binary"))
    with shaken() as connection:
        for document in (row, [row] * 3, row):
            connection.sendall(request("POST", "/predict", json.dumps(document).encode()))
            assert read_answer(connection).status == 200


def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered(safe, pem):
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cafile=pem[0]).wrap_bio(here, there, server_hostname="localhost")
    with safe.connect() as connection:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(there.read())
                here.write(connection.recv(65_536))
        client.write(request("GET", "/health/live"))
        connection.sendall(there.read())  # the last words of the handshake, and the request
        said = b""
        while b"}" not in said and (received := connection.recv(65_536)):
            here.write(received)
            with contextlib.suppress(ssl.SSLWantReadError):
                while True:
                    said += client.read(65_536)
    assert said.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_handshake_that_does_not_end_is_closed(safe, sent):
    with safe.connect() as connection:
        connection.sendall(sent)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""
        assert SECONDS * 0.5 < time.monotonic() - began < SOON_S


def test_a_handshake_that_trickles_is_closed(safe):
    began = time.monotonic()
    with safe.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        while time.monotonic() - began < SOON_S * 2:
            connection.sendall(b"\x00")
            time.sleep(SECONDS / 20)
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("sent", [request("GET", "/health/live"), b"\x00" * 10_000, b"hello\r\n\r\n"])
def test_what_is_no_tls_is_closed_at_once(safe, sent):
    with safe.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        while said := connection.recv(1_000):
            assert b"HTTP" not in said


def test_a_silent_caller_keeps_its_place_for_no_longer_than_a_handshake_may_take(pem, monkeypatch):
    monkeypatch.setattr(handshakes, "MOST_SECONDS", 0.2)

    async def run() -> bytes:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        ours = handshakes.Handshakes(listener, asyncio.Protocol, tls_context(*pem), most=1, seconds=60)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        try:
            return await asyncio.wait_for(reader.read(), SOON_S)
        finally:
            writer.close()
            ours.close()
            await ours.wait_closed()
            listener.close()

    assert asyncio.run(run()) == b""


def test_only_so_many_handshakes_go_on_at_once(safe):
    with contextlib.ExitStack() as opened:
        waiting = [opened.enter_context(safe.connect()) for _ in range(8)]
        time.sleep(SECONDS / 5)
        too_many = [opened.enter_context(safe.connect()) for _ in range(40)]
        began = time.monotonic()
        assert all(_is_closed(connection) for connection in too_many)
        assert time.monotonic() - began < SECONDS / 2
        assert len(waiting) == 8


def test_handshakes_that_are_given_up_leave_their_places(safe, shaken):
    for _ in range(100):
        safe.connect().close()
    deadline = time.monotonic() + SECONDS / 2  # sooner than a handshake may take
    while _status(shaken) != 200:
        assert time.monotonic() < deadline


def test_connections_beyond_the_limit_are_told_to_come_again(shaken):
    with contextlib.ExitStack() as opened:
        for _ in range(8):
            opened.enter_context(shaken())
        got = read_answer(opened.enter_context(shaken()))
    assert (got.status, got.headers["retry-after"]) == (503, "1")


def test_a_caller_that_does_not_end_its_tls_is_cut_off(safe, shaken):
    with shaken() as connection:
        connection.sendall(request("GET", "/health/live", headers={"Connection": "close"}))
        assert read_answer(connection).status == 200
        time.sleep(SECONDS * 3)
        with pytest.raises(OSError):  # noqa: PT012
            for _ in range(10):
                socket.socket.sendall(connection, b"x")
                time.sleep(SECONDS / 10)


def test_sigterm_waits_neither_for_handshakes_nor_for_callers_that_are_idle(pem, make_settings):
    words = ["--certificate", str(pem[0]), "--private-key", str(pem[1]), "--log-format", "json"]
    worker = Worker(make_settings(), words=words)  # with the patience of half a minute
    await_ready(worker.listener, [worker.process])
    context = ssl.create_default_context(cafile=pem[0])
    with worker.connect() as half, context.wrap_socket(worker.connect(), server_hostname="localhost") as idle:
        half.sendall(b"\x16\x03\x01")
        idle.sendall(request("GET", "/health/live"))
        assert read_answer(idle).status == 200
        began = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - began < SOON_S
        assert idle.recv(100) == b""  # it was told
    lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
    assert {line["level"] for line in lines} == {"info"}


def test_the_workers_of_a_service_get_its_certificate(pem, make_settings):
    settings = make_settings()
    path = Path(settings.folder) / "service.json"
    write_settings(settings, path)
    with bound_socket("127.0.0.1", 0) as listener:
        process = start_worker(path, listener, Tls(*pem))
        try:
            await_ready(listener, [process])
            context = ssl.create_default_context(cafile=pem[0])
            with urllib.request.urlopen(f"https://localhost:{listener.getsockname()[1]}/model", context=context) as got:
                assert json.load(got)["champion"]
        finally:
            end_workers([process])


def test_files_that_are_no_certificate_and_key_are_refused(pem, tmp_path):
    other = tmp_path / "other.pem"
    other.write_text("no PEM")
    for pair in ((other, pem[1]), (pem[0], other), (pem[1], pem[0])):
        with pytest.raises(MilepostError, match="no certificate and its private key") as refused:
            tls_context(*pair)
        assert refused.value.where == "--certificate and --private-key"


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(pem, tmp_path):
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "ec", "-in", pem[1], "-aes256", "-passout", "pass:word", "-out", locked],
        check=True, capture_output=True,
    )  # fmt: skip
    with pytest.raises(MilepostError, match="no certificate and its private key"):
        tls_context(pem[0], locked)


def _is_closed(connection: Any) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionError:
        return True
