"""One run of a command: progress to standard error, the answer to standard output, an exit code at the end."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from milepost.cli.progress import Progress
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.events import Event

EXIT_CODES = {
    "met": 0,
    "not met": 3,
    "can't tell yet": 4,
    "ready to train": 0,
    "mend first": 2,
    "equal": 0,
    "different": 3,
    "sound": 0,
    "damaged": 3,
}
OUR_BUG = 1
INTERRUPTED = 130
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE)


class Session:
    """What a command is told by the options that all commands have, and how it shows what it found.

    Attributes:
        problem: path of the problem file.
        seed: of every random choice.
        json: print one JSON object on standard output and nothing else there.
    """

    def __init__(self, *, problem: Path, seed: int, json: bool, quiet: bool) -> None:
        self.problem, self.seed, self.json = problem, seed, json
        self._progress = Progress(is_quiet=quiet)

    def listener(self, event: Event) -> None:
        """Hear a sign of life."""
        self._progress.tell(event)

    def run(self, verb: Callable[[Session], object], *, interrupted: str) -> int:
        """Return the exit code, after showing what the verb returned or why it did not.

        Args:
            verb: what is run.
            interrupted: what is left, and what to do, where somebody ends it by Ctrl-C.
        """
        try:
            with self._progress:
                result = verb(self)
            self._answer(result)
        except MilepostError as error:
            return self.refuse(error)
        except KeyboardInterrupt:
            return self._give_up(interrupted)
        except Exception as why:  # noqa: BLE001  the outermost place: nothing is above that could handle it
            return self._fail(why)
        return EXIT_CODES[getattr(result, "outcome", "met")]

    def tell(self, part: object) -> None:
        """Print a part of the answer as soon as it is there; with --json the whole answer comes at the end."""
        self._progress.stop()
        if not self.json:
            self._answer(part)

    def announce(self, part: object) -> None:
        """Print a part of the answer as soon as it is there, with --json too, on a line of its own."""
        self._progress.stop()
        self._answer(part)

    def ask_target(self, table: str, statement: str | None) -> str | None:
        """Return the column to predict, asked for where a person can answer; None where the table must say."""
        if self.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        from milepost.api.init import target_candidates

        candidates = target_candidates(table, statement=statement, problem=self.problem, listener=self.listener)
        if candidates.meant or not candidates.names:
            return None
        self.tell(candidates)
        likeliest = candidates.names[0]
        print(f"Which column do you want to predict? [{likeliest}] ", end="", flush=True)
        return _typed_line().strip() or likeliest

    def refuse(self, error: MilepostError) -> int:
        """Return the exit code of an error, after printing its three lines."""
        from milepost.api.next_step import with_problem

        advised = MilepostError(error.what, where=error.where, fix=with_problem(error.fix, self.problem))
        self._explain(str(advised), what=advised.what, where=advised.where, fix=advised.fix)
        return error.exit_code

    def _answer(self, result: object) -> None:
        if self.json:
            from milepost.ground.records import as_document

            _print_json(as_document(result))
            return
        from milepost.show.console import terminal_text

        _print(terminal_text(result))

    def _explain(self, said: str, *, what: str, where: str, fix: str) -> None:
        """Print why there is no answer, as far as there is a place left to print it."""
        with suppress(OSError):
            print(said, file=sys.stderr)
        if self.json:
            with suppress(EnvironmentFault):
                _print_json({"error": {"what": what, "where": where, "fix": fix}})

    def _give_up(self, fix: str) -> int:
        what = "Interrupted."
        self._explain(f"{what} {fix}", what=what, where="this run", fix=fix)
        return INTERRUPTED

    def _fail(self, why: Exception) -> int:
        """Return the exit code for what nobody foresaw: the system's refusal, or a bug of ours."""
        if isinstance(why, OSError) and why.errno in _REFUSALS:
            return self.refuse(_refusal(why))
        traceback.print_exception(why)
        what = f"This is a bug in Milepost, and no mistake of yours: {type(why).__name__}."
        fix = "Please report it with the lines above."
        place = traceback.extract_tb(why.__traceback__)[-1]
        self._explain(f"{what} {fix}", what=what, where=f"{place.filename}, line {place.lineno}", fix=fix)
        return OUR_BUG


def _typed_line() -> str:
    """Return what is typed up to Enter.

    Waiting in input() would miss a Ctrl-C that comes right before the wait, or to a thread of Polars: the signal's
    handler is noted and runs after Enter. So it wakes this wait through a pipe.

    Raises:
        KeyboardInterrupt: Ctrl-C, or Ctrl-D instead of an answer.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        select.select([sys.stdin, woken], [], [])
        line = sys.stdin.readline()
    finally:
        signal.set_wakeup_fd(before)
        os.close(wake)
        os.close(woken)
    if not line:
        raise KeyboardInterrupt
    return line


def _refusal(why: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"The system refused: {why.strerror}.",
        where=str(why.filename or "this computer"),
        fix="Free some space or mend the permission, then run the same command again.",
    )


def _print_json(document: Any) -> None:
    _print(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")


def _print(text: str) -> None:
    """Print on standard output.

    Raises:
        EnvironmentFault: it cannot be written, as a full disk behind it.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as why:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise EnvironmentFault(
            f"The answer could not be written: {why.strerror}.",
            where="standard output",
            fix="Send it to a disk with room, then run the same command again.",
        ) from why
