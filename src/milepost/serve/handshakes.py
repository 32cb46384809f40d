"""A server with TLS: a handshake has to end in time, and only so many of them go on at once.

accepted ─► handshake ─► Connection       too many, too slow, or no TLS at all: closed
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from milepost.ground.errors import MilepostError
from milepost.serve.connections import Connection

MOST_SECONDS = 5.0  # of a handshake: who is silent takes a place, and there are not many
_PAUSE_S = 0.1  # after the system refused a connection: it has no file descriptor left, say


class SafeServer(uvicorn.Server):
    """A server whose connections begin with a handshake."""

    def __init__(self, config: uvicorn.Config, context: ssl.SSLContext, connections: type[Connection]) -> None:
        """Prepare.

        Args:
            config: of the server; its certificates are not used.
            context: of TLS.
            connections: after their handshakes. Their limits are those of handshakes too.
        """
        super().__init__(config)
        self._context, self._connections = context, connections

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets=[])
        for listener in sockets or ():
            listener.setblocking(False)
            handshakes = Handshakes(
                listener,
                self._connection,
                self._context,
                most=self._connections.most,
                seconds=self._connections.seconds,
            )
            self.servers.append(handshakes)  # type: ignore[arg-type]  # it can be closed

    def _connection(self) -> Connection:
        return self._connections(self.config, self.server_state, self.lifespan.state)


class Handshakes:
    """What goes on at one socket before its connections are safe."""

    def __init__(
        self,
        listener: socket.socket,
        connection: Callable[[], Connection],
        context: ssl.SSLContext,
        *,
        most: int,
        seconds: float,
    ) -> None:
        """Accept from now on; needs a running loop.

        Args:
            listener: bound, and not blocking.
            connection: makes one, which begins after its handshake.
            context: of TLS.
            most: handshakes that may go on at once.
            seconds: that a handshake and the end of a connection may take; a handshake at most MOST_SECONDS.
        """
        self._loop = asyncio.get_running_loop()
        self._connection, self._context, self._most, self._seconds = connection, context, most, seconds
        self._going_on: set[asyncio.Task[None]] = set()
        self._accepting = self._loop.create_task(self._accept(listener))

    def close(self) -> None:
        """Accept nobody any more; a handshake that has not ended is given up."""
        for task in (self._accepting, *self._going_on):
            task.cancel()

    async def wait_closed(self) -> None:
        """Return when nothing goes on."""
        await asyncio.gather(self._accepting, *self._going_on, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(_PAUSE_S)
                continue
            if len(self._going_on) >= self._most:
                accepted.close()
                continue
            task = self._loop.create_task(self._shake(accepted))
            self._going_on.add(task)
            task.add_done_callback(self._going_on.discard)

    async def _shake(self, accepted: socket.socket) -> None:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):  # too slow, hung up, or no TLS
            await self._loop.connect_accepted_socket(
                self._connection,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=min(MOST_SECONDS, self._seconds),
                ssl_shutdown_timeout=self._seconds,
            )


def tls_context(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """Return how a server proves who it is: TLS 1.2 or later.

    Args:
        certificate: a PEM file.
        private_key: a PEM file.

    Raises:
        MilepostError: they are no certificate and its key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, private_key, password=lambda: "")  # else it would ask at a terminal
    except OSError as why:
        raise MilepostError(
            f"{certificate.name} and {private_key.name} are no certificate and its private key.",
            where="--certificate and --private-key",
            fix="Give two PEM files that belong together, the key without a passphrase.",
        ) from why
    return context
