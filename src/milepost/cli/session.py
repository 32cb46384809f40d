"""One run of a command: progress to standard error, the answer to standard output, an exit code at the end."""

from __future__ import annotations

import json as json_text
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from milepost.ground.errors import MilepostError
from milepost.ground.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EXIT_CODES = {"met": 0, "not met": 3, "can't tell yet": 4}
INTERRUPTED = 130
OUR_BUG = 1


class Session:
    """Shows results and errors; leaving it ends the program where something went wrong.

    Attributes:
        json: print one JSON object on standard output and nothing else there.
        quiet: draw no progress.
    """

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self.json, self.quiet = json, quiet
        self._progress: Progress | None = None
        self._bars: dict[str, TaskID] = {}
        self._last = ""

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, family: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stop_bars()
        if isinstance(error, MilepostError):
            self._refuse(error)
            raise SystemExit(error.exit_code)
        if isinstance(error, KeyboardInterrupt):
            print("Interrupted. What was finished is kept; the same command goes on where it was.", file=sys.stderr)
            raise SystemExit(INTERRUPTED)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(0)

    def listener(self, event: Event) -> None:
        """Draw one sign of life on standard error."""
        if self.quiet:
            return
        if not sys.stderr.isatty():
            if event.step != self._last:
                print(f"{event.step}: {event.message}", file=sys.stderr)
            self._last = event.step
            return
        self._draw(event)

    def _draw(self, event: Event) -> None:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.fields[step]:<9}"),
                BarColumn(20),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        if event.step not in self._bars:
            for bar in self._bars.values():
                self._progress.update(bar, visible=False)
            self._bars[event.step] = self._progress.add_task("", step=event.step, total=event.total)
        bar = self._bars[event.step]
        self._progress.update(
            bar, description=event.message, completed=event.done or 0, total=event.total, visible=True
        )

    def _stop_bars(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def ask_target(self, table: str) -> str | None:
        """Ask which column is to be predicted; None without a terminal, where the api lists the candidates."""
        if self.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        import typer

        from milepost.api.init import target_candidates
        from milepost.show.console import print_view

        candidates = target_candidates(table, listener=self.listener)
        self._stop_bars()
        print_view(candidates)
        return str(typer.prompt("Which column do you want to predict?", default=candidates.names[0]))

    def tell(self, leg: Any) -> None:
        """Print one leg of the tour as soon as it is walked; with --json the whole tour comes at the end."""
        self._stop_bars()
        if not self.json:
            from milepost.show.console import print_view

            print_view(leg)

    def show(self, result: Any) -> None:
        """Print a result, and end the program with the exit code of its outcome if that is not 0."""
        self._stop_bars()
        if self.json:
            from milepost.ground.records import as_document

            print(json_text.dumps(as_document(result), ensure_ascii=False, allow_nan=False))
        else:
            from milepost.show.console import print_view

            print_view(result)
        code = EXIT_CODES.get(getattr(result, "outcome", "met"), 0)
        if code:
            raise SystemExit(code)

    def _refuse(self, error: MilepostError) -> None:
        print(str(error), file=sys.stderr)
        if self.json:
            print(json_text.dumps({"error": {"what": error.what, "where": error.where, "fix": error.fix}}))
