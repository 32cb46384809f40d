"""Connections that keep to limits before a request is there, while it comes, and after it is answered.

opened ─► header ─► body ─► answer ─► header ─► …
too many: 503 · header too slow: closed · header or framing too long: 431 · no HTTP: 400 · answer not taken: cut off
"""

from __future__ import annotations

import asyncio
import re
from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from milepost.serve.replies import Refusal, refusal_reply
from milepost.serve.settings import Limits
from milepost.serve.text_log import tell_refused

_FAREWELL_S = 0.1
MOST_HEADER_BYTES = 65_536  # of a header, and of what stands between two parts of a body


class OneWrite:
    """The way out of one answer: its head waits for its body, so that both leave in one system call."""

    __slots__ = ("_cycle", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle) -> None:
        """Take the way that it shortens.

        Args:
            transport: of the connection.
            cycle: of the request; says when the answer begins.
        """
        self._transport, self._head = transport, b""
        self._cycle: RequestResponseCycle | None = cycle

    def write(self, data: bytes) -> None:
        """Send data, or keep it if it is the head."""
        if self._cycle is not None and self._cycle.response_started:
            self._head, self._cycle = data, None  # each would hold the other in memory
            return
        if self._head:
            data, self._head = self._head + data, b""
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that no body followed."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Close the connection when all is sent."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Return whether the connection is closed or will be."""
        return self._transport.is_closing()


class Connection(HttpToolsProtocol):
    """One connection to the service; `connections_within` gives it its limits.

    Attributes:
        seconds: for a header to arrive, and for a caller to take what it was sent.
        most: connections that may be open at once.
    """

    seconds: ClassVar[float]
    most: ClassVar[int]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """Take what the server gives each connection."""
        super().__init__(*arguments, **more)
        self._between_parts = 0  # bytes since the last whole header or part of a body
        self._slow_header: TimerHandle | None = None
        self._slow_taker: TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None
        self._way_out: OneWrite | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; one connection too many is refused."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(Refusal(503, "Too many connections.", where="the service", fix=_AGAIN, retry_after=1))
        else:
            self._slow_header = self.loop.call_later(self.seconds, self._cut_off)

    def data_received(self, data: bytes) -> None:
        """Read on; a header has to be whole in time, however it trickles in."""
        if b"pgrade:" in data and (self.cycle is None or self.cycle.response_complete):
            data = _without_wish(data)
        self._between_parts += len(data)
        super().data_received(data)
        if self._between_parts > MOST_HEADER_BYTES:
            self._refuse(Refusal(431, "The header of the request is too long.", where="the header", fix=_SHORTER))
        elif self.cycle is not None and not self.cycle.response_complete:
            self._be_patient()
        elif self._slow_header is None:
            self._slow_header = self.loop.call_later(self.seconds, self._cut_off)

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._between_parts = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._between_parts = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Await the next request, or the end."""
        if self._way_out is not None:
            self._way_out.flush()
        super().on_response_complete()
        if self.transport.is_closing() and self._slow_taker is None:
            self._slow_taker = self.loop.call_later(self.seconds, self._cut_off)

    def pause_writing(self) -> None:
        """Wait for the caller to take what was sent, but not for ever."""
        super().pause_writing()
        if self._slow_taker is None:
            self._slow_taker = self.loop.call_later(self.seconds, self._cut_off)

    def resume_writing(self) -> None:
        """Go on: the caller has taken what was sent."""
        super().resume_writing()
        if self._slow_taker is not None and not self.transport.is_closing():
            self._slow_taker.cancel()
            self._slow_taker = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go."""
        self._be_patient()
        if self._slow_taker is not None:
            self._slow_taker.cancel()
        if self._answering is not None:  # of requests in a row the server itself tells only the last one
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        cycle.transport = self._way_out = OneWrite(self.transport, cycle)  # type: ignore[assignment]  # all it calls
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(Refusal(400, msg, where="the request", fix="Send HTTP/1.1."))

    def timeout_keep_alive_handler(self) -> None:
        """End a connection without a request; what its caller has not taken by now is not wanted."""
        self._cut_off()

    def shutdown(self) -> None:
        """End when what is being answered is answered; a caller that has got all of it is not waited for."""
        has_all = self.cycle is None or (self.cycle.response_complete and not self.transport.get_write_buffer_size())
        super().shutdown()
        if has_all:
            self.loop.call_later(_FAREWELL_S, self.transport.abort)  # TLS would wait for the caller's last word

    def _refuse(self, why: Refusal) -> None:
        if self.transport.is_closing():
            return
        reply = refusal_reply(why)
        if why.status != HTTPStatus.BAD_REQUEST:  # of which the server itself has told
            tell_refused(why.what, why.status)
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}".encode(), b"connection: close"]
        lines += [name + b": " + value for name, value in reply.headers]
        self.transport.write(b"\r\n".join([*lines, b"", reply.body]))
        self.transport.close()

    def _cut_off(self) -> None:
        self.transport.abort()

    def _be_patient(self) -> None:
        if self._slow_header is not None:
            self._slow_header.cancel()
            self._slow_header = None


_WISH = re.compile(rb"\r\nupgrade:", re.IGNORECASE)
_AGAIN = "Send the request again in a moment, on a connection that is kept."
_SHORTER = f"Send less than {MOST_HEADER_BYTES:,} bytes of headers, without cookies."


def _without_wish(data: bytes) -> bytes:
    """Return a request that does not wish for another protocol, which a server may pass over; the parser would not,
    and lose the body. Some clients wish for HTTP/2 with each first request.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    return _WISH.sub(b"\r\nx-upgrade:", head) + end + body


def connections_within(limits: Limits) -> type[Connection]:
    """Return the connections of a server.

    Args:
        limits: of requests. Twice as many connections as requests may be open, so that half of them can be idle.
    """

    class Limited(Connection):
        seconds, most = limits.seconds, 2 * limits.concurrent

    return Limited
