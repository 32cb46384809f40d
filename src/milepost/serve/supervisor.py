"""The parent of the workers: one socket, some processes that answer at it, and the keeper beside them."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import BinaryIO

from prometheus_client.multiprocess import mark_process_dead

from milepost.ground.errors import EnvironmentFault
from milepost.serve.figures import SHARED
from milepost.serve.keeper import STEP_S, Keeper
from milepost.serve.settings import LOOPBACK
from milepost.serve.text_log import PLAIN, TextLog

BACKLOG = 2048

_LAST_PORT = 65_535
_READY_S = 60.0
_LONGEST = 300  # characters of what a worker said that did not come up
_PAUSE_S = 0.02
_SOONEST_S = 1.0  # after which a worker that died is started again
_log = logging.getLogger("milepost.serve")


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the certificate and its private key."""

    certificate: Path
    private_key: Path


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: name or address; 127.0.0.1 is this machine alone.
        port: 0 takes any free one.

    Raises:
        EnvironmentFault: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as why:
        raise _no_socket(host, port, why) from why


def _no_socket(host: str, port: int, why: OSError) -> EnvironmentFault:
    """Return why nobody can listen at an address, in words that say what to change."""
    here = f"At port {port} of {host} the service cannot listen"
    another = "--port 0 takes any free one"
    if why.errno == errno.EADDRINUSE:
        what, where = f"{here}: another program does already.", "--port"
        fix = f"Stop that program, or choose another port: --port {port % _LAST_PORT + 1}, or {another}."
    elif why.errno in (errno.EACCES, errno.EPERM):
        what, where = f"{here}: this user may not take this port.", "--port"
        fix = f"Choose a port from 1024 on; {another}."
    elif why.errno in (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_AGAIN):
        what, where = f"{host!r} is no address of this machine.", "--host"
        fix = "Give --host 127.0.0.1 for this machine alone, or --host 0.0.0.0 for all its addresses."
    else:
        what, where, fix = f"{here}: {why.strerror or why}.", "--host and --port", f"Choose another port: {another}."
    return EnvironmentFault(what, where=where, fix=fix)


def start_worker(
    settings: Path,
    listener: socket.socket,
    tls: Tls | None = None,
    figures: str | None = None,
    text_log: TextLog = PLAIN,
    log: BinaryIO | None = None,
) -> subprocess.Popen[bytes]:
    """Return a process that answers at a socket, as its settings say.

    Args:
        settings: file that it reads.
        listener: bound already; workers share it.
        tls: None serves without.
        figures: folder in which the workers of one service add up what they count; None where there is one alone.
        text_log: says how it writes.
        log: file to which it writes; None is our own stderr.
    """
    fd = listener.fileno()
    words = [sys.executable, "-m", "milepost.serve.worker", str(settings), str(fd), "--log-format", text_log.format]
    words += ["--certificate", str(tls.certificate), "--private-key", str(tls.private_key)] if tls else []
    words += ["--access-log"] if text_log.access else []
    words += [word for name in text_log.secrets for word in ("--secret", name)]
    # a session of its own, so that Ctrl-C reaches the workers through us alone, after which they drain
    own = {**os.environ, SHARED: figures} if figures else None
    return subprocess.Popen(
        words, pass_fds=[fd], start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=own
    )


