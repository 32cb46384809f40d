"""What needs no waiting is done at once; what waits goes on as if it had been awaited from the start."""

from __future__ import annotations

import asyncio

import pytest

from milepost.serve.incoming import at_once


async def twice(first: asyncio.Future[str], second: asyncio.Future[str]) -> str:
    """Return what two waits give; the first may fail."""
    try:
        said = await first
    except ValueError as why:
        said = f"failed: {why}"
    return f"{said}, {await second}"


async def begun(answer: str | Exception) -> tuple[asyncio.Task[str], asyncio.Future[str]]:
    """Return a task of what waits already, with its first wait over, and its second wait."""
    first, second = asyncio.get_running_loop().create_future(), asyncio.get_running_loop().create_future()
    value, rest = at_once(twice(first, second))
    assert value is None
    assert rest is not None
    first.set_exception(answer) if isinstance(answer, Exception) else first.set_result(answer)

    async def ended() -> str:
        return await rest

    return asyncio.create_task(ended()), second


def test_what_needs_no_waiting_has_its_value():
    async def three() -> int:
        return 3

    assert at_once(three()) == (3, None)


def test_an_error_before_the_first_wait_is_raised():
    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        at_once(fails())


@pytest.mark.parametrize(("answer", "says"), [("yes", "yes, then"), (ValueError("no"), "failed: no, then")])
def test_what_waits_hears_what_it_waited_for(answer, says):
    async def run() -> str:
        task, second = await begun(answer)
        await asyncio.sleep(0)
        second.set_result("then")
        return await task

    assert asyncio.run(run()) == says


@pytest.mark.parametrize("answer", ["yes", ValueError("no")])
def test_what_waits_hears_a_second_failure_too(answer):
    async def run() -> str:
        task, second = await begun(answer)
        second.set_exception(OSError("gone"))
        return await task

    with pytest.raises(OSError, match="gone"):
        asyncio.run(run())


@pytest.mark.parametrize("turns", [1, 3])
def test_what_is_given_up_ends(turns):
    ended = []

    async def waits() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)

    async def run() -> None:
        _, rest = at_once(waits())

        async def go_on() -> None:
            await rest

        task = asyncio.create_task(go_on())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert ended
