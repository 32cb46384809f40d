"""One process at a time: a lock that a process lets go of however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from milepost.ground.errors import EnvironmentFault

PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.05


@contextmanager
def one_at_a_time(path: Path, *, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the block to one process at a time by a lock on the file at path, which is made and stays, empty.

    A file system that knows no locks lets all pass.

    Args:
        path: of the lock, in a folder that exists.
        patience: seconds to wait for the others.

    Raises:
        EnvironmentFault: another process held the lock all the time.
        OSError: the file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait(handle, path, patience)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, path: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise EnvironmentFault(
                    f"Another run has held this workspace for {patience:.0f} seconds.",
                    where=str(path),
                    fix="Wait for the other run or stop it, then run the same command again.",
                ) from None
            time.sleep(_PAUSE_SECONDS)
        except OSError:  # no locks here, as on some network disks
            return
        else:
            return