def await_ready(
    listener: socket.socket,
    processes: Sequence[subprocess.Popen[bytes]],
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Return when a worker answers, or when the service is stopped meanwhile.

    Raises:
        EnvironmentFault: a worker ended, or none came up in time.
    """
    deadline = time.monotonic() + _READY_S
    while not is_stopped() and not _answers(listener):
        if any(process.poll() is not None for process in processes) or time.monotonic() > deadline:
            raise EnvironmentFault(
                "The service did not come up.",
                where="the first worker",
                fix="Read what it printed above; then start it again.",
            )
        time.sleep(_PAUSE_S)


def end_workers(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let workers answer what they have begun, and wait until they have ended."""
    for process in processes:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                process.terminate()
    for process in processes:
        process.wait()


@contextmanager
def one_worker(settings: Path) -> Iterator[str]:
    """Run one worker at a free port of this machine until the block ends; give its URL.

    Args:
        settings: file that it reads; beside it lies afterwards what the worker told.

    Raises:
        EnvironmentFault: it did not come up.
    """
    told = settings.with_name("worker.log")
    with bound_socket(LOOPBACK[0], 0) as listener, told.open("wb") as log:
        process = start_worker(settings, listener, log=log)
        try:
            _await_first(listener, process, told)
            yield f"http://{LOOPBACK[0]}:{listener.getsockname()[1]}"
        finally:
            end_workers([process])


def _await_first(listener: socket.socket, process: subprocess.Popen[bytes], told: Path) -> None:
    """Return when the only worker answers; an error has what it told."""
    try:
        await_ready(listener, [process])
    except EnvironmentFault as why:
        said = told.read_text(encoding="utf-8", errors="replace").strip()
        fix = f"See what it said: {said[-_LONGEST:] or 'nothing'}"
        raise EnvironmentFault(why.what, where="a worker of its own", fix=fix) from why


def _answers(listener: socket.socket) -> bool:
    """Return whether a worker takes connections of the socket: with TLS too, it closes what is no handshake."""
    host, port = listener.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with suppress(OSError), socket.create_connection((here, port), timeout=1) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        connection.recv(1)
        return True
    return False


class Supervisor:
    """Keeps workers running until it is told to stop."""

    def __init__(
        self,
        settings: Path,
        listener: socket.socket,
        keeper: Keeper,
        *,
        workers: int = 1,
        tls: Tls | None = None,
        text_log: TextLog = PLAIN,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            settings: file that the workers read.
            listener: socket that they answer at.
            keeper: does what goes on beside them.
            workers: how many.
            tls: None serves without.
            text_log: says how they write on stderr.
        """
        self._settings, self._listener, self._keeper, self._tls = settings, listener, keeper, tls
        self._wanted, self._text_log = workers, text_log
        self._workers: list[tuple[subprocess.Popen[bytes], float]] = []
        self._stopping = False
        self._keeping_failed: BaseException | None = None
        self._figures = TemporaryDirectory(prefix="milepost-figures-")

    def run(self, on_ready: Callable[[], None]) -> None:
        """Run until SIGTERM or SIGINT; then let the workers finish, and fold what they logged.

        Args:
            on_ready: called once, when the first worker answers.

        Raises:
            EnvironmentFault: no worker came up, or what was logged last could not be folded.
        """
        keeping = threading.Thread(target=self._keep, daemon=True)  # a store that hangs holds up no worker
        before = {name: signal.signal(name, self._stop) for name in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._workers = [self._started() for _ in range(self._wanted)]
            await_ready(self._listener, self._processes, lambda: self._stopping)
            if not self._stopping:
                on_ready()
            keeping.start()
            while not self._stopping and self._keeping_failed is None:
                self._replace_dead()
                time.sleep(STEP_S)
        finally:
            self._stopping = True
            end_workers(self._processes)
            self._figures.cleanup()
            for name, handler in before.items():
                signal.signal(name, handler)
        if keeping.is_alive():
            keeping.join()
        if self._keeping_failed is not None:
            raise self._keeping_failed
        self._fold_last()

    def _keep(self) -> None:
        try:
            while not self._stopping:
                self._keeper.step()
                time.sleep(STEP_S)
        except BaseException as why:  # noqa: BLE001  told by the thread that runs the service
            self._keeping_failed = why

    def _fold_last(self) -> None:
        try:
            self._keeper.fold()
        except EnvironmentFault as why:
            raise EnvironmentFault(
                f"The service has stopped, but what it logged last is not in the tables yet: {why.what}",
                where=why.where,
                fix="Nothing is lost: start the service again when the store is back, and the journals are folded.",
            ) from why

    @property
    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [process for process, _ in self._workers]

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._stopping = True

    def _started(self) -> tuple[subprocess.Popen[bytes], float]:
        worker = start_worker(self._settings, self._listener, self._tls, self._figures.name, self._text_log)
        return worker, time.monotonic()

    def _replace_dead(self) -> None:
        for place, (process, began) in enumerate(self._workers):
            if process.poll() is not None and time.monotonic() - began > _SOONEST_S:
                _log.error("a worker ended with %s and is started again", process.returncode)
                mark_process_dead(process.pid, self._figures.name)  # type: ignore[no-untyped-call]
                self._workers[place] = self._started()
