"""Who writes a journal, and whether that process is still there."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from milepost.predlog.records import Begin


def this_process() -> tuple[str, int, int]:
    """Return host, process id, and when the process began, in clock ticks since the machine did; 0 if none can tell."""
    pid = os.getpid()
    return os.uname().nodename, pid, _began(pid) or 0


def is_gone(begin: Begin) -> bool:
    """Return whether the process that began a journal is surely no more; of another machine's nobody here can tell."""
    if begin.host != os.uname().nodename or not begin.process_began:
        return False
    return _began(begin.pid) not in (None, begin.process_began)


def hold(handle: int) -> None:
    """Lock an open file for as long as it is open; a file system that knows no locks lets all pass."""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)


def is_free(path: Path) -> bool:
    """Return whether no process holds a file."""
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no such file any more, or no locks here
        return True
    return True


def _began(pid: int) -> int | None:
    """Return when a process began, in clock ticks since the machine did; 0 if it is no more, None if none can tell."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0 if Path("/proc/self/stat").exists() else None
    except OSError:
        return None
    return 0 if state in "ZX" else int(fields[18])  # a zombie has ended, only its parent has not asked yet
