"""The one seam between a laptop and a cluster: independent tasks, run here, on cores, or elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

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
    if workers == 1 or len(tasks) < 2:
        yield from (task() for task in tasks)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=workers, prefer="threads", return_as="generator")(delayed(task)() for task in tasks)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Hold linear algebra to one thread, so that sums are taken in one order on every machine."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
