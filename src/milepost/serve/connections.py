"""HTTP connections that keep to limits before a request is there, while it comes, and after it is answered.

opened ─► header ─► body ─► App.respond ─► answer ─► header ─► …
too many: 503 · header too slow: closed · header or framing too long: 431 · no HTTP: 400 · answer not taken: cut off

They stand where the server has its own: the same parser reads the bytes, but a request that is there as a whole is
answered at once, without a task and messages of its own (docs/decisions/0010-connections-of-our-own.md).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from milepost.serve.app import App
from milepost.serve.incoming import Incoming, Message, at_once
from milepost.serve.replies import Header, Refusal, Reply, refusal_reply
from milepost.serve.settings import Limits
from milepost.serve.text_log import tell_refused

MOST_HEADER_BYTES = 65_536  # of a header, and of what stands between two parts of a body
GRACE_S = 0.5  # for a caller that is about to ask when the service ends
TURN_S = 0.005  # of one connection, before others have theirs
IDLE_S = 1.0  # after which a connection makes room for another one
MOST_WISHES = 8  # for another protocol, on one connection
_FAREWELL_S = 0.1
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Asking:
    """One request, as it comes.

    Attributes:
        scope: what its header says, in the words of ASGI.
        keeps: whether its caller wants the connection kept.
        is_whole: whether all of it is here.
    """

    __slots__ = ("_arrived", "_expects", "_is_left", "_parts", "_transport", "is_whole", "keeps", "scope")

    def __init__(self, scope: dict[str, Any], transport: Any, *, keeps: bool, expects: bool) -> None:
        """Begin with a header.

        Args:
            scope: what it says.
            transport: of the connection.
            keeps: whether the connection is to be kept.
            expects: whether the caller sends the body only when it is told that it may.
        """
        self.scope, self._transport, self.keeps, self._expects = scope, transport, keeps, expects
        self.is_whole = self._is_left = False
        self._parts: list[bytes] | None = []
        self._arrived: asyncio.Event | None = None

    def add(self, part: bytes) -> None:
        """Take a part of the body."""
        if self._parts is not None:
            self._parts.append(part)
            self._wake()

    def end(self) -> None:
        """Take the end of the body."""
        self.is_whole = True
        self._wake()

    def leave(self) -> None:
        """Hear that the caller is gone."""
        self._is_left = True
        self._wake()

    def drop(self) -> None:
        """Forget what is here of the body, and what comes."""
        self._parts = None

    def whole_body(self) -> bytes | None:
        """Return the body; None where some of it is still to come."""
        return b"".join(self._parts or ()) if self.is_whole else None

    async def receive(self) -> Message:
        """Return what came since the last call; where nothing did, what comes next."""
        while not (self._parts or self.is_whole or self._is_left):
            if self._expects and not self._transport.is_closing():
                self._expects = False
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._arrived = asyncio.Event()
            await self._arrived.wait()
        if self._is_left and not self.is_whole:
            return {"type": "http.disconnect"}
        parts, self._parts = self._parts or [], []
        return {"type": "http.request", "body": b"".join(parts), "more_body": not self.is_whole}

    def _wake(self) -> None:
        if self._arrived is not None:
            self._arrived.set()


class Connection(asyncio.Protocol):
    """One connection to the service; `connections_within` gives it the application and its limits.

    Attributes:
        app: answers.
        seconds: for a header to arrive, and for a caller to take what it was sent.
        most: connections that may be open at once.
    """

    app: ClassVar[App]
    seconds: ClassVar[float]
    most: ClassVar[int]

    def __init__(self, config: Config, server_state: ServerState, app_state: object, _loop: object = None) -> None:  # noqa: ARG002  as the server calls it
        """Take what the server gives each connection."""
        self._server, self._loop = server_state, asyncio.get_running_loop()
        self._transport: Any = None
        self._client: Any = None
        self._scheme = "http"
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url, self._headers, self._expects = b"", list[Header](), False
        self._wish: tuple[bytes, list[Header]] | None = None  # for another protocol: the request that has it
        self._wishes = 0  # so far
        self._between_parts = 0  # bytes since the last whole header or part of a body
        self._reading: Asking | None = None  # its body comes
        self._next: deque[Asking] = deque()  # they wait for their turn
        self._answering: Asking | None = None
        self._is_leaving = self._ends = False  # after the next answer, after what is being answered
        self._is_deaf = self._is_full = False  # as to what comes, and what the caller has to take first
        self._is_held = False  # what comes waits in the system
        self._faulty: Refusal | None = None  # of what is no request
        self._has_answered = False  # since the last header began
        self._waits_since: float | None = None  # for something that the caller has to do
        self._patience: asyncio.TimerHandle | None = None

    # of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; one connection too many is refused."""
        self._transport, self._client = transport, transport.get_extra_info("peername")
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self._server.connections.add(self)  # type: ignore[arg-type]  # all that is asked of it is to shut down
        self._waits_since = self._loop.time()
        self._patience = self._loop.call_later(self.seconds, self._look)
        if len(self._server.connections) > self.most and not self._end_one_that_waits():
            what = f"More than {self.most:,} connections are open."
            self._refuse(Refusal(503, what, where="the service", fix=_AGAIN, retry_after=1))

    def data_received(self, data: bytes) -> None:
        """Read on; a header has to be whole in time, however it trickles in."""
        if self._is_deaf:
            return
        self._between_parts += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as why:
            self._read_without_wish(data[why.args[0] :])
            return
        except httptools.HttpParserError:
            self._give_up(Refusal(400, "The request is no HTTP.", where="the request", fix="Send HTTP/1.1."))
        if self._between_parts > MOST_HEADER_BYTES and not self._is_deaf:
            self._give_up(Refusal(431, "The header of the request is too long.", where="the header", fix=_SHORTER))
        self._go_on()

    def _read_without_wish(self, rest: bytes) -> None:
        """Read a request again without its wish for another protocol, which a server may pass over.

        The parser would not, and take its body for that protocol; some clients wish for HTTP/2 with each first request.

        Args:
            rest: what stands behind its header.
        """
        self._wishes += 1
        if self._wish is None:  # somebody takes us for a proxy: what follows is for others
            self._is_deaf = True
            self._go_on()
            return
        if self._wishes > MOST_WISHES:
            self._give_up(
                Refusal(400, "Another protocol is not spoken here.", where="the header", fix="Send HTTP/1.1.")
            )
            self._go_on()
            return
        (line, headers), self._wish = self._wish, None
        lines = [b"%b: %b" % header for header in headers if header[0] != b"upgrade"]
        self._parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join([line, *lines, b"", rest]))

    def pause_writing(self) -> None:
        """Wait for the caller to take what was sent, but not for ever."""
        self._is_full, self._waits_since = True, self._loop.time()

    def resume_writing(self) -> None:
        """Go on: the caller has taken what was sent."""
        self._is_full, self._waits_since = False, None if self._answering else self._loop.time()
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  as the transport calls it
        """Let go."""
        self._server.connections.discard(self)
        self._is_deaf, self._parser = True, None  # the parser holds the connection
        if self._patience is not None:
            self._patience.cancel()
        self._next.clear()
        for asking in (self._answering, self._reading):
            if asking is not None:
                asking.leave()

    def shutdown(self) -> None:
        """End after the next answer, which says so; a caller that asks nothing more is not waited for."""
        self._is_leaving = True
        self.app.leave()
        self._loop.call_later(GRACE_S, self._leave)

    def _leave(self) -> None:
        """End now, or with the answer to what is here already."""
        self._ends = True
        if self._answering is None and not self._transport.is_closing():
            self._close()

    def _close(self) -> None:
        """Close when all is sent."""
        self._is_deaf, has_all = True, not self._transport.get_write_buffer_size()
        self._transport.close()
        if has_all and self._is_leaving:
            self._loop.call_later(_FAREWELL_S, self._transport.abort)  # TLS would wait for the caller's last word

    def _end_one_that_waits(self) -> bool:
        """Return whether there was a connection to close: the one whose caller has had nothing to ask for longest."""
        others = [one for one in self._server.connections if isinstance(one, Connection) and one is not self]
        longest = min(others, key=lambda one: one.waits_since)
        if self._loop.time() - longest.waits_since < IDLE_S:
            return False
        longest._close()
        return True

    @property
    def waits_since(self) -> float:
        """Return since when the caller has had nothing to ask; infinity where it has, or takes its answer still."""
        is_busy = self._answering or self._reading or self._transport.get_write_buffer_size()
        if is_busy or self._waits_since is None or self._transport.is_closing():
            return math.inf
        return self._waits_since

    # of the parser

    def on_message_begin(self) -> None:
        """Await a header."""
        self._url, self._headers, self._expects = b"", [], False
        if self._has_answered and self._answering is None and not self._is_full:
            self._has_answered, self._waits_since = False, self._loop.time()

    def on_url(self, url: bytes) -> None:
        """Take a part of the path."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of the header."""
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the whole header."""
        self._between_parts = 0
        parser, headers, self._headers = self._parser, self._headers, []  # what is told behind the body is no header
        if parser.should_upgrade() and parser.get_method() != b"CONNECT":
            self._wish = (
                b"%b %b HTTP/%b" % (parser.get_method(), self._url, parser.get_http_version().encode()),
                headers,
            )
            return
        path: str = httptools.parse_url(self._url).path.decode("ascii")
        scope = {
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "headers": headers,
            "client": self._client,
            "scheme": self._scheme,
        }
        keeps = parser.get_http_version() != "1.0" and parser.should_keep_alive() and not parser.should_upgrade()
        self._reading = Asking(scope, self._transport, keeps=keeps, expects=self._expects)
        self._next.append(self._reading)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._between_parts = 0
        if self._reading is not None:
            self._reading.add(body)

    def on_message_complete(self) -> None:
        """Take the end of the body."""
        if self._reading is not None:
            self._reading.end()
            self._reading = None

    # from requests to answers

    def _go_on(self) -> None:
        """Answer what has its turn, and end where nothing more is to come."""
        if self._transport.is_closing():
            return
        began = time.perf_counter() if self._next else 0.0
        while self._next and self._answering is None and not (self._ends or self._is_full):
            self._answer(self._next.popleft())
            if self._next and self._answering is None and time.perf_counter() - began > TURN_S:
                self._loop.call_soon(self._go_on)  # others have their turn
                break
        if self._faulty is not None and not (self._next or self._answering or self._ends):
            self._refuse(self._faulty)
        elif self._ends and self._answering is None and (self._reading is None or self._reading in self._next):
            self._close()
        elif self._is_held != bool(self._next) and not self._transport.is_closing():
            self._is_held = not self._is_held
            self._transport.pause_reading() if self._is_held else self._transport.resume_reading()

    def _answer(self, asking: Asking) -> None:
        """Answer a request: at once where that needs no waiting, else as a task."""
        self._answering, self._waits_since = asking, None
        incoming = Incoming(asking.receive, asking.whole_body())
        answer: Awaitable[Reply] = self.app.respond(asking.scope, incoming)
        if asking.is_whole:
            try:
                reply, rest = at_once(answer)
            except BaseException:  # it would wait for ever
                self._transport.abort()
                raise
            if reply is not None:
                self._send(asking, incoming, reply)
                return
            assert rest is not None
            answer = rest
        task = self._loop.create_task(self._answer_later(asking, incoming, answer))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    async def _answer_later(self, asking: Asking, incoming: Incoming, answer: Awaitable[Reply]) -> None:
        try:
            self._send(asking, incoming, await answer)
            self._go_on()
        except BaseException:  # the server ends and does not wait any longer
            self._transport.abort()
            raise

    def _send(self, asking: Asking, incoming: Incoming, reply: Reply) -> None:
        """Send an answer; what is still to come of its request is forgotten, for a caller that sends does not hear."""
        self._answering, self._waits_since, self._has_answered = None, self._loop.time(), True
        if self._transport.is_closing():
            return
        self._ends = self._ends or self._is_leaving or not asking.keeps or _CLOSED in reply.headers
        has_body = asking.scope["method"] != "HEAD"
        self._transport.write(_message(reply, self._server.default_headers, ends=self._ends, has_body=has_body))
        self._server.total_requests += 1
        asking.drop()
        if incoming.is_read and self._reading is asking:
            self._reading = None

    def _give_up(self, why: Refusal) -> None:
        """Read no further; what is refused is refused when the requests before it are answered."""
        self._is_deaf, self._faulty = True, why
        faulty, self._reading = self._reading, None
        if faulty is not None and faulty in self._next:
            self._next.remove(faulty)
        elif faulty is not None and faulty is self._answering:
            self._refuse(why)
        elif faulty is not None:  # it has its answer already
            self._ends = True

    def _refuse(self, why: Refusal) -> None:
        """Send a refusal of what is no request, and end."""
        if self._transport.is_closing():
            return
        reply = refusal_reply(why)
        tell_refused(why.what, why.status)
        self._transport.write(_message(reply, self._server.default_headers, ends=True))
        self._is_deaf = True
        self._transport.close()

    def _look(self) -> None:
        """Cut off a caller that has been waited for too long."""
        waited = 0.0 if self._waits_since is None else self._loop.time() - self._waits_since
        if waited < self.seconds:
            self._patience = self._loop.call_later(self.seconds - waited, self._look)
        else:
            self._transport.abort()


_CLOSED: Header = (b"connection", b"close")


def _message(reply: Reply, more: Sequence[Header], *, ends: bool, has_body: bool = True) -> bytes:
    """Return an answer as it goes over the wire.

    Args:
        reply: the answer.
        more: headers of the server.
        ends: whether the connection is closed after it.
        has_body: whether the body follows its header.
    """
    own = (*reply.headers, _CLOSED) if ends and _CLOSED not in reply.headers else reply.headers
    return b"%b%b%b\r\n%b" % (
        _STATUS_LINES[reply.status],
        b"".join([b"%b: %b\r\n" % header for header in (*more, reply.length)]),
        _lines(own),
        reply.body if has_body else b"",
    )


@lru_cache(maxsize=64)
def _lines(headers: tuple[Header, ...]) -> bytes:
    """Return headers as lines; there are few kinds of answers."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


_AGAIN = "Send the request again in a moment, on a connection that is kept."
_SHORTER = f"Send less than {MOST_HEADER_BYTES:,} bytes of headers, without cookies."


def connections_within(limits: Limits, app: App) -> type[Connection]:
    """Return the connections of a server.

    Args:
        limits: of requests. Twice as many connections as requests may be open, so that half of them can be idle.
        app: answers.
    """

    class Limited(Connection):
        seconds, most = limits.seconds, 2 * limits.concurrent

    Limited.app = app
    return Limited
