"""From the bytes of one connection to its requests, one after another.

bytes ─► header ─► Asking in `waiting` ─► its body, part by part ─► the next header
no HTTP: 400 · header or framing too long: 431 · a wish for another protocol: passed over
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httptools

from milepost.serve.incoming import Message
from milepost.serve.replies import Header, Refusal

MOST_HEADER_BYTES = 65_536  # of a header, and of what stands between two parts of a body
MOST_WISHES = 8  # for another protocol, on one connection


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


class Requests:
    """The requests of one connection.

    Attributes:
        waiting: for their turn; of the last one a part of the body may be still to come.
        coming: the request whose body comes, if any.
    """

    def __init__(self, transport: Any, header_begins: Callable[[], None]) -> None:
        """Read nothing yet.

        Args:
            transport: of the connection.
            header_begins: is told of the first byte of each header.
        """
        self.waiting: deque[Asking] = deque()
        self.coming: Asking | None = None
        self._transport, self._client = transport, transport.get_extra_info("peername")
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self._header_begins: Callable[[], None] | None = header_begins
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url, self._headers, self._expects = b"", list[Header](), False
        self._between_parts = 0  # bytes since the last whole header or part of a body
        self._wish: tuple[bytes, list[Header]] | None = None  # for another protocol: line and header that have it
        self._wishes = 0  # so far
        self._is_over = False  # what follows is no HTTP

    @property
    def is_amid(self) -> bool:
        """Return whether the rest of a request is to come that waits for no turn any more."""
        return self.coming is not None and self.coming not in self.waiting

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            Refusal: what comes is no request; nothing more can be read.
        """
        if self._is_over:
            return
        self._between_parts += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as why:
            self._read_without_wish(data[why.args[0] :])
        except httptools.HttpParserError:
            raise Refusal(400, "The request is no HTTP.", where="the request", fix="Send HTTP/1.1.") from None
        if self._between_parts > MOST_HEADER_BYTES:
            raise Refusal(431, "The header of the request is too long.", where="the header", fix=_SHORTER)

    def leave(self) -> None:
        """Hear that the caller is gone."""
        self._is_over, self._parser, self._header_begins = True, None, None  # which hold each other and the connection
        self.waiting.clear()
        if self.coming is not None:
            self.coming.leave()

    def _read_without_wish(self, rest: bytes) -> None:
        """Read a request again without its wish for another protocol, which a server may pass over.

        The parser would not, and take its body for that protocol; some clients wish for HTTP/2 with each first request.

        Args:
            rest: what stands behind its header.
        """
        if self._wish is None:  # somebody takes us for a proxy: what follows is for others
            self._is_over = True
            return
        self._wishes += 1
        if self._wishes > MOST_WISHES:
            raise Refusal(400, "Another protocol is not spoken here.", where="the header", fix="Send HTTP/1.1.")
        (line, headers), self._wish = self._wish, None
        lines = [b"%b: %b" % header for header in headers if header[0] != b"upgrade"]
        self._parser = httptools.HttpRequestParser(self)
        self.feed(b"\r\n".join([line, *lines, b"", rest]))

    # of the parser

    def on_message_begin(self) -> None:
        """Await a header."""
        self._url, self._headers, self._expects = b"", [], False
        if self._header_begins is not None:
            self._header_begins()

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
            line = b"%b %b HTTP/%b" % (parser.get_method(), self._url, parser.get_http_version().encode())
            self._wish = line, headers
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
        self.coming = Asking(scope, self._transport, keeps=keeps, expects=self._expects)
        self.waiting.append(self.coming)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._between_parts = 0
        if self.coming is not None:
            self.coming.add(body)

    def on_message_complete(self) -> None:
        """Take the end of the body."""
        if self.coming is not None:
            self.coming.end()
            self.coming = None


_SHORTER = f"Send less than {MOST_HEADER_BYTES:,} bytes of headers, without cookies."
