"""The body of a request as it comes: whole within its limits, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TypeAlias

from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]


class Incoming:
    """What a caller sends after the header.

    Attributes:
        is_read: whether nothing of it is left.
    """

    __slots__ = ("_receive", "is_read")

    def __init__(self, receive: Receive) -> None:
        """Read nothing yet."""
        self._receive, self.is_read = receive, False

    async def body(self, headers: Mapping[bytes, bytes], limits: Limits) -> bytes:
        """Return all of it.

        Raises:
            Refusal: it is too long, or comes too slowly, or its caller hung up.
        """
        if _announced(headers) > limits.body:
            raise _too_long(limits.body)
        try:
            async with asyncio.timeout(limits.seconds):
                part = await self._part()
                return part if self.is_read and len(part) <= limits.body else await self._parts(part, limits.body)
        except TimeoutError:
            self.is_read = True  # nobody waits for the rest
            raise Refusal(
                408,
                f"The request did not arrive within {limits.seconds:g} seconds.",
                where="the body",
                fix="Send it faster, or in parts.",
                headers=[(b"connection", b"close")],
            ) from None

    async def leave(self, seconds: float) -> None:
        """Read what is left and forget it: whoever is still sending would not hear an answer before."""
        with suppress(TimeoutError, Refusal):
            async with asyncio.timeout(seconds):
                while not self.is_read:
                    await self._part()

    async def _parts(self, part: bytes, most: int) -> bytes:
        parts, length = [part], len(part)
        while length <= most and not self.is_read:
            parts.append(await self._part())
            length += len(parts[-1])
        if length > most:
            raise _too_long(most)
        return b"".join(parts)

    async def _part(self) -> bytes:
        message = await self._receive()
        self.is_read = not message.get("more_body")
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The caller hung up.", where="the body", fix="Send the request again.")
        part: bytes = message.get("body", b"")
        return part


def _announced(headers: Mapping[bytes, bytes]) -> int:
    try:
        return int(headers.get(b"content-length", b"0"))
    except ValueError:
        return 0


def _too_long(most: int) -> Refusal:
    return Refusal(
        413,
        f"The body is longer than {most:,} bytes.",
        where="the body",
        fix="Send fewer rows at once, or score a whole table: milepost score",
    )
