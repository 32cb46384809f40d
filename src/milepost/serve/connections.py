"""HTTP connections that keep to limits before a request is there, while it comes, and after it is answered.

opened ─► header ─► body ─► App.respond ─► answer ─► header ─► …
too many: 503 · header too slow: closed · no request: 400 or 431 · answer not taken: cut off

They stand where the server has its own: the same parser reads the bytes, but a request that is there as a whole is
answered at once, without a task and messages of its own (docs/decisions/0010-connections-of-our-own.md).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.server import ServerState

from milepost.serve.app import App
from milepost.serve.incoming import Incoming, at_once
from milepost.serve.replies import CLOSED, Refusal, Reply, message, refusal_reply
from milepost.serve.requests import Asking, Requests
from milepost.serve.settings import Limits
from milepost.serve.text_log import tell_refused

GRACE_S = 0.5  # for a caller that is about to ask when the service ends
TURN_S = 0.005  # of one connection, before others have theirs
IDLE_S = 1.0  # after which a connection makes room for another one
_FAREWELL_S = 0.1


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
        self._requests: Requests
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
        self._transport, self._requests = transport, Requests(transport, self._header_begins)
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
        try:
            self._requests.feed(data)
        except Refusal as why:
            self._give_up(why)
        self._go_on()

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
        self._is_deaf = True
        if self._patience is not None:
            self._patience.cancel()
        self._requests.leave()
        if self._answering is not None:
            self._answering.leave()

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
        is_busy = self._answering or self._requests.coming or self._transport.get_write_buffer_size()
        if is_busy or self._waits_since is None or self._transport.is_closing():
            return math.inf
        return self._waits_since

    # from requests to answers

    def _header_begins(self) -> None:
        """Give a header its time; the first one has had some already."""
        if self._has_answered and self._answering is None and not self._is_full:
            self._has_answered, self._waits_since = False, self._loop.time()

    def _go_on(self) -> None:
        """Answer what has its turn, and end where nothing more is to come."""
        if self._transport.is_closing():
            return
        waiting = self._requests.waiting
        began = time.perf_counter() if waiting else 0.0
        while waiting and self._answering is None and not (self._ends or self._is_full):
            self._answer(waiting.popleft())
            if waiting and self._answering is None and time.perf_counter() - began > TURN_S:
                self._loop.call_soon(self._go_on)  # others have their turn
                break
        if self._faulty is not None and not (waiting or self._answering or self._ends):
            self._refuse(self._faulty)
        elif self._ends and self._answering is None and not self._requests.is_amid:
            self._close()
        elif self._is_held != bool(waiting) and not self._transport.is_closing():
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
        self._ends = self._ends or self._is_leaving or not asking.keeps or CLOSED in reply.headers
        has_body = asking.scope["method"] != "HEAD"
        self._transport.write(message(reply, self._server.default_headers, ends=self._ends, has_body=has_body))
        self._server.total_requests += 1
        asking.drop()
        if incoming.is_read and self._requests.coming is asking:
            self._requests.coming = None

    def _give_up(self, why: Refusal) -> None:
        """Read no further; what is refused is refused when the requests before it are answered."""
        self._is_deaf, self._faulty = True, why
        requests = self._requests
        faulty, requests.coming = requests.coming, None
        if faulty is not None and faulty in requests.waiting:
            requests.waiting.remove(faulty)
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
        self._transport.write(message(reply, self._server.default_headers, ends=True))
        self._is_deaf = True
        self._transport.close()

    def _look(self) -> None:
        """Cut off a caller that has been waited for too long."""
        waited = 0.0 if self._waits_since is None else self._loop.time() - self._waits_since
        if waited < self.seconds:
            self._patience = self._loop.call_later(self.seconds - waited, self._look)
        else:
            self._transport.abort()


_AGAIN = "Send the request again in a moment, on a connection that is kept."


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
