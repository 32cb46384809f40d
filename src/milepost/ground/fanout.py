"""The one seam between a laptop and a cluster: independent tasks, run here, on cores, or elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

T = TypeVar("T")


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    tasks: Sequence[Callable[[], T]], *, workers: int | None = None, on_done: Callable[[int, T], None] | None = None
) -> list[T]:
    """Return the results of tasks in their order; each task owns its seed, so the order of work does not matter.

    Args:
        tasks: calls without arguments. They share memory and must not change what they share.
        workers: how many run at once; None takes all cores, 1 runs in this thread.
        on_done: told the position and result of each task, in order, as they come in.
    """
    results: list[T] = []
    for position, result in enumerate(_in_order(tasks, workers or cores())):
        results.append(result)
        if on_done:
            on_done(position, result)
    return results


def _in_order(tasks: Sequence[Callable[[], T]], workers: int) -> Iterator[T]:
    """Yield results in order, up to the first error; it is raised when the tasks that run have ended, none cut off."""
    if workers == 1 or len(tasks) < 2:
        yield from (task() for task in tasks)
        return
    from joblib import Parallel, delayed

    errors: dict[int, Exception] = {}

    def attempt(place: int, task: Callable[[], T]) -> T | None:
        try:
            return None if errors else task()  # tasks begin in order: none before the first error is left out
        except Exception as why:  # noqa: BLE001  it is raised below
            errors[place] = why
            return None

    calls = (delayed(attempt)(place, task) for place, task in enumerate(tasks))
    for place, result in enumerate(Parallel(n_jobs=workers, prefer="threads", return_as="generator")(calls)):
        if place < min(errors, default=len(tasks)):
            yield cast("T", result)
    if errors:
        raise errors[min(errors)]


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Hold linear algebra to one thread, so that sums are taken in one order on every machine."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
