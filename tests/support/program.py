"""The command line as another program sees it: words in, an exit code and two streams out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-c", "from milepost.cli.main import main; main()")


@dataclass(frozen=True)
class Ran:
    """What a run of the program left."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Return standard output without its line breaks."""
        return " ".join(self.out.split())

    @property
    def document(self) -> Any:
        """Return the one JSON object on standard output."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without what steers colours and widths."""
    steering = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM")
    return {**{name: value for name, value in os.environ.items() if name not in steering}, **(more or {})}


def run_program(
    *words: object, folder: Path, more: Mapping[str, str] | None = None, before: Callable[[], None] | None = None
) -> Ran:
    """Run the program in a process of its own.

    Args:
        words: what is typed.
        folder: where.
        more: environment variables to add.
        before: called in the new process before the program begins.
    """
    done = subprocess.run(
        [*PROGRAM, *map(str, words)], cwd=folder, env=environment(more), preexec_fn=before,
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def start_program(*words: object, folder: Path) -> subprocess.Popen[str]:
    """Start the program in a process of its own, in a session of its own, and do not wait for it."""
    return subprocess.Popen(
        [*PROGRAM, *map(str, words)], cwd=folder, env=environment(), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
