"""What goes back over HTTP: a status, headers, and a body; errors always in the same three fields."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from milepost.ground.errors import MilepostError

Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")
_SAFE: tuple[Header, ...] = (  # an answer is for one caller, and never a page
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
CLOSED: Header = (b"connection", b"close")
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_encode = msgspec.json.Encoder().encode


class Reply(NamedTuple):
    """An HTTP response.

    Attributes:
        status: its code.
        headers: all of them but the server's own and the length of the body.
        body: its bytes.
    """

    status: int
    headers: tuple[Header, ...]
    body: bytes

    @property
    def length(self) -> Header:
        """Return the header that says how long the body is."""
        return (b"content-length", b"%d" % len(self.body))


class Refusal(MilepostError):
    """A request that is not answered; status says how HTTP calls it."""

    def __init__(
        self,
        status: int,
        what: str,
        *,
        where: str,
        fix: str,
        retry_after: int | None = None,
        headers: Sequence[Header] = (),
    ) -> None:
        """Say why.

        Args:
            status: HTTP status code.
            what: what was wrong.
            where: in which part of the request.
            fix: what to do.
            retry_after: seconds after which the same request may be answered.
            headers: that the status asks for.
        """
        super().__init__(what, where=where, fix=fix)
        self.status = status
        self.headers = [*headers, *([(b"retry-after", str(retry_after).encode())] if retry_after else [])]


def json_reply(status: int, document: Any, *headers: Header) -> Reply:
    """Return a document as JSON."""
    return bytes_reply(status, _encode(document), JSON, *headers)


def bytes_reply(status: int, body: bytes, *headers: Header) -> Reply:
    """Return a body with its own headers and those that every answer has."""
    return Reply(status, (*headers, *_SAFE), body)


def page_reply(html: str, status: int = 200, *more: Header) -> Reply:
    """Return a page that brings all that it needs along and may load nothing from elsewhere."""
    body = html.encode()
    policy = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy),
        *(header for header in _SAFE if header[0] != b"content-security-policy"),
        *more,
    )
    return Reply(status, headers, body)


def refusal_reply(error: MilepostError, status: int = 422, **more: Any) -> Reply:
    """Return an error as what, where and fix."""
    if isinstance(error, Refusal):
        return json_reply(error.status, {"error": said(error), **more}, *error.headers)
    return json_reply(status, {"error": said(error), **more})


def said(error: MilepostError) -> dict[str, str]:
    """Return the three fields of an error."""
    return {"what": error.what, "where": error.where, "fix": error.fix}


def message(reply: Reply, more: Sequence[Header], *, ends: bool, has_body: bool = True) -> bytes:
    """Return an answer as it goes over the wire.

    Args:
        reply: the answer.
        more: headers of the server.
        ends: whether the connection is closed after it.
        has_body: whether the body follows its header.
    """
    own = (*reply.headers, CLOSED) if ends and CLOSED not in reply.headers else reply.headers
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
