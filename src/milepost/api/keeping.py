"""The keeper as a process of its own, for an application in a server of the user's: `python -m milepost.api.keeping`.

Several workers start one each; the first that gets the lock keeps, the others wait and take over when it ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from milepost.api.serving import keeper_of, prepare
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.turns import one_at_a_time
from milepost.problem.read import read_problem
from milepost.problem.secrets import secret_names
from milepost.serve.keeper import LOCK_FILE, STEP_S
from milepost.serve.text_log import PLAIN, TextLog, begin

_PATIENCE_S = 5.0


def keep(problem: Path, bundle: str | None, is_over: Callable[[], bool]) -> None:
    """Keep until it is over, then fold what is left.

    Args:
        problem: path of the problem file.
        bundle: that was named; None follows the champion.
        is_over: says when nobody needs a keeper any more.

    Raises:
        MilepostError: the problem or its bundle cannot be read.
        EnvironmentFault: a store failed.
    """
    contract = read_problem(problem)
    prepared = prepare(contract, bundle)
    keeper = keeper_of(contract, prepared)
    was_over = False
    while not was_over:
        was_over = is_over()  # then this is the last turn: what the own worker has just sealed is folded
        with (
            suppress(EnvironmentFault),  # another one keeps, or a store is away
            one_at_a_time(Path(prepared.settings.folder) / LOCK_FILE, patience=_PATIENCE_S),
        ):
            while not is_over():
                keeper.step()
                time.sleep(STEP_S)
            keeper.fold()


def main() -> None:
    """Keep as the command line says, PROBLEM [BUNDLE], as long as the process that started this one."""
    problem, *bundle = sys.argv[1:]
    parent, stopped = os.getppid(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    begin(PLAIN)
    try:
        begin(TextLog(secrets=secret_names(read_problem(Path(problem)).text)))
        keep(Path(problem), bundle[0] if bundle else None, lambda: stopped.is_set() or os.getppid() != parent)
    except MilepostError as why:
        logging.getLogger("milepost.serve").critical("%s", why)
        sys.exit(why.exit_code)


if __name__ == "__main__":
    main()
