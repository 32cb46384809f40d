"""The body of a request as it comes: whole within its limits, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Generic, TypeAlias, TypeVar

from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
_Value = TypeVar("_Value")


class Incoming:
    """What a caller sends after the header.

    Attributes:
        is_read: whether nothing of it is left.
    """

    __slots__ = ("_receive", "_whole", "is_read")

    def __init__(self, receive: Receive, whole: bytes | None = None) -> None:
        """Read nothing yet.

        Args:
            receive: returns the next part, as ASGI says.
            whole: the body, where all of it is here.
        """
        self._receive, self._whole, self.is_read = receive, whole, whole is not None

    async def body(self, headers: Mapping[bytes, bytes], limits: Limits) -> bytes:
        """Return all of it.

        Raises:
            Refusal: it is too long, or comes too slowly, or its caller hung up.
        """
        if self._whole is not None and len(self._whole) <= limits.body:
            return self._whole
        if self._whole is not None or _announced(headers) > limits.body:
            raise _too_long(limits.body)
        message, waiting = at_once(self._receive())
        if message is not None:
            part = self._part_in(message)
            if self.is_read and len(part) <= limits.body:
                return part
        try:
            async with asyncio.timeout(limits.seconds):
                if waiting is not None:
                    part = self._part_in(await waiting)
                return await self._parts(part, limits.body)
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
        return self._part_in(await self._receive())

    def _part_in(self, message: Message) -> bytes:
        self.is_read = not message.get("more_body")
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The caller hung up.", where="the body", fix="Send the request again.")
        part: bytes = message.get("body", b"")
        return part


def at_once(awaitable: Awaitable[_Value]) -> tuple[_Value, None] | tuple[None, Awaitable[_Value]]:
    """Return the value of an awaitable that needs no waiting; or None, and what to await for it.

    Most bodies are there when they are asked for, and most answers need no waiting: a timer or a task would cost more.
    What comes before the first wait runs in no task, so it may set no timer (asyncio.timeout).
    """
    steps = awaitable.__await__()
    try:
        first = next(steps)
    except StopIteration as done:
        return done.value, None
    return None, _Begun(first, steps)


class _Begun(Generic[_Value]):
    """An awaitable that waits for something already."""

    def __init__(self, first: Any, steps: Generator[Any, Any, _Value]) -> None:
        self._first, self._steps = first, steps

    def __await__(self) -> Generator[Any, Any, _Value]:
        try:
            yield self._first
        except BaseException as why:  # noqa: BLE001  what was waited for has failed, or nobody waits any more
            try:
                self._first = self._steps.throw(why)
            except StopIteration as done:
                value: _Value = done.value
                return value
            return (yield from self.__await__())
        return (yield from self._steps)


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
